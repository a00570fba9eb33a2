//! Faults of the tree, told to a person: what was written, what was expected, what was meant.

use secrecy::ExposeSecret;

use super::decode::SECTION;
use super::fault::{Fault, Reason};
use super::problem::{Mark, Problem};
use super::suggest;
use super::tree::{Node, Origin, Value};
use super::variables::as_segment;

/// What a person should read about a fault; `schema` holds every section with its keys.
pub(crate) fn explain(fault: &Fault, tree: &Node, schema: &Schema) -> Problem {
    let key = fault.path.join(".");
    match &fault.reason {
        Reason::UnknownKey { known } => unknown_key(fault, tree, known, schema),
        Reason::MissingKey { key: missing } => {
            let problem = Problem::new(format!("[{}] lacks the key '{missing}'", section_name(&fault.path)));
            problem.about(tree, &fault.path).label(format!("add {missing} here"))
        }
        Reason::WrongType { expected } => wrong_type(fault, tree, expected),
        Reason::TooLarge { max } => Problem::new(format!("{key} is too large"))
            .about(tree, &fault.path)
            .label(format!("at most {max}")),
        Reason::UnknownChoice { found, known } => {
            let label = did_you_mean(
                suggest::nearest(found, known.iter().copied()).map(|meant| format!("\"{meant}\"")),
            );
            let problem = Problem::new(format!("{key} cannot be this")).about(tree, &fault.path).label(label);
            problem.help(format!("{key} is one of: {}", known.join(", ")))
        }
        Reason::Other(message) => {
            Problem::new(format!("{key} cannot be this")).about(tree, &fault.path).help(message)
        }
    }
}

/// The sections and keys there are, to find where a misplaced key belongs.
pub(crate) struct Schema(Vec<(String, Vec<String>)>);

impl Schema {
    /// The keys of a configuration that holds all of them.
    pub(crate) fn of(config: &impl serde::Serialize) -> Self {
        let value = serde_json::to_value(config).unwrap_or_default();
        let sections = value.as_object().into_iter().flatten();
        let keys = |section: &serde_json::Value| {
            section.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
        };
        Self(sections.map(|(name, section)| (name.clone(), keys(section))).collect())
    }

    /// Every key, with its section before it.
    pub(crate) fn paths(&self) -> impl Iterator<Item = [&str; 2]> {
        self.0.iter().flat_map(|(name, keys)| keys.iter().map(|key| [name.as_str(), key.as_str()]))
    }

    /// The section that has this very key.
    fn home_of(&self, key: &str) -> Option<&str> {
        let (name, _) = self.0.iter().find(|(_, keys)| keys.iter().any(|known| known == key))?;
        Some(name)
    }
}

fn unknown_key(fault: &Fault, tree: &Node, known: &[&'static str], schema: &Schema) -> Problem {
    let (last, sections) =
        fault.path.split_last().map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    let is_section = tree.get(&fault.path).is_some_and(|node| node.entries().is_some());
    let message = match (sections, is_section) {
        ([], true) => format!("unknown section [{last}]"),
        ([], false) => format!("unknown key '{last}' outside of any section"),
        _ => format!("unknown key '{last}' in [{}]", section_name(sections)),
    };
    let kind = if sections.is_empty() {
        "the sections".to_owned()
    } else {
        format!("the keys of [{}]", section_name(sections))
    };
    let meant = suggest::nearest(last, known.iter().copied());
    let home = schema.home_of(last).filter(|_| !is_section);
    let origin = fault.origin.clone();
    let label = match (&origin, meant, home) {
        (_, None, Some(home)) => format!("this is a key of [{home}]"),
        (Some(Origin::Variable(name)), meant, _) => {
            did_you_mean(meant.map(|meant| corrected(name, sections.len(), meant)))
        }
        (_, meant, _) => did_you_mean(meant.map(|meant| format!("'{meant}'"))),
    };
    let problem = Problem::new(message).concerning(&fault.path);
    let problem = match label.as_str() {
        "" => problem.help(format!("{kind} are: {}", known.join(", "))),
        _ => problem.label(label),
    };
    match origin {
        Some(origin) => problem.pointing(origin, Mark::Key),
        None => problem,
    }
}

fn wrong_type(fault: &Fault, tree: &Node, expected: &str) -> Problem {
    let key = fault.path.join(".");
    let Some(node) = tree.get(&fault.path) else { return Problem::new(format!("{key} must be {expected}")) };
    if expected == SECTION {
        // A section is expected where secrets are kept: what stands there instead may be one.
        let problem = Problem::new(format!("{key} must be a section")).concerning(&fault.path);
        let problem = problem.pointing(node.key.clone(), Mark::Key).label(found(node));
        return problem.help(format!("write [{}] and its keys below", section_name(&fault.path)));
    }
    let item =
        fault.origin.as_ref().and_then(|origin| node.items().iter().position(|item| item.origin == *origin));
    match item {
        Some(index) => Problem::new(format!("every item of {key} must be {expected}"))
            .about_item(tree, &fault.path, index)
            .label(found(&node.items()[index])),
        None => Problem::new(format!("{key} must be {expected}")).about(tree, &fault.path).label(found(node)),
    }
}

/// The name of a variable with one of its parts replaced by what was meant.
fn corrected(name: &str, at: usize, meant: &str) -> String {
    let segments = name.trim_start_matches("PLAYHOUSE_").split("__").enumerate();
    let segments =
        segments.map(|(index, segment)| if index == at { as_segment(meant) } else { segment.to_owned() });
    format!("PLAYHOUSE_{}", segments.collect::<Vec<_>>().join("__"))
}

fn did_you_mean(meant: Option<String>) -> String {
    meant.map(|meant| format!("did you mean {meant}?")).unwrap_or_default()
}

/// What stands where something else was expected.
fn found(node: &Node) -> &'static str {
    match &node.value {
        Value::Section(_) if matches!(node.key, Origin::Variable(_)) => "that key has none below it",
        Value::Section(_) => "this is a section",
        Value::List(_) => "this is a list",
        Value::Quoted(text) if text.expose_secret().parse::<f64>().is_ok() => {
            "this is a string: remove the quotes"
        }
        Value::Quoted(_) => "this is a string",
        Value::Plain(_) => "this is text",
        Value::Integer(number) if *number < 0 => "this is less than zero",
        Value::Integer(_) => "this is a whole number",
        Value::Float(_) => "this is a number, but not a whole one",
        Value::Boolean(_) => "this is true or false",
        Value::Other("date") => "this is a date",
        Value::Other(_) => "this number is too large",
    }
}

/// The keys on a path as they stand in a section's header.
pub(crate) fn section_name<S: AsRef<str>>(path: &[S]) -> String {
    let is_bare = |key: &str| {
        !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    };
    let quoted = |key: &str| if is_bare(key) { key.to_owned() } else { format!("{key:?}") };
    path.iter().map(|key| quoted(key.as_ref())).collect::<Vec<_>>().join(".")
}
