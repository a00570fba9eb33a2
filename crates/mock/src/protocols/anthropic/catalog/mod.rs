//! The models that Anthropic has, and what each of them takes.
//!
//! The facts are data (`data/anthropic_models.csv`, dated there).

mod table;

/// A model, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// Its name, with its date where it has one.
    pub(crate) name: &'static str,
    pub(crate) display_name: &'static str,
    /// How long a prompt may be.
    pub(crate) window_tokens: u64,
    /// How long an answer may be.
    pub(crate) max_output_tokens: u64,
    pub(crate) sampling: Sampling,
    /// The types of `thinking` it takes.
    pub(crate) thinking: Vec<&'static str>,
    /// The levels of effort it takes; none where it does not know effort.
    pub(crate) efforts: Vec<&'static str>,
    /// Whether it goes on with what the assistant has begun to say.
    pub(crate) takes_prefill: bool,
    /// Whether it can be made to call a tool.
    pub(crate) takes_forced_tools: bool,
    /// Whether it takes system messages within a conversation.
    pub(crate) takes_system_turns: bool,
    /// Whether the list of models has it.
    pub(crate) is_listed: bool,
}

/// How far the sampling of a model can be steered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// By any of the parameters.
    Free,
    /// By temperature or by `top_p`, not by both.
    One,
    /// Not at all.
    Fixed,
}

/// The model of this name, if Anthropic has it: with its date, without it, or the latest of its name.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    let bare = |name: &'static str| table::without_date(name).unwrap_or(name);
    let asked = name.strip_suffix("-latest").or_else(|| name.strip_suffix("-0")).unwrap_or(name);
    all()
        .find(|model| model.name == name)
        .or_else(|| all().find(|model| bare(model.name) == asked))
        .or_else(|| all().find(|model| table::without_date(name) == Some(model.name)))
}

/// Every model, the newest first.
pub(crate) fn all() -> impl Iterator<Item = &'static Model> {
    table::rows().iter()
}

impl Model {
    /// When it was made, in Unix seconds, as far as its name says.
    pub(crate) fn created(&self) -> Option<u64> {
        table::day_of(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_name_with_and_without_date() {
        for (name, found) in [
            ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
            ("claude-sonnet-5", "claude-sonnet-5"),
            ("claude-sonnet-5-20260801", "claude-sonnet-5"),
            ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
            ("claude-opus-4-0", "claude-opus-4-20250514"),
            ("claude-opus-4-5", "claude-opus-4-5-20251101"),
        ] {
            assert_eq!(find(name).map(|model| model.name), Some(found), "{name}");
        }
        for name in ["", "claude", "claude-sonet-4-5", "gpt-4o", "claude-sonnet-5-2026", "claude-9-latest"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_tells_the_day() {
        assert_eq!(find("claude-opus-4-1").and_then(Model::created), Some(1_754_352_000));
        assert_eq!(find("claude-opus-5").and_then(Model::created), None);
    }
}
