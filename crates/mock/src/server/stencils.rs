//! Answers that were written before: those to requests that are alike differ in id and time only.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};

use playhouse_llm::{Chunk, Error};
use playhouse_wire::Envelope;

use super::stencil::Stencil;
use crate::call::Facts;
use crate::plan::Content;
use crate::protocols::Frames;

/// What may be kept, in bytes of answers; beyond, all are forgotten and it begins anew.
const MAX_BYTES: usize = 16 << 20;
/// Above every time there is, so that it never is a part of another number.
const LEAST_MARK: u64 = 1 << 60;

/// Answers that were written before.
#[derive(Debug)]
pub(super) struct Stencils {
    kept: RwLock<Kept>,
    /// The id and the time that answers are written with to find where they have them: drawn anew
    /// in each process, so that no text holds them by chance.
    mark_id: Arc<str>,
    mark_created: u64,
}

#[derive(Debug, Default)]
struct Kept {
    stencils: HashMap<Key, (Arc<[Chunk]>, Arc<Stencil>)>,
    bytes: usize,
}

/// Everything that an answer's bytes depend on beside its id and its time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Where the pieces are in memory: no others can be there while the stencil holds them.
    chunks: usize,
    protocol: &'static str,
    model: Arc<str>,
    is_stream: bool,
    include_usage: bool,
}

impl Default for Stencils {
    fn default() -> Self {
        let random = |number: u8| std::hash::RandomState::new().hash_one(number);
        Self {
            kept: RwLock::default(),
            mark_id: format!("{:016x}{:016x}", random(1), random(2)).into(),
            mark_created: LEAST_MARK | random(3) >> 4,
        }
    }
}

impl Stencils {
    /// The answer in bytes; `write` is asked only where it was not written before.
    ///
    /// # Errors
    /// What `write` says.
    pub(super) fn frames(
        &self,
        content: &Content,
        facts: &Facts,
        envelope: &Envelope,
        write: impl Fn(&Envelope) -> Result<Frames, Error>,
    ) -> Result<Frames, Error> {
        let Some(chunks) = shared(content).filter(|_| !needs_escape(&envelope.id)) else {
            return write(envelope);
        };
        let key = Key {
            chunks: chunks.as_ptr() as usize,
            protocol: facts.protocol,
            model: envelope.model.clone(),
            is_stream: facts.stream,
            include_usage: envelope.include_usage,
        };
        if let Some(stencil) = self.known(&key) {
            return Ok(stencil.fill(envelope));
        }
        let marked = Envelope { id: self.mark_id.clone(), created: self.mark_created, ..envelope.clone() };
        let stencil = Arc::new(Stencil::cut(&write(&marked)?, &marked));
        self.keep(key, chunks, &stencil);
        Ok(stencil.fill(envelope))
    }

    fn known(&self, key: &Key) -> Option<Arc<Stencil>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.stencils.get(key).map(|(_, stencil)| stencil.clone())
    }

    fn keep(&self, key: Key, chunks: &Arc<[Chunk]>, stencil: &Arc<Stencil>) {
        let bytes = stencil.len("", "");
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > MAX_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.stencils.insert(key, (chunks.clone(), stencil.clone()));
    }
}

/// The pieces of an answer that somebody keeps for another time; those that were made for this
/// request alone are not worth keeping.
fn shared(content: &Content) -> Option<&Arc<[Chunk]>> {
    match content {
        Content::Chat(chunks) if Arc::strong_count(chunks) > 1 => Some(chunks),
        _ => None,
    }
}

fn needs_escape(id: &str) -> bool {
    id.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use bytes::Bytes;
    use playhouse_llm::{FinishReason, Message, Prompt, Request, Usage};

    use super::*;
    use crate::call::Form;
    use crate::protocols::{MockProtocol, openai};

    fn facts(model: &str, stream: bool) -> Facts {
        let mut request = Request::new(model, Prompt::new(vec![Message::user("Hi")]));
        request.stream = stream;
        Facts::chat("openai-chat", request, Form::default(), Bytes::new())
    }

    fn envelope(facts: &Facts, id: &str, created: u64) -> Envelope {
        Envelope { id: id.into(), created, model: facts.model.clone(), include_usage: facts.stream }
    }

    fn answer() -> Arc<[Chunk]> {
        let usage = Chunk::usage(Usage::new(3, 2));
        vec![
            Chunk::start(),
            Chunk::text("Hello "),
            Chunk::text("1700000000"),
            Chunk::finish(FinishReason::Stop),
            usage,
        ]
        .into()
    }

    #[test]
    fn an_answer_that_is_kept_is_as_it_would_be_written() {
        let (stencils, chunks) = (Stencils::default(), answer());
        let content = Content::Chat(chunks.clone());
        let times_written = Cell::new(0);
        for (model, stream) in [("gpt-4o", false), ("gpt-4o", true), ("gpt-4o-mini", true)] {
            let facts = facts(model, stream);
            let write = |envelope: &Envelope| {
                times_written.set(times_written.get() + 1);
                openai::chat::Chat.write(&content, &facts, envelope)
            };
            for (id, created) in [("one", 1_700_000_000), ("another", 1_700_000_001), ("a\"b", 7)] {
                let envelope = envelope(&facts, id, created);
                let given = stencils.frames(&content, &facts, &envelope, write).unwrap();
                let written = openai::chat::Chat.write(&content, &facts, &envelope).unwrap();
                assert_eq!((given.bytes, given.ends), (written.bytes, written.ends));
            }
        }
        // Once each for the stencil, and once for the id that needs an escape.
        assert_eq!(times_written.get(), 6);
    }

    #[test]
    fn what_nobody_else_holds_is_not_kept() {
        let stencils = Stencils::default();
        let (content, facts) = (Content::Chat(answer()), facts("gpt-4o", false));
        let write = |envelope: &Envelope| openai::chat::Chat.write(&content, &facts, envelope);
        stencils.frames(&content, &facts, &envelope(&facts, "one", 1), write).unwrap();
        assert!(stencils.kept.read().unwrap().stencils.is_empty());
    }
}
