//! Files: read with a limit, written and understood as TOML or JSON.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use pocketstack_model::answers::LARGEST;
use serde_json::Value;

/// Reads a file, or standard input for "-". Never more than it takes to see that it is too large: it may be a device without end.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = LARGEST as u64 + 1;
    let read = if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(bytes)
}

/// Reads a file of text.
pub fn text(file: &Path) -> Result<String> {
    let bytes = read(file)?;
    if bytes.len() > LARGEST {
        bail!("{} has more than {} KiB", file.display(), LARGEST / 1024);
    }
    String::from_utf8(bytes).with_context(|| format!("{} is no text in UTF-8", file.display()))
}

/// Reads a document in JSON, or in TOML as people write it.
pub fn load(file: &Path) -> Result<Value> {
    let text = text(file)?;
    let named = || format!("{} cannot be understood", file.display());
    if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).with_context(named)
    } else {
        toml::from_str(&text).with_context(named)
    }
}

/// A document as TOML. What is not set is left out, for TOML has no word for it.
pub fn toml(mut document: Value) -> Result<String> {
    without_nulls(&mut document);
    let table = toml::Table::try_from(document).context("the answer has no form in TOML")?;
    Ok(toml::to_string(&table)?)
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_comes_back_out_of_toml() {
        let document = json!({
            "node": {"name": "lab", "ntp": ["192.0.2.1"]},
            "network": {"vlan": null, "mtu": 1500},
            "version": 1,
        });
        let text = toml(document).expect("it has a form");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), &text).expect("written");
        let back = load(file.path()).expect("read");
        assert_eq!(
            back,
            json!({"node": {"name": "lab", "ntp": ["192.0.2.1"]}, "network": {"mtu": 1500}, "version": 1})
        );
        std::fs::write(file.path(), back.to_string()).expect("written");
        assert_eq!(load(file.path()).expect("JSON too"), back);
        std::fs::write(file.path(), "name = ").expect("written");
        let error = format!("{:#}", load(file.path()).expect_err("half a line"));
        assert!(error.contains("cannot be understood"), "{error}");
    }
}
