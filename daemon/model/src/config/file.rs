//! The configuration as a file: TOML with the version of its form.
//!
//! A file of an older version is brought up step by step, one for each version (`UPGRADES`); `tests/golden` has a file of
//! each. A file of a newer version is refused, not guessed at.

use super::form::{self, Form, Section, shape};
use super::problem::{Findings, Problem, Problems};
use super::{Configuration, VERSION};

/// Why a configuration cannot be read or written. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A later PocketStack has written it.
    #[error(
        "it was made by a newer PocketStack (form {version}, this one knows up to {VERSION}); start the newer one, or go back to the configuration before"
    )]
    Newer {
        /// Version of its form.
        version: u64,
    },
    /// It does not say its version, or one that there never was.
    #[error("it does not say which form it has (version = {VERSION}); it is damaged or no configuration")]
    NoVersion,
    /// It is damaged, or somebody has edited it.
    #[error("{}", .0.in_one_line())]
    Wrong(#[from] Findings),
    /// It could not be read back, so it is not written.
    #[error(transparent)]
    Unfit(#[from] Problems),
    /// A part of it has no form in TOML.
    #[error("it cannot be written as TOML: {0}")]
    Write(#[from] toml::ser::Error),
}

/// Brings a file of one version to the next, its `version` aside.
type Upgrade = fn(&mut toml::Table) -> Result<(), Problem>;

/// The first makes version 2 out of 1, and so on: raising [`VERSION`] without one does not compile.
const UPGRADES: [Upgrade; VERSION as usize - 1] = [];

/// The configuration as it is kept.
///
/// # Errors
/// [`FileError::Unfit`] if its networks or keys do not fit together: nothing is written that could not be read back.
pub fn to_toml(configuration: &Configuration) -> Result<String, FileError> {
    let mut problems = configuration.network.problems();
    problems.extend(configuration.access.problems());
    Problems::none_in(problems, ())?;
    Ok(toml::to_string_pretty(configuration)?)
}

/// Reads what [`to_toml`] of this or any older version has made.
///
/// # Errors
/// All of [`FileError`] but the last two.
pub fn from_toml(text: &str) -> Result<Configuration, FileError> {
    upgraded(text, &UPGRADES).and_then(|text| read(&text))
}

/// The text in the form of the version that `steps` lead to.
fn upgraded(text: &str, steps: &[Upgrade]) -> Result<String, FileError> {
    let newest = steps.len() as u64 + 1;
    let document = form::parse(text)?;
    let version = document
        .get_ref()
        .get("version")
        .and_then(|version| version.get_ref().as_integer())
        .and_then(|version| u64::from_str_radix(version.as_str(), version.radix()).ok())
        .filter(|version| *version > 0)
        .ok_or(FileError::NoVersion)?;
    if version > newest {
        return Err(FileError::Newer { version });
    }
    if version == newest {
        return Ok(text.to_owned());
    }
    let mut table: toml::Table = toml::from_str(text).map_err(|_| FileError::NoVersion)?;
    for step in steps
        .iter()
        .skip(usize::try_from(version - 1).unwrap_or(usize::MAX))
    {
        step(&mut table).map_err(|problem| Problems(vec![problem]))?;
    }
    table.insert("version".to_owned(), toml::Value::Integer(newest.cast_signed()));
    Ok(toml::to_string(&table)?)
}

fn read(text: &str) -> Result<Configuration, FileError> {
    let document = form::parse(text)?;
    let mut form = Form::new(text);
    let mut root = Section::root(document.get_ref());
    let configuration = Configuration {
        version: form::version(&mut form, &mut root, VERSION).unwrap_or(VERSION),
        node: shape::node(&mut form, &mut root),
        network: shape::network(&mut form, &mut root),
        access: shape::access(&mut form, &mut root),
    };
    form.close(&root);
    Ok(form.finish(configuration)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_configuration_of_this_version_says_so() {
        let told = |text: &str| from_toml(text).expect_err("it is refused").to_string();
        assert_eq!(
            told("version = 2\nname = \"x\"\n"),
            "it was made by a newer PocketStack (form 2, this one knows up to 1); start the newer one, or go back to the configuration before"
        );
        for text in [
            "",
            "version = 0",
            "version = -1",
            "version = \"1\"",
            "[node]\nname = \"a\"",
        ] {
            assert_eq!(from_toml(text), Err(FileError::NoVersion), "{text}");
        }
        assert_eq!(
            told("version = 1\n[node]\nname = \"lab 1\"\nzone = 1\n"),
            "line 3, column 8: node.name: \"lab 1\" is no host name; 1 to 63 lower-case letters, digits and hyphens are needed, at least one letter, no hyphen at either end, and not localhost; also line 4, column 1: node.zone: unknown key; known here: name, time_zone, ntp"
        );
        assert!(matches!(told("version = 1\n[nod"), text if text.starts_with("line 2, column 5: ")));
    }

    #[test]
    fn nothing_is_written_that_could_not_be_read_back() {
        let mut configuration = Configuration::default();
        configuration.network.external = Some(crate::config::network::RoleNetwork::default());
        assert!(matches!(to_toml(&configuration), Err(FileError::Unfit(_))));
    }

    fn renamed(table: &mut toml::Table) -> Result<(), Problem> {
        let name = table
            .remove("hostname")
            .ok_or_else(|| Problem::new("hostname", "it is missing", "go back"))?;
        table.insert("name".to_owned(), name);
        Ok(())
    }

    fn with_a_zone(table: &mut toml::Table) -> Result<(), Problem> {
        table.insert("zone".to_owned(), "UTC".into());
        Ok(())
    }

    #[test]
    fn an_old_file_goes_through_each_version_after_it() {
        let steps: [Upgrade; 2] = [renamed, with_a_zone];
        let up = |text: &str| {
            let text = upgraded(text, &steps)?;
            Ok::<toml::Table, FileError>(toml::from_str(&text).expect("it is TOML"))
        };
        let newest = up("version = 1\nhostname = \"a\"").expect("from version 1");
        assert_eq!(
            newest,
            toml::toml! { version = 3
            name = "a"
            zone = "UTC" }
        );
        assert_eq!(up("version = 2\nname = \"a\""), Ok(newest));
        let as_it_is = "version = 3 # mine\n";
        assert_eq!(upgraded(as_it_is, &steps).as_deref(), Ok(as_it_is));
        assert!(matches!(up("version = 1\n"), Err(FileError::Unfit(_))));
        assert_eq!(up("version = 4"), Err(FileError::Newer { version: 4 }));
    }
}
