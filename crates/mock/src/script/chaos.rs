//! Faults over everything, at random but repeatable.

use schemars::JsonSchema;
use serde::Deserialize;

use super::FaultSpec;

/// A share of all requests that meets a fault.
///
/// Whether one does is decided by a hash of the seed, the namespace, the request's content and the
/// attempt, so that the same test sees the same faults whatever runs beside it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chaos {
    /// From 0 (none) to 1 (every request).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate: f64,
    /// What it is drawn from.
    #[serde(default)]
    pub seed: u64,
    /// The faults to draw from; without any, one of each usual kind.
    #[serde(default)]
    pub faults: Vec<FaultSpec>,
}
