//! How fast named vendors' models answer.

use crate::script::Wait;

/// How a model is paced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Its name in scripts.
    pub name: &'static str,
    /// The typical time to the first token, in milliseconds.
    pub first_token_ms: f64,
    /// How many tokens come in a second after it.
    pub tokens_per_s: f64,
}

/// How far waits usually are from the typical one; none of the sources says, so a quarter is taken.
const SPREAD: f64 = 0.25;

const fn profile(name: &'static str, first_token_ms: f64, tokens_per_s: f64) -> Profile {
    Profile { name, first_token_ms, tokens_per_s }
}

/// Every profile there is, as measured by others in 2026 on the vendors' own service.
pub const PROFILES: &[Profile] = &[
    // Artificial Analysis' medians of 2026-06-24, as <https://induwara.lk/tools/ai-llm-speed-comparison>
    // repeats them: GPT-4o, Claude Sonnet 4.6, Gemini 3 Flash.
    profile("gpt-4o", 450.0, 131.0),
    profile("claude-sonnet", 740.0, 104.0),
    profile("gemini-flash", 500.0, 200.0),
    // <https://tokenwisehq.com/free-tools/model-speed>, 2026: Claude Haiku 4.5, Mistral Small 3, and
    // Llama 3.3 70B on Groq.
    profile("gpt-4o-mini", 400.0, 140.0),
    profile("gpt-4.1", 600.0, 100.0),
    profile("gpt-4.1-mini", 400.0, 150.0),
    profile("o3-mini", 1500.0, 150.0),
    profile("claude-haiku", 400.0, 180.0),
    profile("mistral-small", 350.0, 150.0),
    profile("groq", 250.0, 280.0),
    // Medians of hourly probes, 2026: <https://www.jonathanwrede.de/en/blog/ttft-varies-13x-across-llm-providers/>
    profile("gpt-5.4", 912.0, 44.8),
    profile("deepseek", 1734.0, 24.7),
];

impl Profile {
    /// The profile of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// From the request to the first token.
    pub(super) fn first_token(&self) -> Wait {
        around(self.first_token_ms)
    }

    /// Between two tokens.
    pub(super) fn token(&self) -> Wait {
        around(1000.0 / self.tokens_per_s)
    }
}

fn around(mean: f64) -> Wait {
    Wait { mean, stddev: mean * SPREAD }
}
