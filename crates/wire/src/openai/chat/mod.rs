//! OpenAI chat completions, as OpenAI and the many vendors that follow it speak them.
//!
//! The rule of this folder is that nothing is lost. Decoding *takes* what it understands out of a
//! JSON object and leaves the rest in `extra`; what it understands but could not write the same
//! way again (a decimal that came as an integer, a call in a deprecated shape) stays there as
//! well, and is written again as long as it still says what the types say (`fields`, which all
//! protocols of this vendor share, as they do `complaint`, `refusal` and `stranger`).
//!
//! In reading order: `head`, `edit` and `member` (a request that only passes through) → `prompt`,
//! `message`, `content`, `calls`, `tools` (a request as types) → `reply`, `chunk`,
//! `usage` (an answer as types) → `outline`, `shown`, `needles`, `choices`, `reader` (an answer that only passes
//! through) → `writer`, `dress`, `cut` (an answer written) → `failure` (errors). `manner` tells what a
//! request allows; `codec` ties them together.

mod calls;
mod choices;
mod chunk;
mod codec;
mod content;
mod cut;
mod dress;
mod edit;
mod failure;
mod foreign;
mod form;
mod head;
mod id;
pub(crate) mod manner;
mod member;
mod message;
mod needles;
mod outline;
mod prompt;
mod reader;
mod reply;
mod shown;
mod tools;
mod usage;
mod usual;
mod writer;

use super::{complaint, fields, refusal, stranger};

pub use chunk::encode_chunk;
pub use codec::{OpenAiChat, PROTOCOL};
pub use foreign::{DROPPED, DROPPED_OF_MESSAGE};
pub use prompt::{answers_wanted, encode_prompt};
pub use reply::encode_reply;
