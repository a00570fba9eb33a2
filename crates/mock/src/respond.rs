//! What a mock answers: the whole extension surface is one method.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use playhouse_llm::{Chunk, Error, ErrorKind, FinishReason, Reply, Request, Usage};

/// Decides what a mock answers to a request; closures do.
///
/// ```
/// use playhouse_llm::Request;
/// use playhouse_mock::{Answer, MockProvider};
///
/// let mock = MockProvider::new(|request: &Request| Answer::text(format!("I am {}", request.model)));
/// ```
pub trait Respond: Send + Sync + 'static {
    /// The answer to this request.
    fn respond(&self, request: &Request) -> Answer;
}

impl<F: Fn(&Request) -> Answer + Send + Sync + 'static> Respond for F {
    fn respond(&self, request: &Request) -> Answer {
        self(request)
    }
}

/// An answer: pieces at a pace, and perhaps a failure instead of an end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The pieces of a streamed answer; a whole one is put together from them.
    pub chunks: Vec<Chunk>,
    /// The wait before each piece.
    pub pace: Duration,
    /// The failure that comes after the pieces; with no pieces there is no answer at all.
    pub failure: Option<Error>,
}

impl Answer {
    /// A text, in pieces of a word, with a finish; token counts are estimated.
    pub fn text(text: impl AsRef<str>) -> Self {
        let mut chunks = vec![Chunk::start()];
        chunks.extend(text.as_ref().split_inclusive(' ').map(Chunk::text));
        chunks.push(Chunk::finish(FinishReason::Stop));
        Self::chunks(chunks)
    }

    /// These pieces, as they are.
    pub fn chunks(chunks: Vec<Chunk>) -> Self {
        Self { chunks, pace: Duration::ZERO, failure: None }
    }

    /// A failure instead of an answer.
    pub fn failure(error: Error) -> Self {
        Self { chunks: Vec::new(), pace: Duration::ZERO, failure: Some(error) }
    }

    /// The same pieces, broken off by a failure: the finish is left out.
    #[must_use]
    pub fn broken_by(mut self, error: Error) -> Self {
        self.chunks.retain(|chunk| chunk.choices.iter().all(|choice| choice.finish.is_none()));
        self.failure = Some(error);
        self
    }

    /// The same answer with a wait before each piece.
    #[must_use]
    pub fn paced(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// The same answer with these token counts.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.chunks.retain(|chunk| chunk.usage.is_none());
        self.chunks.push(Chunk::usage(usage));
        self
    }
}

impl From<&Reply> for Answer {
    fn from(reply: &Reply) -> Self {
        Self::chunks(vec![Chunk::start(), Chunk::from(reply)])
    }
}

/// Says what the user said last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo {
    /// The wait before each piece.
    pub pace: Duration,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> Answer {
        match request.prompt() {
            Ok(prompt) => {
                let said = prompt.last_user_text().unwrap_or_default();
                Answer::text(said).paced(self.pace)
            }
            Err(error) => Answer::failure(error),
        }
    }
}

/// Gives prepared answers in turn; asked once more, it fails and says so.
#[derive(Debug, Default)]
pub struct Sequence {
    answers: Mutex<Vec<Option<Answer>>>,
    next: AtomicUsize,
}

impl Sequence {
    /// These answers, in this order.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().map(Some).collect();
        Self { answers: Mutex::new(answers), next: AtomicUsize::new(0) }
    }
}

impl Respond for Sequence {
    fn respond(&self, _request: &Request) -> Answer {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let prepared = answers.len();
        answers.get_mut(at).and_then(Option::take).unwrap_or_else(|| {
            let message = format!("the mock was asked {} times but has {prepared} answers prepared", at + 1);
            Answer::failure(Error::new(ErrorKind::Internal, message))
        })
    }
}
