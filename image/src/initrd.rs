//! Kernel and initrd, made by the root's own dracut.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pocketstack_exec::run;

use crate::compose;
use crate::namespace::{Bind, Chroot};
use crate::paths::{Paths, need_space};
use crate::root;
use crate::stage::walk;

/// Raised when this file changes what is made.
pub const RECIPE: u32 = 3;

/// What the initrd is made with.
pub struct Work<'a> {
    /// The tools root, with `scratch` at `/parts`.
    pub tools: &'a Chroot,
    /// An empty folder.
    pub scratch: &'a Path,
    /// PocketStack's own program in it.
    pub program: &'a Path,
}

/// Unpacks the root once more (dracut wants the whole of it), and leaves `vmlinuz`, `initrd` and `kernel` (its
/// release) in `out`.
///
/// # Errors
/// dracut's own words.
pub fn make(
    paths: &Paths,
    work: &Work<'_>,
    archive: &Path,
    version: &str,
    epoch: u64,
    out: &Path,
) -> Result<String> {
    need_space(work.scratch, 1_500_000_000)?;
    let tree = work.scratch.join("tree");
    fs::create_dir(&tree)?;
    root::unpack(archive, &tree)?;
    compose::overlay(&paths.repo.join("image/rootfs"), &tree)?;
    compose::identity(&tree, version)?;
    let name = work.program.file_name().context("a program without a name")?;
    compose::install(work.program, &tree.join(compose::LIB).join(name), 0o755)?;
    let release = kernel_release(&tree)?;
    unpack_modules(work.tools, &tree, &release)?;
    let chroot = Chroot::new(
        paths,
        &tree,
        &[Bind {
            from: out,
            to: Path::new("/out"),
            writable: true,
        }],
    )?;
    run(chroot.cmd("depmod").arg(&release)).context("cannot index the kernel's modules")?;
    run(chroot
        .cmd("dracut")
        .env("SOURCE_DATE_EPOCH", epoch.to_string())
        .args([
            "--force",
            "--quiet",
            "--no-hostonly",
            "--reproducible",
            "--tmpdir",
            "/tmp",
        ])
        .args(["--kver", &release, "/out/initrd"]))
    .context("cannot make the initrd")?;
    let listing = run(chroot.cmd("lsinitrd").arg("/out/initrd")).context("cannot list the initrd")?;
    fs::write(out.join("initrd.files"), listing.text())?;
    drop(chroot);
    fs::copy(tree.join(format!("boot/vmlinuz-{release}")), out.join("vmlinuz"))
        .context("the root has no kernel in /boot")?;
    fs::write(out.join("kernel"), &release)?;
    let size = fs::metadata(out.join("initrd"))?.len();
    Ok(format!("Linux {release}, initrd {:.1} MB", size as f64 / 1e6))
}

/// Debian compresses modules one by one. In the initrd, which is compressed as a whole, that makes it larger, and the
/// processor unpacks everything twice.
fn unpack_modules(tools: &Chroot, tree: &Path, release: &str) -> Result<()> {
    let modules = walk(&tree.join("usr/lib/modules").join(release))?;
    let packed: Vec<&PathBuf> = modules
        .iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "xz"))
        .collect();
    for some in packed.chunks(1000) {
        let inside = some
            .iter()
            .map(|path| Path::new("/parts/tree").join(path.strip_prefix(tree).unwrap_or(path)));
        run(tools.cmd("xz").args(["--decompress", "--"]).args(inside))
            .context("cannot unpack the kernel's modules")?;
    }
    Ok(())
}

/// The one kernel of the tree.
///
/// # Errors
/// If there is none, or more than one.
pub fn kernel_release(tree: &Path) -> Result<String> {
    let modules = tree.join("usr/lib/modules");
    let mut found: Vec<PathBuf> = fs::read_dir(&modules)
        .context("the root has no kernel modules")?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let (Some(path), None) = (found.pop(), found.pop()) else {
        anyhow::bail!("{} must hold exactly one kernel", modules.display());
    };
    Ok(path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned())
}
