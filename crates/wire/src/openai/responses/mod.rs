//! OpenAI's Responses (<https://platform.openai.com/docs/api-reference/responses>), as far as they can be told
//! without keeping anything; what is kept is read by [`RequestHead`] and gathered by [`Transcript`].
//!
//! As in every folder of protocols nothing is lost: what a request asks (`input`, `instructions`) and what an
//! answer says (`output`, `status`) stays in `extra` as it came beside its types, and is written from there while
//! the types still say the same. Of a stream's events each is carried whole.
//!
//! In reading order: `head` (a request that only passes through) → `prompt`, `input`, `content`, `reasoning`,
//! `tools`, `wishes` (a request as types) → `reply`, `output`, `usage`, `chunk` (an answer as types) → `reader` (an
//! answer that only passes through) → `writer`, `events`, `items`, `item`, `response` (an answer written) →
//! `failure` (errors) → `foreign` (what another protocol cannot be told) and `manner` → `kept` and `transcript` (for
//! those who keep answers), and [`state`]. `codec` ties them together.

mod chunk;
mod codec;
mod content;
mod events;
mod failure;
mod foreign;
mod head;
mod input;
mod item;
mod items;
mod kept;
mod manner;
mod output;
mod prompt;
mod reader;
mod reasoning;
mod reply;
mod response;
pub mod state;
mod tools;
mod transcript;
mod usage;
mod usual;
mod wishes;
mod writer;

pub use codec::{OpenAiResponses, PROTOCOL};
pub use foreign::{DROPPED, DROPPED_OF_ITEM};
pub use kept::{RequestHead, encode_input_tokens, with_history};
pub use prompt::encode_prompt;
pub use reply::encode_reply;
pub use transcript::{Recorded, Transcript};
