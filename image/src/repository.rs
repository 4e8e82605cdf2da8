//! A local package repository: a folder of links into the cache and the index apt wants.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use pocketstack_exec::{Cmd, run};

use crate::fetch::object;
use crate::hash;
use crate::lock::Package;

/// Makes the repository in an empty folder. Every package must be in the cache.
///
/// # Errors
/// A package whose control file cannot be read.
pub fn make(dir: &Path, suite: &str, objects: &Path, packages: &[Package]) -> Result<()> {
    let stanzas = Mutex::new(vec![String::new(); packages.len()]);
    let failed = Mutex::new(None);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(package) = packages.get(index) else {
                        return;
                    };
                    match stanza(dir, objects, package) {
                        Ok(text) => {
                            stanzas.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[index] = text
                        }
                        Err(error) => {
                            *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failed
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        return Err(error);
    }
    let index = stanzas
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .join("\n");
    // mmdebstrap picks the essential packages by suite, which apt knows from the Release file only.
    let release = format!(
        "Suite: {suite}\nCodename: {suite}\nSHA256:\n {} {} Packages\n",
        hash::of_bytes(index.as_bytes()),
        index.len()
    );
    fs::write(dir.join("Packages"), index)
        .and_then(|()| fs::write(dir.join("Release"), release))
        .context("cannot write the index of the local repository")
}

/// The package's control fields with the file's place, size and hash behind them (deb-control(5), Packages index).
fn stanza(dir: &Path, objects: &Path, package: &Package) -> Result<String> {
    let file = format!("{}_{}.deb", package.name, package.sha256);
    let path = object(objects, package);
    symlink(&path, dir.join(&file)).with_context(|| format!("cannot link {}", package.name))?;
    let control = run(Cmd::new("dpkg-deb").arg("--field").arg(&path))
        .with_context(|| format!("{} {} is not a readable package", package.name, package.version))?;
    Ok(format!(
        "{}\nFilename: ./{file}\nSize: {}\nSHA256: {}\n",
        control.text().trim_end(),
        package.size,
        package.sha256
    ))
}
