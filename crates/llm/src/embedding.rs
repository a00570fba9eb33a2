//! Embeddings: the one other kind of call.

use std::sync::Arc;

use crate::{Extra, Usage};

/// A request for vectors that stand for texts.
///
/// ```
/// use playhouse_llm::EmbedRequest;
///
/// let request = EmbedRequest::new("text-embedding-3-small", ["a cat", "a dog"]);
/// assert_eq!(request.inputs.len(), 2);
/// ```
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbedReply {
    /// The model that answered; empty where nobody said.
    pub model: String,
    /// A vector for every input.
    pub vectors: Vec<Vec<f32>>,
    /// Token counts, where they are told; there are only those of the prompt.
    pub usage: Option<Usage>,
    /// Carried fields.
    pub extra: Extra,
}

impl EmbedRequest {
    /// A request for vectors of the model's own length.
    pub fn new<I: Into<EmbedInput>>(model: impl Into<Arc<str>>, inputs: impl IntoIterator<Item = I>) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        Self { model: model.into(), inputs, dimensions: None, extra: Extra::new() }
    }
}

impl EmbedReply {
    /// These vectors, made from this many tokens.
    pub fn new(model: impl Into<String>, vectors: Vec<Vec<f32>>, prompt_tokens: u64) -> Self {
        let usage = Some(Usage::new(prompt_tokens, 0));
        Self { model: model.into(), vectors, usage, extra: Extra::new() }
    }
}

impl From<&str> for EmbedInput {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for EmbedInput {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u32>> for EmbedInput {
    fn from(tokens: Vec<u32>) -> Self {
        Self::Tokens(tokens)
    }
}
