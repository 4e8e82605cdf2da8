//! Kernel modules.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use pocketstack_exec::{Cmd, Error as ExecError, run};

/// Loads kernel modules.
pub trait Modules: Send + Sync {
    /// Loads a module with what it needs. Nothing happens if it is loaded or built into the kernel. Blocks.
    ///
    /// # Errors
    /// [`LoadError`] with what the kernel or modprobe says.
    fn load(&self, module: &str) -> Result<(), LoadError>;
}

/// A module could not be loaded. `Display` is what modprobe said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// The real adapter: modprobe(8), which knows the dependencies and settings of modules.
#[derive(Debug, Clone, Copy)]
pub struct Modprobe;

impl Modules for Modprobe {
    fn load(&self, module: &str) -> Result<(), LoadError> {
        let modprobe = Cmd::new("modprobe")
            .arg("--")
            .arg(module)
            .within(Duration::from_secs(30));
        match run(modprobe) {
            Ok(_) => Ok(()),
            Err(ExecError::Failed { stderr, .. }) if !stderr.trim().is_empty() => {
                Err(LoadError(stderr.trim().to_owned()))
            }
            Err(error) => Err(LoadError(error.to_string())),
        }
    }
}

/// The fake: knows which modules exist, and which were loaded.
#[derive(Debug, Default)]
pub struct FakeModules {
    existing: BTreeSet<String>,
    loaded: Mutex<BTreeSet<String>>,
}

impl FakeModules {
    /// A kernel that has these modules, none of them loaded.
    pub fn with(existing: &[&str]) -> Self {
        Self {
            existing: existing.iter().map(|&name| name.to_owned()).collect(),
            loaded: Mutex::default(),
        }
    }

    /// Modules loaded so far, in order of their names.
    pub fn loaded(&self) -> Vec<String> {
        self.loaded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

impl Modules for FakeModules {
    fn load(&self, module: &str) -> Result<(), LoadError> {
        if !self.existing.contains(module) {
            return Err(LoadError(format!(
                "modprobe: FATAL: Module {module} not found in directory /lib/modules"
            )));
        }
        self.loaded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(module.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of the contract that needs no rights and no particular kernel.
    fn a_missing_module_is_named(modules: &impl Modules) {
        let error = modules
            .load("pocketstack_no_such_module")
            .expect_err("there is no such module");
        let said = error.to_string();
        assert!(
            said.contains("pocketstack_no_such_module") || said.contains("modprobe"),
            "{said}"
        );
    }

    #[test]
    fn modprobe_keeps_the_contract() {
        a_missing_module_is_named(&Modprobe);
    }

    #[test]
    fn the_fake_keeps_the_contract() {
        let fake = FakeModules::with(&["drbd"]);
        a_missing_module_is_named(&fake);
        fake.load("drbd").expect("exists");
        fake.load("drbd").expect("again changes nothing");
        assert_eq!(fake.loaded(), ["drbd"]);
    }
}
