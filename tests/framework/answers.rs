//! Answers files where a node looks for them: a volume of its own, beside the image on the stick, or a web server.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use pocketstack_exec::{Cmd, run};

use crate::net::OWN;
use crate::node::fingerprint_of_pem;
use crate::poll::{self, Probe};
use crate::process::Helper;
use crate::raw::Raw;

/// Label of the volume.
pub const LABEL: &str = "POCKETSTACK";
/// Port of the web server.
const PORT: u16 = 8443;

/// Makes a FAT file system with the answers at `path`, without a partition table, as on many sticks.
///
/// # Errors
/// mtools is missing or fails.
pub fn fat_volume(answers: &str, path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    // 16 MiB in the geometry of a small disk: mtools thinks in cylinders.
    run(Cmd::new("mformat")
        .args(["-C", "-v", LABEL, "-t", "32", "-h", "16", "-s", "63", "-i"])
        .arg(path)
        .arg("::"))?;
    copy_in(answers, path.display().to_string(), "::answers.toml")
}

/// Makes an ISO 9660 volume with the answers at `path`.
///
/// # Errors
/// xorriso is missing or fails.
pub fn iso_volume(answers: &str, path: &Path) -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("answers.toml"), answers)?;
    run(Cmd::new("xorriso")
        .args(["-as", "mkisofs", "-quiet", "-volid", LABEL, "-r", "-o"])
        .args([path, dir.path()]))?;
    Ok(())
}

/// Puts the answers on the EFI partition of a stick, beside the image.
///
/// # Errors
/// The stick has no such partition, or mtools fails.
pub fn on_stick(answers: &str, stick: &Raw) -> Result<()> {
    let partitions = stick.partitions()?;
    let esp = partitions.iter().find(|one| one.name == "pocketstack-esp");
    let esp = esp.with_context(|| format!("the stick has no EFI partition, only {partitions:?}"))?;
    let image = format!("{}@@{}", stick.path().display(), esp.start);
    copy_in(answers, image, "::pocketstack/answers.toml")
}

fn copy_in(answers: &str, image: String, to: &str) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("answers.toml");
    fs::write(&file, answers)?;
    run(Cmd::new("mcopy").args(["-o", "-i", &image]).arg(file).arg(to))?;
    Ok(())
}

/// A web server on the test's network that hands out one answers file, under a certificate that nobody vouches for.
#[derive(Debug)]
pub struct Server {
    _openssl: Helper,
    fingerprint: String,
}

impl Server {
    /// Starts it. Certificate, answers and log are kept in `dir`. The network must be up.
    ///
    /// # Errors
    /// openssl is missing, or does not listen.
    pub fn start(answers: &str, dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let (key, certificate, log) = (dir.join("key.pem"), dir.join("cert.pem"), dir.join("https.log"));
        make_certificate(&key, &certificate)?;
        let fingerprint = fingerprint_of_pem(&fs::read_to_string(&certificate)?)?;
        fs::write(dir.join("answers.toml"), response(answers))?;
        let file = |path: &Path| path.display().to_string();
        // -HTTP: files of the working folder, each of them a whole response (openssl-s_server(1)).
        let args = [
            "s_server",
            "-HTTP",
            "-accept",
            &format!("{OWN}:{PORT}"),
            "-key",
            &file(&key),
            "-cert",
            &file(&certificate),
        ];
        let openssl = Helper::start("openssl", &args.map(str::to_owned), dir, &log)?;
        poll::until(
            "the web server with the answers",
            std::time::Duration::from_secs(20),
            || {
                if let Some(end) = openssl.ended()? {
                    let said = fs::read_to_string(&log).unwrap_or_default();
                    anyhow::bail!("{end}: {}", said.trim());
                }
                let said = fs::read_to_string(&log)?;
                Ok(match said.contains("ACCEPT") {
                    true => Probe::Done(()),
                    false => Probe::NotYet(format!("it says: {said}")),
                })
            },
        )?;
        Ok(Self {
            _openssl: openssl,
            fingerprint,
        })
    }

    /// Words for the kernel command line that lead a node here.
    pub fn words(&self) -> String {
        // Browsers write the fingerprint with colons and in capitals; the node gets the bare digits.
        let digits = self.fingerprint.replace(':', "").to_lowercase();
        format!("pocketstack.answers=https://{OWN}:{PORT}/answers.toml pocketstack.answers-sha256={digits}")
    }
}

fn response(answers: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/toml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answers}",
        answers.len()
    )
}

fn make_certificate(key: &Path, certificate: &Path) -> Result<()> {
    run(Cmd::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "7", "-subj", "/CN=answers", "-keyout"])
        .arg(key)
        .arg("-out")
        .arg(certificate))?;
    ensure!(certificate.exists(), "openssl made no certificate");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::installed;

    #[test]
    fn the_certificate_has_a_fingerprint_of_32_bytes() {
        if !installed("openssl") {
            eprintln!("skipped: openssl is not installed here");
            return;
        }
        let dir = tempfile::tempdir().expect("folder");
        let (key, certificate) = (dir.path().join("key.pem"), dir.path().join("cert.pem"));
        make_certificate(&key, &certificate).expect("openssl runs");
        let pem = fs::read_to_string(&certificate).expect("there");
        let fingerprint = fingerprint_of_pem(&pem).expect("a certificate");
        assert_eq!(fingerprint.split(':').count(), 32);
    }

    #[test]
    fn the_response_says_its_length() {
        assert!(response("a = 1\n").ends_with("Content-Length: 6\r\nConnection: close\r\n\r\na = 1\n"));
    }

    #[test]
    fn a_volume_has_the_label_and_the_file() {
        if !installed("mformat") {
            eprintln!("skipped: mtools is not installed here");
            return;
        }
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("volume.img");
        fat_volume("version = 1\n", &path).expect("made");
        let bytes = fs::read(&path).expect("there");
        let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        assert!(has(LABEL.as_bytes()) && has(b"version = 1\n"));
    }
}
