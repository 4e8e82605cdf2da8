//! What is said, in the language of the reader (Mozilla Fluent; the texts are in `locales/`).
//!
//! Every text of a page is a message with a key: `say("key")` in templates and code, [`Key`] where code chooses one and
//! says it elsewhere. The tests read both out of the sources, so a key is always written out.

mod choose;
#[cfg(test)]
mod tests;
mod told;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use pocketstack_model::bytes::ByteCount;
use time::OffsetDateTime;
use unic_langid::LanguageIdentifier;

pub use choose::{local_path, routes};
pub use told::Told;

/// The languages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Portuguese as written in Brazil.
    Portuguese,
}

/// The texts of one language, by file.
macro_rules! files {
    ($folder:literal) => {
        [
            include_str!(concat!("../../locales/", $folder, "/access.ftl")),
            include_str!(concat!("../../locales/", $folder, "/certificates.ftl")),
            include_str!(concat!("../../locales/", $folder, "/common.ftl")),
            include_str!(concat!("../../locales/", $folder, "/disks.ftl")),
            include_str!(concat!("../../locales/", $folder, "/graphs.ftl")),
            include_str!(concat!("../../locales/", $folder, "/logs.ftl")),
            include_str!(concat!("../../locales/", $folder, "/network.ftl")),
            include_str!(concat!("../../locales/", $folder, "/networks.ftl")),
            include_str!(concat!("../../locales/", $folder, "/node.ftl")),
            include_str!(concat!("../../locales/", $folder, "/overview.ftl")),
            include_str!(concat!("../../locales/", $folder, "/services.ftl")),
            include_str!(concat!("../../locales/", $folder, "/setup.ftl")),
            include_str!(concat!("../../locales/", $folder, "/time.ftl")),
        ]
    };
}

impl Language {
    /// All of them, the one for everybody else first.
    pub const ALL: [Self; 2] = [Self::English, Self::Portuguese];

    /// As BCP 47 calls it, for `lang=` and the cookie.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// As its speakers call it. Never translated: who cannot read the page must find it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Portuguese => "Português (Brasil)",
        }
    }

    /// The language with this tag.
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    const fn files(self) -> [&'static str; 13] {
        match self {
            Self::English => files!("en"),
            Self::Portuguese => files!("pt-BR"),
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> =
            LazyLock::new(|| Language::ALL.map(bundle));
        let [english, portuguese] = &*BUNDLES;
        match self {
            Self::English => english,
            Self::Portuguese => portuguese,
        }
    }

    /// The message with this key.
    pub fn say<'a>(self, key: impl AsKey) -> Said<'a> {
        Said {
            language: self,
            key: key.key(),
            arguments: FluentArgs::new(),
        }
    }

    /// A number as it is written in this language; `text` has a point, if anything.
    pub fn decimal(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::English => text.into(),
            Self::Portuguese => text.replace('.', ",").into(),
        }
    }

    /// "1.5 GiB".
    pub fn size(self, bytes: ByteCount) -> String {
        self.decimal(&bytes.to_string()).into_owned()
    }

    /// "2026-11-21 08:04:12 UTC".
    pub fn moment(self, at: OffsetDateTime) -> String {
        format!("{} UTC", self.clock(at.to_offset(time::UtcOffset::UTC)))
    }

    /// "2026-11-21", in UTC.
    pub fn day(self, at: OffsetDateTime) -> String {
        self.date(at.to_offset(time::UtcOffset::UTC))
    }

    fn date(self, at: OffsetDateTime) -> String {
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        match self {
            Self::English => format!("{year:04}-{month:02}-{day:02}"),
            Self::Portuguese => format!("{day:02}/{month:02}/{year:04}"),
        }
    }

    /// "2026-11-21 08:04:12", in the zone that the moment is given in.
    pub fn clock(self, at: OffsetDateTime) -> String {
        let date = self.date(at);
        format!("{date} {:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks around what is put in would be found in names and addresses that people copy.
    bundle.set_use_isolating(false);
    for text in language.files() {
        // What a test has seen to be whole cannot be anything else here.
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, errors)| {
            tracing::error!("texts of {} are damaged: {errors:?}", language.tag());
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!("texts of {} are there twice: {errors:?}", language.tag());
        }
    }
    bundle
}

/// Key of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub &'static str);

/// What names a message: templates hand out references.
pub trait AsKey {
    /// The key.
    fn key(&self) -> Key;
}

impl AsKey for Key {
    fn key(&self) -> Key {
        *self
    }
}

impl AsKey for &'static str {
    fn key(&self) -> Key {
        Key(self)
    }
}

impl<K: AsKey + ?Sized> AsKey for &K {
    fn key(&self) -> Key {
        (**self).key()
    }
}

/// A message with what is put into it. `Display` is the text.
#[derive(Debug)]
pub struct Said<'a> {
    language: Language,
    key: Key,
    arguments: FluentArgs<'a>,
}

impl Said<'_> {
    /// Puts a text in.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.arguments.set(name, FluentValue::from(value.to_string()));
        self
    }

    /// Puts a number in, which may decide between singular and plural.
    pub fn count(mut self, name: &'static str, number: impl fmt::Display) -> Self {
        let number: i64 = number.to_string().parse().unwrap_or(i64::MAX);
        self.arguments.set(name, FluentValue::from(number));
        self
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bundle, Key(key)) = (self.language.bundle(), self.key);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            debug_assert!(false, "{} has no text {key}", self.language.tag());
            return f.write_str(key);
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&self.arguments), &mut errors);
        debug_assert!(errors.is_empty(), "{} {key}: {errors:?}", self.language.tag());
        f.write_str(&text)
    }
}
