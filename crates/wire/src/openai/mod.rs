//! OpenAI's protocols, which most vendors speak.

pub mod chat;
mod complaint;
pub mod embeddings;
mod failure;
mod limits;
pub mod models;
mod raw;
mod refusal;
pub mod responses;
pub mod stored;

use crate::{fields, stranger};
