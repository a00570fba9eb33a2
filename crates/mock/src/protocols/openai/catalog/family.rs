//! What the models of a family have in common: which parameters they refuse, and in which words.

/// The models of one behaviour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// Its name in the table of models.
    name: &'static str,
    pub(crate) reasoning: Reasoning,
    /// Parameters that it knows and refuses, whatever they say.
    pub(crate) unsupported: &'static [&'static str],
    /// Parameters of other families, of which it has never heard.
    pub(crate) unknown: &'static [&'static str],
    /// Roles that it does not take.
    pub(crate) refused_roles: &'static [&'static str],
    /// How many answers can be asked for at once.
    pub(crate) max_choices: i64,
    /// How many alternatives to a token can be asked for.
    pub(crate) max_top_logprobs: i64,
    /// Whether it hears and speaks.
    pub(crate) has_audio: bool,
    /// Whether it searches the web.
    pub(crate) searches: bool,
    /// Whether it calls tools.
    pub(crate) calls_tools: bool,
    /// What it says of function tools and an effort in one request, where it refuses that.
    pub(crate) tools_or_effort: Option<&'static str>,
    /// Whether a day is the only lifetime of cached prompts it takes.
    pub(crate) caches_for_a_day_only: bool,
}

/// How far the models of a family reason before they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reasoning {
    /// They do not, and have older words for parameters that are none.
    Never,
    /// They do; sampling is fixed while they do.
    ByEffort,
    /// Not known; nothing is refused for it.
    Unknown,
}

impl Family {
    /// The family of this name in the table of models.
    pub(super) fn of_name(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }
}

const NOTHING: Family = Family {
    name: "",
    reasoning: Reasoning::Unknown,
    unsupported: &[],
    unknown: &[],
    refused_roles: &[],
    max_choices: 128,
    max_top_logprobs: 20,
    has_audio: false,
    searches: false,
    calls_tools: true,
    tools_or_effort: None,
    caches_for_a_day_only: false,
};

const CLASSIC: Family = Family { reasoning: Reasoning::Never, unknown: &["reasoning_effort"], ..NOTHING };

/// What no model since gpt-5 takes, as measured in August 2026; LiteLLM leaves out the same.
const GPT_5: Family = Family {
    name: "gpt-5",
    reasoning: Reasoning::ByEffort,
    unsupported: &["max_tokens", "stop", "logit_bias", "prediction"],
    unknown: &["audio", "modalities", "web_search_options"],
    ..NOTHING
};

const USE_RESPONSES: &str = "Please use /v1/responses instead.";
const USE_RESPONSES_OR_NONE: &str =
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'.";

static FAMILIES: [Family; 12] = [
    NOTHING,
    Family { name: "lenient", has_audio: true, searches: true, ..NOTHING },
    Family { name: "gpt", ..CLASSIC },
    Family { name: "audio", has_audio: true, ..CLASSIC },
    Family { name: "search", searches: true, calls_tools: false, unknown: &[], ..CLASSIC },
    Family {
        name: "o1-mini",
        reasoning: Reasoning::ByEffort,
        unsupported: &["max_tokens", "stop", "logit_bias", "parallel_tool_calls", "reasoning_effort"],
        unknown: &["web_search_options"],
        refused_roles: &["system", "developer"],
        calls_tools: false,
        ..NOTHING
    },
    Family {
        name: "o1",
        reasoning: Reasoning::ByEffort,
        unsupported: &["max_tokens", "logit_bias", "parallel_tool_calls"],
        unknown: &["web_search_options"],
        ..NOTHING
    },
    Family {
        name: "o3",
        reasoning: Reasoning::ByEffort,
        unsupported: &["max_tokens", "stop", "logit_bias"],
        unknown: &["web_search_options"],
        ..NOTHING
    },
    GPT_5,
    Family { name: "gpt-5.4", tools_or_effort: Some(USE_RESPONSES), ..GPT_5 },
    Family { name: "gpt-5.5", caches_for_a_day_only: true, ..GPT_5 },
    Family {
        name: "gpt-5.6",
        refused_roles: &["function"],
        max_choices: 8,
        max_top_logprobs: 5,
        tools_or_effort: Some(USE_RESPONSES_OR_NONE),
        caches_for_a_day_only: true,
        ..GPT_5
    },
];
