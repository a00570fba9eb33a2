//! Wire protocols to and from the vocabulary of `playhouse-llm`, and SSE framing.
//!
//! What it is: one [`Codec`] a protocol, both directions: it reads requests and writes answers
//! (a server's side: the edge and the mock), and writes requests and reads answers (a client's
//! side: the HTTP provider and the recorder).
//! What it does not do: IO. Ids and times that an answer needs are given to it ([`Envelope`]).
//! Whom it depends on: `playhouse-llm` alone. No other crate names a protocol's fields.
//!
//! In reading order: [`codec`] (the seams) → [`sse`] (framing) → [`openai`], [`anthropic`]; [`manner`] beside
//! them. `alike`, `fields`, `named`, `splice`, `opening`, `plain`, `refusal`, `scan` and `stranger` are what the codecs share. Adding a
//! protocol is adding a folder beside these and a line in [`codecs`].

mod alike;
pub mod anthropic;
pub mod codec;
mod fields;
mod json;
pub mod manner;
mod named;
pub mod openai;
mod opening;
mod plain;
mod refusal;
mod scan;
mod splice;
pub mod sse;
mod stranger;

pub use anthropic::messages::AnthropicMessages;
pub use codec::{
    Codec, Counting, Dialect, Envelope, Incoming, RequestHeader, StreamReader, StreamWriter, UpstreamAnswer,
};
pub use manner::{Manner, manner_of};
pub use openai::chat::OpenAiChat;
pub use openai::embeddings::OpenAiEmbeddings;
pub use openai::responses::OpenAiResponses;

/// Every codec of chat there is; the first is the one that new callers should speak.
///
/// ```
/// assert_eq!(playhouse_wire::codecs()[0].path(), "/chat/completions");
/// ```
pub fn codecs() -> &'static [&'static dyn Codec] {
    &[&OpenAiChat, &AnthropicMessages, &OpenAiResponses]
}

/// The codecs of everything that is answered, each at a route of its own: those of chat, and that of
/// embeddings.
pub fn routed() -> impl Iterator<Item = &'static dyn Codec> {
    // Several protocols name the same one.
    let embeddings: &'static dyn Codec = &OpenAiEmbeddings;
    codecs().iter().copied().chain([embeddings])
}

/// The codec of a protocol, if it is one of those in [`codecs`].
pub fn codec_for(protocol: playhouse_llm::Protocol) -> Option<&'static dyn Codec> {
    codecs().iter().copied().find(|codec| codec.protocol() == protocol)
}
