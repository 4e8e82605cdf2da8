//! Compiling the daemons in the tools root: pinned Rust toolchain, pinned C libraries, the same paths everywhere.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pocketstack_exec::{Cmd, Stdio, run};

use crate::build::Options;
use crate::namespace::{Bind, Chroot};
use crate::paths::Paths;
use crate::progress::Stage;

/// The programs that go into the image.
pub const PROGRAMS: [&str; 4] = ["pocketstackd", "pocketstack-web", "pocketctl", INITRD];
/// The one that goes into the initrd as well.
pub const INITRD: &str = "pocketstack-initrd";

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Names the checkout whose programs lie in the build folder; locked while one is compiled there.
const CHECKOUT: &str = "checkout";

/// cargo goes by the dates of files, and all checkouts have the same path in the tools root: one whose files are older
/// than what another checkout has built would get that one's crates. What was built from other crates stays. The folder is
/// this checkout's alone until the file that is handed back is closed.
fn forget_other_checkouts(paths: &Paths, target_dir: &Path) -> Result<File> {
    let path = target_dir.join(CHECKOUT);
    let failed = || format!("cannot keep {}", path.display());
    let mut note = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(failed)?;
    note.lock().with_context(failed)?;
    let mut last = String::new();
    note.read_to_string(&mut last).with_context(failed)?;
    let ours = paths.repo.display().to_string();
    if last == ours {
        return Ok(note);
    }
    let fingerprints = target_dir.join(TARGET).join("release/.fingerprint");
    for entry in fs::read_dir(fingerprints).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("pocketstack") || name.starts_with("pocketctl") {
            fs::remove_dir_all(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    note.set_len(0)
        .and_then(|()| note.rewind())
        .and_then(|()| note.write_all(ours.as_bytes()))
        .with_context(failed)?;
    Ok(note)
}

/// Compiles [`PROGRAMS`] and returns their paths. cargo decides what has to be done again.
///
/// # Errors
/// The compiler's own words are on standard error by then.
pub fn compile(paths: &Paths, tools: &Path, target_dir: &Path, options: &Options) -> Result<Vec<PathBuf>> {
    let stage = Stage::start("Compiling the daemons");
    let sysroot = host_rustc(paths, &["--print", "sysroot"])?;
    let registry = registry(paths)?;
    fs::create_dir_all(target_dir).with_context(|| format!("cannot make {}", target_dir.display()))?;
    let alone = forget_other_checkouts(paths, target_dir)?;
    let chroot = Chroot::new(
        paths,
        tools,
        &[
            Bind {
                from: &paths.repo,
                to: Path::new("/src"),
                writable: false,
            },
            Bind {
                from: target_dir,
                to: Path::new("/build"),
                writable: true,
            },
            Bind {
                from: Path::new(&sysroot),
                to: Path::new("/rust"),
                writable: false,
            },
            Bind {
                from: &registry,
                to: Path::new("/cargo/registry"),
                writable: true,
            },
        ],
    )?;
    // The folder below registry/src is named after the index a machine uses; the binary must not tell it.
    let mut flags = vec!["--remap-path-prefix=/src=/pocketstack".to_owned()];
    let mut c_flags = vec!["-O2".to_owned()];
    for entry in fs::read_dir(registry.join("src"))
        .context("no crates were fetched")?
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        flags.push(format!("--remap-path-prefix=/cargo/registry/src/{name}=/crates"));
        c_flags.push(format!("-ffile-prefix-map=/cargo/registry/src/{name}=/crates"));
    }
    run(chroot
        .cmd("/rust/bin/cargo")
        .env("CARGO_HOME", "/cargo")
        .env("CARGO_TARGET_DIR", "/build")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CFLAGS", c_flags.join(" "))
        .env("RUSTC", "/rust/bin/rustc")
        .args([
            "build",
            "--manifest-path",
            "/src/Cargo.toml",
            "--release",
            "--locked",
            "--offline",
            "--quiet",
        ])
        .args(["--target", TARGET, "--jobs", &options.jobs.to_string()])
        .args(PROGRAMS.iter().flat_map(|program| ["--package", program]))
        .stderr(Stdio::Inherit))
    .context("cannot compile the daemons")?;
    drop(alone);
    stage.done("");
    let folder = target_dir.join(TARGET).join("release");
    Ok(PROGRAMS.iter().map(|program| folder.join(program)).collect())
}

/// Asks the building machine's Rust compiler, which must be the one `rust-toolchain.toml` names.
fn host_rustc(paths: &Paths, args: &[&str]) -> Result<String> {
    let output = run(Cmd::new("rustc").args(args).dir(&paths.repo))
        .context("no usable Rust toolchain: install the one rust-toolchain.toml names with rustup")?;
    let version = run(Cmd::new("rustc").arg("--version").dir(&paths.repo))?.text();
    let wanted = fs::read_to_string(paths.repo.join("rust-toolchain.toml"))?;
    let channel = wanted
        .lines()
        .find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'));
    let channel = channel.context("rust-toolchain.toml names no channel")?;
    if version.split_whitespace().nth(1) != Some(channel) {
        bail!(
            "rust-toolchain.toml asks for Rust {channel} and this is {}: install it with rustup",
            version.trim()
        );
    }
    Ok(output.text().trim().to_owned())
}

/// Fetches the crates of Cargo.lock and returns cargo's registry folder.
fn registry(paths: &Paths) -> Result<PathBuf> {
    run(Cmd::new("cargo")
        .args(["fetch", "--locked", "--target", TARGET])
        .dir(&paths.repo)
        .unlimited())
    .context("cannot fetch the crates of Cargo.lock")?;
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    Ok(home.join("registry"))
}
