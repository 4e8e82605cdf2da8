//! The group `boot`: the image boots from each medium on each firmware, and what a booted node must be.

mod hotplug;
mod inside;
mod outside;
mod restart;
pub mod stage;
mod verity;

use pocketstack_tests::vm::Firmware;

use crate::case::Case;
use stage::{Carrier, Machine};

/// All cases, those of one machine next to each other.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for carrier in [Carrier::Usb, Carrier::Iso, Carrier::Pxe] {
        for firmware in [Firmware::Uefi, Firmware::Bios] {
            let machine = Machine { firmware, carrier };
            cases.extend(outside::cases(machine));
            if machine == FULL {
                cases.extend(inside::cases(machine));
                cases.extend(hotplug::cases(machine));
                cases.push(restart::case(machine));
                // Last, because it switches the machine off and goes on with its stick.
                cases.push(verity::case(machine));
            }
        }
    }
    cases
}

/// The machine that the cases of which one is enough run on.
const FULL: Machine = Machine {
    firmware: Firmware::Uefi,
    carrier: Carrier::Usb,
};
