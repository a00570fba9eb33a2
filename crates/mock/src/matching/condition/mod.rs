//! What a request must be like, ready to be looked at.

mod glob;
mod header;
mod json;
mod literals;
mod message;
mod pattern;
mod text;
mod tool_result;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use glob::Glob;
pub(super) use header::HeaderTest;
pub(super) use json::JsonTest;
pub(super) use message::MessageTest;
pub(super) use text::TextTest;
pub(super) use tool_result::ToolResultTest;

use super::problem::Problems;
use super::view::View;
use crate::protocols::protocols;
use crate::script::When;
use crate::script::when::Predicate;

/// One thing that must hold.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Protocol(String),
    Stream(bool),
    Turn(u32),
    Model(Glob),
    State(Arc<str>),
    /// Tools that are offered, all of them.
    Tools(Vec<String>),
    User(TextTest),
    Header(HeaderTest),
    ToolResult(ToolResultTest),
    System(TextTest),
    Message(MessageTest),
    Json(JsonTest),
    Predicate(Predicate),
}

impl Condition {
    /// Everything that must hold for a rule but its limits. What costs little to look at comes
    /// first; a closure comes last, so that it only sees requests that match otherwise.
    pub(super) fn all_of(when: &When, problems: &mut Problems) -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(when.protocol.as_ref().and_then(|name| protocol(name, problems)));
        all.extend(when.stream.map(Self::Stream));
        all.extend(when.turn.and_then(|turn| nth_turn(turn, problems)));
        all.extend(when.model.as_ref().map(|pattern| Self::Model(Glob::new(pattern))));
        all.extend(when.state.clone().map(Self::State));
        all.extend(when.tools.as_ref().map(|names| Self::Tools(names.0.clone())));
        all.extend(when.user.as_ref().map(|spec| Self::User(TextTest::new(spec, "when.user", problems))));
        let headers = when.header.iter();
        all.extend(
            headers.filter_map(|(name, spec)| HeaderTest::new(name, spec, problems).map(Self::Header)),
        );
        all.extend(
            when.tool_result.as_ref().map(|spec| Self::ToolResult(ToolResultTest::new(spec, problems))),
        );
        all.extend(
            when.system.as_ref().map(|spec| Self::System(TextTest::new(spec, "when.system", problems))),
        );
        all.extend(when.message.as_ref().map(|spec| Self::Message(MessageTest::new(spec, problems))));
        all.extend(when.json.iter().filter_map(|(path, expected)| {
            problems.keep(&format!("when.json.{path}"), JsonTest::new(path, expected)).map(Self::Json)
        }));
        all.extend(when.predicate.clone().map(Self::Predicate));
        all.retain(Self::says_something);
        all
    }

    fn says_something(&self) -> bool {
        match self {
            Self::User(test) | Self::System(test) => !test.is_empty(),
            Self::Tools(names) => !names.is_empty(),
            Self::Model(glob) => glob.pattern != "*",
            _ => true,
        }
    }

    /// Whether it holds for a request.
    pub(super) fn holds(&self, view: &View<'_>) -> bool {
        let facts = &view.call.facts;
        match self {
            Self::Protocol(name) => facts.protocol == name,
            Self::Stream(wanted) => facts.stream == *wanted,
            Self::Turn(turn) => facts.turn == *turn,
            Self::Model(glob) => glob.matches(&facts.model),
            Self::State(wanted) => view.state.as_ref() == Some(wanted),
            Self::Tools(names) => names.iter().all(|name| facts.tools.contains(name)),
            Self::Header(test) => test.holds(view),
            Self::User(test) => test.holds(&view.user),
            Self::ToolResult(test) => test.find(view).is_some(),
            Self::System(test) => test.holds(&view.system),
            Self::Message(test) => test.find(view).is_some(),
            Self::Json(test) => test.holds(view),
            Self::Predicate(predicate) => (predicate.0)(view.call),
        }
    }

    /// Adds the groups of its regular expression for a request that it holds for.
    pub(super) fn capture(&self, view: &View<'_>, captured: &mut BTreeMap<String, String>) {
        let (test, text) = match self {
            Self::Header(test) => return test.capture(view, captured),
            Self::User(test) => (Some(test), Some(&view.user)),
            Self::System(test) => (Some(test), Some(&view.system)),
            Self::ToolResult(test) => (test.content.as_ref(), test.find(view)),
            Self::Message(test) => (test.text.as_ref(), test.find(view)),
            _ => (None, None),
        };
        if let (Some(test), Some(text)) = (test, text) {
            test.capture(text, captured);
        }
    }

    /// Whether it holds for every request that the other holds for. It may say no where that is so
    /// (of states and closures it always does), and never yes where it is not.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Protocol(name), Self::Protocol(other)) => name == other,
            (Self::Stream(wanted), Self::Stream(other)) => wanted == other,
            (Self::Turn(turn), Self::Turn(other)) => turn == other,
            (Self::Model(glob), Self::Model(other)) => glob.covers(other),
            (Self::Tools(names), Self::Tools(others)) => names.iter().all(|name| others.contains(name)),
            (Self::Header(test), Self::Header(other)) => test.follows_from(other),
            (Self::User(test), Self::User(other)) | (Self::System(test), Self::System(other)) => {
                test.follows_from(other)
            }
            (Self::ToolResult(test), Self::ToolResult(other)) => test.follows_from(other),
            (Self::Message(test), Self::Message(other)) => test.follows_from(other),
            (Self::Json(test), Self::Json(other)) => test.follows_from(other),
            _ => false,
        }
    }
}

fn protocol(name: &str, problems: &mut Problems) -> Option<Condition> {
    let known: Vec<_> = protocols().iter().map(|protocol| protocol.name()).collect();
    if !known.contains(&name) {
        let known = known.join(", ");
        problems.report("when.protocol", format!("there is no protocol '{name}'; there are {known}"));
        return None;
    }
    Some(Condition::Protocol(name.to_owned()))
}

fn nth_turn(turn: u32, problems: &mut Problems) -> Option<Condition> {
    if turn == 0 {
        problems.report("when.turn", "turns are counted from 1: 0 is none");
        return None;
    }
    Some(Condition::Turn(turn))
}
