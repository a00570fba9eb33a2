//! OpenAI's protocols, which most vendors speak.

pub mod chat;
mod complaint;
mod fields;
pub mod models;
mod refusal;
mod stranger;
