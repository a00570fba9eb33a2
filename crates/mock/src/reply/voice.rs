//! One alternative of a reply, before a request is known.

use playhouse_llm::{Error, Extra, FinishReason, ToolCall};
use serde_json::Value;

use super::compile::Complaint;
use super::speech::Speech;
use super::template::Templates;
use super::{Scene, generate};
use crate::pace::draw::Draw;
use crate::protocols;
use crate::script::{Reply, ToolCallReply};

/// One alternative of a reply.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    said: Said,
    reasoning: String,
    calls: Vec<Called>,
    finish: Option<FinishReason>,
}

/// What an alternative says beside reasoning and calls.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// This text.
    Text(String),
    /// What the template of this name makes of the request.
    Template(String),
    /// What the user said last.
    Echo,
    /// JSON to the schema that the request wants.
    Generated,
    /// A declared refusal.
    Refusal(String),
}

/// A tool call whose id may still have to be drawn.
#[derive(Clone, Debug)]
struct Called {
    id: Option<String>,
    name: String,
    arguments: String,
}

const ID_CHARACTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH: usize = 24;

impl Said {
    /// What a reply says by itself; `None` where it says nothing at all.
    pub(super) fn made(reply: &Reply) -> Option<Self> {
        if let Some(text) = &reply.text {
            return Some(Self::Text(text.clone()));
        }
        if let Some(json) = &reply.json {
            return Some(Self::Text(json.to_string()));
        }
        if let Some(text) = &reply.refusal {
            return Some(Self::Refusal(text.clone()));
        }
        let stands_alone = reply.reasoning.is_some()
            || !reply.tool_calls.is_empty()
            || reply.finish.is_some()
            || reply.fault.is_some();
        match (reply.echo, reply.generate) {
            (true, _) => Some(Self::Echo),
            (_, true) => Some(Self::Generated),
            _ => stands_alone.then_some(Self::Nothing),
        }
    }
}

impl Voice {
    pub(super) fn new(said: Said, reply: &Reply) -> Result<Self, Complaint> {
        let calls = (0..).zip(&reply.tool_calls).map(|(at, call)| Called::new(at, call));
        Ok(Self {
            said,
            reasoning: reply.reasoning.clone().unwrap_or_default(),
            calls: calls.collect::<Result<_, _>>()?,
            finish: reply.finish.as_deref().map(finish),
        })
    }

    /// Whether it says the same to every request.
    pub(super) fn is_fixed(&self) -> bool {
        let is_said = matches!(self.said, Said::Nothing | Said::Text(_) | Said::Refusal(_));
        is_said && self.calls.iter().all(|call| call.id.is_some())
    }

    /// What a script calls it.
    pub(super) fn name(&self) -> &'static str {
        match self.said {
            Said::Nothing if self.calls.is_empty() => "reasoning",
            Said::Nothing => "tool_calls",
            Said::Text(_) => "text",
            Said::Template(_) => "template",
            Said::Echo => "echo",
            Said::Generated => "generate",
            Said::Refusal(_) => "refusal",
        }
    }

    /// What it says to this request.
    pub(super) fn speak(
        &self,
        templates: &Templates,
        scene: Scene<'_>,
        draw: &mut Draw,
    ) -> Result<Speech, Error> {
        let mut speech = match &self.said {
            Said::Nothing => Speech::default(),
            Said::Text(text) => Speech::text(text),
            Said::Template(name) => Speech::text(templates.render(name, scene)?),
            Said::Echo => Speech::text(&scene.facts().user),
            Said::Generated => generated(scene, draw)?,
            Said::Refusal(text) => Speech { refusal: text.clone(), ..Speech::default() },
        };
        speech.reasoning.clone_from(&self.reasoning);
        speech.calls.extend(self.calls.iter().map(|call| call.made(scene, draw)));
        speech.finish.clone_from(&self.finish);
        Ok(speech)
    }
}

/// JSON to the schema that is wanted: as text, or as the arguments of a tool that must be called.
fn generated(scene: Scene<'_>, draw: &mut Draw) -> Result<Speech, Error> {
    let generated = generate::generated(scene, draw)?;
    Ok(match generated.tool {
        None => Speech::text(generated.json),
        Some(name) => {
            let called = Called { id: None, name: name.to_owned(), arguments: generated.json };
            Speech { calls: vec![called.made(scene, draw)], ..Speech::default() }
        }
    })
}

impl Called {
    fn new(at: usize, call: &ToolCallReply) -> Result<Self, Complaint> {
        if call.name.is_empty() {
            return Err(Complaint::of(
                format!("tool_calls[{at}].name"),
                "a tool call names no tool: give it a `name`",
            ));
        }
        let arguments = match &call.arguments {
            None => "{}".to_owned(),
            Some(Value::String(as_it_is)) => as_it_is.clone(),
            Some(value) => value.to_string(),
        };
        Ok(Self { id: call.id.clone(), name: call.name.clone(), arguments })
    }

    fn made(&self, scene: Scene<'_>, draw: &mut Draw) -> ToolCall {
        let id = self.id.clone().unwrap_or_else(|| drawn_id(scene, draw));
        ToolCall { id, name: self.name.clone(), arguments: self.arguments.clone(), extra: Extra::new() }
    }
}

/// An id as the vendor makes them.
fn drawn_id(scene: Scene<'_>, draw: &mut Draw) -> String {
    let protocol = protocols::named(scene.facts().protocol);
    let prefix = protocol.map_or("", |protocol| protocol.vendor().call_id_prefix());
    let character = |_| ID_CHARACTERS[draw.below(ID_CHARACTERS.len() as u64) as usize] as char;
    format!("{prefix}{}", (0..ID_LENGTH).map(character).collect::<String>())
}

fn finish(name: &str) -> FinishReason {
    match name {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "tool_calls" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}
