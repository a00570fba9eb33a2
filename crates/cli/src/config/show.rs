//! The merged configuration as TOML: every value with where it is from, secrets hidden.

use std::fmt::Write as _;

use secrecy::ExposeSecret;
use toml::{Table, Value};

use super::Loaded;
use super::explain::section_name;
use super::source::Source;
use super::tree::{self, Node, Origin, is_secret};

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Longer lines do not push the comments of their section to the right.
const MAX_COMMENT_COLUMN: usize = 56;

/// The configuration as a file that would say the same, but for the secrets.
pub(crate) fn to_toml(loaded: &Loaded) -> String {
    let mut table = Table::try_from(&loaded.config).unwrap_or_default();
    add_secrets(&loaded.tree, &mut Vec::new(), &mut table);
    let mut out = String::from("# The configuration that `playhouse serve` would use; secrets are hidden.\n");
    for notice in &loaded.notices {
        let _ = writeln!(out, "# note: {notice}");
    }
    write_section(&mut out, loaded, &mut Vec::new(), &table);
    out
}

/// Puts a stand-in where the tree has a secret.
fn add_secrets(node: &Node, path: &mut Vec<String>, table: &mut Table) {
    for (key, node) in node.entries().into_iter().flatten() {
        path.push(key.clone());
        if node.entries().is_some() {
            let below = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = below {
                add_secrets(node, path, below);
            }
        } else if is_secret(path) {
            table.insert(key.clone(), stand_in(key, node));
        }
        path.pop();
    }
}

fn stand_in(key: &str, node: &Node) -> Value {
    let hidden = || Value::String(HIDDEN.to_owned());
    let count = match &node.value {
        tree::Value::List(items) => items.len(),
        tree::Value::Plain(text) if key == "api_keys" => {
            text.expose_secret().split([',', '\n']).filter(|item| !item.trim().is_empty()).count()
        }
        _ => return hidden(),
    };
    Value::Array((0..count).map(|_| hidden()).collect())
}

fn write_section(out: &mut String, loaded: &Loaded, path: &mut Vec<String>, table: &Table) {
    let values: Vec<(&String, &Value)> = table.iter().filter(|(_, value)| !value.is_table()).collect();
    if !values.is_empty() {
        let _ = writeln!(out, "\n[{}]", section_name(path));
    }
    let lines: Vec<String> =
        values.iter().map(|(key, value)| format!("{} = {value}", section_name(&[key]))).collect();
    let widths = lines.iter().map(|line| line.chars().count()).filter(|width| *width <= MAX_COMMENT_COLUMN);
    let column = widths.max().unwrap_or(0);
    for ((key, _), line) in values.iter().zip(&lines) {
        path.push((*key).clone());
        let _ = writeln!(out, "{line:column$}  # {}", source_of(loaded, path));
        path.pop();
    }
    for (key, value) in table {
        if let Value::Table(below) = value {
            path.push(key.clone());
            write_section(out, loaded, path, below);
            path.pop();
        }
    }
}

fn source_of(loaded: &Loaded, path: &[String]) -> String {
    match loaded.tree.get(path).map(|node| &node.origin) {
        Some(Origin::File(range)) => format!("from {}", line_of(loaded.file.as_ref(), range.start)),
        Some(Origin::Variable(name)) => format!("from {name}"),
        Some(Origin::Flag(name)) => format!("from {name}"),
        Some(Origin::Vendor(name)) if path.last().is_some_and(|key| key == "base_url") => {
            format!("default of {name}")
        }
        Some(Origin::Vendor(_)) => "default".to_owned(),
        None => "default".to_owned(),
    }
}

fn line_of(file: Option<&Source>, byte: usize) -> String {
    file.map(|file| format!("{}:{}", file.name, file.line_at(byte).0)).unwrap_or_default()
}
