//! Embeddings: the one other kind of call.

use std::sync::Arc;

use crate::{Extra, Usage};

/// A request for vectors that stand for texts.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbedRequest {
    /// The model asked for.
    pub model: Arc<str>,
    /// What to embed, each to a vector of its own.
    pub inputs: Vec<EmbedInput>,
    /// How long the vectors shall be; `None` for the model's own length.
    pub dimensions: Option<u32>,
    /// Carried fields.
    pub extra: Extra,
}

/// A piece of text to embed, as such or as the model's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmbedInput {
    /// A text.
    Text(String),
    /// Tokens of the model's own vocabulary.
    Tokens(Vec<u32>),
}

/// The vectors that answer an [`EmbedRequest`], in the order of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbedReply {
    /// The model that answered.
    pub model: String,
    /// A vector for every input.
    pub vectors: Vec<Vec<f32>>,
    /// Token counts; there are only those of the prompt.
    pub usage: Usage,
}
