//! DRBD: the kernel module and its tools.

use std::time::Duration;

use pocketstack_exec::{Cmd, run};
use pocketstack_model::node::{Component, ComponentKind, Health};

use crate::component::failed;
use crate::modules::Modules;
use crate::root::Root;

/// What the machine says about DRBD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Version of the loaded module; otherwise why it is not loaded.
    pub module: Result<String, String>,
    /// Version of drbd-utils; otherwise why they did not answer.
    pub tools: Result<String, String>,
    /// How many devices are configured.
    pub devices: usize,
}

/// Loads the module, which is the only proof that it can be, and asks it and `drbdadm`. Blocks.
pub fn look(root: &Root, modules: &impl Modules, drbdadm: &str) -> Seen {
    let loaded = if root.exists("/sys/module/drbd") {
        Ok(())
    } else {
        modules.load("drbd")
    };
    // /proc/drbd is the interface of 8.4: its first line is "version: 8.4.11 (api:1/proto:86-101)".
    let proc = root.text("/proc/drbd").unwrap_or_default();
    let module = root
        .text("/sys/module/drbd/version")
        .or_else(|| {
            proc.strip_prefix("version: ")?
                .split_whitespace()
                .next()
                .map(str::to_owned)
        })
        .ok_or_else(|| match loaded {
            Err(error) => error.to_string(),
            Ok(()) => "it is loaded and tells no version".to_owned(),
        });
    Seen {
        module,
        tools: tools(drbdadm),
        devices: proc.lines().filter(|line| is_device(line)).count(),
    }
}

/// What to tell about DRBD.
pub fn judge(seen: &Seen) -> Component {
    let kind = ComponentKind::Drbd;
    match (&seen.module, &seen.tools) {
        (Err(why), _) => failed(
            kind,
            None,
            format!("the kernel module drbd cannot be used: {why}"),
        ),
        (Ok(module), Err(why)) => failed(
            kind,
            Some(module.clone()),
            format!("drbd-utils do not answer: {why}"),
        ),
        (Ok(module), Ok(tools)) => Component {
            kind,
            version: Some(format!("{module} (drbd-utils {tools})")),
            health: if seen.devices == 0 {
                Health::Ready
            } else {
                Health::Working
            },
        },
    }
}

/// Lines of devices look like ` 0: cs:Connected ro:Primary/Secondary …`; `cs:Unconfigured` ones are left over.
fn is_device(line: &str) -> bool {
    line.trim_start()
        .split_once(": cs:")
        .is_some_and(|(minor, state)| {
            !minor.is_empty()
                && minor.bytes().all(|c| c.is_ascii_digit())
                && !state.starts_with("Unconfigured")
        })
}

fn tools(drbdadm: &str) -> Result<String, String> {
    let output = run(Cmd::new(drbdadm).arg("--version").within(Duration::from_secs(10)));
    let text = output.map_err(|error| error.to_string())?.text();
    // Lines of the form DRBDADM_VERSION=9.22.0, as a shell could read them.
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("DRBDADM_VERSION="));
    version
        .map(|version| version.trim().to_owned())
        .ok_or_else(|| "drbdadm tells no version".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::FakeModules;

    fn health(seen: &Seen) -> String {
        match judge(seen).health {
            Health::Failed { why } => why,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn ready_without_devices_and_working_with_one() {
        let mut seen = Seen {
            module: Ok("8.4.11".into()),
            tools: Ok("9.22.0".into()),
            devices: 0,
        };
        assert_eq!(health(&seen), "Ready");
        assert_eq!(
            judge(&seen).version.as_deref(),
            Some("8.4.11 (drbd-utils 9.22.0)")
        );
        seen.devices = 1;
        assert_eq!(health(&seen), "Working");
        seen.tools = Err("cannot start drbdadm: it is not installed".into());
        assert_eq!(
            health(&seen),
            "drbd-utils do not answer: cannot start drbdadm: it is not installed"
        );
    }

    #[test]
    fn the_module_is_loaded_and_read_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Root::at(dir.path());
        let modules = FakeModules::with(&["drbd"]);
        let seen = look(&root, &modules, "pocketstack-no-such-drbdadm");
        assert_eq!(modules.loaded(), ["drbd"]);
        // Loading said yes, and nothing can be read back: that is not believed.
        assert_eq!(seen.module, Err("it is loaded and tells no version".to_owned()));
        assert!(seen.tools.expect_err("not installed").contains("not installed"));

        std::fs::create_dir(dir.path().join("proc")).expect("made");
        let proc = "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: 211FB288A383ED945B83420\n \
                    0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n    ns:0 nr:0\n \
                    1: cs:Unconfigured\n";
        std::fs::write(dir.path().join("proc/drbd"), proc).expect("written");
        let seen = look(&root, &modules, "pocketstack-no-such-drbdadm");
        assert_eq!((seen.module, seen.devices), (Ok("8.4.11".to_owned()), 1));
    }

    #[test]
    fn a_module_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let seen = look(
            &Root::at(dir.path()),
            &FakeModules::with(&[]),
            "pocketstack-no-such-drbdadm",
        );
        assert!(
            health(&seen).contains("Module drbd not found"),
            "{}",
            health(&seen)
        );
    }
}
