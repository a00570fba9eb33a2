//! A reply of another kind than what was asked.

use playhouse_llm::{Error, ErrorKind};

use super::Scene;
use crate::call::Asked;

/// The error of a rule that answers with what cannot answer the request.
pub(super) fn mismatch(scene: Scene<'_>, given: &str) -> Error {
    let (asked, fitting) = match scene.facts().asked {
        Asked::Chat(_) => ("a chat", "`text`"),
        Asked::Tokens(_) => ("a count of tokens", "`raw`"),
        Asked::Embeddings(_) => ("embeddings", "`embedding`"),
        Asked::Models(_) => ("models", "`raw`"),
        Asked::Kept(_) => ("answers that were kept", "`raw`"),
    };
    let (rule, protocol) = (&scene.hit.name, scene.facts().protocol);
    let message = format!(
        "the rule `{rule}` replies with `{given}`, but the request asks for {asked}: \
         reply with {fitting}, or say in its `when` another `protocol` than `{protocol}`"
    );
    Error::new(ErrorKind::Internal, message)
}
