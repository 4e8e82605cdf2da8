//! QR codes out of block characters, two modules to a character.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code. The standard asks for four; readers are content with two, and screens are small.
const QUIET: usize = 2;

/// A QR code as lines of the same width, in the terminal's ink where a module is dark: to be drawn black on white.
/// `None` if the text is too long for a code.
pub fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (size, modules) = (code.width(), code.to_colors());
    let dark = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + size).contains(&x) && (QUIET..QUIET + size).contains(&y);
        inside && modules[(y - QUIET) * size + (x - QUIET)] == Color::Dark
    };
    let full = size + 2 * QUIET;
    let line = |y: usize| {
        let block = |x: usize| match (dark(x, y), dark(x, y + 1)) {
            (true, true) => '\u{2588}',
            (true, false) => '\u{2580}',
            (false, true) => '\u{2584}',
            (false, false) => ' ',
        };
        (0..full).map(block).collect()
    };
    Some((0..full).step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the characters back into modules.
    fn modules(lines: &[String]) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in lines {
            let upper = line
                .chars()
                .map(|c| matches!(c, '\u{2588}' | '\u{2580}'))
                .collect();
            let lower = line
                .chars()
                .map(|c| matches!(c, '\u{2588}' | '\u{2584}'))
                .collect();
            rows.extend([upper, lower]);
        }
        rows
    }

    #[test]
    fn all_modules_are_there_with_light_around() {
        let url = "https://192.168.122.123/";
        let rows = modules(&lines(url).expect("fits"));
        let code = QrCode::with_error_correction_level(url, EcLevel::L).expect("fits");
        let size = code.width();
        for (y, row) in rows.iter().enumerate() {
            assert_eq!(row.len(), size + 2 * QUIET);
            for (x, dark) in row.iter().enumerate() {
                let inside = (QUIET..QUIET + size).contains(&x) && (QUIET..QUIET + size).contains(&y);
                let wanted = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                assert_eq!(*dark, wanted, "module {x},{y}");
            }
        }
    }

    #[test]
    fn too_much_text_gives_no_code() {
        assert_eq!(lines(&"x".repeat(3000)), None);
    }
}
