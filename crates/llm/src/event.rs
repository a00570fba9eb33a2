//! A piece of a streamed answer: bytes first, types on demand.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::foreign;
use crate::{Chunk, Encoded, Error, FinishReason, Malformed, Protocol, Reply, Told, Usage};

/// A piece of an answer, as it came up from a provider.
///
/// It holds either one or more complete frames of a stream (as many as arrived together), or, from
/// an upstream that was not asked to stream, the one whole answer. Its [`Outline`] is known
/// without decoding, so that metering and relaying never parse what they only pass on.
#[derive(Clone, Debug)]
pub struct Event {
    outline: Outline,
    content: Content,
}

/// What everyone on the way wants to know of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Whether a reader has something to see in it.
    pub has_output: bool,
    /// The model that answers, where the event was first to name it.
    pub model: Option<Arc<str>>,
    /// Token counts and nothing else of a usage, where it carries them.
    pub usage: Option<Usage>,
    /// Why the answer ended, where it says so.
    pub finish: Option<FinishReason>,
}

#[derive(Clone, Debug)]
enum Content {
    Frames(Arc<Lazy<Vec<Chunk>>>),
    Whole(Arc<Lazy<Reply>>),
}

#[derive(Debug)]
struct Lazy<T> {
    encoded: Option<Encoded>,
    decoded: OnceLock<Result<T, Malformed>>,
}

impl<T> Lazy<T> {
    fn typed(value: T) -> Arc<Self> {
        Arc::new(Self { encoded: None, decoded: OnceLock::from(Ok(value)) })
    }

    fn encoded(encoded: Encoded) -> Arc<Self> {
        Arc::new(Self { encoded: Some(encoded), decoded: OnceLock::new() })
    }

    fn get(&self, decode: impl FnOnce(&Encoded) -> Result<T, Malformed>) -> Result<&T, Error> {
        let decoded = self.decoded.get_or_init(|| match &self.encoded {
            Some(encoded) => decode(encoded),
            None => Err(Malformed::new("the event has no content")),
        });
        decoded.as_ref().map_err(|malformed| Error::bad_reply(malformed.to_string()))
    }
}

impl Lazy<Vec<Chunk>> {
    /// The pieces without carried fields; of what nobody has decoded yet, only those are made.
    fn told(&self) -> Result<Vec<Told<'_>>, Error> {
        match (&self.encoded, self.decoded.get()) {
            (Some(encoded), None) => {
                let told = encoded.decoder.told(&encoded.bytes);
                told.map_err(|malformed| Error::bad_reply(malformed.to_string()))
            }
            (Some(_), Some(Ok(chunks))) => {
                Ok(chunks.iter().map(|chunk| Told::Plain(Box::new(chunk.plain()))).collect())
            }
            _ => {
                let chunks = self.get(|encoded| encoded.decoder.chunks(&encoded.bytes));
                Ok(chunks?.iter().map(Told::Typed).collect())
            }
        }
    }
}

impl Event {
    /// An event made of one decoded chunk.
    ///
    /// ```
    /// use playhouse_llm::{Chunk, Event};
    ///
    /// let event = Event::chunk(Chunk::text("Hello"));
    /// assert!(event.outline().has_output);
    /// ```
    pub fn chunk(chunk: Chunk) -> Self {
        let finish = chunk.choices.iter().find_map(|choice| choice.finish.clone());
        let outline = Outline {
            has_output: chunk.has_output(),
            model: chunk.model.as_deref().map(Arc::from),
            usage: chunk.usage.as_ref().map(Usage::counts),
            finish,
        };
        Self { outline, content: Content::Frames(Lazy::typed(vec![chunk])) }
    }

    /// An event made of one whole, decoded answer.
    pub fn reply(reply: Reply) -> Self {
        let outline = Outline {
            has_output: true,
            model: Some(Arc::from(reply.model.as_str())),
            usage: reply.usage.as_ref().map(Usage::counts),
            finish: reply.finish().cloned(),
        };
        Self { outline, content: Content::Whole(Lazy::typed(reply)) }
    }

    /// Complete frames of a stream as they arrived, outlined by whoever framed them.
    pub fn from_frames(frames: Encoded, outline: Outline) -> Self {
        Self { outline, content: Content::Frames(Lazy::encoded(frames)) }
    }

    /// A whole answer's body as it arrived, outlined by whoever read it.
    pub fn from_body(body: Encoded, outline: Outline) -> Self {
        Self { outline, content: Content::Whole(Lazy::encoded(body)) }
    }

    /// What is known without decoding.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Whether this is a whole answer rather than a piece.
    pub fn is_whole(&self) -> bool {
        matches!(self.content, Content::Whole(_))
    }

    /// The answer's own id, where this names it. Nothing is decoded that has not been.
    pub fn answer_id(&self) -> Option<String> {
        match &self.content {
            Content::Frames(frames) => match (frames.decoded.get(), &frames.encoded) {
                (Some(Ok(chunks)), _) => chunks.iter().find_map(|chunk| chunk.id.clone()),
                (None, Some(encoded)) => encoded.decoder.chunk_id(&encoded.bytes),
                _ => None,
            },
            Content::Whole(body) => match (body.decoded.get(), &body.encoded) {
                (Some(Ok(reply)), _) => Some(reply.id.clone()).filter(|id| !id.is_empty()),
                (None, Some(encoded)) => encoded.decoder.reply_id(&encoded.bytes),
                _ => None,
            },
        }
    }

    /// The frames' bytes, if they arrived over this protocol.
    pub fn frames_in(&self, protocol: Protocol) -> Option<&Bytes> {
        match &self.content {
            Content::Frames(frames) => frames.encoded.as_ref()?.bytes_in(protocol),
            Content::Whole(_) => None,
        }
    }

    /// The protocol the event arrived over, if any.
    pub fn protocol(&self) -> Option<Protocol> {
        Some(self.encoded()?.decoder.protocol())
    }

    /// How many bytes it arrived as; 0 for one made of types.
    pub fn arrived_bytes(&self) -> usize {
        self.encoded().map_or(0, |encoded| encoded.bytes.len())
    }

    fn encoded(&self) -> Option<&Encoded> {
        match &self.content {
            Content::Frames(frames) => frames.encoded.as_ref(),
            Content::Whole(body) => body.encoded.as_ref(),
        }
    }

    /// The frames as another protocol than theirs tells them: without carried fields. Those made of types
    /// are told whole.
    ///
    /// # Errors
    /// As [`chunks`](Self::chunks).
    pub fn told(&self) -> Result<Vec<Told<'_>>, Error> {
        match &self.content {
            Content::Frames(frames) => frames.told(),
            Content::Whole(_) => Ok(Vec::new()),
        }
    }

    /// The whole answer as another protocol than its own tells it, as with
    /// [`told`](Self::told).
    ///
    /// # Errors
    /// As [`whole`](Self::whole).
    pub fn translated_whole(&self) -> Result<Option<Cow<'_, Reply>>, Error> {
        Ok(self.whole()?.map(|reply| match self.protocol() {
            Some(_) => Cow::Owned(foreign::plain_reply(reply)),
            None => Cow::Borrowed(reply),
        }))
    }

    /// The whole answer's bytes, if it arrived over this protocol.
    pub fn body_in(&self, protocol: Protocol) -> Option<&Bytes> {
        match &self.content {
            Content::Whole(body) => body.encoded.as_ref()?.bytes_in(protocol),
            Content::Frames(_) => None,
        }
    }

    /// The frames as types, decoded on first use; a whole answer has none.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`](crate::ErrorKind::BadReply) when the bytes are not what their protocol says.
    pub fn chunks(&self) -> Result<&[Chunk], Error> {
        match &self.content {
            Content::Frames(frames) => {
                frames.get(|encoded| encoded.decoder.chunks(&encoded.bytes)).map(Vec::as_slice)
            }
            Content::Whole(_) => Ok(&[]),
        }
    }

    /// The whole answer as types, decoded on first use; `None` for a piece of a stream.
    ///
    /// # Errors
    /// [`ErrorKind::BadReply`](crate::ErrorKind::BadReply) when the bytes are not what their protocol says.
    pub fn whole(&self) -> Result<Option<&Reply>, Error> {
        match &self.content {
            Content::Whole(body) => body.get(|encoded| encoded.decoder.reply(&encoded.bytes)).map(Some),
            Content::Frames(_) => Ok(None),
        }
    }
}
