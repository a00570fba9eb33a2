//! Replies: what goes together in one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::rule::hides_every_answer;
use super::{Complaints, Field, fault, headers, pace};
use crate::script::{RawReply, Reply};

/// What holds for a whole answer and for no single choice of it.
const NOT_OF_A_CHOICE: [&str; 11] = [
    "choices",
    "fixture",
    "callback",
    "raw",
    "embedding",
    "usage",
    "model",
    "id",
    "headers",
    "pace",
    "fault",
];

/// Looks at a reply; one that is hidden by a fault may say nothing.
pub(super) fn review(reply: &Reply, at: Field<'_>, is_hidden: bool, complaints: &mut Complaints) {
    review_content(reply, at, is_hidden, complaints);
    headers::review(&reply.headers, at.key("headers"), complaints);
    if let Some(pace) = &reply.pace {
        pace::review(pace, at.key("pace"), complaints);
    }
    if let Some(fault) = &reply.fault {
        fault::review(fault, at.key("fault"), complaints);
    }
    for (index, call) in reply.tool_calls.iter().enumerate() {
        if call.name.is_empty() {
            complaints.add(
                at.key("tool_calls").item(index),
                "lacks the key 'name'",
                "name the tool that is called",
            );
        }
    }
    for (index, choice) in reply.choices.iter().enumerate() {
        review_choice(choice, at.key("choices").item(index), complaints);
    }
    review_values(reply, at, complaints);
}

fn review_choice(choice: &Reply, at: Field<'_>, complaints: &mut Complaints) {
    let wrong: Vec<&str> = said(choice).filter(|name| NOT_OF_A_CHOICE.contains(name)).collect();
    for name in &wrong {
        complaints.misplaced(at.key(name), "is nothing of a single choice", "put it beside `choices`");
    }
    if wrong.is_empty() {
        review(choice, at, false, complaints);
    }
}

/// The keys that say what the content is.
fn contents(reply: &Reply) -> impl Iterator<Item = &'static str> {
    let all = [
        ("text", reply.text.is_some()),
        ("template", reply.template.is_some()),
        ("echo", reply.echo),
        ("json", reply.json.is_some()),
        ("generate", reply.generate),
        ("refusal", reply.refusal.is_some()),
        ("choices", !reply.choices.is_empty()),
        ("fixture", reply.fixture.is_some()),
        ("callback", reply.callback.is_some()),
        ("raw", reply.raw.is_some()),
        ("embedding", reply.embedding.is_some()),
    ];
    all.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name)
}

/// The keys that are said.
fn said(reply: &Reply) -> impl Iterator<Item = &'static str> {
    let beside = [
        ("reasoning", reply.reasoning.is_some()),
        ("tool_calls", !reply.tool_calls.is_empty()),
        ("finish", reply.finish.is_some()),
        ("usage", reply.usage.is_some()),
        ("model", reply.model.is_some()),
        ("id", reply.id.is_some()),
        ("headers", !reply.headers.is_empty()),
        ("pace", reply.pace.is_some()),
        ("fault", reply.fault.is_some()),
    ];
    contents(reply).chain(beside.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name))
}

/// What cannot stand beside a content.
fn excluded_by(content: &str) -> &'static [&'static str] {
    match content {
        "refusal" => &["tool_calls"],
        "choices" | "embedding" => &["reasoning", "tool_calls", "finish"],
        "fixture" | "callback" => &["reasoning", "tool_calls"],
        "raw" => &["reasoning", "tool_calls", "finish", "usage", "model", "id"],
        _ => &[],
    }
}

fn review_content(reply: &Reply, at: Field<'_>, is_hidden: bool, complaints: &mut Complaints) {
    let mut contents = contents(reply);
    let Some(content) = contents.next() else {
        return review_without_content(reply, at, is_hidden, complaints);
    };
    for other in contents {
        let help =
            "a reply has one content: for several in turn there is `sequence`, for several at once `choices`";
        complaints.misplaced(at.key(other), format!("stands beside {content}"), help);
    }
    for other in said(reply).filter(|name| excluded_by(content).contains(name)) {
        let help = match content {
            "choices" => "put it into the choices",
            _ => "leave one of the two out",
        };
        complaints.misplaced(at.key(other), format!("means nothing beside {content}"), help);
    }
}

fn review_without_content(reply: &Reply, at: Field<'_>, is_hidden: bool, complaints: &mut Complaints) {
    let is_hidden = is_hidden || reply.fault.as_ref().is_some_and(hides_every_answer);
    let speaks = reply.reasoning.is_some() || !reply.tool_calls.is_empty() || reply.respond.is_some();
    if !is_hidden && !speaks {
        complaints.add(at, "says nothing", "add `text`, which may be \"\", or another content");
    }
}

fn review_values(reply: &Reply, at: Field<'_>, complaints: &mut Complaints) {
    if let Some(raw) = &reply.raw {
        review_raw(raw, at.key("raw"), complaints);
    }
    if reply.fixture.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        complaints.add(at.key("fixture"), "is empty", "name the file");
    }
    if let Some(url) = &reply.callback
        && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
    {
        complaints.add(at.key("callback"), "is no URL", "write it with http:// or https://");
    }
    if let Some(vector) = &reply.embedding
        && (vector.is_empty() || vector.iter().any(|number| !number.is_finite()))
    {
        complaints.add(at.key("embedding"), "is no vector", "use one finite number or more");
    }
}

fn review_raw(raw: &RawReply, at: Field<'_>, complaints: &mut Complaints) {
    if !(200..=999).contains(&raw.status) {
        complaints.add(at.key("status"), "is no HTTP status of an answer", "use 200 to 999");
    }
    if let Some(content_type) = &raw.content_type {
        headers::review_value(content_type, at.key("content_type"), complaints);
    }
    if raw.body.is_some() && raw.base64.is_some() {
        complaints.misplaced(at.key("base64"), "stands beside body", "keep one of the two");
    }
    if raw.base64.as_ref().is_some_and(|text| STANDARD.decode(text.trim_end()).is_err()) {
        complaints.add(at.key("base64"), "is not base64", "use A-Z, a-z, 0-9, + and /, with = at the end");
    }
}
