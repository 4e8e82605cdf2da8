//! The log on a console: the last lines, to be scrolled.

use crate::console::keys::Key;
use crate::console::render::{BODY, WIDTH, wrap};

/// Lines that are read.
pub const LINES: u32 = 200;

/// Whose lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The node controller's.
    Daemon,
    /// Everybody's.
    All,
}

impl Filter {
    /// The one that is not this.
    pub const fn other(self) -> Self {
        match self {
            Self::Daemon => Self::All,
            Self::All => Self::Daemon,
        }
    }

    /// The unit, if it is one.
    pub fn unit(self) -> Option<String> {
        match self {
            Self::Daemon => Some("pocketstackd.service".to_owned()),
            Self::All => None,
        }
    }
}

/// A view of the log.
#[derive(Debug)]
pub struct Log {
    filter: Filter,
    rows: Option<Result<Vec<String>, String>>,
    /// Rows below what is seen.
    below: usize,
}

impl Log {
    /// Nothing is read yet.
    pub fn of(filter: Filter) -> Self {
        Self {
            filter,
            rows: None,
            below: 0,
        }
    }

    /// Whose lines.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// The lines are there, or cannot be read.
    pub fn fill(&mut self, lines: Result<Vec<String>, String>) {
        self.rows = Some(lines.map(|lines| {
            let rows = lines.iter().flat_map(|line| wrap(line, WIDTH - 1));
            rows.collect()
        }));
        self.below = 0;
    }

    /// Scrolls on a terminal of so many lines.
    pub fn key(&mut self, key: Key, height: usize) {
        let page = height.saturating_sub(BODY).max(1);
        let Some(Ok(rows)) = &self.rows else {
            return;
        };
        let most = rows.len().saturating_sub(page);
        self.below = match key {
            Key::Up => self.below + 1,
            Key::Down => self.below.saturating_sub(1),
            Key::PageUp => self.below + page,
            Key::PageDown | Key::Char(' ') => self.below.saturating_sub(page),
            Key::Home => most,
            Key::End => 0,
            _ => self.below,
        }
        .min(most);
    }

    /// The rows to be seen on a terminal of so many lines, or why there are none; `None` while they are being read.
    pub fn page(&self, height: usize) -> Option<Result<&[String], &str>> {
        let page = height.saturating_sub(BODY).max(1);
        Some(match self.rows.as_ref()? {
            Ok(rows) => {
                let end = rows.len() - self.below.min(rows.len().saturating_sub(page));
                Ok(&rows[end.saturating_sub(page)..end])
            }
            Err(why) => Err(why),
        })
    }

    /// The first and the last row seen, counted from 1, and how many there are.
    pub fn place(&self, height: usize) -> Option<(usize, usize, usize)> {
        let seen = self.page(height)?.ok()?.len();
        let all = self.rows.as_ref()?.as_ref().ok()?.len();
        let page = height.saturating_sub(BODY).max(1);
        let end = all - self.below.min(all.saturating_sub(page));
        (seen > 0).then_some((end + 1 - seen, end, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: usize = BODY + 10;

    fn log() -> Log {
        let mut log = Log::of(Filter::All);
        log.fill(Ok((1..=25).map(|n| format!("line {n}")).collect()));
        log
    }

    fn seen(log: &Log) -> (String, String) {
        let page = log.page(HEIGHT).expect("read").expect("lines");
        assert_eq!(page.len(), 10);
        (page[0].clone(), page[9].clone())
    }

    #[test]
    fn it_begins_at_the_end_and_scrolls_no_further_than_there_are_lines() {
        let mut log = log();
        let lines = |first: &str, last: &str| (format!("line {first}"), format!("line {last}"));
        assert_eq!(seen(&log), lines("16", "25"));
        for (key, first, last) in [
            (Key::Down, "16", "25"),
            (Key::Up, "15", "24"),
            (Key::PageUp, "5", "14"),
            (Key::PageUp, "1", "10"),
            (Key::Up, "1", "10"),
            (Key::PageDown, "11", "20"),
            (Key::Home, "1", "10"),
            (Key::End, "16", "25"),
        ] {
            log.key(key, HEIGHT);
            assert_eq!(seen(&log), lines(first, last), "{key:?}");
        }
        assert_eq!(log.place(HEIGHT), Some((16, 25, 25)));
    }

    #[test]
    fn long_lines_go_on_below_and_control_nothing() {
        let mut log = Log::of(Filter::Daemon);
        assert_eq!(log.page(HEIGHT), None);
        log.fill(Ok(vec![format!("\x1b[2J{}", "x".repeat(100))]));
        let page = log.page(HEIGHT).expect("read").expect("lines");
        assert_eq!(page.len(), 2);
        assert!(page[0].starts_with("?[2Jxxx"));
        log.fill(Err("no journal".to_owned()));
        assert_eq!(log.page(HEIGHT), Some(Err("no journal")));
        assert_eq!(log.place(HEIGHT), None);
    }
}
