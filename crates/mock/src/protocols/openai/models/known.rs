//! The models there are.

use std::sync::Arc;

use playhouse_llm::ModelInfo;

use crate::protocols::openai::catalog;

/// When all of them were made, as far as the double says: in May 2024.
const CREATED: u64 = 1_715_367_049;

const FINE_TUNED: &str = "ft:";

/// Every model of the list.
pub(super) fn all() -> Vec<ModelInfo> {
    ids().map(info_of).collect()
}

/// Whether there is such a model; a fine-tuned one is known by the model it was made of.
pub(super) fn is_known(id: &str) -> bool {
    catalog::find(id).is_some()
}

/// Whether a model is somebody's own.
pub(super) fn is_fine_tuned(id: &str) -> bool {
    base_of(id).is_some()
}

/// What is said of a model, whether there is one or not.
pub(super) fn info_of(id: &str) -> ModelInfo {
    ModelInfo { id: Arc::from(id), owned_by: Arc::from(owner_of(id)), created: Some(CREATED) }
}

/// A fine-tuned model belongs to the organization in its name: `ft:gpt-4o-mini:acme::id`.
fn owner_of(id: &str) -> &str {
    let own = id.strip_prefix(FINE_TUNED).and_then(|name| name.split(':').nth(1));
    own.filter(|organization| !organization.is_empty()).unwrap_or("system")
}

fn base_of(id: &str) -> Option<&str> {
    id.strip_prefix(FINE_TUNED)?.split(':').next()
}

fn ids() -> impl Iterator<Item = &'static str> {
    catalog::all().filter(|model| !model.is_retired).map(|model| model.name)
}
