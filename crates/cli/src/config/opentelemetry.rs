//! OpenTelemetry's own variables, as they are set for every program, whatever it is written in.

use secrecy::{ExposeSecret, SecretString};

use super::problem::{Mark, Problem};
use super::tree::{Node, Origin};
use super::variables::short;
use crate::environment::Environment;

const SECTION: &str = "telemetry";

/// Variables that set one key.
const VALUES: &[(&str, &str)] = &[
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces_endpoint"),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "metrics_endpoint"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "timeout_ms"),
    ("OTEL_SERVICE_NAME", "service_name"),
    ("OTEL_TRACES_SAMPLER_ARG", "sampler_arg"),
    ("OTEL_BSP_SCHEDULE_DELAY", "traces_interval_ms"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "metrics_interval_ms"),
];

/// Variables that name one of several choices, in letters of any size.
const CHOICES: &[(&str, &str)] = &[
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "protocol"),
    ("OTEL_TRACES_SAMPLER", "sampler"),
    ("OTEL_SDK_DISABLED", "disabled"),
    ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "capture_content"),
];

/// Variables that hold a list: `name=value,name=value`, with percent signs for what would not fit.
const LISTS: &[(&str, &str)] =
    &[("OTEL_EXPORTER_OTLP_HEADERS", "headers"), ("OTEL_RESOURCE_ATTRIBUTES", "resource_attributes")];

/// Puts what the variables say into the tree, over the file and below our own variables.
pub(super) fn apply(tree: &mut Node, environment: &Environment, problems: &mut Vec<Problem>) {
    for (name, key) in VALUES {
        short(tree, environment, name, &[SECTION, key], problems);
    }
    for (name, key) in CHOICES {
        let choice = environment.text(name).map(|text| (*name, text.trim().to_lowercase()));
        if let Some((name, choice)) = choice {
            let path = [SECTION, *key];
            let said = tree.get(&path).is_some_and(|node| matches!(node.origin, Origin::Variable(_)));
            if !said {
                tree.set(&path, Node::plain(Origin::Variable(name.to_owned()), choice.into()));
            }
        }
    }
    for (name, key) in LISTS {
        list(tree, environment, name, key, problems);
    }
}

/// Puts each item of a list at a key of its own; the variable says all of them, or none.
fn list(tree: &mut Node, environment: &Environment, name: &str, key: &str, problems: &mut Vec<Problem>) {
    let mut holder = Node::section(Origin::Variable(name.to_owned()));
    // Read like any other value, from a file too, where it is a secret.
    short(&mut holder, environment, name, &[key], problems);
    let Some(node) = holder.get(&[key]) else { return };
    let text = node.text().map(|text| text.expose_secret().to_owned()).unwrap_or_default();
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    for item in items {
        let pair = item.split_once('=').and_then(|(name, value)| Some((decoded(name)?, decoded(value)?)));
        let Some((item_name, value)) = pair.filter(|(name, _)| !name.is_empty()) else {
            problems.push(not_a_list(name, &[SECTION, key]));
            return;
        };
        let path = [SECTION, key, &item_name];
        let said = tree.get(&path).is_some_and(|node| matches!(node.origin, Origin::Variable(_)));
        if !said {
            tree.set(&path, Node::plain(node.origin.clone(), SecretString::from(value)));
        }
    }
}

fn not_a_list(name: &str, path: &[&str]) -> Problem {
    Problem::new(format!("{name} is not a list of names and values"))
        .pointing(Origin::Variable(name.to_owned()), Mark::Key)
        .label("write name=value,name=value")
        .concerning(path)
}

/// A text in which `%20` stands for a space; `None` if it is nonsense.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.trim().bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => from_hex(rest.next()?)? << 4 | from_hex(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn from_hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_decoded() {
        assert_eq!(decoded(" Bearer%20a%2Cb ").as_deref(), Some("Bearer a,b"));
        assert_eq!(decoded("%C3%A4").as_deref(), Some("ä"));
        for nonsense in ["%2", "%zz", "%ff"] {
            assert_eq!(decoded(nonsense), None, "{nonsense}");
        }
    }
}
