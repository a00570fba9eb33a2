//! Whatever a text is, reading it ends with a script or with problems that can be shown.

use playhouse_mock::script::{Format, parse};
use proptest::prelude::*;

const FORMATS: [Format; 3] = [Format::Yaml, Format::Json, Format::Toml];

const SCRIPTS: [&str; 4] = [
    include_str!("cases/good/everything.yaml"),
    include_str!("cases/good/aliases.yaml"),
    include_str!("cases/good/same.json"),
    include_str!("cases/good/same.toml"),
];

/// Reads a text, and shows what is wrong with it.
fn read(text: &str, format: Format) {
    if let Err(failure) = parse(text, format, "script") {
        assert!(failure.count() > 0);
        for problem in &failure.problems {
            let line = problem.position.map_or(1, |position| position.line);
            assert!(line <= text.lines().count() + 1, "{problem}");
        }
        assert!(failure.to_string().contains("error: "));
    }
}

proptest! {
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,80}", format in 0..3usize) {
        read(&text, FORMATS[format]);
    }

    #[test]
    fn a_damaged_script_can_be_read(script in 0..4usize, at: prop::sample::Index, insert in "\\PC{0,3}|[\t\n:,{}\\[\\]*&<'\"#-]{0,3}", remove in 0..6usize) {
        let chars: Vec<char> = SCRIPTS[script].chars().collect();
        let at = at.index(chars.len());
        let after = chars.len().min(at + remove);
        let text: String = chars[..at].iter().copied().chain(insert.chars()).chain(chars[after..].iter().copied()).collect();
        FORMATS.iter().for_each(|format| read(&text, *format));
    }
}

#[test]
fn nesting_without_end_is_refused() {
    for (format, text) in [
        (Format::Yaml, "[".repeat(100_000)),
        (Format::Yaml, "- ".repeat(100_000)),
        (Format::Yaml, "a: {".repeat(100_000)),
        (Format::Json, "[".repeat(100_000) + &"]".repeat(100_000)),
        (Format::Json, "{\"a\":".repeat(100_000)),
        (Format::Toml, "a = ".to_owned() + &"[".repeat(100_000)),
        (Format::Toml, "a = ".to_owned() + &"{a = ".repeat(100_000)),
        (Format::Toml, "a.".repeat(100_000) + "a = 1"),
        (Format::Toml, format!("[{}a]", "a.".repeat(100_000))),
    ] {
        assert!(parse(&text, format, "script").is_err(), "{format:?}: {}", &text[..20]);
    }
}

#[test]
fn a_script_has_a_largest_size() {
    let failure = parse(&"#".repeat(9 << 20), Format::Yaml, "script").unwrap_err();
    assert_eq!(failure.problems[0].message, "the script is larger than 8388608 bytes");
}
