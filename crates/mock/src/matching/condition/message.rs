//! What some message must be like.

use playhouse_llm::Role;

use super::text::TextTest;
use crate::matching::problem::Problems;
use crate::matching::view::{Text, View};
use crate::script::MessageMatch;

/// Who speaks in some message, and what its text must be like.
#[derive(Clone, Debug)]
pub(in crate::matching) struct MessageTest {
    pub(in crate::matching) role: Option<Role>,
    pub(in crate::matching) text: Option<TextTest>,
}

impl MessageTest {
    pub(super) fn new(spec: &MessageMatch, problems: &mut Problems) -> Self {
        let text = spec.text.as_ref().map(|text| TextTest::new(text, "when.message.text", problems));
        Self { role: spec.role, text }
    }

    /// The first message that it holds for.
    pub(super) fn find<'v>(&self, view: &'v View<'_>) -> Option<&'v Text<'v>> {
        self.of_role(view).find(|text| self.text.as_ref().is_none_or(|test| test.holds(text)))
    }

    /// The messages of the one who speaks.
    pub(in crate::matching) fn of_role<'v>(&self, view: &'v View<'_>) -> impl Iterator<Item = &'v Text<'v>> {
        let messages = view.messages().iter();
        messages.filter(|(role, _)| self.role.is_none_or(|wanted| wanted == *role)).map(|(_, text)| text)
    }

    pub(super) fn follows_from(&self, other: &Self) -> bool {
        (self.role.is_none() || self.role == other.role) && follows(self.text.as_ref(), other.text.as_ref())
    }
}

/// Whether a test of a text follows from another, where either may be missing.
pub(super) fn follows(wide: Option<&TextTest>, narrow: Option<&TextTest>) -> bool {
    match (wide, narrow) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => wide.follows_from(narrow),
        (Some(wide), None) => wide.is_empty(),
    }
}
