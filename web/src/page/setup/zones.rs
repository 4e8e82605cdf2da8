//! The time zones to choose from, for the wizard and the page of the time.

use pocketstack_model::config::names::TimeZone;

use crate::form::Fields;
use crate::locale::Key;
use crate::page::field::Troubles;

/// The time zones of the world, as the tz database names them, sorted.
const ZONES: &str = include_str!("zones.txt");

/// A region with its zones: name, and whether it is chosen.
pub type Region = (&'static str, Vec<(&'static str, bool)>);

/// All zones, for `templates/time/zone.html`.
pub fn all(chosen: &str) -> Vec<Region> {
    let mut zones: Vec<Region> = Vec::new();
    for zone in ZONES.lines() {
        let region = zone.split('/').next().unwrap_or(zone);
        let chosen = zone == chosen;
        match zones.last_mut() {
            Some((last, list)) if *last == region => list.push((zone, chosen)),
            _ => zones.push((region, vec![(zone, chosen)])),
        }
    }
    zones
}

/// The zone that is chosen. One that is not in the list is wrong on this machine even if it is well formed.
pub fn read(fields: &Fields, troubles: &mut Troubles) -> Option<TimeZone> {
    let chosen = fields.get("time_zone");
    let zone = ZONES
        .lines()
        .find(|known| *known == chosen)
        .and_then(|zone| zone.parse().ok());
    if zone.is_none() {
        troubles.note("time_zone", Key("setup-zone-wrong"));
    }
    zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_sorted_so_that_each_region_is_there_once_and_all_can_be_configured() {
        let zones: Vec<&str> = ZONES.lines().collect();
        assert!(zones.len() > 300 && zones.is_sorted());
        for zone in zones {
            assert!(zone.parse::<TimeZone>().is_ok(), "{zone}");
        }
    }
}
