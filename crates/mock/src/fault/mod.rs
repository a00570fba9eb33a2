//! What goes wrong with an answer: decided before it is sent, done to its bytes.

use crate::script::FaultSpec;

/// A fault that a request meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What it is.
    pub spec: FaultSpec,
    /// Why it is met.
    pub origin: FaultOrigin,
}

/// Why a request meets a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultOrigin {
    /// Its rule says so.
    Rule,
    /// Chaos drew it; the same seed draws it again for this attempt of the same request.
    Chaos {
        /// The seed.
        seed: u64,
        /// Which request of this content it was in its namespace, from 1.
        attempt: u32,
    },
}
