//! `playhouse.toml`: found, read, and turned into a tree.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Mark, Problem};
use super::source::Source;
use super::tree::{Entries, Node, Origin, Value};
use crate::environment::Environment;
use crate::failure::plain_reason;

/// The file that is read when none is named.
pub(crate) const DEFAULT_FILE: &str = "playhouse.toml";

/// No sensible configuration is larger.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What the names of credentials have in them.
const SECRET_WORDS: [&str; 6] = ["key", "secret", "token", "password", "auth", "header"];

/// Finds and reads the file: the one a flag names, else the one a variable names, else the one in
/// the current folder if it is there.
pub(crate) fn find(flag: Option<&Path>, environment: &Environment) -> Result<Option<Source>, Problem> {
    if let Some(path) = flag {
        return read(path).map(Some).map_err(|problem| problem.help("--config names this file"));
    }
    if let Some(path) = environment.text("PLAYHOUSE_CONFIG") {
        return read(Path::new(path))
            .map(Some)
            .map_err(|problem| problem.help("PLAYHOUSE_CONFIG names this file"));
    }
    let path = PathBuf::from(DEFAULT_FILE);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

fn read(path: &Path) -> Result<Source, Problem> {
    let name = path.display().to_string();
    let fail = |error: std::io::Error| {
        Problem::new(format!("cannot read the configuration file {name}: {}", plain_reason(&error)))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(fail)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Problem::new(format!(
            "the configuration file {name} is larger than {MAX_FILE_BYTES} bytes"
        )));
    }
    Ok(Source { name, text })
}

/// The tree that a file's text describes.
pub(crate) fn parse(source: &Source) -> Result<Node, Problem> {
    let parsed = DeTable::parse(&source.text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let end = error.span().map_or(0, |span| span.end);
        let mark = if may_hold_secret(source, start) { Mark::Broken } else { Mark::Value };
        Problem::new("the file is not valid TOML")
            .pointing(Origin::File(start..end), mark)
            .label(error.message().lines().collect::<Vec<_>>().join(", "))
            .help(
                "text stands in quotes, as in listen = \"127.0.0.1:8000\"; the rules are on https://toml.io",
            )
    })?;
    let whole = Origin::File(parsed.span());
    Ok(Node { key: whole.clone(), origin: whole, value: section(parsed.into_inner()) })
}

/// Whether the value around this byte, which could not be read, may be a credential.
///
/// A broken value cannot be told from what surrounds it, so the key before it decides.
fn may_hold_secret(source: &Source, byte: usize) -> bool {
    let (_, line) = source.line_at(byte);
    let upto = source.text.get(..line.end).unwrap_or_default();
    let from = upto.rmatch_indices('=').next().map_or(line.start, |(at, _)| source.line_at(at).1.start);
    let text = upto.get(from.min(line.start)..).unwrap_or_default().to_lowercase();
    let section = upto.lines().rev().find(|line| line.trim_start().starts_with('['));
    let within_headers = section.is_some_and(|section| section.contains("headers"));
    let text = text.replace("tokens", "");
    within_headers || SECRET_WORDS.iter().any(|word| text.contains(word))
}

fn section(table: DeTable<'_>) -> Value {
    let entries = table.into_iter().map(|(key, value)| {
        let place = Origin::File(key.span());
        (key.into_inner().into_owned(), node(place, value))
    });
    Value::Section(entries.collect::<Entries>())
}

fn node(key: Origin, value: Spanned<DeValue<'_>>) -> Node {
    let origin = Origin::File(value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Quoted(SecretString::from(text.into_owned())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("number"), Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other("number"), Value::Float),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(_) => Value::Other("date"),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| node(Origin::File(item.span()), item));
            Value::List(items.collect())
        }
        DeValue::Table(table) => section(table),
    };
    Node { key, origin, value }
}
