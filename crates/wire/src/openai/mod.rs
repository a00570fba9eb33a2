//! OpenAI's protocols, which most vendors speak.

pub mod chat;
mod complaint;
pub mod embeddings;
mod limits;
pub mod models;
mod raw;
mod refusal;
pub mod stored;

use crate::{fields, stranger};
