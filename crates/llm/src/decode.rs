//! Bytes that arrived over a protocol, and how they become types when somebody asks.

use std::fmt;

use bytes::Bytes;

use crate::{Chunk, EmbedRequest, Operation, Prompt, Reply, Told};

/// The name of a wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocol(&'static str);

impl Protocol {
    /// Names a protocol; names are unique, short and stable (`openai-chat`).
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// Bytes that are not what their protocol says they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// What is wrong, with the place where that is known.
    pub message: String,
    /// The offending field, in the protocol's own notation (`messages[0].role`).
    pub param: Option<String>,
}

impl Malformed {
    /// A malformation that cannot be pinned to one field.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), param: None }
    }

    /// A malformation of one field.
    pub fn at(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { message: message.into(), param: Some(param.into()) }
    }
}

/// Reads one protocol's bytes into the vocabulary. Pure; implemented by the codecs in `wire`.
pub trait Decode: fmt::Debug + Send + Sync + 'static {
    /// Which protocol this reads.
    fn protocol(&self) -> Protocol;

    /// What its requests ask for.
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    /// Decodes the body of a request for embeddings; only a protocol of those has any.
    fn embedding(&self, _body: &[u8]) -> Result<EmbedRequest, Malformed> {
        Err(Malformed::new("the request does not ask for embeddings"))
    }

    /// Decodes a request body.
    fn prompt(&self, body: &[u8]) -> Result<Prompt, Malformed>;

    /// Which carried fields of a decoded prompt are lost when it is asked over another protocol: those that
    /// may be dropped, by name. Fields that hold nothing are not named.
    ///
    /// # Errors
    /// The first field without which the request would be another one.
    fn untold(&self, prompt: &Prompt) -> Result<Vec<String>, Malformed>;

    /// Decodes a whole answer's body.
    fn reply(&self, body: &[u8]) -> Result<Reply, Malformed>;

    /// Decodes complete frames of a streamed answer, in order.
    fn chunks(&self, frames: &[u8]) -> Result<Vec<Chunk>, Malformed>;

    /// Decodes frames as another protocol tells them: without carried fields, as [`Chunk::plain`] has it. A codec
    /// that need not take a frame apart for that says so.
    ///
    /// # Errors
    /// As [`chunks`](Self::chunks).
    fn told<'a>(&self, frames: &'a [u8]) -> Result<Vec<Told<'a>>, Malformed> {
        Ok(self.chunks(frames)?.iter().map(|chunk| Told::Plain(Box::new(chunk.plain()))).collect())
    }

    /// The id of a whole answer, where it has one. A codec that need not decode all for it says so.
    fn reply_id(&self, body: &[u8]) -> Option<String> {
        self.reply(body).ok().map(|reply| reply.id).filter(|id| !id.is_empty())
    }

    /// The id of the answer that frames are part of, where they name it.
    fn chunk_id(&self, frames: &[u8]) -> Option<String> {
        let chunks = self.chunks(frames).ok()?;
        chunks.into_iter().find_map(|chunk| chunk.id).filter(|id| !id.is_empty())
    }
}

/// Bytes with the decoder of the protocol they arrived over.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The bytes as they came.
    pub bytes: Bytes,
    /// Who can read them.
    pub decoder: &'static dyn Decode,
}

impl Encoded {
    /// The bytes, if they are in this protocol.
    pub fn bytes_in(&self, protocol: Protocol) -> Option<&Bytes> {
        (self.decoder.protocol() == protocol).then_some(&self.bytes)
    }
}
