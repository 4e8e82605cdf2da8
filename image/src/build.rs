//! One build, from the lock to the artifacts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::artifacts::{self, Parts, publish};
use crate::compile;
use crate::compose;
use crate::hash;
use crate::initrd;
use crate::lock::Lock;
use crate::manifest::{Manifest, check_budget};
use crate::mirror::Mirrors;
use crate::namespace::{Bind, Chroot};
use crate::packages::{RootName, Wanted};
use crate::paths::{Paths, need_space};
use crate::progress::Stage;
use crate::report;
use crate::root;
use crate::rootimage::{self, RootIds};
use crate::sbom;
use crate::stage::{Inputs, Stages};

/// What may differ between two builds without the result differing.
pub struct Options {
    /// Processors to use.
    pub jobs: usize,
    /// Let the tools that assemble believe it is another day. The compiler is left alone: rustc hangs under libfaketime,
    /// and records no time.
    pub other_clock: bool,
}

/// Builds everything into `paths.out`. Must be called inside the builder's mount namespace.
///
/// # Errors
/// The first step that failed; whole results of the steps before are kept for the next time.
pub fn build(paths: &Paths, mirrors: &Mirrors, options: &Options) -> Result<Manifest> {
    // Modes in the image must not depend on who builds it.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let wanted = Wanted::read(&paths.wanted())?;
    let lock = Lock::read(&paths.lock(), &wanted)?;
    let version = env!("CARGO_PKG_VERSION");
    fs::create_dir_all(&paths.out).with_context(|| format!("cannot make {}", paths.out.display()))?;
    need_space(&paths.out, 3_000_000_000)?;
    let stages = Stages::new(paths.out.join("stages"));

    let tools_tree = root::tree(paths, &lock, RootName::Tools, mirrors)?;
    let archive = root::archive(paths, &lock, RootName::Image, mirrors)?;
    let programs = compile::compile(paths, &tools_tree, &paths.cache.join("cargo"), options)?;

    let archive_key = archive
        .file_stem()
        .context("the archive has no name")?
        .to_string_lossy()
        .into_owned();
    let tools_key = tools_tree
        .file_name()
        .context("the tools root has no name")?
        .to_string_lossy()
        .into_owned();
    let rootfs = paths.repo.join("image/rootfs");
    let early = programs
        .iter()
        .find(|program| program.ends_with(compile::INITRD))
        .context("the initrd's program was not compiled")?;
    let key = Inputs::recipe(initrd::RECIPE)
        .text(&archive_key)
        .folder(&rootfs.join("usr/lib/dracut"))?
        .folder(&rootfs.join("usr/lib/udev"))?
        .file(early)?
        .key();
    let initrd_dir = stages.run("initrd", &key, |out| {
        let scratch = paths.scratch(2_500_000_000)?;
        let tools = tools(paths, &tools_tree, scratch.path(), options)?;
        let work = initrd::Work {
            tools: &tools,
            scratch: scratch.path(),
            program: early,
        };
        initrd::make(paths, &work, &archive, version, lock.epoch, out)
    })?;

    let sbom = sbom::make(
        &lock.root(RootName::Image)?.packages,
        &paths.repo.join("Cargo.lock"),
        version,
    )?;
    let base_key = Inputs::recipe(compose::RECIPE)
        .text(&archive_key)
        .text(&tools_key)
        .text(version)
        .folder(&rootfs)?
        .file(&paths.repo.join("image/prune.toml"))?
        .key();
    let base_dir = stages.run("base", &base_key, |out| {
        let scratch = paths.scratch(2_500_000_000)?;
        let tree = scratch.path().join("tree");
        fs::create_dir(&tree)?;
        let tools = tools(paths, &tools_tree, scratch.path(), options)?;
        compose::base(paths, &tools, &archive, version, &tree)?;
        root::pack(&tree, &out.join("base.tar"))?;
        Ok(String::new())
    })?;
    let mut inputs = Inputs::recipe(rootimage::RECIPE).text(&base_key).text(&sbom);
    for program in &programs {
        inputs = inputs.file(program)?;
    }
    let root_dir = stages.run("root", &inputs.key(), |out| {
        let scratch = paths.scratch(2_500_000_000)?;
        let tree = scratch.path().join("tree");
        fs::create_dir(&tree)?;
        root::unpack(&base_dir.join("base.tar"), &tree)?;
        compose::finish(&tree, &programs, &sbom)?;
        let tools = tools(paths, &tools_tree, scratch.path(), options)?;
        rootimage::make(&tools, scratch.path(), lock.epoch, options.jobs)?;
        fs::write(out.join("files"), report::listing(&tree)?)?;
        keep(scratch.path(), out, &["root.erofs", "root.verity", "roothash"])?;
        Ok(format!(
            "{:.1} MB",
            fs::metadata(out.join("root.erofs"))?.len() as f64 / 1e6
        ))
    })?;

    let ids = RootIds::read(&root_dir)?;
    let key = Inputs::recipe(artifacts::RECIPE)
        .text(&ids.hash)
        .text(&tools_key)
        .file(&initrd_dir.join("initrd"))?
        .file(&initrd_dir.join("vmlinuz"))?
        .text(version)
        .key();
    let made = stages.run("artifacts", &key, |out| {
        let scratch = paths.scratch(2_500_000_000)?;
        let work = scratch.path();
        for (dir, name) in [
            (&initrd_dir, "vmlinuz"),
            (&initrd_dir, "initrd"),
            (&root_dir, "root.erofs"),
            (&root_dir, "root.verity"),
        ] {
            fs::copy(dir.join(name), work.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
        let tools = tools(paths, &tools_tree, work, options)?;
        let parts = Parts {
            tools: &tools,
            work,
            ids: &ids,
            version,
            epoch: lock.epoch,
        };
        parts.uki()?;
        parts.root_disk()?;
        parts.raw()?;
        parts.iso()?;
        parts.pxe()?;
        keep(
            work,
            out,
            &["pocketstack.efi", "pocketstack.raw", "pocketstack.iso"],
        )?;
        fs::create_dir(out.join("pxe"))?;
        keep(&work.join("pxe"), &out.join("pxe"), &PXE)?;
        Ok("raw, iso, pxe".to_owned())
    })?;
    finish(paths, &made, &root_dir, &lock, &ids, &sbom, version)
}

/// Files for network boot.
const PXE: [&str; 7] = [
    "undionly.kpxe",
    "ipxe.efi",
    "vmlinuz",
    "initrd",
    "root.img",
    "pocketstack.efi",
    "boot.ipxe",
];

fn tools(paths: &Paths, tree: &Path, work: &Path, options: &Options) -> Result<Chroot> {
    let chroot = Chroot::new(
        paths,
        tree,
        &[Bind {
            from: work,
            to: Path::new("/parts"),
            writable: true,
        }],
    )?;
    Ok(if options.other_clock {
        chroot.on_another_day()
    } else {
        chroot
    })
}

fn keep(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    names
        .iter()
        .try_for_each(|name| publish(&from.join(name), &to.join(name)))
}

/// Gives the artifacts their names, writes manifest and report, and checks the budget.
fn finish(
    paths: &Paths,
    made: &Path,
    root_dir: &Path,
    lock: &Lock,
    ids: &RootIds,
    sbom: &str,
    version: &str,
) -> Result<Manifest> {
    let stage = Stage::start("Manifest");
    let named = |kind: &str| format!("pocketstack-{version}-amd64.{kind}");
    let mut files: Vec<(PathBuf, String, &str)> = vec![
        (made.join("pocketstack.raw"), named("raw"), "raw"),
        (made.join("pocketstack.iso"), named("iso"), "iso"),
    ];
    files.extend(
        PXE.iter()
            .map(|name| (made.join("pxe").join(name), format!("pxe/{name}"), "pxe")),
    );
    for (from, name, _) in &files {
        link(from, &paths.out.join(name))?;
    }
    fs::write(paths.out.join("sbom.cdx.json"), sbom)?;
    let mut listed: Vec<(String, &str)> = files.into_iter().map(|(_, name, kind)| (name, kind)).collect();
    listed.push(("sbom.cdx.json".to_owned(), "sbom"));
    let inputs = BTreeMap::from([
        (
            "packages.lock".to_owned(),
            hash::of_bytes(lock.to_text().as_bytes()),
        ),
        (
            "Cargo.lock".to_owned(),
            hash::of_file(&paths.repo.join("Cargo.lock"))?.0,
        ),
        ("epoch".to_owned(), lock.epoch.to_string()),
        ("roothash".to_owned(), ids.hash.clone()),
    ]);
    let manifest = Manifest::write(&paths.out, version, inputs, &listed)?;
    stage.done("");
    let size = |path: PathBuf| {
        fs::metadata(&path)
            .map(|meta| meta.len())
            .with_context(|| format!("cannot read {}", path.display()))
    };
    let sizes = [
        ("uki", size(made.join("pocketstack.efi"))?),
        ("iso", size(made.join("pocketstack.iso"))?),
        ("root", size(root_dir.join("root.erofs"))?),
    ];
    report::sizes(paths, &sizes, &root_dir.join("files"), lock)?;
    check_budget(&paths.repo.join("image/budget.toml"), &sizes)?;
    Ok(manifest)
}

/// The same file under its public name: a hard link, so that nothing is stored twice.
fn link(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    if to.exists() {
        fs::remove_file(to).with_context(|| format!("cannot replace {}", to.display()))?;
    }
    fs::hard_link(from, to).with_context(|| format!("cannot link {}", to.display()))
}
