//! Files that people and PocketStack write: answers, configurations, and the documentation of both. What they should say is in
//! `tests/answers` and `tests/golden`.

mod answers;
mod common;
mod config;
mod docs;
mod hostile;
mod mutated;
