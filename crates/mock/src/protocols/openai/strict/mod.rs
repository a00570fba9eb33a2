//! How OpenAI checks a request: tables of what each parameter must be, and rules between them.
//!
//! What the tables are written in is every vendor's (`protocols/strict`). In reading order here:
//! [`complaint`] (what is wrong, in OpenAI's words) → [`walk`] (holding a value against its shape) →
//! [`request`] and [`rule`] (what parameters ask of each other and of the model). [`wording`] is how it
//! is said.

pub(crate) mod complaint;
pub(crate) mod request;
pub(crate) mod rule;
pub(crate) mod walk;
pub(crate) mod wording;

pub(crate) use crate::protocols::strict::{card, place, python, shape};
