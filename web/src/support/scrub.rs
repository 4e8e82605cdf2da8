//! Leaving secrets out of text that any program may have written.
//!
//! What is known to hold one (the hash of the password, keys) is not put into a bundle at all; this is for what has got
//! into the wrong place, such as a key that somebody has printed into the journal. It knows secrets by their form, and
//! leaves out rather too much than too little.

use serde_json::Value;

/// What stands in the place of a secret.
pub const LEFT_OUT: &str = "[left out]";
/// From this length on a word of letters of both cases is taken for a key: sessions and tokens have 43 characters.
const LONG: usize = 40;
/// The same inside of a private key, whose last line is shorter.
const SHORT: usize = 4;
/// Most lines of a private key; one whose end is missing must not take all that follows with it.
const LINES: u32 = 400;
/// How hashes of passwords begin (crypt(5) and the PHC string format).
const HASHES: [&str; 9] = [
    "$argon2", "$scrypt$", "$y$", "$gy$", "$7$", "$6$", "$5$", "$2", "$1$",
];
/// What stands before a secret, with ":" or "=" in between.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "session",
    "csrf",
    "cookie",
    "authorization",
    "private_key",
];

/// One text after the other, in their order: a private key may be spread over several.
#[derive(Debug, Default)]
pub struct Scrubber {
    /// Lines that may still belong to a private key.
    key: u32,
}

impl Scrubber {
    /// The text without secrets.
    pub fn text(&mut self, text: &str) -> String {
        let lines: Vec<String> = text.split('\n').map(|line| self.line(line)).collect();
        lines.join("\n")
    }

    /// All texts of a document without secrets.
    pub fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    if member.is_string() && NAMES.contains(&name.to_ascii_lowercase().as_str()) {
                        *member = LEFT_OUT.into();
                    } else {
                        self.value(member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn line(&mut self, line: &str) -> String {
        let begin = line
            .find("-----BEGIN ")
            .filter(|at| line[*at..].contains("PRIVATE KEY"));
        if let Some(at) = begin {
            let before = self.words(&line[..at]);
            // The whole key in one line, its line ends escaped.
            if let Some(end) = line[at..].find("-----END ") {
                let rest = after_mark(&line[at + end..]);
                return format!("{before}{LEFT_OUT}{}", self.line(rest));
            }
            self.key = LINES;
            return before + LEFT_OUT;
        }
        if self.key > 0 {
            self.key -= 1;
            if let Some(at) = line.find("-----END ") {
                self.key = 0;
                return LEFT_OUT.to_owned() + &self.words(after_mark(&line[at..]));
            }
        }
        self.words(line)
    }

    /// One line, word by word.
    fn words(&self, line: &str) -> String {
        let line = named(&hashes(line));
        let longest = if self.key > 0 { SHORT } else { LONG };
        let mut out = String::with_capacity(line.len());
        let mut rest = line.as_str();
        while !rest.is_empty() {
            let end = rest.find(|c| !is_key(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let public = out.ends_with("SHA256:");
            if !public && (word.contains("pst_") || looks_secret(word, longest)) {
                out.push_str(LEFT_OUT);
            } else {
                out.push_str(word);
            }
            let gap = after.find(is_key).unwrap_or(after.len());
            out.push_str(&after[..gap]);
            rest = &after[gap..];
        }
        out
    }
}

/// What follows `-----END …-----`.
fn after_mark(text: &str) -> &str {
    let inside = &text["-----END ".len()..];
    inside.split_once("-----").map_or("", |(_, rest)| rest)
}

/// Base64 of both kinds.
fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

/// Hexadecimal digests and names of units have letters of one case; paths begin with a slash and have more of them.
fn looks_secret(word: &str, longest: usize) -> bool {
    let is_path = word.starts_with('/') && word.matches('/').count() > 2;
    let mixed = word.bytes().any(|byte| byte.is_ascii_uppercase())
        && word.bytes().any(|byte| byte.is_ascii_lowercase());
    word.len() >= longest && !is_path && (mixed || longest == SHORT)
}

/// Without hashes of passwords, which end at a space or a mark.
fn hashes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from
            .find(|c: char| c.is_whitespace() || "\"'<>;()[]{}\\".contains(c))
            .unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let hash = HASHES.iter().any(|start| word.starts_with(start)) && word.matches('$').count() > 2;
        out.push_str(if hash { LEFT_OUT } else { word });
        rest = after;
    }
    out + rest
}

/// Without what is called a secret: `password=…`, `"token": "…"`, `Authorization: Bearer …`.
fn named(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    while let Some((at, name)) = next_name(&lower, done) {
        let after = at + name.len();
        let mark = line[after..].trim_start_matches(['"', '\'', '\\', ' ']);
        let Some(value) = mark.strip_prefix([':', '=']) else {
            out.push_str(&line[done..after]);
            done = after;
            continue;
        };
        let value = value.trim_start_matches(['"', '\'', '\\', ' ', '\t']);
        let start = line.len() - value.len();
        // A header is secret up to its end.
        let whole = matches!(name, "authorization" | "cookie");
        let end = match value.find(|c: char| c.is_whitespace() || "\"',;&\\".contains(c)) {
            Some(end) if !whole => start + end,
            _ => line.len(),
        };
        out.push_str(&line[done..start]);
        if end > start {
            out.push_str(LEFT_OUT);
        }
        done = end;
    }
    out + &line[done..]
}

/// Where the first of [`NAMES`] is, from a byte on.
fn next_name(lower: &str, from: usize) -> Option<(usize, &'static str)> {
    let found = NAMES
        .iter()
        .filter_map(|name| Some((from + lower[from..].find(name)?, *name)));
    found.min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        Scrubber::default().text(text)
    }

    #[test]
    fn what_helps_to_find_a_fault_stays() {
        for text in [
            "sshd: Failed password for root from 192.0.2.7 port 50022 ssh2",
            "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU is the host key",
            "roothash=5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f5d1f",
            "/usr/lib/systemd/system/PocketStack-with-a-long-name-of-a-unit cannot be read",
            "systemd-networkd-wait-online-for-the-management-network.service failed",
            "5D:1F:5D:1F it costs $5 or $HOME\ttab",
            "the session has ended; a token was revoked",
            "ünïcode 漢字 stays",
        ] {
            assert_eq!(scrubbed(text), text);
        }
    }

    #[test]
    fn secrets_are_known_by_their_form_or_name() {
        let session = "Zm9vYmFyYmF6cXV4LWFuZC1zb21lLW1vcmUtYnl0ZXM";
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$+BEaXvcGPVwD8Oa/QHTlCg$HVv33gmfmW96dZhbDDfHasC6ClUIWVdx";
        for (text, left) in [
            (format!("cookie {session}."), "cookie [left out]."),
            (format!("hash {hash} kept"), "hash [left out] kept"),
            ("root:$6$salt$abc:1".to_owned(), "root:[left out]"),
            ("used pst_abc-DEF today".to_owned(), "used [left out] today"),
            ("password=hunter2 next".to_owned(), "password=[left out] next"),
            (
                "{\"Password\": \"hunter2\"}".to_owned(),
                "{\"Password\": \"[left out]\"}",
            ),
            (
                "{\\\"token\\\":\\\"x\\\"}".to_owned(),
                "{\\\"token\\\":\\\"[left out]\\\"}",
            ),
            (
                "Authorization: Bearer abc def".to_owned(),
                "Authorization: [left out]",
            ),
            ("__Host-session=abc; x".to_owned(), "__Host-session=[left out]; x"),
        ] {
            assert_eq!(scrubbed(&text), left);
        }
    }

    #[test]
    fn a_private_key_is_left_out_in_one_text_in_one_line_and_over_many() {
        let lines = [
            "key -----BEGIN OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW",
            "QyNTUx",
            "-----END OPENSSH PRIVATE KEY----- done",
        ];
        let out = scrubbed(&lines.join("\n"));
        assert_eq!(out, "key [left out]\n[left out]\n[left out]\n[left out] done");
        let escaped = lines.join("\\n");
        assert_eq!(scrubbed(&escaped), "key [left out] done");
        let mut scrubber = Scrubber::default();
        let each: Vec<String> = lines.iter().map(|line| scrubber.text(line)).collect();
        assert_eq!(each.join("\n"), out);
        assert_eq!(scrubber.text("QyNTUx stays"), "QyNTUx stays");
    }

    #[test]
    fn a_key_without_an_end_does_not_hide_everything() {
        let mut scrubber = Scrubber::default();
        scrubber.text("-----BEGIN PRIVATE KEY-----");
        for _ in 0..LINES {
            scrubber.text("x");
        }
        assert_eq!(scrubber.text("it goes on"), "it goes on");
    }

    #[test]
    fn documents_keep_their_shape() {
        let mut value = serde_json::json!({
            "token": "x", "who": "token ci", "list": ["pst_x", 1, null], "password_set": true
        });
        Scrubber::default().value(&mut value);
        assert_eq!(
            value,
            serde_json::json!({
                "token": LEFT_OUT, "who": "token ci", "list": [LEFT_OUT, 1, null], "password_set": true
            })
        );
    }
}
