//! What the double has decided to answer, before it is written in a protocol.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use playhouse_llm::{Chunk, EmbedReply, Error, ModelInfo};

use crate::engine::Replay;
use crate::fault::Fault;
use crate::pace::Pace;

/// An answer about to be given: what is said, beside which headers, how fast, and what goes wrong.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is said.
    pub content: Content,
    /// Headers beside the protocol's own.
    pub headers: HeaderMap,
    /// How fast it comes.
    pub pace: Pace,
    /// What goes wrong with it.
    pub fault: Option<Fault>,
}

/// What is said.
#[derive(Clone, Debug)]
pub enum Content {
    /// A chat answer in pieces, token by token; a whole one is put together from them.
    Chat(Arc<[Chunk]>),
    /// Pieces, and then a failure in place of an end.
    Broken(Arc<[Chunk]>, Error),
    /// How many tokens it would be.
    Tokens(u64),
    /// Vectors.
    Embeddings(EmbedReply),
    /// A list of models.
    Models(Vec<ModelInfo>),
    /// One model.
    Model(ModelInfo),
    /// A model is gone.
    Deleted(String),
    /// The vendor's refusal.
    Refusal(Error),
    /// Bytes as they are.
    Raw(RawContent),
    /// Events that were told before.
    Replay(Replay),
}

impl Content {
    /// In how many outputs it is made, one after the other: tokens, as a rule.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Chat(chunks) | Self::Broken(chunks, _) => {
                chunks.iter().filter(|chunk| chunk.has_output()).count()
            }
            _ => 1,
        }
    }
}

/// Bytes as they are, in place of what the protocol would say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawContent {
    /// The HTTP status.
    pub status: u16,
    /// The `content-type`, where there shall be one.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Plan {
    /// An answer that comes at once and whole.
    pub fn new(content: Content) -> Self {
        Self { content, headers: HeaderMap::new(), pace: Pace::default(), fault: None }
    }

    /// A refusal.
    pub fn refusal(error: Error) -> Self {
        Self::new(Content::Refusal(error))
    }
}
