//! What some tool result must be like.

use super::message::follows;
use super::text::TextTest;
use crate::matching::problem::Problems;
use crate::matching::view::{Text, View};
use crate::script::ToolResultMatch;

/// Which tool some result is of, and what it must be like.
#[derive(Clone, Debug)]
pub(in crate::matching) struct ToolResultTest {
    pub(in crate::matching) name: Option<String>,
    pub(in crate::matching) content: Option<TextTest>,
}

impl ToolResultTest {
    pub(super) fn new(spec: &ToolResultMatch, problems: &mut Problems) -> Self {
        let content =
            spec.content.as_ref().map(|text| TextTest::new(text, "when.tool_result.content", problems));
        Self { name: spec.name.clone(), content }
    }

    /// The first result that it holds for.
    pub(super) fn find<'v>(&self, view: &'v View<'_>) -> Option<&'v Text<'v>> {
        self.of_tool(view).find(|text| self.content.as_ref().is_none_or(|test| test.holds(text)))
    }

    /// The results of the tool.
    pub(in crate::matching) fn of_tool<'v>(&self, view: &'v View<'_>) -> impl Iterator<Item = &'v Text<'v>> {
        let results = view.results().iter();
        results
            .filter(|(name, _)| self.name.as_ref().is_none_or(|wanted| wanted == name))
            .map(|(_, text)| text)
    }

    pub(super) fn follows_from(&self, other: &Self) -> bool {
        (self.name.is_none() || self.name == other.name)
            && follows(self.content.as_ref(), other.content.as_ref())
    }
}
