//! What goes wrong with an answer: decided before it is sent, done to its bytes.
//!
//! In reading order: this → [`chaos`] (who meets one) → [`delivery`] (what it does on the wire) →
//! [`chunks`] (what it does before anything is encoded) → [`in_process`] (where there is no wire).

pub mod chaos;
pub(crate) mod chunks;
pub mod delivery;
mod in_process;

use std::fmt;

use crate::script::{FaultKind, FaultSpec};

pub use delivery::{Delivery, deliver};

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

impl Fault {
    /// Its kind.
    pub(crate) fn kind(&self) -> Option<FaultKind> {
        self.spec.kind()
    }
}

impl fmt::Display for Fault {
    /// Names it as scripts do, and says how to get exactly it again.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind(), self.spec.status) {
            (Some(FaultKind::Status), Some(status)) => write!(formatter, "{status}")?,
            (Some(kind), _) => formatter.write_str(kind.as_str())?,
            (None, _) => formatter.write_str("none")?,
        }
        match &self.origin {
            FaultOrigin::Rule => Ok(()),
            FaultOrigin::Chaos { seed, attempt } => {
                write!(formatter, " (chaos seed={seed}, attempt {attempt} of this request)")
            }
        }
    }
}
