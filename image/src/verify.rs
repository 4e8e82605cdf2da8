//! Building a second time under other circumstances and comparing every byte.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

use crate::build::{self, Options};
use crate::manifest::Manifest;
use crate::mirror::Mirrors;
use crate::paths::Paths;

/// Builds in `target/verify`, from nothing but the packages, with another umask, clock, locale and number of jobs, and
/// compares with `target/image`. Returns whether all artifacts are the same, having said what differs.
///
/// # Errors
/// If there is nothing to compare with, or the second build fails.
pub fn verify(paths: &Paths, mirrors: &Mirrors, processors: usize) -> Result<bool> {
    let first = Manifest::read(&paths.out)?;
    let out = paths.repo.join("target/verify");
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    // The mount points of the build are elsewhere too, so that no path of the first build is one of the second.
    let second_paths = paths.apart(&out);
    fs::create_dir_all(&second_paths.cache)?;
    let second = build::build(
        &second_paths,
        mirrors,
        &Options {
            jobs: processors + 1,
            other_clock: true,
        },
    )?;

    let mut same = true;
    for file in &first.artifacts {
        let twin = second.artifacts.iter().find(|twin| twin.name == file.name);
        if twin.is_some_and(|twin| twin.sha256 == file.sha256) {
            println!("same       {}", file.name);
        } else {
            same = false;
            println!(
                "DIFFERENT  {}: {}",
                file.name,
                first_difference(&paths.out.join(&file.name), &out.join(&file.name))?
            );
        }
    }
    if same {
        println!(
            "{} artifacts are byte-identical in two builds",
            first.artifacts.len()
        );
        // A whole second build is not worth keeping; one that differs is.
        fs::remove_dir_all(&out).with_context(|| format!("cannot remove {}", out.display()))?;
        return Ok(true);
    }
    for (stage, list) in [("initrd", "initrd.files"), ("root", "files")] {
        let read = |dir: &Path| {
            let path = dir.join("stages").join(stage).join(list);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        match explain(&read(&paths.out)?, &read(&out)?) {
            Some(words) => println!("in the {stage}: {words}"),
            None => println!("in the {stage}: the same files"),
        }
    }
    Ok(false)
}

/// Where two files part.
fn first_difference(a: &Path, b: &Path) -> Result<String> {
    let open = |path: &Path| File::open(path).with_context(|| format!("cannot read {}", path.display()));
    let (mut a, mut b) = (open(a)?, open(b)?);
    let (mut left, mut right) = (vec![0_u8; 1 << 16], vec![0_u8; 1 << 16]);
    let mut at = 0_usize;
    loop {
        let (got, other) = (fill(&mut a, &mut left)?, fill(&mut b, &mut right)?);
        if let Some(offset) = left[..got.min(other)]
            .iter()
            .zip(&right[..got.min(other)])
            .position(|(x, y)| x != y)
        {
            return Ok(format!("first different byte at {}", at + offset));
        }
        if got != other {
            return Ok(format!("one ends at byte {}", at + got.min(other)));
        }
        if got == 0 {
            return Ok("the contents are the same now: something is still writing".to_owned());
        }
        at += got;
    }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match file.read(&mut buffer[have..])? {
            0 => break,
            count => have += count,
        }
    }
    Ok(have)
}

/// The first file two listings (`report::listing`) differ in, and the likely cause.
fn explain(first: &str, second: &str) -> Option<String> {
    let (mut a, mut b) = (first.lines(), second.lines());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (Some(x), Some(y)) if x == y => {}
            (Some(x), Some(y)) => {
                return Some(format!("{}: {}", y.rsplit(' ').next().unwrap_or(y), cause(x, y)));
            }
            (Some(x), None) | (None, Some(x)) => return Some(format!("only one build has {x}")),
        }
    }
}

fn cause(x: &str, y: &str) -> &'static str {
    let field =
        |line: &str, number: usize| line.split_whitespace().nth(number).unwrap_or_default().to_owned();
    let name = x.rsplit(' ').next().unwrap_or_default();
    if name != y.rsplit(' ').next().unwrap_or_default() {
        "a file that only one build has, or another order: a directory was read unsorted, or a script ran differently"
    } else if field(x, 0) != field(y, 0) {
        "another mode: it was made under the caller's umask; set the mode explicitly"
    } else if field(x, 1) != field(y, 1) {
        "another owner: users were numbered in another order; fix the number in sysusers.d"
    } else if name.ends_with(".pyc") || name.contains("cache") {
        "a cache with time stamps: prune it"
    } else if name.starts_with("usr/bin/pocketstack") {
        "a binary: a path, a clock or the number of jobs got into the compilation"
    } else {
        "another content: look for a date, a random id or a path of the building machine in it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_file_is_named_with_its_cause() {
        let same = "100644 0:0 3 aa etc/name\n";
        assert_eq!(explain(same, same), None);
        let explained = |second: &str| explain(same, second).expect("different");
        assert!(explained("100600 0:0 3 aa etc/name\n").contains("etc/name: another mode"));
        assert!(explained("100644 0:7 3 aa etc/name\n").contains("another owner"));
        assert!(explained("100644 0:0 3 bb etc/name\n").contains("another content"));
        assert!(explained("").contains("only one build has"));
        assert!(
            explain(
                "100755 0:0 3 a usr/bin/pocketstackd\n",
                "100755 0:0 3 b usr/bin/pocketstackd\n"
            )
            .expect("different")
            .contains("jobs")
        );
    }

    #[test]
    fn the_first_different_byte_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let mut content = vec![7_u8; 200_000];
        fs::write(&a, &content).expect("written");
        content[150_001] = 8;
        fs::write(&b, &content).expect("written");
        assert_eq!(
            first_difference(&a, &b).expect("readable"),
            "first different byte at 150001"
        );
        fs::write(&b, &content[..100]).expect("written");
        assert_eq!(
            first_difference(&a, &b).expect("readable"),
            "one ends at byte 100"
        );
    }
}
