//! The models there are.

use std::sync::Arc;

use playhouse_llm::ModelInfo;

/// When all of them were made, as far as the double says: in May 2024.
const CREATED: u64 = 1_715_367_049;

const FINE_TUNED: &str = "ft:";

/// Every model of the list.
pub(super) fn all() -> Vec<ModelInfo> {
    ids().map(info_of).collect()
}

/// Whether there is such a model; a fine-tuned one is known by the model it was made of.
pub(super) fn is_known(id: &str) -> bool {
    let base = base_of(id).unwrap_or(id);
    ids().any(|known| known == base)
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
    const IDS: [&str; 17] = [
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "o3",
        "o4-mini",
        "gpt-4",
        "gpt-3.5-turbo",
        "text-embedding-3-small",
        "text-embedding-3-large",
        "text-embedding-ada-002",
    ];
    IDS.into_iter()
}
