//! What a node is known by, kept over restarts.

use std::fs;
use std::path::Path;

use anyhow::Context;
use pocketstack_host::whole;

/// Copies `/etc/machine-id` into the state folder, from where the initial file system restores it at the next
/// start: `/etc` itself forgets everything. Does nothing where there is no state folder or the copy is there.
pub fn keep_machine_id(root: &Path, state: &Path) {
    if let Err(error) = try_keep(&root.join("etc/machine-id"), state) {
        tracing::warn!("the machine's identity is not kept over a restart: {error:#}");
    }
}

fn try_keep(from: &Path, state: &Path) -> anyhow::Result<()> {
    let id = fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let id = id.trim();
    // machine-id(5): 32 lower case hexadecimal digits; "uninitialized" while the first boot is under way.
    anyhow::ensure!(
        id.len() == 32
            && id
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
        "{} holds no machine id yet",
        from.display()
    );
    let kept = state.join("machine-id");
    if fs::read_to_string(&kept).is_ok_and(|text| text.trim() == id) {
        return Ok(());
    }
    whole::write(&kept, &format!("{id}\n")).with_context(|| format!("cannot write {}", kept.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_machine_id_is_kept_and_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let from = dir.path().join("machine-id.etc");
        fs::write(dir.path().join("machine-id"), "half of o").expect("written");
        fs::write(&from, format!("{ID}\n")).expect("written");
        for _ in 0..2 {
            try_keep(&from, dir.path()).expect("kept");
            assert_eq!(
                fs::read_to_string(dir.path().join("machine-id")).expect("read"),
                format!("{ID}\n")
            );
        }
        assert!(!dir.path().join("machine-id.new").exists());
    }

    #[test]
    fn what_is_no_machine_id_is_not_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let from = dir.path().join("machine-id.etc");
        for text in ["uninitialized\n", "", "0123456789ABCDEF0123456789ABCDEF\n"] {
            fs::write(&from, text).expect("written");
            assert!(try_keep(&from, dir.path()).is_err(), "{text:?}");
        }
        assert!(!dir.path().join("machine-id").exists());
    }
}
