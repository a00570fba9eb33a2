//! Answers that were made before, for requests that are alike.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use playhouse_llm::{Chunk, Error};

use super::Scene;
use super::asking::Asking;
use crate::tokens::Tokenizer;

/// Pieces kept at most, of all answers together: some 30 MB of them.
const MAX_CHUNKS: usize = 1 << 15;

/// The rule's reply, and everything of a request that its pieces depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MemoKey {
    rule: usize,
    step: usize,
    tokenizer: Tokenizer,
    prompt_tokens: u64,
    offers_tools: bool,
    choices: usize,
    max_tokens: Option<u64>,
}

impl MemoKey {
    pub(super) fn of(scene: Scene<'_>, asking: &Asking<'_>) -> Self {
        Self {
            rule: scene.hit.index,
            step: scene.step,
            tokenizer: asking.tokenizer,
            prompt_tokens: asking.prompt_tokens,
            offers_tools: asking.offers_tools,
            choices: asking.choices,
            max_tokens: asking.max_tokens,
        }
    }
}

/// Answers that were made before; when they become too many, all are forgotten.
#[derive(Debug, Default)]
pub(super) struct Memo(RwLock<Made>);

#[derive(Debug, Default)]
struct Made {
    answers: HashMap<MemoKey, Arc<[Chunk]>>,
    chunks: usize,
}

impl Memo {
    /// The answer for such a request, made only where it is not known.
    pub(super) fn once(
        &self,
        key: MemoKey,
        make: impl FnOnce() -> Result<Arc<[Chunk]>, Error>,
    ) -> Result<Arc<[Chunk]>, Error> {
        // What panicked elsewhere leaves whole answers behind: they go in as one.
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).answers.get(&key).cloned();
        match known {
            Some(chunks) => Ok(chunks),
            None => make().inspect(|chunks| self.keep(key, chunks)),
        }
    }

    fn keep(&self, key: MemoKey, chunks: &Arc<[Chunk]>) {
        let mut made = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if made.chunks + chunks.len() > MAX_CHUNKS {
            *made = Made::default();
        }
        if chunks.len() <= MAX_CHUNKS && made.answers.insert(key, chunks.clone()).is_none() {
            made.chunks += chunks.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse_llm::{ErrorKind, Message, Prompt, Request};

    fn key(prompt_tokens: u64) -> MemoKey {
        let request = Request::new("gpt-4o", Prompt::new(vec![Message::user("Hi")]));
        let facts = crate::call::Facts::chat("openai-chat", request, Default::default(), "".into());
        let asking = Asking { prompt_tokens, ..Asking::of(&facts) };
        let Asking { tokenizer, offers_tools, choices, max_tokens, .. } = asking;
        MemoKey { rule: 0, step: 0, tokenizer, prompt_tokens, offers_tools, choices, max_tokens }
    }

    fn pieces(count: usize) -> Result<Arc<[Chunk]>, Error> {
        Ok(vec![Chunk::text("a"); count].into())
    }

    #[test]
    fn requests_that_are_alike_share_an_answer() {
        let memo = Memo::default();
        let first = memo.once(key(1), || pieces(1)).unwrap();
        let second = memo.once(key(1), || Err(Error::new(ErrorKind::Internal, "made twice"))).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(memo.once(key(2), || pieces(2)).unwrap().len(), 2);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let memo = Memo::default();
        memo.once(key(1), || pieces(MAX_CHUNKS)).unwrap();
        memo.once(key(2), || pieces(MAX_CHUNKS + 1)).unwrap();
        let made = memo.0.read().unwrap();
        assert_eq!((made.answers.len(), made.chunks), (0, 0));
    }
}
