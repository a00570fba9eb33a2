//! OpenAI embeddings, as OpenAI and the many vendors that follow it speak them.
//!
//! As for chat, nothing is lost: what is not understood stays in `extra`. Only a body that names no
//! model or no input is refused; an odd `dimensions` or `encoding_format` is carried, for whoever
//! answers to judge.
//!
//! In reading order: `request`, `input` → `reply`, `numbers`, `usage`; `head` and `outline` look at what only
//! passes through. `codec` ties them together.

mod codec;
mod head;
mod input;
mod numbers;
mod outline;
mod reply;
mod request;
mod usage;

pub use codec::{IncomingEmbed, OpenAiEmbeddings, PROTOCOL};
pub use numbers::Encoding;
