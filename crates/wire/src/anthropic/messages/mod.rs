//! Anthropic's Messages (<https://docs.anthropic.com/en/api/messages>).
//!
//! As in every folder of protocols nothing is lost: decoding takes what it understands out of a JSON
//! object and leaves the rest in `extra`. Of a stream's events each is carried whole.
//!
//! In reading order: `head` (a request that only passes through) → `prompt`, `message`, `block`,
//! `tools`, `wishes` (a request as types) → `reply`, `usage`, `chunk` (an answer as types) → `reader` (an
//! answer that only passes through) → `writer`, `blocks` (an answer written) → `failure` (errors) and `limits` →
//! `foreign` (what another protocol cannot be told) → `count`, `models` and `manner` (what is asked beside
//! messages, and of them). `codec` ties them together.

mod block;
mod blocks;
mod chunk;
mod codec;
mod count;
mod failure;
mod foreign;
mod head;
mod limits;
pub(crate) mod manner;
mod message;
mod models;
mod plain_schema;
mod prompt;
mod reader;
mod reply;
mod tools;
mod usage;
mod usual;
mod wishes;
mod writer;

pub use blocks::seal_thinking;
pub use codec::{AnthropicMessages, PROTOCOL};
pub use foreign::{DROPPED, DROPPED_OF_BLOCK};
pub use models::{ModelCard, encode_model_card, encode_model_cards};
pub use prompt::encode_prompt;
pub use reply::encode_reply;
