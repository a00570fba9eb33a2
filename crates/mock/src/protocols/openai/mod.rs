//! OpenAI's protocols, with OpenAI's manners.

pub mod chat;
mod deployment;
pub mod embeddings;
pub mod models;
mod vendor;

pub use vendor::OpenAi;
