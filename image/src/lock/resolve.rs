//! Resolving the wanted packages with apt, in a private root that knows nothing of the building host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pocketstack_exec::{Cmd, run};

use super::{LockedRoot, Package};
use crate::mirror::Mirrors;
use crate::packages::{RootName, Wanted};

/// Debian's archive keys, from the package debian-archive-keyring that every Debian has.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Resolves every root of `wanted`.
///
/// # Errors
/// apt's own words about what cannot be had, with the root it was for.
pub fn resolve(wanted: &Wanted, mirrors: &Mirrors) -> Result<Vec<(RootName, LockedRoot)>> {
    let dir = tempfile::tempdir().context("cannot make a private apt root")?;
    let apt = Apt::new(dir.path(), wanted, mirrors)?;
    apt.update()?;
    RootName::ALL
        .into_iter()
        .map(|root| {
            let packages = apt
                .closure(&wanted.packages(root), mirrors)
                .with_context(|| format!("cannot resolve the packages of root {root} (packages.toml)"))?;
            Ok((
                root,
                LockedRoot {
                    wanted: wanted.fingerprint(root),
                    packages,
                },
            ))
        })
        .collect()
}

struct Apt<'a> {
    dir: &'a Path,
}

impl<'a> Apt<'a> {
    fn new(dir: &'a Path, wanted: &Wanted, mirrors: &Mirrors) -> Result<Self> {
        for folder in ["lists/partial", "cache/archives/partial", "etc"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        fs::write(dir.join("status"), "")?;
        let components = wanted.components.join(" ");
        let suite = &wanted.suite;
        let mut sources = String::new();
        for base in &mirrors.debian {
            sources += &format!("deb [signed-by={KEYRING}] {base} {suite} {components}\n");
            sources += &format!("deb [signed-by={KEYRING}] {base} {suite}-updates {components}\n");
        }
        for base in &mirrors.security {
            sources += &format!("deb [signed-by={KEYRING}] {base} {suite}-security {components}\n");
        }
        fs::write(dir.join("etc/sources.list"), sources)?;
        let at = dir.display();
        // The host's own apt.conf stays in force (proxies); only the places and the choice of packages are ours.
        let conf = format!(
            "Dir::State \"{at}\";\nDir::State::status \"{at}/status\";\nDir::State::lists \"{at}/lists\";\n\
             Dir::Cache \"{at}/cache\";\nDir::Etc::sourcelist \"{at}/etc/sources.list\";\nDir::Etc::sourceparts \"{at}/etc/none\";\n\
             Dir::Etc::preferences \"{at}/etc/none\";\nDir::Etc::preferencesparts \"{at}/etc/none\";\n\
             APT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\nAPT::Install-Recommends \"false\";\n\
             APT::Get::List-Cleanup \"false\";\nAcquire::Languages \"none\";\nAcquire::ForceHash \"sha256\";\nAPT::Sandbox::User \"root\";\n\
             #clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n",
            arch = wanted.architecture
        );
        fs::create_dir_all(dir.join("etc/none"))?;
        fs::write(dir.join("apt.conf"), conf)?;
        Ok(Self { dir })
    }

    fn apt_get(&self) -> Cmd {
        Cmd::new("apt-get")
            .env("APT_CONFIG", self.dir.join("apt.conf"))
            .env("LC_ALL", "C.UTF-8")
            .within(std::time::Duration::from_secs(600))
    }

    fn update(&self) -> Result<()> {
        let output = run(self
            .apt_get()
            .arg("update")
            .args(["-o", "APT::Update::Error-Mode=any"]))
        .context(
            "cannot read the package lists: is a mirror reachable? name another with --mirror ADDRESS",
        )?;
        drop(output);
        Ok(())
    }

    fn closure(&self, wanted: &[String], mirrors: &Mirrors) -> Result<Vec<Package>> {
        let output = run(self
            .apt_get()
            .args(["install", "--yes", "--print-uris", "?essential"])
            .args(wanted))?;
        let mut packages = Vec::new();
        for line in output.text().lines().filter(|line| line.starts_with('\'')) {
            packages.push(parse_uri_line(line, mirrors).with_context(|| format!("apt said {line:?}"))?);
        }
        if packages.is_empty() {
            bail!("apt resolved nothing");
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(packages)
    }
}

/// `'ADDRESS' NAME_VERSION_ARCH.deb SIZE SHA256:HASH`, as `apt-get --print-uris` prints it.
fn parse_uri_line(line: &str, mirrors: &Mirrors) -> Result<Package> {
    let mut words = line.split_whitespace();
    let (Some(address), Some(file), Some(size), Some(hash)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        bail!("four words were expected");
    };
    let address = unescape(address.trim_matches('\''));
    let (archive, path) = mirrors
        .locate(&address)
        .context("the address is of no known mirror")?;
    let mut parts = file
        .strip_suffix(".deb")
        .context("not a .deb")?
        .split('_')
        .map(unescape);
    let (Some(name), Some(version), Some(arch)) = (parts.next(), parts.next(), parts.next()) else {
        bail!("the file name does not tell name, version and architecture");
    };
    let sha256 = hash.strip_prefix("SHA256:").context("no SHA-256")?.to_owned();
    Ok(Package {
        name,
        version,
        arch,
        sha256,
        size: size.parse()?,
        archive,
        path,
    })
}

/// Undoes the percent-encoding apt uses for `:` `+` `~` and others.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out += before;
        match after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if byte.is_ascii() => {
                out.push(char::from(byte));
                rest = &after[2..];
            }
            _ => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::Archive;

    #[test]
    fn a_line_of_apt_is_understood() {
        let mirrors = Mirrors::find(&["http://m.example/debian".to_owned()]).expect("given");
        let line = "'http://m.example/debian-security/pool/main/p/passwd/passwd_4.17.4-2%2bb1_amd64.deb' passwd_1%3a4.17.4-2+b1_amd64.deb 1228 SHA256:abc";
        let package = parse_uri_line(line, &mirrors).expect("right");
        assert_eq!(package.name, "passwd");
        assert_eq!(package.version, "1:4.17.4-2+b1");
        assert_eq!(package.archive, Archive::Security);
        assert_eq!(package.path, "pool/main/p/passwd/passwd_4.17.4-2+b1_amd64.deb");
        assert_eq!((package.size, package.sha256.as_str()), (1228, "abc"));
    }

    #[test]
    fn an_unknown_package_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let wanted =
            Wanted::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packages.toml"))).expect("right");
        let nowhere = Mirrors {
            debian: Vec::new(),
            security: Vec::new(),
        };
        let apt = Apt::new(dir.path(), &wanted, &nowhere).expect("a private root");
        let error = apt
            .closure(&["no-such-package".to_owned()], &nowhere)
            .expect_err("it is unknown");
        assert!(
            error
                .to_string()
                .contains("Unable to locate package no-such-package"),
            "{error:#}"
        );
    }

    #[test]
    fn a_line_without_a_strong_hash_is_refused() {
        let mirrors = Mirrors::find(&["http://m.example/debian".to_owned()]).expect("given");
        let line = "'http://m.example/debian/pool/a_1_all.deb' a_1_all.deb 12 MD5Sum:abc";
        assert!(
            parse_uri_line(line, &mirrors)
                .expect_err("MD5")
                .to_string()
                .contains("no SHA-256")
        );
    }
}
