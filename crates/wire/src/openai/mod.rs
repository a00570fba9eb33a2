//! OpenAI's protocols, which most vendors speak.

pub mod chat;
mod complaint;
pub mod embeddings;
mod fields;
mod limits;
pub mod models;
mod refusal;
pub mod stored;
mod stranger;
