//! The kernel's command line.

/// What follows `key` in the first word that begins with it.
pub fn word<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split_whitespace().find_map(|word| word.strip_prefix(key))
}
