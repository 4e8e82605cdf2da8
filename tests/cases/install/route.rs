//! The ways to an installed machine: firmware, medium, disk, and where the answers are found.

use pocketstack_tests::vm::{Bus, Firmware};

use crate::boot::stage::{Carrier, Machine};

/// Where a node finds its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a FAT volume of their own, on a second stick.
    Fat,
    /// On an ISO 9660 volume.
    Iso,
    /// Beside the image on the stick it boots from.
    Stick,
    /// On a web server that the kernel command line names.
    Web,
}

/// One way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// What it boots from, and on which firmware.
    pub machine: Machine,
    /// How the disk that is installed on is connected.
    pub bus: Bus,
    /// Where the answers are.
    pub place: Place,
}

/// Serial number of the disk that has all volumes a second time.
pub const MIRROR: &str = "mirror";
/// Serial number of the disk that is not to be used.
pub const SPARE: &str = "spare";

const fn route(firmware: Firmware, carrier: Carrier, bus: Bus, place: Place) -> Route {
    Route {
        machine: Machine { firmware, carrier },
        bus,
        place,
    }
}

impl Route {
    /// The one whose machine all further cases go on with, and whose disk is recorded.
    pub const FIRST: Self = route(Firmware::Uefi, Carrier::Usb, Bus::Virtio, Place::Stick);

    /// The one whose machine has a clock far off while it is installed, and keeps its volumes on two of three disks.
    pub const UNUSUAL: Self = route(Firmware::Bios, Carrier::Iso, Bus::Virtio, Place::Fat);

    /// Not a way to install: the machine for answers that lead to no installation, and for disks that are refused.
    pub const REFUSED: Self = route(Firmware::Uefi, Carrier::Iso, Bus::Virtio, Place::Fat);

    /// All of them: each medium on each firmware; each place and each kind of disk at least once.
    pub fn all() -> [Self; 6] {
        [
            Self::FIRST,
            route(Firmware::Bios, Carrier::Usb, Bus::Sata, Place::Fat),
            route(Firmware::Uefi, Carrier::Iso, Bus::Sata, Place::Iso),
            Self::UNUSUAL,
            route(Firmware::Uefi, Carrier::Pxe, Bus::Nvme, Place::Web),
            route(Firmware::Bios, Carrier::Pxe, Bus::Virtio, Place::Fat),
        ]
    }

    /// Whether it is one of those that together show each medium, both firmwares and most places.
    pub fn is_in_short_run(self) -> bool {
        let (firmware, carrier) = (self.machine.firmware, self.machine.carrier);
        (carrier == Carrier::Iso) == (firmware == Firmware::Bios)
    }

    /// What the machine's clock says when it is started from the medium, if that is wrong.
    pub fn clock(self) -> Option<&'static str> {
        (self == Self::UNUSUAL).then_some("2040-01-01")
    }

    /// Serial numbers of its further disks.
    pub fn other_disks(self) -> &'static [&'static str] {
        match self == Self::UNUSUAL {
            true => &[MIRROR, SPARE],
            false => &[],
        }
    }

    /// Name, as cases and log files carry it.
    pub fn name(self) -> String {
        self.machine.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_run_has_each_medium_and_both_firmwares() {
        let short: Vec<String> = Route::all()
            .into_iter()
            .filter(|route| route.is_in_short_run())
            .map(Route::name)
            .collect();
        assert_eq!(short, ["uefi_usb", "bios_iso", "uefi_pxe"]);
        assert!(short.contains(&Route::FIRST.name()) && short.contains(&Route::UNUSUAL.name()));
    }

    #[test]
    fn all_are_different_machines() {
        let mut names: Vec<String> = Route::all().into_iter().map(Route::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6);
    }
}
