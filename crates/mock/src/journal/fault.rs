//! A fault in words: what it was, and how to get exactly it again.

use std::fmt::Display;

use serde_json::Value;

use crate::fault::{Fault, FaultOrigin};
use crate::script::FaultSpec;

/// What a fault is, in a few words (`status 503`, `cut after_events=3`).
pub(crate) fn name(spec: &FaultSpec) -> String {
    let kind = spec.kind().map_or("fault", |kind| kind.as_str());
    let details = settings(spec).into_iter().filter(|(name, _)| NAMED.contains(name));
    let details = details.map(|(name, value)| match name {
        "status" => value,
        name => format!("{name}={value}"),
    });
    std::iter::once(kind.to_owned()).chain(details).collect::<Vec<_>>().join(" ")
}

/// The settings that are told with a fault's name.
const NAMED: [&str; 7] =
    ["status", "after_events", "after_bytes", "stall_ms", "bytes", "every_ms", "content_type"];

/// A fault as it is written in a script (`{kind: cut, after_events: 3}`).
pub(crate) fn written(spec: &FaultSpec) -> String {
    let kind = spec.kind().map(|kind| ("kind", kind.as_str().to_owned()));
    let settings = kind.into_iter().chain(settings(spec));
    let settings: Vec<_> = settings.map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", settings.join(", "))
}

/// How to get exactly this fault again.
pub(crate) fn again(fault: &Fault, namespace: &str) -> String {
    let rule = format!("`fault: {}` on a rule", written(&fault.spec));
    match &fault.origin {
        FaultOrigin::Rule => format!("its rule says so: {rule}"),
        FaultOrigin::Chaos { settings, attempt } => format!(
            "`--chaos {settings}` draws it for attempt {attempt} of this request in namespace \
             '{namespace}'; {rule} gives it always"
        ),
    }
}

fn settings(spec: &FaultSpec) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.as_deref().map(quoted);
    let headers: Vec<_> =
        spec.headers.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
    let settings = [
        ("status", number(spec.status)),
        ("message", text(&spec.message)),
        ("type", text(&spec.r#type)),
        ("code", text(&spec.code)),
        ("retry_after_s", number(spec.retry_after_s)),
        ("headers", (!headers.is_empty()).then(|| format!("{{{}}}", headers.join(", ")))),
        ("after_events", number(spec.after_events)),
        ("after_bytes", number(spec.after_bytes)),
        ("stall_ms", number(spec.stall_ms)),
        ("bytes", number(spec.bytes)),
        ("every_ms", number(spec.every_ms)),
        ("content_type", text(&spec.content_type)),
    ];
    settings.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn number(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::chaos;
    use crate::script::{Chaos, FaultKind};

    fn spec(json: &str) -> FaultSpec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_is_named_by_kind_and_place() {
        assert_eq!(name(&spec("503")), "status 503");
        assert_eq!(name(&spec(r#"{"kind": "cut", "after_events": 3, "times": 2}"#)), "cut after_events=3");
    }

    #[test]
    fn what_is_written_is_read_as_the_same_fault() {
        let fault = spec(
            r#"{"status": 429, "message": "slow: \"down\"", "type": "tokens", "code": "rate", "retry_after_s": 1.5,
                "headers": {"x-a": "b: c"}, "after_events": 1, "after_bytes": 2, "stall_ms": 3, "bytes": 4,
                "every_ms": 5, "content_type": "text/html"}"#,
        );
        let again: FaultSpec = serde_saphyr::from_str(&written(&fault)).unwrap();
        assert_eq!(again, FaultSpec { kind: Some(FaultKind::Status), ..fault });
    }

    #[test]
    fn chaos_says_how_it_was_drawn() {
        let chaos: Chaos = "rate=1,seed=42,faults=stall".parse().unwrap();
        let fault = chaos::draw(&chaos, "ns1", 7, 2).unwrap();
        assert_eq!(
            again(&fault, "ns1"),
            "`--chaos rate=1,seed=42,faults=stall` draws it for attempt 2 of this request in namespace 'ns1'; \
             `fault: {kind: stall}` on a rule gives it always"
        );
    }
}
