//! Single values of a form. Each is `None` if it is absent, or wrong and noted.

use toml::Spanned;
use toml::de::DeValue;

use super::{Form, Given, Section, nearest};
use crate::config::names::ValueError;
use crate::config::problem::{Problem, repeated};

/// A value that is written as a word or, where a word does not say enough, as a table.
pub(crate) enum WordOrTable<'d, T> {
    Word(T),
    Table(Section<'d>),
}

impl<'d> Section<'d> {
    /// A section of its own.
    pub(crate) fn section(&mut self, form: &mut Form<'_>, name: &'static str) -> Option<Section<'d>> {
        let given = self.ask(form, name)?;
        let needed = format!("a section [{}] is needed", given.path);
        given.section(form, &needed)
    }

    /// A table of a few keys, of which `example` is one.
    pub(crate) fn table(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        example: &str,
    ) -> Option<Section<'d>> {
        let given = self.ask(form, name)?;
        given.section(form, &format!("a table such as {example} is needed"))
    }

    /// Tables in a list, of which `example` is one.
    pub(crate) fn tables(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        example: &str,
    ) -> Vec<Section<'d>> {
        let items = self.ask(form, name).map(|given| given.items(form));
        let needed = format!("a table such as {example} is needed");
        items
            .into_iter()
            .flatten()
            .filter_map(|item| item.section(form, &needed))
            .collect()
    }

    /// A value written as text.
    pub(crate) fn text<T>(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Option<T> {
        self.ask(form, name)?.text(form, parse)
    }

    /// Values written as a list of texts.
    pub(crate) fn texts<T>(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Vec<T> {
        let items = self.ask(form, name).map(|given| given.items(form));
        items
            .into_iter()
            .flatten()
            .filter_map(|item| item.text(form, &parse))
            .collect()
    }

    /// A whole number.
    pub(crate) fn number<T>(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Option<T> {
        let given = self.ask(form, name)?;
        let DeValue::Integer(integer) = given.value.get_ref() else {
            given.is_not(form, "a whole number without quotes is needed");
            return None;
        };
        // Beyond 64 bits no number here is right in any notation.
        let number = i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| integer.to_string(), |number| number.to_string());
        given.checked(form, parse(&number))
    }

    /// true or false.
    pub(crate) fn flag(&mut self, form: &mut Form<'_>, name: &'static str) -> Option<bool> {
        let given = self.ask(form, name)?;
        let DeValue::Boolean(flag) = given.value.get_ref() else {
            given.is_not(form, "true or false without quotes is needed");
            return None;
        };
        Some(*flag)
    }

    /// One of a few words.
    pub(crate) fn word<T: Clone>(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let given = self.ask(form, name)?;
        given.word(form, words, "")
    }

    /// One of a few words, or a table, of which `example` is one.
    pub(crate) fn word_or_table<T: Clone>(
        &mut self,
        form: &mut Form<'_>,
        name: &'static str,
        words: &[(&'static str, T)],
        example: &str,
    ) -> Option<WordOrTable<'d, T>> {
        let given = self.ask(form, name)?;
        if given.value.get_ref().is_table() {
            return given.section(form, example).map(WordOrTable::Table);
        }
        let or = format!(", or a table such as {example}");
        given.word(form, words, &or).map(WordOrTable::Word)
    }

    /// Notes that the section itself is not as it should be.
    pub(crate) fn wrong(&self, form: &mut Form<'_>, wrong: &str, todo: &str) {
        form.note(self.at, Problem::new(self.path.as_str(), wrong, todo));
    }
}

impl<'d> Given<'d> {
    fn section(self, form: &mut Form<'_>, needed: &str) -> Option<Section<'d>> {
        if let DeValue::Table(table) = self.value.get_ref() {
            return Some(Section::new(self.path, self.at, table));
        }
        self.is_not(form, needed);
        None
    }

    fn items(self, form: &mut Form<'_>) -> Vec<Given<'d>> {
        let DeValue::Array(array) = self.value.get_ref() else {
            self.is_not(form, "a list in [ ] is needed");
            return Vec::new();
        };
        let item = |value: &'d Spanned<DeValue<'d>>| Given {
            path: self.path.clone(),
            at: value.span().start,
            value,
        };
        array.iter().map(item).collect()
    }

    fn text<T>(self, form: &mut Form<'_>, parse: impl FnOnce(&str) -> Result<T, ValueError>) -> Option<T> {
        let DeValue::String(text) = self.value.get_ref() else {
            self.is_not(form, "a text in quotes is needed");
            return None;
        };
        self.checked(form, parse(text))
    }

    fn word<T: Clone>(&self, form: &mut Form<'_>, words: &[(&'static str, T)], or: &str) -> Option<T> {
        let known: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
        let list: Vec<String> = known.iter().map(|word| format!("{word:?}")).collect();
        let DeValue::String(text) = self.value.get_ref() else {
            self.is_not(form, &format!("one of {} is needed{or}", list.join(", ")));
            return None;
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
            return Some(value.clone());
        }
        let todo = match nearest(text, &known) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("one of {} is needed{or}", list.join(", ")),
        };
        let wrong = format!("\"{}\" is not known here", repeated(text));
        form.note(self.at, Problem::new(self.path.as_str(), wrong, todo));
        None
    }

    fn checked<T>(&self, form: &mut Form<'_>, value: Result<T, ValueError>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                form.note(self.at, Problem::value(&self.path, &error));
                None
            }
        }
    }

    pub(super) fn is_not(&self, form: &mut Form<'_>, needed: &str) {
        let kind = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a section",
        };
        let problem = Problem::new(self.path.as_str(), format!("this is {kind}"), needed);
        form.note(self.at, problem);
    }
}
