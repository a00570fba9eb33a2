//! What the strictness of every vendor is written in: tables of what each parameter must be, rules
//! between parameters, and examples of both. How a vendor words its complaints is its own.
//!
//! In reading order: [`shape`] (what a value must be) and [`place`] (where it stands) → [`rule`] (what
//! parameters ask of each other) → [`card`] (every rule with its examples).

pub(crate) mod card;
mod example;
pub(crate) mod json_schema;
pub(crate) mod place;
pub(crate) mod python;
pub(crate) mod rule;
pub(crate) mod shape;

/// How many complaints are kept of a request: enough for whoever reads them.
pub(crate) const MAX_VIOLATIONS: usize = 64;
