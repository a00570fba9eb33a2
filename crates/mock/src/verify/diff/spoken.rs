//! The conditions of a `when` that are about messages, one by one.

use playhouse_llm::Role;

use super::conversation::Said;
use super::words::likeness;
use crate::call::Call;
use crate::script::{TextMatch, When};
use crate::verify::condition::Compile;
use crate::verify::wording;

/// A condition on a message.
pub(super) struct Spoken<'a> {
    /// The condition alone.
    alone: When,
    /// Who should speak.
    pub(super) role: &'static str,
    /// What should be said, in words.
    pub(super) wanted: String,
    /// What should be said, where that is said.
    pub(super) text: Option<&'a TextMatch>,
}

/// The conditions on messages, in the order of a conversation.
pub(super) fn spoken_conditions(when: &When) -> Vec<Spoken<'_>> {
    let none = When::default;
    let system = when.system.as_ref().map(|text| {
        let alone = When { system: Some(text.clone()), ..none() };
        Spoken { alone, role: "system", wanted: wording::text(text), text: Some(text) }
    });
    let message = when.message.as_ref().map(|message| {
        let alone = When { message: Some(message.clone()), ..none() };
        let role = message.role.map_or("any", crate::journal::conversation::role_name);
        let wanted = message.text.as_ref().map_or("is there".to_owned(), wording::text);
        Spoken { alone, role, wanted, text: message.text.as_ref() }
    });
    let result = when.tool_result.as_ref().map(|result| {
        let alone = When { tool_result: Some(result.clone()), ..none() };
        Spoken { alone, role: "tool", wanted: wording::tool_result(result), text: result.content.as_ref() }
    });
    let user = when.user.as_ref().map(|text| {
        let alone = When { user: Some(text.clone()), ..none() };
        Spoken { alone, role: "user", wanted: wording::text(text), text: Some(text) }
    });
    [system, message, result, user].into_iter().flatten().collect()
}

impl Spoken<'_> {
    /// Whether the call is as this condition wants; one that cannot be used was reported before.
    pub(super) fn holds(&self, call: &Call, compile: &Compile<'_>) -> bool {
        compile(&self.alone).is_ok_and(|condition| condition(call).is_ok())
    }

    /// Whether it is about what stands above the conversation.
    pub(super) fn is_above(&self) -> bool {
        self.role == "system"
    }

    /// The message that it is about; where several could be, the likest.
    pub(super) fn place(&self, said: &[Said]) -> Option<usize> {
        let mut candidates = said.iter().enumerate().rev().filter(|(_, said)| self.is_about(said.role));
        match self.alone.message.is_some() {
            false => candidates.next().map(|(at, _)| at),
            true => candidates
                .map(|(at, said)| (at, self.likeness(&said.text)))
                .max_by(|(_, left), (_, right)| left.total_cmp(right))
                .map(|(at, _)| at),
        }
    }

    fn is_about(&self, role: Option<Role>) -> bool {
        match (self.role, role) {
            ("any", _) | ("user", None) => true,
            ("system", Some(Role::System | Role::Developer)) => true,
            (wanted, Some(role)) => crate::journal::conversation::role_name(role) == wanted,
            (_, None) => false,
        }
    }

    fn likeness(&self, said: &str) -> f32 {
        self.literal().map_or(0.0, |wanted| likeness(wanted, said))
    }

    /// A text that should be said, word for word, if there is one.
    pub(super) fn literal(&self) -> Option<&str> {
        literal(self.text?)
    }
}

/// A text that is wanted word for word: all of the text, or a part of it.
pub(crate) fn literal(text: &TextMatch) -> Option<&str> {
    let part = text.contains.as_ref().and_then(|texts| texts.0.first());
    text.is.as_ref().or(part).map(String::as_str)
}
