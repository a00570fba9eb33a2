//! A reply of a script, ready to be given.

use http::HeaderMap;
use playhouse_llm::Chunk;

use super::callback::Callback;
use super::fixture::Fixture;
use super::voice::Voice;
use crate::plan::RawContent;
use crate::script::reply::Responder;
use crate::script::{FaultSpec, PaceSpec, UsageSpec};

/// A reply of a script, ready to be given.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) source: Source,
    pub(super) headers: HeaderMap,
    pub(super) usage: Option<UsageSpec>,
    pub(super) model: Option<String>,
    pub(super) id: Option<String>,
    pub(super) pace: Option<PaceSpec>,
    pub(super) fault: Option<FaultSpec>,
}

/// Where a reply's content comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// The script says it: one alternative, or several.
    Voices(Vec<Voice>),
    /// A recorded answer.
    Fixture(Fixture),
    /// Somebody behind a URL.
    Callback(Callback),
    /// Bytes.
    Raw(RawContent),
    /// A vector for every input.
    Embedding(Vec<f32>),
    /// A closure of a Rust test.
    Closure(Responder),
}

impl Source {
    /// What a script calls it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Voices(voices) => match voices.as_slice() {
                [voice] => voice.name(),
                _ => "choices",
            },
            Self::Fixture(_) => "fixture",
            Self::Callback(_) => "callback",
            Self::Raw(_) => "raw",
            Self::Embedding(_) => "embedding",
            Self::Closure(_) => "respond",
        }
    }
}

impl Prepared {
    /// Puts the id and the model that are said on the pieces of an answer.
    pub(super) fn sign(&self, chunks: &mut [Chunk]) {
        for chunk in chunks {
            chunk.id = self.id.clone().or(chunk.id.take());
            chunk.model = self.model.clone().or(chunk.model.take());
        }
    }
}
