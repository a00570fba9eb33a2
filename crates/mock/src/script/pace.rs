//! How fast an answer comes.

use serde::Deserialize;

use super::short_form::short_form;
use crate::pace::profile::{PROFILES, Profile};

/// Waits of an answer; a bare string names a profile.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct PaceSpec {
    /// How a named vendor's model is paced (`gpt-4o`, `claude-sonnet`, `groq`, …).
    #[serde(deserialize_with = "profile_name")]
    pub profile: Option<String>,
    /// From the request to the first token.
    pub first_token_ms: Option<Wait>,
    /// Between two tokens.
    pub token_ms: Option<Wait>,
}

short_form!(PaceSpec, "a profile's name, or a map with `first_token_ms` and `token_ms`",
    visit_str(&str) => |name: &str| Ok(PaceSpec { profile: Some(known_profile(name)?), ..PaceSpec::default() }));

fn profile_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name: Option<String> = Deserialize::deserialize(deserializer)?;
    name.map(|name| known_profile(&name)).transpose().map_err(serde::de::Error::custom)
}

fn known_profile(name: &str) -> Result<String, String> {
    if Profile::named(name).is_some() {
        return Ok(name.to_owned());
    }
    let known: Vec<String> = PROFILES.iter().map(|profile| format!("`{}`", profile.name)).collect();
    Err(format!("unknown variant `{name}`, expected one of {}", known.join(", ")))
}

/// A wait in milliseconds: always the same, or drawn from a normal distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Wait {
    /// The mean.
    pub mean: f64,
    /// The standard deviation; never below zero is waited.
    #[serde(default)]
    pub stddev: f64,
}

short_form!(Wait, "milliseconds, or a map with `mean` and `stddev`",
    visit_u64(u64) => |ms: u64| Wait::constant(ms as f64),
    visit_i64(i64) => |ms: i64| Wait::constant(ms as f64),
    visit_f64(f64) => Wait::constant);

impl Wait {
    fn constant(mean: f64) -> Result<Self, String> {
        if mean.is_finite() && mean >= 0.0 {
            return Ok(Self { mean, stddev: 0.0 });
        }
        Err(format!("a wait cannot be {mean} ms; use zero or more"))
    }
}
