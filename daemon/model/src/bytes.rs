//! Sizes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A size in bytes. In JSON a plain number of bytes; `Display` rounds to binary units ("1.5 GiB").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(pub u64);

impl ByteCount {
    /// From kibibytes, the unit of `/proc/meminfo`. Saturates.
    pub const fn from_kib(kib: u64) -> Self {
        Self(kib.saturating_mul(1024))
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "rounded to three digits for people anyway"
        )]
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1023.95 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        if value < 100.0 {
            write!(f, "{value:.1} {}", UNITS[unit])
        } else {
            write!(f, "{value:.0} {}", UNITS[unit])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByteCount;

    #[test]
    fn sizes_are_shown_in_binary_units() {
        let shown = |bytes| ByteCount(bytes).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1024), "1.0 KiB");
        assert_eq!(shown(1536 * 1024 * 1024), "1.5 GiB");
        assert_eq!(shown(200 * 1024 * 1024), "200 MiB");
        assert_eq!(shown(1024 * 1024 * 1024 - 1), "1.0 GiB");
        assert_eq!(shown(u64::MAX), "16384 PiB");
    }
}
