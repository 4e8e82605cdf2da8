//! What only root on a node may ask of it: `org.pocketstack.Node1` on its system bus, called with busctl(1) through the
//! node's shell.

use anyhow::{Context, Result, bail, ensure};
use pocketstack_model::bus;
use serde_json::Value;

use crate::shell::{Reply, Shell};

/// The node controller of the node that this shell runs on.
#[derive(Debug)]
pub struct Bus<'a> {
    shell: &'a mut Shell,
}

impl<'a> Bus<'a> {
    /// Through this shell.
    pub fn new(shell: &'a mut Shell) -> Self {
        Self { shell }
    }

    fn call(&mut self, member: &str, argument: Option<&str>) -> Result<Reply> {
        self.shell.run(&command(member, argument)?)
    }

    fn text(&mut self, member: &str, argument: Option<&str>) -> Result<String> {
        let reply = self.call(member, argument)?;
        ensure!(reply.status == 0, "{member} was refused: {}", reply.text);
        first_text(&reply.text).with_context(|| format!("{member} answered {}", reply.text))
    }

    /// The configuration that is in use, as JSON.
    ///
    /// # Errors
    /// Nobody answers, or not with a document.
    pub fn configuration(&mut self) -> Result<Value> {
        let text = self.text("Configuration", None)?;
        serde_json::from_str(&text).with_context(|| format!("the configuration is no JSON: {text}"))
    }

    /// Changes the configuration; hands back the code that confirms it, if it has to be confirmed.
    ///
    /// # Errors
    /// The change is refused, in the node's words.
    pub fn change(&mut self, configuration: &Value) -> Result<Option<String>> {
        let code = self.text("ChangeConfiguration", Some(&configuration.to_string()))?;
        Ok((!code.is_empty()).then_some(code))
    }

    /// Starts an installation. A refusal is `Err` inside, in the node's words.
    ///
    /// # Errors
    /// The shell does not answer.
    pub fn install(&mut self, settings: &Value) -> Result<Result<(), String>> {
        let reply = self.call("Install", Some(&settings.to_string()))?;
        Ok(if reply.status == 0 {
            Ok(())
        } else {
            Err(reply.text)
        })
    }

    /// The disks that an installation could go to, and those it could not, as JSON.
    ///
    /// # Errors
    /// Nobody answers, or not with a document.
    pub fn disks(&mut self) -> Result<Vec<Value>> {
        let text = self.text("Disks", None)?;
        match serde_json::from_str(&text) {
            Ok(Value::Array(disks)) => Ok(disks),
            _ => bail!("Disks answered {text}"),
        }
    }
}

/// The line to type. Arguments are in single quotes, which JSON of a configuration never holds.
fn command(member: &str, argument: Option<&str>) -> Result<String> {
    let (name, path, interface) = (bus::NAME, bus::PATH, bus::INTERFACE);
    let call = format!("busctl --system --json=short --timeout=60 call {name} {path} {interface} {member}");
    match argument {
        None => Ok(call),
        Some(text) => {
            ensure!(
                !text.contains('\''),
                "this cannot be typed in single quotes: {text}"
            );
            Ok(format!("{call} s '{text}'"))
        }
    }
}

/// The text in `{"type":"s","data":["..."]}`.
fn first_text(json: &str) -> Option<String> {
    let reply: Value = serde_json::from_str(json.trim()).ok()?;
    reply["data"][0].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_is_one_word_of_the_shell() {
        let typed = command("Install", Some(r#"{"disk":{"serial":"a b"}}"#)).expect("no quote");
        assert!(
            typed.ends_with(r#"org.pocketstack.Node1 Install s '{"disk":{"serial":"a b"}}'"#),
            "{typed}"
        );
        assert!(command("Install", Some("it's")).is_err());
    }

    #[test]
    fn the_answer_is_the_first_text() {
        assert_eq!(
            first_text(r#"{"type":"s","data":["QX7"]}"#).as_deref(),
            Some("QX7")
        );
        assert_eq!(first_text(r#"{"type":"s","data":[""]}"#).as_deref(), Some(""));
        assert_eq!(first_text("Call failed"), None);
    }
}
