//! A request as conditions look at it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use playhouse_llm::Role;

use super::fold::fold;
use crate::call::{Asked, Call};

/// A request, and the state its namespace is in; what several conditions need is made once.
pub(super) struct View<'a> {
    pub(super) call: &'a Call,
    pub(super) state: Option<Arc<str>>,
    pub(super) model: Text<'a>,
    pub(super) user: Text<'a>,
    pub(super) system: Text<'a>,
    messages: OnceCell<Vec<(Role, Text<'a>)>>,
    results: OnceCell<Vec<(&'a str, Text<'a>)>>,
}

/// A text that may be asked for without the difference of upper and lower case.
pub(super) struct Text<'a> {
    pub(super) written: Cow<'a, str>,
    folded: OnceCell<String>,
}

impl<'a> View<'a> {
    pub(super) fn new(call: &'a Call, state: Option<Arc<str>>) -> Self {
        let facts = &call.facts;
        Self {
            call,
            state,
            model: Text::new(&*facts.model),
            user: Text::new(facts.user.as_str()),
            system: Text::new(facts.system.as_str()),
            messages: OnceCell::new(),
            results: OnceCell::new(),
        }
    }

    /// What the text that stands for the user is called.
    pub(super) fn user_name(&self) -> &'static str {
        match self.call.facts.asked {
            Asked::Embeddings(_) => "input",
            Asked::Chat(_) | Asked::Tokens(_) | Asked::Models(_) | Asked::Kept(_) => "last user message",
        }
    }

    /// Who says what, oldest first.
    pub(super) fn messages(&self) -> &[(Role, Text<'a>)] {
        self.messages.get_or_init(|| {
            let messages = self.call.facts.messages().iter();
            messages.map(|message| (message.role, Text::new(message.text()))).collect()
        })
    }

    /// The tool results: the tool's name, and what it answered.
    pub(super) fn results(&self) -> &[(&'a str, Text<'a>)] {
        self.results.get_or_init(|| {
            let results = self.call.facts.tool_results.iter();
            results.map(|result| (result.name.as_str(), Text::new(result.content.as_str()))).collect()
        })
    }

    /// The values of a header.
    pub(super) fn header<'n>(
        &self,
        name: &'n http::HeaderName,
    ) -> impl Iterator<Item = Text<'a>> + use<'a, 'n> {
        let values = self.call.headers.get_all(name).iter();
        values.map(|value| Text::new(String::from_utf8_lossy(value.as_bytes())))
    }
}

impl<'a> Text<'a> {
    pub(super) fn new(written: impl Into<Cow<'a, str>>) -> Self {
        Self { written: written.into(), folded: OnceCell::new() }
    }

    /// The text in lower case.
    pub(super) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.written))
    }
}
