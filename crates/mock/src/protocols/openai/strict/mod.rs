//! How OpenAI checks a request: tables of what each parameter must be, and rules between them.
//!
//! In reading order: [`complaint`] (what is wrong, in OpenAI's words) → [`shape`] (what a value must
//! be) → [`walk`] (holding a value against its shape) → [`request`] and [`rule`] (what parameters
//! ask of each other and of the model) → [`card`] (every rule with its examples). [`wording`] and
//! [`python`] are how it is said.

pub(crate) mod card;
pub(crate) mod complaint;
mod example;
pub(crate) mod place;
pub(crate) mod python;
pub(crate) mod request;
pub(crate) mod rule;
pub(crate) mod shape;
pub(crate) mod walk;
pub(crate) mod wording;
