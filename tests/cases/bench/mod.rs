//! `bench`: how long things take, as JSON in `target/reports`.

pub mod boot;
pub mod install;
pub mod page;

use std::fs;

/// Adds a measured time to its series, and prints it.
fn note(all: &mut Vec<(&'static str, Vec<f64>)>, run: u32, name: &'static str, seconds: f64) {
    println!("run {run}: {name} {seconds:.1} s");
    match all.iter_mut().find(|(known, _)| *known == name) {
        Some((_, list)) => list.push(seconds),
        None => all.push((name, vec![seconds])),
    }
}

/// The middle value; of an even number of values the mean of the two in the middle. 0 of none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// Load of this machine now: another busy program makes the numbers worth little.
fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!((median(&[5.0]) - 5.0).abs() < f64::EPSILON);
    }
}
