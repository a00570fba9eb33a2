//! The pages about scripts and the double: every example of a script on them is one.

use playhouse_mock::script::{Format, parse};

const SCRIPTS: &str = include_str!("../../../../docs/scripts.md");
const MOCK: &str = include_str!("../../../../docs/mock.md");

/// A fenced block: what its first line says it is, and its text.
struct Block {
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut parts = page.split("\n```");
    parts.next();
    // What comes between two fences is by turns a block and what the page says itself.
    let blocks = parts.step_by(2).map(|part| {
        let (kind, text) = part.split_once('\n').unwrap_or((part, ""));
        Block { kind: kind.to_owned(), text: format!("{text}\n") }
    });
    blocks.collect()
}

fn format(block: &Block) -> Option<Format> {
    Format::of_path(format!("x.{}", block.kind.split(' ').next().unwrap_or_default()).as_ref())
}

#[test]
fn every_example_is_a_script() {
    for (page, at_least) in [(SCRIPTS, 10), (MOCK, 1)] {
        let blocks = blocks(page);
        let good = blocks.iter().filter(|block| !block.kind.contains("wrong"));
        let scripts: Vec<(&Block, Format)> = good.filter_map(|block| Some((block, format(block)?))).collect();
        for (block, format) in &scripts {
            if let Err(failure) = parse(&block.text, *format, "the page") {
                panic!("{}\n{failure}", block.text);
            }
        }
        assert!(scripts.len() >= at_least, "the examples were not found");
    }
}

#[test]
fn every_wrong_example_is_explained_as_shown() {
    let blocks = blocks(SCRIPTS);
    let pairs: Vec<&[Block]> = blocks.windows(2).filter(|pair| pair[0].kind.contains("wrong")).collect();
    for pair in &pairs {
        let failure = parse(&pair[0].text, format(&pair[0]).unwrap(), "script.yaml").unwrap_err();
        assert_eq!(failure.to_string().trim_end(), pair[1].text.trim_end());
    }
    assert!(!pairs.is_empty());
}
