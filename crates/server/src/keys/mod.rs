//! Stored API keys at work: who shows one, what it may do, what it has left.
//!
//! In reading order: [`book`] (the keys as they were read a moment ago) → [`bound`] (the most that a call
//! may use) → [`claims`] (what is claimed of which limit) → [`gate`] (before a call) → [`ticket`] (after it)
//! → [`refusal`].

pub(crate) mod book;
mod bound;
mod claims;
pub(crate) mod gate;
mod refusal;
mod shelf;
pub(crate) mod ticket;
