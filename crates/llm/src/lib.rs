//! The vocabulary of LLM calls and the one trait everything that answers implements.
//!
//! What it is: plain types for requests, answers, usage and errors, and [`Provider`].
//! What it does not do: no IO, no clock, no randomness, no protocol's field names. Bytes that
//! arrived over a protocol are carried as they came; whoever asks for types has them decoded
//! once, by the [`Decode`] implementation that travels with the bytes.
//! Whom it depends on: nobody in this workspace.
//!
//! In reading order: [`message`] → [`prompt`] and [`wish`] → [`request`] → [`chunk`] and [`reply`] →
//! [`told`] → [`event`] → [`provider`]; [`operation`] and [`embedding`], [`usage`], [`error`], [`call`], [`allowance`] and [`context`] beside them.
#![warn(missing_docs)]

pub mod allowance;
pub mod call;
pub mod chunk;
pub mod collector;
pub mod context;
pub mod counting;
pub mod decode;
pub mod embedding;
pub mod error;
pub mod event;
mod foreign;
pub mod message;
pub mod models;
pub mod operation;
pub mod prompt;
pub mod provider;
pub mod reply;
pub mod request;
pub mod told;
pub mod tool;
pub mod usage;
pub mod wish;

pub use allowance::{Allowance, RateLimit, RateLimits};
pub use call::{CallRecord, Outcome};
pub use chunk::{ChoiceDelta, Chunk, PartDelta};
pub use collector::Collector;
pub use context::{Attempt, CacheOutcome, CacheWish, Context, TraceContext, Trail};
pub use counting::{CountTokens, TokenCount};
pub use decode::{Decode, Encoded, Malformed, Protocol};
pub use embedding::{EmbedInput, EmbedReply, EmbedRequest};
pub use error::{Error, ErrorKind, Phase, Upstream};
pub use event::{Event, Outline};
pub use message::{Extra, Message, Part, Role, Shape};
pub use models::{ModelInfo, Models};
pub use operation::Operation;
pub use prompt::Prompt;
pub use provider::{BoxAnswer, EventStream, Provider, collect};
pub use reply::{Choice, FinishReason, Reply};
pub use request::{PassedHeader, Request};
pub use told::{Quoted, TextPiece, Told};
pub use tool::{ToolCall, ToolChoice, ToolSpec};
pub use usage::Usage;
pub use wish::{OutputForm, OutputSchema, ReasoningWish};
