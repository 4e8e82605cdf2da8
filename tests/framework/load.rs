//! Many clients at once, each on a connection of its own that it keeps.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;

use crate::node::Node;
use crate::wire::Wire;

/// What many clients have seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Clients.
    pub clients: usize,
    /// Requests that were answered with 200; there were no others.
    pub requests: usize,
    /// Requests in a second, all clients together.
    pub per_second: f64,
    /// Half of the answers came within these milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 answers came within these milliseconds.
    pub p99_ms: f64,
}

/// Lets so many clients read these paths in turn for a time, as whoever `node` is seen by. They connect before the time begins.
///
/// # Errors
/// A request is answered with anything but 200, or not within `limit`.
pub fn read(node: &Node, clients: usize, paths: &[&str], lasts: Duration, limit: Duration) -> Result<Load> {
    let authorization = node.authorization()?;
    let headers: Vec<&str> = authorization.iter().map(String::as_str).collect();
    let headers = headers.as_slice();
    let wires = thread::scope(|scope| {
        let open = |_| scope.spawn(|| Wire::open(node, limit));
        let opening: Vec<_> = (0..clients).map(open).collect();
        let opened = opening.into_iter().map(|one| joined(one.join()));
        opened.collect::<Result<Vec<Wire>>>()
    });
    let wires = wires.context("not all clients can connect")?;
    let started = Instant::now();
    let mut times = thread::scope(|scope| {
        let reading =
            |(number, wire)| scope.spawn(move || client(wire, number, paths, headers, started, lasts));
        let readers: Vec<_> = wires.into_iter().enumerate().map(reading).collect();
        let mut all = Vec::new();
        for reader in readers {
            all.extend(joined(reader.join())?);
        }
        anyhow::Ok(all)
    })?;
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    ensure!(
        times.len() >= clients,
        "only {} requests were answered",
        times.len()
    );
    Ok(Load {
        clients,
        requests: times.len(),
        per_second: times.len() as f64 / seconds,
        p50_ms: percentile(&times, 50),
        p99_ms: percentile(&times, 99),
    })
}

fn joined<T>(outcome: thread::Result<Result<T>>) -> Result<T> {
    outcome.unwrap_or_else(|_| Err(anyhow!("a client panicked")))
}

/// How long each request of a client took. It asks at least once, and not for the same path as its neighbour.
fn client(
    mut wire: Wire,
    number: usize,
    paths: &[&str],
    headers: &[&str],
    started: Instant,
    lasts: Duration,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for path in paths.iter().cycle().skip(number % paths.len()) {
        let asked = Instant::now();
        let heard = wire
            .get(path, headers)
            .with_context(|| format!("request {} of client {number} for {path}", times.len() + 1))?;
        ensure!(
            heard.status == 200,
            "client {number} is answered with {} at {path}: {}",
            heard.status,
            heard.body
        );
        times.push(asked.elapsed());
        if started.elapsed() >= lasts {
            break;
        }
    }
    Ok(times)
}

/// The time that so many of 100 are within; they are sorted. 0 of none.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let time = sorted.get(rank - 1).copied().unwrap_or_default();
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert!((percentile(&times, 50) - 100.0).abs() < 1e-9);
        assert!((percentile(&times, 99) - 198.0).abs() < 1e-9);
        assert!((percentile(&times[..1], 99) - 1.0).abs() < 1e-9);
        assert!(percentile(&[], 99).abs() < 1e-9);
    }
}
