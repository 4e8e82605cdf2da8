//! Where the kernel command line says that answers are.

use pocketstack_pinned::Fingerprint;

/// Before the address of the answers.
const URL: &str = "pocketstack.answers=";
/// Before the fingerprint of the server's certificate.
const SHA256: &str = "pocketstack.answers-sha256=";

/// Answers on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Address, with https.
    pub url: String,
    /// Whom to believe.
    pub fingerprint: Fingerprint,
}

/// Reads the kernel command line; `None` if it says nothing of answers.
///
/// # Errors
/// What is wrong with it and what to do, in words.
pub fn remote(cmdline: &str) -> Result<Option<Remote>, String> {
    // The last of several counts, as the kernel has it with its own.
    let value = |key: &str| {
        cmdline
            .split_whitespace()
            .filter_map(|word| word.trim_matches('"').strip_prefix(key))
            .next_back()
            .map(|value| value.trim_matches('"').to_owned())
    };
    let Some(url) = value(URL) else {
        return Ok(None);
    };
    if !url.starts_with("https://") {
        return Err(format!(
            "{URL}{url} on the kernel command line does not begin with https://: answers are taken only from a server that proves who it is"
        ));
    }
    let fingerprint = value(SHA256).ok_or_else(|| {
        format!(
            "{SHA256} is missing on the kernel command line: without the fingerprint of the server's certificate no answers are taken from {url}"
        )
    })?;
    let fingerprint = fingerprint
        .parse()
        .map_err(|error| format!("{SHA256} on the kernel command line: {error}"))?;
    Ok(Some(Remote { url, fingerprint }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_https_and_a_fingerprint() {
        let sum = "ab".repeat(32);
        let good = format!("quiet {URL}https://192.0.2.1/a.toml \"{SHA256}{sum}\" ro");
        let found = remote(&good).expect("good").expect("there");
        assert_eq!(found.url, "https://192.0.2.1/a.toml");
        assert_eq!(found.fingerprint.to_string(), sum);
        assert_eq!(remote("quiet ro"), Ok(None));
        for (bad, why) in [
            (
                format!("{URL}http://192.0.2.1/a {SHA256}{sum}"),
                "does not begin with https://",
            ),
            (format!("{URL}https://192.0.2.1/a"), "is missing"),
            (
                format!("{URL}https://192.0.2.1/a {SHA256}12"),
                "is no SHA-256 fingerprint",
            ),
        ] {
            let said = remote(&bad).expect_err(why);
            assert!(said.contains(why), "{said}");
        }
    }
}
