//! What the node controller says, in the language of the reader: a message of `locales/*/node.ftl` if its identifier is
//! known here, and its English text otherwise.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use fluent_bundle::{FluentArgs, FluentValue};
use pocketstack_model::words::{Arg, Words};

use super::Language;

/// Words for a page. `Display` is HTML, where English says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    text: String,
    /// Whether it could not be said in the language of the page.
    english: bool,
}

impl HtmlSafe for Told {}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(text) = escape(&self.text, Html);
        if self.english {
            write!(f, "<span lang=\"en\">{text}</span>")
        } else {
            write!(f, "{text}")
        }
    }
}

impl Language {
    /// Words for a page.
    pub fn told(self, words: &Words) -> Told {
        let said = self.message(words);
        Told {
            english: said.is_none(),
            text: said.unwrap_or_else(|| words.to_string()),
        }
    }

    /// Words to be put into a text.
    pub fn told_text(self, words: &Words) -> String {
        self.told(words).text
    }

    /// `None` if there is no such message, or it has other arguments than these: the node controller may be newer.
    fn message(self, words: &Words) -> Option<String> {
        let bundle = self.bundle();
        let message = bundle.get_message(&format!("node-{}", words.id()?))?;
        let mut arguments = FluentArgs::new();
        for (name, argument) in words.args() {
            let text = match argument {
                Arg::Text(text) => text.clone(),
                Arg::Size { bytes } => self.size(*bytes),
                Arg::Day { day } => self.day(*day),
                Arg::Words(words) => self.told_text(words),
            };
            arguments.set(name.to_owned(), FluentValue::from(text));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(message.value()?, Some(&arguments), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::bytes::ByteCount;
    use pocketstack_model::words::{self, Message, install, kept};
    use time::OffsetDateTime;

    use super::*;
    use Language::{English, Portuguese};

    /// Words as the node controller sends them, with each argument in angle brackets.
    fn sent(message: &Message, name: &str) -> Words {
        let args = message.args.iter();
        let args = args.map(|arg| ((*arg).to_owned(), format!("\u{ab}{arg}\u{bb}").into()));
        let words = serde_json::json!({
            "id": name,
            "args": args.collect::<serde_json::Map<String, serde_json::Value>>(),
            "text": message.text.replace('{', "\u{ab}").replace('}', "\u{bb}"),
        });
        serde_json::from_value(words).expect("words")
    }

    #[test]
    fn every_message_is_there_in_both_languages_with_its_arguments() {
        let mut seen = 0;
        for message in words::all() {
            let words = sent(message, &message.id());
            let english = English.message(&words);
            assert_eq!(english.as_deref(), Some(words.as_str()), "{}", message.name);
            let portuguese = Portuguese.message(&words);
            let portuguese = portuguese.unwrap_or_else(|| panic!("{} in Portuguese", message.name));
            for arg in message.args {
                assert!(portuguese.contains(&format!("\u{ab}{arg}\u{bb}")), "{portuguese}");
            }
            seen += 1;
        }
        assert!(seen > 150, "{seen}");
    }

    #[test]
    fn messages_are_read_in_the_language_of_the_page() {
        let full = kept::state_full(95, ByteCount(3 << 29));
        assert!(
            Portuguese
                .told_text(&full)
                .starts_with("95 % de 1,5 GiB estão em uso")
        );
        assert!(
            English
                .told_text(&full)
                .starts_with("95 % of its 1.5 GiB are used")
        );
        let built = OffsetDateTime::UNIX_EPOCH;
        let clock = kept::also(kept::clock_hardware(built), "adjtimex: <refused>");
        let said = Portuguese.told(&clock).to_string();
        assert!(said.contains("marca 01/01/1970: acerte-o"), "{said}");
        assert!(said.ends_with("; adjtimex: &#60;refused&#62;"), "{said}");
        let step = install::failed(install::step_copy(), "sda: gone", install::left_empty());
        let said = Portuguese.told_text(&step);
        assert!(
            said.starts_with("A etapa “copiando o sistema” falhou: sda: gone. O disco"),
            "{said}"
        );
    }

    #[test]
    fn what_is_not_known_stays_english_and_says_so() {
        let said = |words: &Words| Portuguese.told(words).to_string();
        assert_eq!(
            said(&"mkfs <failed>".into()),
            "<span lang=\"en\">mkfs &#60;failed&#62;</span>"
        );
        let message = words::all()
            .find(|message| message.name == "vlan")
            .expect("there");
        let newer = said(&sent(message, "of-a-newer-daemon"));
        assert_eq!(newer, "<span lang=\"en\">VLAN «number»</span>");
        // The same message with other arguments than are known here.
        let other: Words =
            serde_json::from_str(r#"{"id":"vlan","args":{"tag":"5"},"text":"VLAN 5"}"#).expect("words");
        assert_eq!(said(&other), "<span lang=\"en\">VLAN 5</span>");
    }
}
