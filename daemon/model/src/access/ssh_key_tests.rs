use super::*;

fn line(kind: &str, fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in fields {
        let length = u32::try_from(field.len()).expect("short");
        blob.extend_from_slice(&length.to_be_bytes());
        blob.extend_from_slice(field);
    }
    format!("{kind} {}", STANDARD.encode(blob))
}

fn ed25519() -> String {
    line("ssh-ed25519", &[b"ssh-ed25519", &[7; 32]])
}

fn rsa(bytes: usize) -> String {
    let mut modulus = vec![0xc5; bytes + 1];
    modulus[0] = 0;
    line("ssh-rsa", &[b"ssh-rsa", &[1, 0, 1], &modulus])
}

fn point(length: usize) -> Vec<u8> {
    let mut point = vec![9; length];
    point[0] = 4;
    point
}

fn refused(line: &str, part: &str) {
    let error = line.parse::<SshKey>().expect_err(line).to_string();
    assert!(error.contains(part), "{line}: {error}");
}

#[test]
fn every_kind_that_sshd_takes_comes_back_as_it_was() {
    let (p256, p384, p521) = (point(65), point(97), point(133));
    for line in [
        ed25519(),
        format!("{} ana@laptop with a longer name", ed25519()),
        rsa(256),
        rsa(512),
        line(
            "ecdsa-sha2-nistp256",
            &[b"ecdsa-sha2-nistp256", b"nistp256", &p256],
        ),
        line(
            "ecdsa-sha2-nistp384",
            &[b"ecdsa-sha2-nistp384", b"nistp384", &p384],
        ),
        line(
            "ecdsa-sha2-nistp521",
            &[b"ecdsa-sha2-nistp521", b"nistp521", &p521],
        ),
        line(
            "sk-ssh-ed25519@openssh.com",
            &[b"sk-ssh-ed25519@openssh.com", &[1; 32], b"ssh:"],
        ),
        line(
            "sk-ecdsa-sha2-nistp256@openssh.com",
            &[b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", &p256, b"ssh:"],
        ),
    ] {
        let key: SshKey = line.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(key.to_string(), line);
    }
    let key: SshKey = format!("  {}\t a@b \n", ed25519())
        .parse()
        .expect("spaces around it are fine");
    assert_eq!((key.kind(), key.comment()), ("ssh-ed25519", "a@b"));
}

#[test]
fn what_is_no_key_says_why() {
    refused("", "one of the types");
    refused("ssh-dss AAAA", "one of the types");
    refused("ssh-ed25519", "not whole");
    refused("ssh-ed25519 AAAA!", "not whole");
    refused(&format!("no-pty {}", ed25519()), "options in front");
    refused(&format!("command=\"/bin/sh\" {}", ed25519()), "options in front");
    refused(&format!("{}\nssh-rsa AAAA", ed25519()), "one line");
    refused(&format!("{} {}", ed25519(), "x".repeat(3000)), "one line");
    refused(&rsa(128), "2048 to 8192 bits");
    refused(&rsa(1100), "2048 to 8192 bits");
    refused(&ed25519().replace("ssh-ed25519 ", "ssh-rsa "), "another type");
    refused(&line("ssh-ed25519", &[b"ssh-ed25519", &[7; 31]]), "not whole");
    refused(
        &line("ssh-ed25519", &[b"ssh-ed25519", &[7; 32], b"more"]),
        "not whole",
    );
    refused(
        &line(
            "ecdsa-sha2-nistp256",
            &[b"ecdsa-sha2-nistp256", b"nistp384", &point(97)],
        ),
        "not whole",
    );
    let cut = ed25519();
    refused(&cut[..cut.len() - 8], "not whole");
}

#[test]
fn a_private_key_is_not_repeated() {
    let error = "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1r"
        .parse::<SshKey>()
        .expect_err("private");
    assert!(error.to_string().contains("private half"), "{error}");
    assert!(!format!("{error:?}").contains("b3Blb"), "{error:?}");
}
