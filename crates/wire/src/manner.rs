//! What a request says of how often it may be asked, and whether its answer is the same each time.

use playhouse_llm::Request;

use crate::openai::chat;
use crate::routed;

/// What can be told of a request without asking anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Manner {
    /// The sampling temperature, where it is named.
    pub temperature: Option<f64>,
    /// Whether a seed is named, so that chance falls the same way each time.
    pub has_seed: bool,
    /// Whether asking does more than answer: the vendor keeps the answer, or runs tools of its own.
    pub has_side_effects: bool,
}

impl Manner {
    /// Whether the answer is meant to be the same each time: temperature 0, or a seed; and nothing
    /// but the answer comes of it.
    pub fn is_deterministic(&self) -> bool {
        (self.temperature == Some(0.0) || self.has_seed) && !self.has_side_effects
    }

    /// Whether it may be asked twice at the same time.
    pub fn may_be_doubled(&self) -> bool {
        !self.has_side_effects
    }
}

/// The manner of a request; of one that cannot be read, nothing good is assumed.
///
/// ```
/// use playhouse_wire::{Codec, OpenAiChat, manner_of};
///
/// let body = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"temperature":0}"#;
/// let request = OpenAiChat.read_request(body.into()).unwrap().request;
/// assert!(manner_of(&request).is_deterministic());
/// ```
pub fn manner_of(request: &Request) -> Manner {
    let read = match request.protocol() {
        Some(protocol) => {
            routed().find(|codec| codec.protocol() == protocol).and_then(|codec| codec.manner(request))
        }
        None => request.prompt().ok().map(chat::manner::of_prompt),
    };
    read.unwrap_or(Manner { has_side_effects: true, ..Manner::default() })
}
