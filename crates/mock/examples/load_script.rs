//! How long a script of 10,000 rules takes to load, in each format.
//!
//! Run: `cargo run --release -p playhouse-mock --example load_script`

#![expect(clippy::print_stdout, reason = "what it measures is its output")]

use std::fmt::Write as _;
use std::time::Instant;

use playhouse_mock::script::{Format, LoadFailure, parse};

const RULES: usize = 10_000;

const RUNS: usize = 5;

fn main() -> Result<(), LoadFailure> {
    for (name, format, text) in [
        ("YAML", Format::Yaml, script("rules:\n", yaml)),
        ("JSON", Format::Json, script("{\"rules\": [\n", json) + "{\"reply\": \"?\"}]}"),
        ("TOML", Format::Toml, script("", toml)),
    ] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let loaded = parse(&text, format, name)?;
            times.push(start.elapsed());
            assert!(loaded.script.rules.len() >= RULES);
        }
        times.sort();
        println!("{name}: {} bytes, median {:?}, best {:?}", text.len(), times[RUNS / 2], times[0]);
    }
    Ok(())
}

fn script(head: &str, rule: impl Fn(&mut String, usize) -> std::fmt::Result) -> String {
    let mut text = head.to_owned();
    for number in 0..RULES {
        // Writing into a text cannot fail.
        let _ = rule(&mut text, number);
    }
    text
}

fn yaml(text: &mut String, number: usize) -> std::fmt::Result {
    writeln!(text, "  - name: rule-{number}")?;
    writeln!(text, "    when:\n      model: gpt-4o*")?;
    writeln!(text, "      user: {{matches: 'order (\\d+) of customer {number}'}}")?;
    writeln!(text, "    reply: {{text: \"Hello, number {number}\", finish: stop}}")
}

fn json(text: &mut String, number: usize) -> std::fmt::Result {
    write!(text, "{{\"name\": \"rule-{number}\", \"when\": {{\"model\": \"gpt-4o*\", ")?;
    write!(text, "\"user\": {{\"matches\": \"order (\\\\d+) of customer {number}\"}}}}, ")?;
    writeln!(text, "\"reply\": {{\"text\": \"Hello, number {number}\", \"finish\": \"stop\"}}}},")
}

fn toml(text: &mut String, number: usize) -> std::fmt::Result {
    writeln!(text, "[[rules]]\nname = \"rule-{number}\"\nwhen.model = \"gpt-4o*\"")?;
    writeln!(text, "when.user.matches = 'order (\\d+) of customer {number}'")?;
    writeln!(text, "reply = {{ text = \"Hello, number {number}\", finish = \"stop\" }}")
}
