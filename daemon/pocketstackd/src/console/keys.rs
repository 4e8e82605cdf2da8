//! Keys out of the bytes that a terminal sends (ECMA-48 control sequences, as VT100 and xterm use them). Pure.

/// Longest sequence that is waited for. All known ones are shorter; a line that sends noise holds up nothing.
const LONGEST: usize = 16;
const ESCAPE: u8 = 0x1b;

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A printable ASCII character, blank included.
    Char(char),
    Enter,
    Tab,
    /// Shift and Tab.
    BackTab,
    Backspace,
    /// Escape on its own, or Ctrl-C.
    Escape,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    /// Ctrl-U: empties a field.
    Clear,
    /// Ctrl-L: draws the screen anew.
    Redraw,
    /// Anything else, so that noise can be told from silence.
    Other,
}

/// Reads keys out of bytes as they come in, whatever pieces they come in.
#[derive(Debug, Default)]
pub struct Keys {
    /// Beginning of a sequence.
    begun: Vec<u8>,
}

impl Keys {
    /// The keys that are complete with these bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        bytes.iter().filter_map(|byte| self.byte(*byte)).collect()
    }

    /// Whether a sequence has begun. Escape on its own looks like that too: time tells, see [`Keys::end`].
    pub fn begun(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Nothing has followed for a while: what has begun is all there is.
    pub fn end(&mut self) -> Option<Key> {
        match std::mem::take(&mut self.begun).as_slice() {
            [] => None,
            [ESCAPE] => Some(Key::Escape),
            _ => Some(Key::Other),
        }
    }

    fn byte(&mut self, byte: u8) -> Option<Key> {
        if byte == ESCAPE {
            // Pressed twice, or in the middle of what then was no sequence.
            let before = self.end();
            self.begun.push(ESCAPE);
            return before;
        }
        if self.begun.is_empty() {
            return Some(single(byte));
        }
        self.begun.push(byte);
        let whole = match self.begun.as_slice() {
            [_, b'[' | b'O'] => false,
            // The console of Linux sends its function keys as ESC [ [ and a letter.
            [_, b'[', b'['] => false,
            [_, b'[', b'[', _] => true,
            [_, b'[', .., last] => (0x40..=0x7e).contains(last),
            _ => true,
        };
        if !whole && self.begun.len() < LONGEST {
            return None;
        }
        Some(sequence(&std::mem::take(&mut self.begun)))
    }
}

fn single(byte: u8) -> Key {
    match byte {
        b' '..=b'~' => Key::Char(char::from(byte)),
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        0x03 => Key::Escape,
        0x0c => Key::Redraw,
        0x15 => Key::Clear,
        _ => Key::Other,
    }
}

fn sequence(bytes: &[u8]) -> Key {
    match bytes {
        [_, b'[' | b'O', b'A'] => Key::Up,
        [_, b'[' | b'O', b'B'] => Key::Down,
        [_, b'[' | b'O', b'C'] => Key::Right,
        [_, b'[' | b'O', b'D'] => Key::Left,
        [_, b'[' | b'O', b'H'] | [_, b'[', b'1' | b'7', b'~'] => Key::Home,
        [_, b'[' | b'O', b'F'] | [_, b'[', b'4' | b'8', b'~'] => Key::End,
        [_, b'[', b'5', b'~'] => Key::PageUp,
        [_, b'[', b'6', b'~'] => Key::PageDown,
        [_, b'[', b'Z'] => Key::BackTab,
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[u8] = b"a \r\t\x7f\x08\x03\x0c\x15\x1b[A\x1bOB\x1b[C\x1b[D\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[Z\x1b[[A\x1b[15;2~q";

    #[test]
    fn keys_are_read_in_whatever_pieces_they_come() {
        use Key::*;
        let expected = [
            Char('a'),
            Char(' '),
            Enter,
            Tab,
            Backspace,
            Backspace,
            Escape,
            Redraw,
            Clear,
            Up,
            Down,
            Right,
            Left,
            PageUp,
            PageDown,
            Home,
            End,
            BackTab,
            Other,
            Other,
            Char('q'),
        ];
        for size in 1..=ALL.len() {
            let mut keys = Keys::default();
            let found: Vec<Key> = ALL.chunks(size).flat_map(|piece| keys.feed(piece)).collect();
            assert_eq!(found, expected, "in pieces of {size}");
            assert!(!keys.begun());
        }
    }

    #[test]
    fn escape_is_told_by_silence() {
        let mut keys = Keys::default();
        assert_eq!(keys.feed(b"\x1b"), []);
        assert!(keys.begun());
        assert_eq!(keys.end(), Some(Key::Escape));
        assert_eq!(keys.end(), None);
        assert_eq!(keys.feed(b"\x1b\x1b[A"), [Key::Escape, Key::Up]);
        assert_eq!(keys.feed(b"\x1b[1"), []);
        assert_eq!(keys.end(), Some(Key::Other));
    }

    #[test]
    fn noise_is_no_key_and_ends() {
        let mut keys = Keys::default();
        assert_eq!(keys.feed(b"\x00\xff\xc3"), [Key::Other; 3]);
        let endless = [b"\x1b[".as_slice(), &[b'0'; 3 * LONGEST]].concat();
        let found = keys.feed(&endless);
        assert_eq!(found.first(), Some(&Key::Other));
        assert!(!keys.begun());
        assert_eq!(keys.feed(b"x"), [Key::Char('x')]);
    }

    #[test]
    fn what_a_console_draws_comes_back_as_other_keys_first() {
        // Two consoles wired to each other must not talk each other into anything.
        assert_eq!(Keys::default().feed(b"\x1b[3;1H"), [Key::Other]);
    }
}
