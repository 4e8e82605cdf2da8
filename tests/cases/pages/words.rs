//! What the pages say, in the words of their own files: a case names a message, not its text.

use anyhow::{Context, Result};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Portuguese,
}

const ENGLISH: [&str; 4] = [
    include_str!("../../../web/locales/en/access.ftl"),
    include_str!("../../../web/locales/en/certificates.ftl"),
    include_str!("../../../web/locales/en/overview.ftl"),
    include_str!("../../../web/locales/en/setup.ftl"),
];
const PORTUGUESE: [&str; 4] = [
    include_str!("../../../web/locales/pt-BR/access.ftl"),
    include_str!("../../../web/locales/pt-BR/certificates.ftl"),
    include_str!("../../../web/locales/pt-BR/overview.ftl"),
    include_str!("../../../web/locales/pt-BR/setup.ftl"),
];

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::Portuguese];

    /// As cases and pictures carry it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "english",
            Self::Portuguese => "portuguese",
        }
    }

    /// As the page's `lang` has it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// What the browser of a person asks for who reads it.
    pub const fn accepted(self) -> &'static str {
        match self {
            Self::English => "en-GB,en",
            Self::Portuguese => "pt-BR,pt,en",
        }
    }

    /// The message with this key; one without anything to fill in.
    ///
    /// # Errors
    /// There is none.
    pub fn say(self, key: &str) -> Result<&'static str> {
        let files = match self {
            Self::English => ENGLISH,
            Self::Portuguese => PORTUGUESE,
        };
        let mut lines = files.into_iter().flat_map(str::lines);
        let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        found.with_context(|| format!("the pages have no message {key} in {}", self.tag()))
    }

    /// What a message begins with, before anything is filled in.
    ///
    /// # Errors
    /// Those of [`Language::say`].
    pub fn begins(self, key: &str) -> Result<&'static str> {
        let message = self.say(key)?;
        Ok(message.split('{').next().unwrap_or(message).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_both_languages() {
        assert_eq!(Language::English.say("setup-next").expect("there"), "Next");
        assert_eq!(Language::Portuguese.say("setup-next").expect("there"), "Avançar");
        assert!(Language::English.say("setup").is_err());
        let begins = Language::English.begins("setup-other").expect("there");
        assert_eq!(begins, "Setup has been under way since");
    }
}
