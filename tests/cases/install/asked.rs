//! What the cases answer, and so what an installed machine must be.

use pocketstack_model::install::SMALLEST_DISK;
use pocketstack_tests::access;

use super::route::{MIRROR, Route};

/// Size of the disks that are installed on, in bytes: the smallest that are taken.
pub const DISK_BYTES: u64 = SMALLEST_DISK.0;
/// Serial number of the disk that the answers name.
pub const TARGET: &str = "target";
/// Name that the answers give.
pub const NAME: &str = "lab1";
/// Names that cases give to the machine later.
pub const OTHER_NAMES: [&str; 2] = ["lab2", "lab3"];
/// Time zone that the answers give.
pub const TIME_ZONE: &str = "America/Sao_Paulo";
/// Address on the external network that the answers give to the machine with two cards.
pub const EXTERNAL: &str = "10.78.0.20/24";
/// Cards of the machine with two, in the order of their cables.
pub const CARDS: [&str; 2] = ["52:54:00:77:00:01", "52:54:00:77:00:02"];

/// The answers of a way. Whatever is on the disk is wiped: after a power cut there may be anything.
pub fn answers(route: Route) -> String {
    let networks = match route == Route::FIRST {
        true => format!(
            "[network.management]\ncards = [\"{}\"]\n\n[network.external]\ncards = [\"{}\"]\n\
             ipv4 = {{ address = \"{EXTERNAL}\" }}\nipv6 = \"off\"\n\n",
            CARDS[0], CARDS[1]
        ),
        false => String::new(),
    };
    let volumes = match route == Route::UNUSUAL {
        true => format!("data_disks = [{{ serial = \"{MIRROR}\" }}]\nmirror = true\n"),
        false => String::new(),
    };
    format!(
        "version = 1\n\n[node]\nname = \"{NAME}\"\ntime_zone = \"{TIME_ZONE}\"\n\n{networks}\
         [install]\ndisk = {{ serial = \"{TARGET}\" }}\n{volumes}existing = \"erase\"\nthen = \"restart\"\n\n{}",
        access::answers()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketstack_model::answers::Answers;

    #[test]
    fn the_answers_of_all_ways_are_right() {
        for route in Route::all() {
            let text = answers(route);
            let answers = Answers::parse(&text).expect("right answers");
            let install = answers.install.expect("an installation");
            assert_eq!(install.mirror, route == Route::UNUSUAL);
            assert_eq!(answers.network.external.is_some(), route == Route::FIRST);
        }
    }
}
