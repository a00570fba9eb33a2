//! The models that OpenAI has, and what each of them takes.
//!
//! The facts are data (`data/openai_models.csv`, dated there); the behaviour that the models of a
//! family share is in [`family`].

mod family;
mod table;

pub(crate) use family::{Family, Reasoning};

/// A model, and what it takes. Zero tokens are an unknown number of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// Where it answers.
    pub(crate) endpoint: Endpoint,
    pub(crate) family: &'static Family,
    /// How long a prompt may be.
    pub(crate) window_tokens: u64,
    /// How long an answer may be.
    pub(crate) max_output_tokens: u64,
    pub(crate) sees_images: bool,
    /// Whether it can be held to JSON at all.
    pub(crate) takes_json: bool,
    /// Whether it takes JSON schemas for its answer.
    pub(crate) takes_schemas: bool,
    /// The values of `reasoning_effort` it takes; none where they are not known.
    pub(crate) efforts: Vec<&'static str>,
    /// Whether it reasons where nothing is said of effort.
    pub(crate) reasons_by_default: bool,
    /// Whether OpenAI answers that it is gone.
    pub(crate) is_retired: bool,
}

/// Where a model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Embeddings,
    /// The Responses API alone.
    Responses,
    /// The old completions alone.
    Completions,
    /// Sound, images, and what else there is.
    Other,
}

/// The model of this name, if OpenAI has it: by its own row, or by that of the model which it is a
/// dated snapshot or a fine-tuned child of.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    let parent = name.strip_prefix("ft:").map(|rest| rest.split(':').next().unwrap_or(rest));
    let name = parent.unwrap_or(name);
    table::row(name).or_else(|| table::row(without_date(name)?))
}

/// Every model with a row of its own, by name.
pub(crate) fn all() -> impl Iterator<Item = &'static Model> {
    table::rows().into_iter()
}

/// `gpt-4o` of `gpt-4o-2024-08-06`.
fn without_date(name: &str) -> Option<&str> {
    let (base, date) = name.split_at_checked(name.len().checked_sub("-2024-08-06".len())?)?;
    let is_date = date.chars().zip("-dddd-dd-dd".chars()).all(|(letter, shape)| match shape {
        'd' => letter.is_ascii_digit(),
        dash => letter == dash,
    });
    is_date.then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_name_snapshot_and_parent() {
        for name in
            ["gpt-4o", "gpt-4o-2031-01-31", "ft:gpt-4o-mini-2024-07-18:acme::abc", "ft:gpt-4o", "o4-mini"]
        {
            assert!(find(name).is_some(), "{name}");
        }
        for name in
            ["", "gpt-4o-wrong", "gpt-4o-2024-0806", "ft:acme", "gpt-4.1-nano-wrong", "-2024-08-06", "é"]
        {
            assert_eq!(find(name), None, "{name}");
        }
    }
}
