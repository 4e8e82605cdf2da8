//! The built image, found through its manifest.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// `manifest.json` of the image builder; fields that are not needed here are left out.
#[derive(Debug, Deserialize)]
struct Manifest {
    version: String,
    artifacts: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    kind: String,
    size: u64,
    sha256: String,
}

/// The artifacts of one build. All paths exist and have the size the manifest says.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// Version of PocketStack in the image.
    pub version: String,
    /// Image for a USB stick or disk.
    pub raw: PathBuf,
    /// SHA-256 of the raw image, hexadecimal.
    pub raw_sha256: String,
    /// Hybrid ISO.
    pub iso: PathBuf,
    /// Folder with everything for network boot.
    pub pxe: PathBuf,
    /// Names of what is for network boot, in that folder.
    pub pxe_files: Vec<String>,
}

/// Folder of what is for network boot, as the manifest has it.
const PXE: &str = "pxe";

impl Artifacts {
    /// Reads `manifest.json` in `folder` (usually `target/image`).
    ///
    /// # Errors
    /// No build yet, a manifest that cannot be read, or files that are not what the manifest says.
    pub fn find(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "there is no image in {}; build it with: ./just image",
                folder.display()
            )
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a manifest this version understands", path.display()))?;
        let folder = folder.canonicalize()?;
        for entry in &manifest.artifacts {
            let file = folder.join(&entry.name);
            let size = file
                .metadata()
                .with_context(|| format!("{} is missing; build again with: ./just image", file.display()))?
                .len();
            ensure!(
                size == entry.size,
                "{} has {size} bytes, the manifest says {}; build again with: ./just image",
                file.display(),
                entry.size
            );
        }
        let raw = only(&manifest, "raw")?;
        let iso = only(&manifest, "iso")?;
        let pxe_files: Vec<String> = manifest
            .artifacts
            .iter()
            .filter(|entry| entry.kind == PXE)
            .filter_map(|entry| Some(entry.name.strip_prefix(PXE)?.strip_prefix('/')?.to_owned()))
            .collect();
        ensure!(
            !pxe_files.is_empty(),
            "{} names nothing for network boot; build again with: ./just image",
            path.display()
        );
        Ok(Self {
            raw: folder.join(&raw.name),
            raw_sha256: raw.sha256.clone(),
            iso: folder.join(&iso.name),
            pxe: folder.join(PXE),
            pxe_files,
            version: manifest.version.clone(),
        })
    }
}

impl Artifacts {
    /// The same artifacts under names of the test's own in `folder`. A build that ends in the middle of a run replaces
    /// the files in `target/image`, and an overlay over a replaced image is a damaged disk.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn pinned(&self, folder: &Path) -> Result<Self> {
        let pxe = folder.join(PXE);
        fs::create_dir_all(&pxe).with_context(|| format!("cannot make {}", pxe.display()))?;
        for name in &self.pxe_files {
            pin(&self.pxe.join(name), &pxe.join(name))?;
        }
        let (raw, iso) = (folder.join("image.raw"), folder.join("image.iso"));
        pin(&self.raw, &raw)?;
        pin(&self.iso, &iso)?;
        Ok(Self {
            raw,
            iso,
            pxe,
            ..self.clone()
        })
    }

    /// The kernel command line, which is the same on every medium, as `boot.ipxe` has it.
    ///
    /// # Errors
    /// `boot.ipxe` has no kernel command.
    pub fn cmdline(&self) -> Result<String> {
        let script = fs::read_to_string(self.pxe.join("boot.ipxe")).context("boot.ipxe")?;
        cmdline(&script).with_context(|| format!("boot.ipxe has no kernel command:\n{script}"))
    }
}

/// Gives a file a second name, replacing what had it; a copy where the file system is another one.
///
/// # Errors
/// The file cannot be read, or the new name not be written.
pub fn pin(file: &Path, name: &Path) -> Result<()> {
    if name.exists() {
        fs::remove_file(name).with_context(|| format!("cannot replace {}", name.display()))?;
    }
    fs::hard_link(file, name)
        .or_else(|_| fs::copy(file, name).map(drop))
        .with_context(|| format!("cannot keep {} as {}", file.display(), name.display()))
}

fn cmdline(script: &str) -> Option<String> {
    let words = script
        .lines()
        .find_map(|line| line.trim().strip_prefix("kernel "))?;
    // First the file; "initrd=" is only for kernels that iPXE starts as UEFI programs.
    let words = words
        .split_whitespace()
        .skip(1)
        .filter(|word| !word.starts_with("initrd="));
    Some(words.collect::<Vec<_>>().join(" "))
}

fn only<'a>(manifest: &'a Manifest, kind: &str) -> Result<&'a Entry> {
    let mut found = manifest.artifacts.iter().filter(|entry| entry.kind == kind);
    match (found.next(), found.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) => bail!("the manifest names no artifact of kind {kind}"),
        (Some(one), Some(two)) => bail!(
            "the manifest names two of kind {kind}: {} and {}",
            one.name,
            two.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(dir: &Path, raw_size: u64) {
        fs::create_dir(dir.join("pxe")).expect("folder");
        for name in ["vmlinuz", "boot.ipxe"] {
            fs::write(dir.join("pxe").join(name), b"x").expect("file");
        }
        fs::write(dir.join("a.raw"), b"1234").expect("file");
        fs::write(dir.join("a.iso"), b"123").expect("file");
        let manifest = format!(
            r#"{{"version":"0.1.0","inputs":{{"lock":"x"}},"artifacts":[
            {{"name":"a.raw","kind":"raw","size":{raw_size},"sha256":"aa"}},
            {{"name":"a.iso","kind":"iso","size":3,"sha256":"bb"}},
            {{"name":"pxe/boot.ipxe","kind":"pxe","size":1,"sha256":"cc"}},
            {{"name":"pxe/vmlinuz","kind":"pxe","size":1,"sha256":"cc"}}]}}"#
        );
        fs::write(dir.join("manifest.json"), manifest).expect("file");
    }

    #[test]
    fn a_build_is_found() {
        let dir = tempfile::tempdir().expect("folder");
        build(dir.path(), 4);
        let found = Artifacts::find(dir.path()).expect("a whole build");
        assert_eq!(found.version, "0.1.0");
        assert!(found.raw.ends_with("a.raw") && found.iso.ends_with("a.iso"));
        assert_eq!(found.raw_sha256, "aa");
        assert_eq!(found.pxe_files, ["boot.ipxe", "vmlinuz"]);
    }

    #[test]
    fn a_new_build_does_not_touch_what_is_pinned() {
        let dir = tempfile::tempdir().expect("folder");
        build(dir.path(), 4);
        let found = Artifacts::find(dir.path()).expect("a whole build");
        let pinned = found.pinned(&dir.path().join("run")).expect("pinned");
        for name in &pinned.pxe_files {
            assert!(pinned.pxe.join(name).exists(), "{name} was not pinned");
        }
        // As the builder publishes: a new file takes the name.
        fs::write(dir.path().join("new"), b"5678").expect("file");
        fs::rename(dir.path().join("new"), &found.raw).expect("renamed");
        assert_eq!(fs::read(&pinned.raw).expect("there"), b"1234");
        assert!(
            found.pinned(&dir.path().join("run")).is_ok(),
            "pinning again replaces"
        );
        assert_eq!(fs::read(&pinned.raw).expect("there"), b"5678");
    }

    #[test]
    fn the_command_line_is_without_what_is_ipxes() {
        let script = "#!ipxe\nkernel vmlinuz initrd=initrd.magic root=/dev/x quiet\ninitrd initrd\nboot\n";
        assert_eq!(cmdline(script).as_deref(), Some("root=/dev/x quiet"));
        assert_eq!(cmdline("#!ipxe\nshell\n"), None);
    }

    #[test]
    fn no_build_says_how_to_make_one() {
        let dir = tempfile::tempdir().expect("folder");
        let error = Artifacts::find(dir.path())
            .expect_err("nothing there")
            .to_string();
        assert!(error.contains("./just image"), "{error}");
    }

    #[test]
    fn a_truncated_artifact_is_noticed() {
        let dir = tempfile::tempdir().expect("folder");
        build(dir.path(), 5);
        let error = Artifacts::find(dir.path()).expect_err("too small").to_string();
        assert!(error.contains("has 4 bytes, the manifest says 5"), "{error}");
    }

    #[test]
    fn a_missing_boot_file_is_named() {
        let dir = tempfile::tempdir().expect("folder");
        build(dir.path(), 4);
        fs::remove_file(dir.path().join("pxe/boot.ipxe")).expect("removed");
        let error = Artifacts::find(dir.path()).expect_err("incomplete").to_string();
        assert!(error.contains("pxe/boot.ipxe is missing; build"), "{error}");
    }
}
