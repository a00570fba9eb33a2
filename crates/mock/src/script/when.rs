//! What a request must be like for a rule to match.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Error;
use serde_json::Value;

use super::short_form::{or_count, or_text, short_form};
use crate::call::Call;

/// What a request must be like; whatever is said must hold.
///
/// ```
/// use playhouse_mock::script::When;
///
/// let when = When { model: Some("gpt-4o*".into()), ..When::user("weather") };
/// assert!(when.state.is_none());
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The protocol's name (`openai-chat`).
    pub protocol: Option<String>,
    /// The model asked for; `*` and `?` stand for any characters and any one.
    pub model: Option<String>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
    /// The text of the last user message.
    pub user: Option<TextMatch>,
    /// The text of the system and developer messages, joined by line breaks.
    pub system: Option<TextMatch>,
    /// Some message of the conversation.
    pub message: Option<MessageMatch>,
    /// Which user message the last one is: 1 is the first of the conversation.
    #[schemars(range(min = 1))]
    pub turn: Option<u32>,
    /// Which request it is of those that match the rule otherwise: 1 is the first.
    pub call: Option<CallMatch>,
    /// Some tool result after the last message of the assistant.
    pub tool_result: Option<ToolResultMatch>,
    /// Names of tools that are offered, all of them.
    pub tools: Option<OneOrMany>,
    /// JSONPath expressions and what must be found at them; `null` for anything at all.
    pub json: BTreeMap<String, Value>,
    /// Names of headers and what their values must be like.
    pub header: BTreeMap<String, TextMatch>,
    /// The state that the namespace must be in.
    pub state: Option<Arc<str>>,
    /// Whatever else a Rust test wants to look at.
    #[serde(skip)]
    pub predicate: Option<Predicate>,
}

impl When {
    /// Requests whose last user message contains this text.
    pub fn user(text: impl Into<String>) -> Self {
        Self { user: Some(TextMatch::from(text.into())), ..Self::default() }
    }

    /// Requests for models like this (`*` and `?` as wildcards).
    pub fn model(pattern: impl Into<String>) -> Self {
        Self { model: Some(pattern.into()), ..Self::default() }
    }

    /// Requests that this closure says yes to.
    pub fn satisfies(predicate: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        Self { predicate: Some(Predicate(Arc::new(predicate))), ..Self::default() }
    }
}

/// A closure that says whether a request matches.
#[derive(Clone)]
pub struct Predicate(pub(crate) Arc<dyn Fn(&Call) -> bool + Send + Sync>);

impl fmt::Debug for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a closure")
    }
}

/// What a text must be like; a bare string is `contains`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "TextMatch", transform = or_text)]
pub struct TextMatch {
    /// Texts it contains, all of them.
    pub contains: Option<OneOrMany>,
    /// The whole text.
    pub is: Option<String>,
    /// A regular expression that it matches somewhere; its groups are captures for templates.
    pub matches: Option<String>,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
}

short_form!(TextMatch, "a text, or a map with `contains`, `is` or `matches`",
    visit_str(&str) => |text: &str| Ok(TextMatch::from(text.to_owned())));

impl From<String> for TextMatch {
    fn from(text: String) -> Self {
        Self { contains: Some(OneOrMany(vec![text])), ..Self::default() }
    }
}

/// One text or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "AnyTexts")]
pub struct OneOrMany(pub Vec<String>);

/// How one text or several may be written.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema is made of it")]
enum AnyTexts {
    One(String),
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList)
    }
}

struct TextOrList;

impl<'de> serde::de::Visitor<'de> for TextOrList {
    type Value = OneOrMany;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of texts")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany(vec![text.to_owned()]))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<OneOrMany, A::Error> {
        Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(items)).map(OneOrMany)
    }
}

/// What some message must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "MessageMatch", transform = or_text)]
pub struct MessageMatch {
    /// Who speaks (`system`, `developer`, `user`, `assistant`, `tool`).
    #[schemars(with = "Option<RoleName>")]
    pub role: Option<playhouse_llm::Role>,
    /// Its text.
    pub text: Option<TextMatch>,
}

/// The roles by their names.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only the schema is made of it")]
enum RoleName {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

short_form!(MessageMatch, "a text, or a map with `role` and `text`",
    visit_str(&str) => |text: &str| Ok(MessageMatch { role: None, text: Some(TextMatch::from(text.to_owned())) }));

/// What a tool result must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "ToolResultMatch", transform = or_text)]
pub struct ToolResultMatch {
    /// The tool's name.
    pub name: Option<String>,
    /// What it answered.
    pub content: Option<TextMatch>,
}

short_form!(ToolResultMatch, "a tool's name, or a map with `name` and `content`",
    visit_str(&str) => |name: &str| Ok(ToolResultMatch { name: Some(name.to_owned()), content: None }));

/// Which request of several; a bare number is that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schemars(rename = "CallMatch", transform = or_count)]
pub struct CallMatch {
    /// The first.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    pub from: u32,
    /// The last; without it there is none.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub to: Option<u32>,
}

const fn first() -> u32 {
    1
}

short_form!(CallMatch, "a number, or a map with `from` and `to`",
    visit_u64(u64) => |number: u64| exactly(i64::try_from(number).unwrap_or(i64::MAX)),
    visit_i64(i64) => exactly);

fn exactly<E: Error>(number: i64) -> Result<CallMatch, E> {
    let number = u32::try_from(number).map_err(|_| E::custom("calls are counted from 1"))?;
    Ok(CallMatch { from: number, to: Some(number) })
}
