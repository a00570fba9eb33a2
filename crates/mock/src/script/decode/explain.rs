//! What a person should read about a misfit.

use super::homes::homes;
use super::misfit::{Found, Misfit, Reason, Step, name_of};
use super::suggest::nearest;
use crate::script::load::finding::Finding;
use crate::script::read::Span;

/// How much of a text of the script is repeated in a message.
const MAX_QUOTED_CHARS: usize = 60;

/// How it begins what a type expects that takes a text.
const TEXT: &str = "a text";

/// What to say; `subject` is what the whole value is called.
pub(super) fn explain(misfit: &Misfit, subject: &str) -> Finding {
    let name = match (misfit.path.last(), name_of(&misfit.path)) {
        (None, _) => subject.to_owned(),
        (Some(Step::Key(_)), name) => name,
        (Some(Step::Item(_)), list) => format!("an item of {list}"),
    };
    match &misfit.reason {
        Reason::UnknownKey { known } => unknown_key(misfit, subject, known),
        Reason::MissingKey { key } => {
            Finding::new(format!("{name} lacks the key '{key}'"), place_of_map(misfit))
                .label(format!("add {key} here"))
        }
        Reason::WrongType { expected } => wrong_type(misfit, &name, expected),
        Reason::TooLarge { max } => {
            Finding::new(format!("{name} is too large"), value(misfit)).label(format!("at most {max}"))
        }
        Reason::UnknownChoice { found, known } => unknown_choice(misfit, &name, found.as_deref(), known),
        Reason::Other(message) => {
            Finding::new(format!("{name} cannot be this"), value(misfit)).label(message)
        }
    }
}

fn unknown_key(misfit: &Misfit, subject: &str, known: &[&str]) -> Finding {
    let Some((Step::Key(key), above)) = misfit.path.split_last() else {
        return Finding::new("unknown key", value(misfit));
    };
    let above = name_of(above);
    let above = if above.is_empty() { subject } else { &above };
    let message = format!("unknown key '{}' in {above}", clipped(key));
    let finding = Finding::new(message, misfit.key.unwrap_or_default());
    match (nearest(key, known.iter().copied()), homes(key)) {
        (Some(meant), None) => finding.label(format!("did you mean '{meant}'?")),
        (Some(meant), Some(home)) => {
            finding.label(format!("did you mean '{meant}'?")).help(format!("'{key}' is a key of {home}"))
        }
        (None, Some(home)) => finding.label(format!("this is a key of {home}")),
        (None, None) => finding.help(format!("the keys are: {}", known.join(", "))),
    }
}

fn wrong_type(misfit: &Misfit, name: &str, expected: &str) -> Finding {
    let label = match misfit.found {
        Found::Bare(found) if expected.starts_with(TEXT) => format!("{found}: put it in quotes"),
        Found::Bare(found) | Found::Other(found) => found.to_owned(),
        Found::Nothing => "there is no value".to_owned(),
    };
    Finding::new(format!("{name} must be {expected}"), value(misfit)).label(label)
}

fn unknown_choice(misfit: &Misfit, name: &str, found: Option<&str>, known: &[&str]) -> Finding {
    let Some(found) = found else {
        return wrong_type(misfit, name, &format!("one of: {}", known.join(", ")));
    };
    let finding = Finding::new(format!("{name} cannot be '{}'", clipped(found)), value(misfit));
    let finding = match nearest(found, known.iter().copied()) {
        Some(meant) => finding.label(format!("did you mean '{meant}'?")),
        None => finding,
    };
    finding.help(format!("it is one of: {}", known.join(", ")))
}

/// Where the value is, or its key where there is nothing to see of it.
fn value(misfit: &Misfit) -> Span {
    let value = misfit.value.unwrap_or_default();
    if misfit.found == Found::Nothing { misfit.key.unwrap_or(value) } else { value }
}

/// Where a map is said to lack something: at its key, or where it begins.
fn place_of_map(misfit: &Misfit) -> Span {
    misfit.key.or(misfit.value).unwrap_or_default()
}

/// A text of the script as far as it belongs into a message.
fn clipped(text: &str) -> String {
    let mut chars = text.chars();
    let begin: String = chars.by_ref().take(MAX_QUOTED_CHARS).collect();
    if chars.next().is_some() { format!("{begin}…") } else { begin }
}
