//! From one screen to the next with as few characters as it takes: a serial line carries some ten thousand a second.
//! Pure.

use std::fmt::Write;

/// Clears the terminal, with plain colours.
const CLEAR: &str = "\x1b[0m\x1b[H\x1b[2J";

/// What a terminal shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screen {
    /// Its lines from the top, each no wider than the terminal. Colours are set back within a line.
    pub lines: Vec<String>,
    /// Row and column of the cursor from 0, if it is to be seen.
    pub cursor: Option<(usize, usize)>,
}

impl Screen {
    /// Where the cursor is left. Unseen above the last line: what the kernel writes then hides least.
    fn place(&self) -> (usize, usize) {
        self.cursor.unwrap_or((self.lines.len().saturating_sub(2), 0))
    }
}

/// What turns `before` into `after`; `None` as `before` is a terminal of which nothing is known.
///
/// Lines are written whole, and between two of them stands a line break, so that a log of what was sent can be read.
pub fn paint(before: Option<&Screen>, after: &Screen) -> String {
    let mut out = String::new();
    match before {
        None => {
            out.push_str(CLEAR);
            out.push_str(&after.lines.join("\r\n"));
        }
        Some(before) if before == after => return out,
        Some(before) => {
            for row in 0..before.lines.len().max(after.lines.len()) {
                let line = after.lines.get(row).map_or("", String::as_str);
                if before.lines.get(row).map_or("", String::as_str) != line {
                    // The cursor is never left in the last row, so this does not scroll.
                    out.push_str("\r\n");
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\x1b[{};1H{line}\x1b[K", row + 1);
                }
            }
        }
    }
    let (row, column) = after.place();
    let shown = if after.cursor.is_some() { 'h' } else { 'l' };
    let _ = write!(out, "\x1b[?25{shown}\x1b[{};{}H", row + 1, column + 1);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As much of a terminal as is needed: characters, their place, and the sequences above.
    struct Terminal {
        rows: Vec<Vec<char>>,
        at: (usize, usize),
        cursor: bool,
        scrolled: bool,
    }

    const ROWS: usize = 6;
    const COLUMNS: usize = 20;

    impl Terminal {
        fn scribbled() -> Self {
            Self {
                rows: vec![vec!['#'; COLUMNS]; ROWS],
                at: (ROWS - 1, 3),
                cursor: true,
                scrolled: false,
            }
        }

        fn write(&mut self, text: &str) {
            let mut rest = text.chars();
            while let Some(c) = rest.next() {
                match c {
                    '\r' => self.at.1 = 0,
                    '\n' if self.at.0 + 1 == ROWS => self.scrolled = true,
                    '\n' => self.at.0 += 1,
                    '\x1b' => {
                        assert_eq!(rest.next(), Some('['));
                        let mut numbers = String::new();
                        let last = loop {
                            match rest.next().expect("a whole sequence") {
                                c if c.is_ascii_alphabetic() => break c,
                                c => numbers.push(c),
                            }
                        };
                        self.sequence(&numbers, last);
                    }
                    c => {
                        self.rows[self.at.0][self.at.1] = c;
                        self.at.1 += 1;
                    }
                }
            }
        }

        fn sequence(&mut self, numbers: &str, last: char) {
            match (numbers, last) {
                ("0", 'm') => {}
                ("", 'H') => self.at = (0, 0),
                (place, 'H') => {
                    let (row, column) = place.split_once(';').expect("a place");
                    self.at = (
                        row.parse::<usize>().expect("a row") - 1,
                        column.parse::<usize>().expect("a column") - 1,
                    );
                }
                ("2", 'J') => self.rows = vec![vec![' '; COLUMNS]; ROWS],
                ("", 'K') => self.rows[self.at.0][self.at.1..].fill(' '),
                ("?25", 'h') => self.cursor = true,
                ("?25", 'l') => self.cursor = false,
                other => panic!("an unknown sequence: {other:?}"),
            }
        }

        #[track_caller]
        fn shows(&self, screen: &Screen) {
            for row in 0..ROWS {
                let shown: String = self.rows[row].iter().collect();
                assert_eq!(shown.trim_end(), screen.lines.get(row).map_or("", String::as_str));
            }
            assert_eq!(self.cursor, screen.cursor.is_some());
            assert_eq!(self.at, screen.place());
            assert!(!self.scrolled);
        }
    }

    fn screen(text: &str, cursor: Option<(usize, usize)>) -> Screen {
        Screen {
            lines: text.split('|').map(str::to_owned).collect(),
            cursor,
        }
    }

    #[test]
    fn a_terminal_follows_from_screen_to_screen() {
        let screens = [
            screen("title|one|two|three||keys", None),
            screen("title|one|2|three||keys", Some((2, 1))),
            screen("title|a longer line|2", Some((4, 7))),
            screen("other||||five|six", None),
            screen("other||||five|6", None),
        ];
        let mut terminal = Terminal::scribbled();
        let mut before = None;
        for after in &screens {
            terminal.write(&paint(before, after));
            terminal.shows(after);
            before = Some(after);
        }
    }

    #[test]
    fn only_what_differs_is_sent() {
        let before = screen("title|one|two", None);
        let after = screen("title|one|2", None);
        assert_eq!(
            paint(Some(&before), &after),
            "\r\n\x1b[3;1H2\x1b[K\x1b[?25l\x1b[2;1H"
        );
        assert_eq!(paint(Some(&after), &after), "");
    }
}
