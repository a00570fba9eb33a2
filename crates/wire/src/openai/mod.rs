//! OpenAI's protocols, which most vendors speak.

pub mod chat;
pub mod models;
