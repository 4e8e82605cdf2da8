//! Packages by hash: fetched in parallel, resumed where they broke off, and never believed before their hash is right.
//!
//! The cache holds `objects/HASH` for whole files only. A file on its way is `objects/HASH.part`; it is renamed once
//! its size and hash are what the lock says, so an interruption at any moment leaves the cache valid.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::hash;
use crate::lock::Package;
use crate::mirror::Mirrors;
use crate::progress::Stage;

/// Downloads at the same time. Mirrors allow few connections per client; more bring nothing.
const PARALLEL: usize = 6;

/// Why packages could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lock names packages that no mirror has any more. Exit status 3.
    #[error(
        "no mirror has these locked packages any more:\n  {}\nDebian drops old versions when new ones arrive. `./just lock` brings packages.lock up to date",
        .0.join("\n  ")
    )]
    Gone(Vec<String>),
    /// A file that is not what the lock says.
    #[error(
        "{name}: {what} from {address}; a mirror is damaged or was tampered with: name another with --mirror"
    )]
    Wrong {
        /// Package.
        name: String,
        /// What was expected and what came.
        what: String,
        /// Where it came from.
        address: String,
    },
    /// No mirror answered.
    #[error(
        "{name} cannot be fetched from {address}: {why}; check the network, or name another mirror with --mirror"
    )]
    Unreachable {
        /// Package.
        name: String,
        /// Last address tried.
        address: String,
        /// What went wrong.
        why: String,
    },
    /// The cache cannot be written.
    #[error("cannot write {path}: {source}; make room or point POCKETSTACK_CACHE elsewhere")]
    Disk {
        /// File.
        path: String,
        /// What the kernel said.
        source: std::io::Error,
    },
}

/// Path of a package in the cache.
pub fn object(objects: &Path, package: &Package) -> PathBuf {
    objects.join(&package.sha256)
}

/// Sees to it that every package is in the cache.
///
/// # Errors
/// See [`Error`]. All packages that can be had are kept, whatever happened to the others.
pub fn fetch(objects: &Path, packages: &[&Package], mirrors: &Mirrors) -> Result<()> {
    fs::create_dir_all(objects).with_context(|| format!("cannot make {}", objects.display()))?;
    // Several roots share packages; each is fetched once.
    let mut wanted = packages.to_vec();
    wanted.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    wanted.dedup_by(|a, b| a.sha256 == b.sha256);
    let missing: VecDeque<&Package> = wanted
        .into_iter()
        .filter(|package| !is_there(objects, package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let total = missing.iter().map(|package| package.size).sum();
    let stage = Stage::bytes(format!("Fetching {} packages", missing.len()), total);
    let queue = Mutex::new(missing);
    let errors = Mutex::new(Vec::new());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .build()
        .into();
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                while let Some(package) = next(&queue) {
                    match one(&agent, objects, package, mirrors) {
                        Ok(()) => stage.add(package.size),
                        Err(error) => {
                            // A full disk or a dead network fails them all; a vanished package only itself.
                            if !matches!(error, Error::Gone(_)) {
                                lock(&queue).clear();
                            }
                            lock(&errors).push(error);
                        }
                    }
                }
            });
        }
    });
    let (gone, mut other): (Vec<Error>, Vec<Error>) = lock(&errors)
        .drain(..)
        .partition(|error| matches!(error, Error::Gone(_)));
    if let Some(error) = other.pop() {
        return Err(error.into());
    }
    let mut names: Vec<String> = gone
        .into_iter()
        .flat_map(|error| {
            if let Error::Gone(names) = error {
                names
            } else {
                Vec::new()
            }
        })
        .collect();
    if !names.is_empty() {
        names.sort();
        return Err(Error::Gone(names).into());
    }
    stage.done(&format!("{} MB", total / 1_000_000));
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A worker that panicked leaves a queue or a list behind that is still whole.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The next package to fetch. A function of its own, so that the lock is not held while it is fetched.
fn next<'a>(queue: &Mutex<VecDeque<&'a Package>>) -> Option<&'a Package> {
    lock(queue).pop_front()
}

fn is_there(objects: &Path, package: &Package) -> bool {
    fs::metadata(object(objects, package)).is_ok_and(|file| file.len() == package.size)
}

fn one(agent: &ureq::Agent, objects: &Path, package: &Package, mirrors: &Mirrors) -> Result<(), Error> {
    let name = format!("{} {}", package.name, package.version);
    let mut last = Error::Gone(vec![name.clone()]);
    for address in mirrors.addresses(package.archive, &package.path) {
        // A connection that breaks off is taken up again where it stopped; three breaks in a row are enough.
        for _ in 0..3 {
            match attempt(agent, objects, package, &address) {
                Ok(()) => return Ok(()),
                Err(error @ Error::Disk { .. }) => return Err(error),
                Err(error @ (Error::Gone(_) | Error::Wrong { .. })) => {
                    if !matches!(last, Error::Wrong { .. }) {
                        last = error;
                    }
                    break;
                }
                Err(error @ Error::Unreachable { .. }) => last = error,
            }
        }
    }
    Err(last)
}

fn attempt(agent: &ureq::Agent, objects: &Path, package: &Package, address: &str) -> Result<(), Error> {
    let name = || format!("{} {}", package.name, package.version);
    let unreachable = |why: String| Error::Unreachable {
        name: name(),
        address: address.to_owned(),
        why,
    };
    let part = objects.join(format!("{}.part", package.sha256));
    let disk = |source| Error::Disk {
        path: part.display().to_string(),
        source,
    };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&part)
        .map_err(disk)?;
    let mut have = file.seek(SeekFrom::End(0)).map_err(disk)?;
    if have > package.size {
        file.set_len(0).map_err(disk)?;
        have = 0;
    }
    if have < package.size {
        // Packages are named in addresses as they are, except for the plus sign that some servers read as a space.
        let request = agent.get(address.replace('+', "%2B"));
        let request = if have > 0 {
            request.header("Range", format!("bytes={have}-"))
        } else {
            request
        };
        let response = request.call().map_err(|error| unreachable(error.to_string()))?;
        match response.status().as_u16() {
            206 => {}
            // The server starts over, so do we.
            200 => file.set_len(0).map_err(disk)?,
            404 | 410 => return Err(Error::Gone(vec![name()])),
            status => return Err(unreachable(format!("the server said {status}"))),
        }
        let mut body = response.into_body().into_reader().take(package.size + 1);
        let mut buffer = vec![0_u8; 1 << 16];
        loop {
            let count = body
                .read(&mut buffer)
                .map_err(|error| unreachable(error.to_string()))?;
            if count == 0 {
                break;
            }
            file.write_all(&buffer[..count]).map_err(disk)?;
        }
    }
    finish(&file, &part, objects, package, address)
}

/// Keeps the file if it is what the lock says, and throws it away if it cannot become that any more.
fn finish(file: &File, part: &Path, objects: &Path, package: &Package, address: &str) -> Result<(), Error> {
    let name = || format!("{} {}", package.name, package.version);
    let disk = |source| Error::Disk {
        path: part.display().to_string(),
        source,
    };
    file.sync_data().map_err(disk)?;
    let size = file.metadata().map_err(disk)?.len();
    if size < package.size {
        let why = format!("the download broke off after {size} of {} bytes", package.size);
        return Err(Error::Unreachable {
            name: name(),
            address: address.to_owned(),
            why,
        });
    }
    let (sha256, _) = hash::of_file(part).map_err(|error| disk(std::io::Error::other(error.to_string())))?;
    if size != package.size || sha256 != package.sha256 {
        fs::remove_file(part).map_err(disk)?;
        let what = format!("SHA-256 {} was expected and {sha256} came", package.sha256);
        return Err(Error::Wrong {
            name: name(),
            what,
            address: address.to_owned(),
        });
    }
    fs::rename(part, object(objects, package)).map_err(disk)
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
