//! A rule: when it matches, and what it answers.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{FaultSpec, PaceSpec, Reply, When};

/// What to answer to what.
///
/// ```
/// use playhouse_mock::script::{Rule, When};
///
/// let rule = Rule::reply("It is sunny.").when(When::user("weather"));
/// assert!(rule.sequence.is_none());
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// What the log, the journal and verification call it; its number where it has no name.
    pub name: Option<Arc<str>>,
    /// What a request must be like; all of it must hold. Without conditions every request matches.
    pub when: When,
    /// The answer. With a `fault` that lets nothing through it may be missing.
    pub reply: Option<Reply>,
    /// Answers in turn, in place of one.
    pub sequence: Option<Sequence>,
    /// How fast the answer comes.
    pub pace: Option<PaceSpec>,
    /// What goes wrong.
    pub fault: Option<FaultSpec>,
    /// How many requests it answers; after that it matches no more.
    #[schemars(range(min = 1))]
    pub times: Option<u32>,
    /// The state that the namespace is in after this rule has answered.
    pub set_state: Option<Arc<str>>,
}

impl Rule {
    /// A rule that gives this answer to every request.
    pub fn reply(reply: impl Into<Reply>) -> Self {
        Self { reply: Some(reply.into()), ..Self::default() }
    }

    /// A rule that gives these answers in turn, and then the last again and again.
    ///
    /// ```
    /// use playhouse_mock::script::Rule;
    ///
    /// let rule = Rule::sequence(["Starting.", "Done."]);
    /// assert_eq!(rule.sequence.unwrap_or_default().replies.len(), 2);
    /// ```
    pub fn sequence<R: Into<Reply>>(replies: impl IntoIterator<Item = R>) -> Self {
        let replies = replies.into_iter().map(Into::into).collect();
        Self { sequence: Some(Sequence { replies, then: Then::default() }), ..Self::default() }
    }

    /// Whether one of its answers is made by somebody behind a URL.
    pub(crate) fn asks_somebody_else(&self) -> bool {
        let in_turn = self.sequence.iter().flat_map(|sequence| &sequence.replies);
        self.reply.iter().chain(in_turn).any(|reply| reply.callback.is_some())
    }

    /// The same rule, with which this goes wrong.
    ///
    /// ```
    /// use playhouse_mock::script::{FaultSpec, Rule};
    ///
    /// let twice = Rule::reply("Hello").fault(FaultSpec::status(503).times(2));
    /// assert!(twice.fault.is_some());
    /// ```
    #[must_use]
    pub fn fault(self, fault: impl Into<FaultSpec>) -> Self {
        Self { fault: Some(fault.into()), ..self }
    }

    /// The same rule for these requests only.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// The same rule with a name.
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The same rule for this many requests only.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// How many of its first requests its fault lets no answer through to: these use up no reply.
    pub(crate) fn refusals(&self) -> u32 {
        let fault =
            self.fault.as_ref().filter(|fault| fault.kind().is_some_and(|kind| !kind.spoils_answer()));
        fault.and_then(|fault| fault.times).unwrap_or(0)
    }
}

/// Answers in turn.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "AnySequence")]
pub struct Sequence {
    /// The answers, first to last.
    pub replies: Vec<Reply>,
    /// What comes after the last.
    pub then: Then,
}

/// What comes after the last answer of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The first again, and so on.
    Repeat,
    /// The last again.
    #[default]
    Last,
    /// The rule matches no more, so that a later rule answers or the request is a miss.
    Fail,
}

/// A sequence with all that can be said of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FullSequence {
    /// The answers, first to last.
    replies: Vec<Reply>,
    /// What comes after the last.
    #[serde(default)]
    then: Then,
}

/// How a sequence may be written.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema is made of it")]
enum AnySequence {
    List(Vec<Reply>),
    Full(FullSequence),
}

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListOrMap)
    }
}

struct ListOrMap;

impl<'de> serde::de::Visitor<'de> for ListOrMap {
    type Value = Sequence;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of replies, or a map with `replies` and `then`")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Sequence, A::Error> {
        let replies = Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(items))?;
        Ok(Sequence { replies, then: Then::default() })
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Sequence, A::Error> {
        let full = FullSequence::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(Sequence { replies: full.replies, then: full.then })
    }
}
