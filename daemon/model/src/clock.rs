//! The machine's clock, as far as decisions depend on it.

use time::{Duration, OffsetDateTime};

/// The clock at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedClock {
    /// What it says, in UTC.
    pub now: OffsetDateTime,
    /// When the image that runs was built: it is later than that.
    pub built: Option<OffsetDateTime>,
    /// What the clock says that goes on while the machine is switched off.
    pub hardware: Option<OffsetDateTime>,
    /// Whether it has been set by a time server since the machine started.
    pub synchronized: bool,
    /// The time server that is asked now.
    pub server: Option<String>,
    /// How far the clock was behind that server at the server's last answer; ahead if negative.
    pub behind: Option<Duration>,
}
