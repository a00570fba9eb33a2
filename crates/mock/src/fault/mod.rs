//! What goes wrong with an answer: decided before it is sent, done to its bytes.
//!
//! In reading order: [`chaos`] (which request meets a fault) → [`chunk`] (what is done to an answer
//! before it is encoded) → [`byte`] (and after) → [`delivery`] (what becomes of the connection
//! meanwhile) → [`in_process`] (what all of it means where there are no bytes).

pub mod byte;
pub mod chaos;
pub mod chunk;
pub mod delivery;
mod form;
pub mod in_process;
mod suggestion;

use std::fmt;

use crate::script::FaultSpec;

pub use delivery::{At, Cut, Delivery, Drip, Ending, Stall, deliver};
pub use form::FormError;

/// A fault that a request meets.
///
/// Shown, it names itself in a form that `--chaos faults=` takes:
///
/// ```
/// use playhouse_mock::fault::{Fault, FaultOrigin};
/// use playhouse_mock::script::{FaultKind, FaultSpec};
///
/// let spec = FaultSpec { kind: Some(FaultKind::Cut), after_events: Some(3), ..FaultSpec::default() };
/// assert_eq!(Fault { spec, origin: FaultOrigin::Rule }.to_string(), "cut:after_events=3");
/// ```
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
    /// Chaos drew it; the same settings draw it again for this attempt of the same request.
    Chaos {
        /// The settings, as `--chaos` takes them.
        settings: String,
        /// Which request of this content it was in its namespace, from 1.
        attempt: u32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(formatter)
    }
}
