//! Small changes to bytes, the same in every run, for tests of what reads them: a failure names the number of its round.

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Numbers that nobody can predict and that are the same each time.
pub struct Dice(TestRng);

/// What breaks readers of requests, pages and certificates, or means something to one of them.
const INSERTIONS: [&[u8]; 40] = [
    b"%",
    b"%00",
    b"%ff",
    b"%0d%0aX-Evil:%20y",
    b"%2e%2e/",
    b"%C3%28",
    b"+",
    b"&",
    b"=",
    b"&&==",
    b";",
    b",",
    b"\"",
    b"'",
    b"<script>x",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\xc3\xa3",
    b"\xe2\x80\xae",
    b"\0",
    b"\r",
    b"\n",
    b"\t",
    b" ",
    b"/",
    b"//",
    b"..",
    b"?",
    b"#",
    b":",
    b"[",
    b"{",
    b"1e999",
    b"-1",
    b"18446744073709551616",
    b"null",
    b"-----BEGIN CERTIFICATE-----",
    b"=?utf-8?",
    b"*",
];

impl Dice {
    /// For one round of a test.
    pub fn new(test: u8, round: u32) -> Self {
        let mut seed = [0; 32];
        seed[0] = test;
        seed[1..5].copy_from_slice(&round.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }

    /// A number below this one, 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    /// A stretch of something that long: short ones mostly.
    fn stretch(&mut self, length: usize) -> (usize, usize) {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 12 };
        (start, (start + self.below(most + 1)).min(length))
    }

    fn insertion(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 => (0..self.below(20)).map(|_| self.below(256) as u8).collect(),
            1 => {
                let many = 1 << self.below(10);
                INSERTIONS[self.below(INSERTIONS.len())].repeat(many)
            }
            _ => INSERTIONS[self.below(INSERTIONS.len())].to_vec(),
        }
    }

    /// Changes a text up to four times, or takes something of the other one.
    pub fn change(&mut self, text: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let (start, end) = self.stretch(text.len());
            match self.below(6) {
                0 => {
                    if let Some(byte) = text.get_mut(start) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                1 => drop(text.drain(start..end)),
                2 => {
                    let again = text[start..end].to_vec();
                    text.splice(start..start, again);
                }
                3 => {
                    let (from, to) = self.stretch(other.len());
                    text.splice(start..end, other[from..to].iter().copied());
                }
                4 => drop(text.splice(start..start, self.insertion())),
                _ => drop(text.splice(start..end, self.insertion())),
            }
        }
    }
}
