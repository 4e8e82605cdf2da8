//! `/performance`: how busy the machine was over the last minutes, as graphs. They are drawn here, so that they are there
//! without a script; with one, the page is exchanged in the rhythm of the overview.

mod draw;

use askama::Template;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::metrics::{Metrics, Temperature};
use rocket::http::Status;
use rocket::{State, get};

use super::{Frame, Page, errors};
use crate::access::Admin;
use crate::locale::{Key, Said};
use crate::node::Cached;

/// Content of `templates/graphs/page.html`.
#[derive(Template)]
#[template(path = "graphs/page.html")]
struct GraphsPage<'a> {
    frame: &'a Frame<'a>,
    graphs: Vec<Graph<'a>>,
    sensors: Vec<Sensor>,
}

/// One drawing.
struct Graph<'a> {
    title: Said<'a>,
    /// The same as the drawing, in words.
    alternative: Said<'a>,
    /// Last place along the width.
    width: usize,
    top: String,
    rows: Vec<Row<'a>>,
}

/// One row of values in a drawing.
struct Row<'a> {
    class: &'static str,
    lines: Vec<String>,
    words: Said<'a>,
}

struct Sensor {
    name: String,
    now: String,
    highest: String,
}

/// How values of a row are written.
#[derive(Clone, Copy)]
enum Unit {
    Percent,
    Bytes,
    BytesPerSecond,
    Celsius,
}

impl Unit {
    fn write(self, frame: &Frame<'_>, value: f32) -> String {
        match self {
            Self::Percent => format!("{value:.0} %"),
            Self::Bytes => frame.size(&bytes(value)),
            Self::BytesPerSecond => format!("{}/s", frame.size(&bytes(value))),
            Self::Celsius => format!("{value:.0} °C"),
        }
    }

    fn write_if(self, frame: &Frame<'_>, value: Option<f32>) -> String {
        match value {
            Some(value) => self.write(frame, value),
            None => "–".to_owned(),
        }
    }
}

fn bytes(value: f32) -> ByteCount {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and what is below one byte is nothing"
    )]
    let whole = value as u64;
    ByteCount(whole)
}

/// How long the rows are, in whole minutes.
fn minutes(metrics: &Metrics) -> u64 {
    let values = u64::try_from(metrics.cpu_busy_percent.len()).unwrap_or(u64::MAX);
    (values.saturating_mul(metrics.interval_seconds.into()) / 60).max(1)
}

fn graph<'a>(
    frame: &Frame<'_>,
    minutes: u64,
    title: Said<'a>,
    (unit, top): (Unit, f32),
    rows: &[(Key, &[Option<f32>])],
) -> Graph<'a> {
    let words = |name: Key, row: &[Option<f32>]| {
        frame
            .say("graph-row")
            .with("name", frame.say(name))
            .with("now", unit.write_if(frame, draw::now(row)))
            .with("highest", unit.write_if(frame, draw::highest(row)))
    };
    let all: Vec<String> = rows
        .iter()
        .map(|(name, row)| words(*name, row).to_string())
        .collect();
    let classes = ["first", "second"];
    let row = |((name, row), class): (&(Key, &[Option<f32>]), &'static str)| Row {
        class,
        lines: draw::lines(row, top),
        words: words(*name, row),
    };
    Graph {
        alternative: frame
            .say("graph-alternative")
            .with("title", &title)
            .count("minutes", minutes)
            .with("rows", all.join("; ")),
        title,
        width: rows
            .iter()
            .map(|(_, row)| row.len())
            .max()
            .unwrap_or(0)
            .saturating_sub(1)
            .max(1),
        top: unit.write(frame, top),
        rows: rows.iter().zip(classes).map(row).collect(),
    }
}

/// The hottest sensor at each moment.
fn hottest(temperatures: &[Temperature]) -> Vec<Option<f32>> {
    let length = temperatures
        .iter()
        .map(|sensor| sensor.celsius.len())
        .max()
        .unwrap_or(0);
    let at = |i: usize| {
        let values = temperatures.iter().filter_map(|sensor| *sensor.celsius.get(i)?);
        values.reduce(f32::max)
    };
    (0..length).map(at).collect()
}

fn graphs<'a>(frame: &Frame<'_>, metrics: &Metrics) -> Vec<Graph<'a>> {
    /// Less than this per second is drawn as next to nothing, not as mountains.
    const LEAST: f32 = 16_384.0;
    let minutes = minutes(metrics);
    let memory = [metrics.memory_used.as_slice()];
    #[expect(clippy::cast_precision_loss, reason = "a height in a graph")]
    let memory_top = (metrics.memory_total.0 as f32).max(draw::highest(memory[0]).unwrap_or(1.0));
    let cpu = [(Key("busy"), metrics.cpu_busy_percent.as_slice())];
    let mut graphs = vec![
        graph(
            frame,
            minutes,
            frame.say("processor"),
            (Unit::Percent, 100.0),
            &cpu,
        ),
        graph(
            frame,
            minutes,
            frame.say("memory"),
            (Unit::Bytes, memory_top),
            &[(Key("memory-used"), memory[0])],
        ),
    ];
    let mut traffic = |title, [inward, outward]: [(Key, &[Option<f32>]); 2]| {
        let scale = (Unit::BytesPerSecond, draw::scale(&[inward.1, outward.1], LEAST));
        graphs.push(graph(frame, minutes, title, scale, &[inward, outward]));
    };
    for disk in &metrics.disks {
        let rows = [
            (Key("graph-read"), &disk.read[..]),
            (Key("graph-written"), &disk.written[..]),
        ];
        traffic(frame.say("graph-disk").with("name", &disk.name), rows);
    }
    for nic in &metrics.nics {
        let rows = [
            (Key("graph-received"), &nic.received[..]),
            (Key("graph-sent"), &nic.sent[..]),
        ];
        traffic(frame.say("graph-nic").with("name", &nic.name), rows);
    }
    if !metrics.temperatures.is_empty() {
        let hottest = hottest(&metrics.temperatures);
        let scale = (Unit::Celsius, draw::highest(&hottest).unwrap_or(0.0).max(100.0));
        let rows = [(Key("graph-hottest"), &hottest[..])];
        graphs.push(graph(
            frame,
            minutes,
            frame.say("graph-temperature"),
            scale,
            &rows,
        ));
    }
    graphs
}

/// Shows the graphs.
#[get("/performance")]
pub async fn show(_admin: Admin, frame: Frame<'_>, node: &State<Cached>) -> Result<Page, Status> {
    let metrics = match node.metrics().await {
        Ok(metrics) => metrics,
        Err(unavailable) => return errors::away(&unavailable, &frame),
    };
    let sensor = |sensor: &Temperature| Sensor {
        name: sensor.name.clone(),
        now: Unit::Celsius.write_if(&frame, draw::now(&sensor.celsius)),
        highest: Unit::Celsius.write_if(&frame, draw::highest(&sensor.celsius)),
    };
    let page = GraphsPage {
        frame: &frame,
        graphs: graphs(&frame, &metrics),
        sensors: metrics.temperatures.iter().map(sensor).collect(),
    };
    Page::render(Status::Ok, &page)
}
