//! The texts are whole: the same in both languages, all used, and none outside of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use super::*;

/// Keys with the names of what is put into them.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    for text in language.files() {
        let resource =
            parser::parse(text).unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
        for entry in resource.body {
            match entry {
                Entry::Message(message) => {
                    let mut arguments = BTreeSet::new();
                    let pattern = message
                        .value
                        .unwrap_or_else(|| panic!("{} has no text", message.id.name));
                    collect(&pattern, &mut arguments);
                    let before = messages.insert(message.id.name.to_owned(), arguments);
                    assert!(before.is_none(), "{} is there twice", message.id.name);
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                other => panic!("{}: {other:?}", language.tag()),
            }
        }
    }
    messages
}

fn collect(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(inline) => variable(inline, into),
                Expression::Select { selector, variants } => {
                    variable(selector, into);
                    variants.iter().for_each(|variant| collect(&variant.value, into));
                }
            },
        }
    }
}

fn variable(inline: &InlineExpression<&str>, into: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            into.insert(id.name.to_owned());
        }
        other => panic!("only variables are put into texts: {other:?}"),
    }
}

/// All files below a folder of this crate that end so.
fn files(folder: &str, end: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, end: &str, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, end, into);
            } else if path.extension().is_some_and(|found| found == end) {
                let text = fs::read_to_string(&path).expect("text");
                into.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        end,
        &mut found,
    );
    assert!(found.len() > 5, "{folder} is not found");
    found
}

/// Keys that are written out in the sources: `say("…")` and `Key("…")`.
fn used() -> BTreeMap<String, PathBuf> {
    let mut used = BTreeMap::new();
    for (path, text) in files("src", "rs").into_iter().chain(files("templates", "html")) {
        if path.ends_with("locale/tests.rs") {
            continue;
        }
        for start in ["say(", "Key("] {
            for (at, _) in text.match_indices(start) {
                let rest = text[at + start.len()..].trim_start();
                if let Some((key, _)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
                    used.insert(key.to_owned(), path.clone());
                }
            }
        }
    }
    used
}

#[test]
fn both_languages_say_the_same_with_the_same_words_put_in() {
    let (english, portuguese) = (messages(Language::English), messages(Language::Portuguese));
    let keys = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<BTreeSet<_>>();
    let missing: Vec<_> = keys(&english)
        .symmetric_difference(&keys(&portuguese))
        .cloned()
        .collect();
    assert!(missing.is_empty(), "these are only in one language: {missing:?}");
    for (key, arguments) in &english {
        assert_eq!(arguments, &portuguese[key], "{key}");
    }
}

#[test]
fn every_key_that_is_used_exists_and_none_is_left_over() {
    let (english, mut used) = (messages(Language::English), used());
    let told = pocketstack_model::words::all().map(|message| format!("node-{}", message.id()));
    used.extend(told.map(|key| (key, PathBuf::from("daemon/model/src/words"))));
    // The documentation of this module writes "key", and this one is no message.
    let unknown: Vec<_> = used
        .iter()
        .filter(|(key, _)| !english.contains_key(*key) && *key != "key")
        .collect();
    assert!(unknown.is_empty(), "these do not exist: {unknown:?}");
    let unused: Vec<_> = english.keys().filter(|key| !used.contains_key(*key)).collect();
    assert!(unused.is_empty(), "these are not used: {unused:?}");
    assert!(used.len() > 500, "{} keys are found", used.len());
}

/// What stands in a template between `<` and `>`, expressions and comments aside.
fn text_of(template: &str) -> String {
    let mut text = template.to_owned();
    for (start, end) in [("{{", "}}"), ("{%", "%}"), ("{#", "#}")] {
        while let Some(at) = text.find(start) {
            let length = text[at..].find(end).expect("it is closed") + end.len();
            text.replace_range(at..at + length, "\u{1}");
        }
    }
    text
}

#[test]
fn templates_have_no_words_of_their_own() {
    // A name, and characters that say the same everywhere.
    const SAME: [&str; 2] = ["PocketStack", "–"];
    for (path, template) in files("templates", "html") {
        let text = text_of(&template);
        let mut outside = String::new();
        let mut rest = text.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            outside.push_str(before);
            let (tag, after) = tag.split_once('>').expect("tags are closed");
            for attribute in [
                "aria-label=\"",
                "title=\"",
                "placeholder=\"",
                "alt=\"",
                "label=\"",
            ] {
                for (at, _) in tag.match_indices(attribute) {
                    let value = tag[at + attribute.len()..]
                        .split('"')
                        .next()
                        .expect("there is one");
                    assert!(
                        !value.chars().any(char::is_alphabetic),
                        "{}: {value:?}",
                        path.display()
                    );
                }
            }
            rest = after;
        }
        outside.push_str(rest);
        for same in SAME {
            outside = outside.replace(same, "");
        }
        let words: String = outside.chars().filter(|c| c.is_alphabetic()).collect();
        assert!(words.is_empty(), "{}: {words}", path.display());
    }
}

#[test]
fn numbers_decide_between_one_and_many() {
    let said =
        |language: Language, count: u32| language.say("summary-problems").count("count", count).to_string();
    assert_eq!(said(Language::English, 1), "1 problem");
    assert_eq!(said(Language::English, 2), "2 problems");
    assert_eq!(said(Language::Portuguese, 1), "1 problema");
    assert_eq!(said(Language::Portuguese, 1000), "1000 problemas");
    assert_eq!(Language::Portuguese.size(ByteCount(3 << 29)), "1,5 GiB");
}

#[test]
fn what_is_put_in_stays_as_it_is() {
    let hostile = "{ $name } \u{202e} <b>";
    let said = Language::English
        .say("version")
        .with("version", hostile)
        .to_string();
    assert_eq!(said, format!("Version {hostile}"));
}
