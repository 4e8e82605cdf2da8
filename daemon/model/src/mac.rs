//! MAC addresses.

use std::fmt;
use std::str::FromStr;

/// A 48-bit MAC address of one device: not all zeros, not a group address.
///
/// `Display` is lower case with colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// The six bytes, in the order they go over the wire.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Whether somebody made it up instead of its maker burning it in (IEEE 802, second bit of the first byte).
    pub const fn is_local(self) -> bool {
        self.0[0] & 0b10 != 0
    }
}

/// Why something is not the MAC address of one device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MacError {
    /// Not six bytes, or not six pairs of hexadecimal digits.
    #[error("a MAC address is six bytes such as 52:54:00:12:34:56, which {given} is not")]
    Shape {
        /// What was given.
        given: String,
    },
    /// All zeros, which drivers report when there is none.
    #[error("00:00:00:00:00:00 stands for no MAC address")]
    Zero,
    /// Names a group of devices.
    #[error("{given} names a group of devices, not one")]
    Group {
        /// What was given.
        given: String,
    },
}

impl TryFrom<&[u8]> for MacAddress {
    type Error = MacError;

    fn try_from(bytes: &[u8]) -> Result<Self, MacError> {
        let Ok(six) = <[u8; 6]>::try_from(bytes) else {
            return Err(MacError::Shape {
                given: format!("{bytes:02x?}"),
            });
        };
        if six == [0; 6] {
            return Err(MacError::Zero);
        }
        if six[0] & 1 != 0 {
            return Err(MacError::Group {
                given: Self(six).to_string(),
            });
        }
        Ok(Self(six))
    }
}

impl FromStr for MacAddress {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let shape = || MacError::Shape {
            given: format!("{text:?}"),
        };
        let mut bytes = Vec::with_capacity(6);
        for pair in text.split(':') {
            if pair.len() != 2 || !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(shape());
            }
            bytes.push(u8::from_str_radix(pair, 16).map_err(|_| shape())?);
        }
        if bytes.len() != 6 {
            return Err(shape());
        }
        Self::try_from(bytes.as_slice())
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::{MacAddress, MacError};

    #[test]
    fn text_and_back() {
        let mac: MacAddress = "52:54:00:AB:cd:ef".parse().expect("a MAC address");
        assert_eq!(mac.to_string(), "52:54:00:ab:cd:ef");
        assert!(mac.is_local());
        assert!(
            !"00:1b:21:00:00:01"
                .parse::<MacAddress>()
                .expect("a MAC address")
                .is_local()
        );
    }

    #[test]
    fn what_is_no_address_of_one_device_is_refused() {
        for text in [
            "",
            "52:54:00:ab:cd",
            "52:54:00:ab:cd:ef:01",
            "5254.00ab.cdef",
            "+2:54:00:ab:cd:ef",
        ] {
            assert!(
                matches!(text.parse::<MacAddress>(), Err(MacError::Shape { .. })),
                "{text}"
            );
        }
        assert_eq!("00:00:00:00:00:00".parse::<MacAddress>(), Err(MacError::Zero));
        assert!(matches!(
            "ff:ff:ff:ff:ff:ff".parse::<MacAddress>(),
            Err(MacError::Group { .. })
        ));
    }
}
