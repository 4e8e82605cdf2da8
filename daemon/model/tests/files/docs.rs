//! Every example of the documentation is right.

use std::path::Path;

use pocketstack_model::answers::{Answers, describe};

use crate::common::read;

#[test]
fn every_example_is_a_file_of_answers() {
    let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/answers.md"));
    let mut examples = 0;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim() != "```toml" {
            continue;
        }
        let example: String = lines
            .by_ref()
            .take_while(|(_, line)| line.trim() != "```")
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let answers = Answers::parse(&example).unwrap_or_else(|error| {
            panic!("docs/answers.md, the example after line {}:\n{error}", number + 1)
        });
        if examples == 0 {
            let does = describe(&answers).join("\n");
            assert!(
                text.contains(&format!("answers.toml\n{does}\n```")),
                "it does:\n{does}"
            );
        }
        examples += 1;
    }
    assert!(examples >= 5, "{examples} examples were found");
}
