//! A request to a provider: bytes first, types on demand.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::foreign;
use crate::{Context, EmbedRequest, Encoded, Error, Malformed, Operation, Prompt, Protocol, TraceContext};

/// A call about to be made: the model asked for, whether to stream, and the content.
///
/// Cloning is cheap: the content is shared. A request that arrived over a protocol keeps its
/// bytes and is decoded at most once, when [`prompt`](Self::prompt) is first asked for.
///
/// ```
/// use playhouse_llm::{Message, Prompt, Request};
///
/// let request = Request::new("gpt-4o-mini", Prompt::new(vec![Message::user("Hello")]));
/// assert_eq!(request.prompt().unwrap().messages.len(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    /// The model asked for. Layers rewrite it on the way down (an alias becomes a vendor's name).
    pub model: Arc<str>,
    /// Whether the caller wants pieces as they come.
    pub stream: bool,
    /// How many alternatives the caller asks for.
    pub choices: u32,
    /// What travels beside the content: ids, trace, the trail of attempts.
    pub context: Arc<Context>,
    /// The span of this attempt, where it has one of its own. Boxed: most requests have none, and are moved often.
    span: Option<Box<TraceContext>>,
    headers: Option<Arc<[PassedHeader]>>,
    content: Arc<Content>,
}

/// A header field that came with a request and is part of what its protocol says: its name in lower case,
/// and its value.
pub type PassedHeader = (&'static str, Box<str>);

#[derive(Debug)]
struct Content {
    arrived: Option<Arrived>,
    prompt: OnceLock<Result<Prompt, Malformed>>,
}

/// What arrived over a protocol.
#[derive(Debug)]
struct Arrived {
    encoded: Encoded,
    /// What the bytes name.
    model: Arc<str>,
    /// What the bytes wish.
    stream: bool,
}

impl Request {
    /// A request made of types.
    pub fn new(model: impl Into<Arc<str>>, prompt: Prompt) -> Self {
        let content = Content { arrived: None, prompt: OnceLock::from(Ok(prompt)) };
        Self::with_content(model.into(), content)
    }

    /// A request that arrived over a protocol; `model` and `stream` are what its bytes say.
    pub fn from_encoded(model: impl Into<Arc<str>>, stream: bool, encoded: Encoded) -> Self {
        let model = model.into();
        let arrived = Arrived { encoded, model: model.clone(), stream };
        let content = Content { arrived: Some(arrived), prompt: OnceLock::new() };
        Self::with_content(model, content).streamed(stream)
    }

    fn with_content(model: Arc<str>, content: Content) -> Self {
        Self {
            model,
            stream: false,
            choices: 1,
            context: Arc::default(),
            span: None,
            headers: None,
            content: Arc::new(content),
        }
    }

    /// The same request with the header fields that belong to its bytes.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<PassedHeader>) -> Self {
        self.headers = (!headers.is_empty()).then(|| Arc::from(headers));
        self
    }

    /// The value of a header field that came with the bytes, if those are in this protocol.
    pub fn header_in(&self, protocol: Protocol, name: &str) -> Option<&str> {
        let headers = self.headers.as_deref().filter(|_| self.protocol() == Some(protocol))?;
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The same request, which asks for this many alternatives.
    #[must_use]
    pub fn asking_for(mut self, choices: u32) -> Self {
        self.choices = choices;
        self
    }

    /// The same request, streamed or not.
    #[must_use]
    pub fn streamed(mut self, stream: bool) -> Self {
        self.stream = stream;
        self
    }

    /// The same request in another context.
    #[must_use]
    pub fn within(mut self, context: Arc<Context>) -> Self {
        self.context = context;
        self.span = None;
        self
    }

    /// The same request as an attempt that is a span of its own.
    // Beside the context, which all attempts share: a copy of it would cost more than the rest of the span.
    #[must_use]
    pub fn as_span(mut self, span: TraceContext) -> Self {
        self.span = Some(Box::new(span));
        self
    }

    /// The span that whoever is asked is told of: the attempt's own, else the context's.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.span.as_deref().or(self.context.trace.as_ref())
    }

    /// The same content asked of another model.
    #[must_use]
    pub fn for_model(&self, model: Arc<str>) -> Self {
        Self { model, ..self.clone() }
    }

    /// The content as types, decoded on first use.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the bytes are not what their protocol says.
    pub fn prompt(&self) -> Result<&Prompt, Error> {
        let decoded = self.content.prompt.get_or_init(|| match self.encoded() {
            Some(encoded) => encoded.decoder.prompt(&encoded.bytes),
            None => Err(Malformed::new("the request has no content")),
        });
        decoded.as_ref().map_err(|malformed| Error::invalid_request(malformed.clone()))
    }

    /// The content as types, if somebody has asked for them before.
    pub fn decoded_prompt(&self) -> Option<&Prompt> {
        self.content.prompt.get()?.as_ref().ok()
    }

    /// The content as another protocol than the one it arrived over is told it: without carried fields.
    /// What is dropped is counted in the trail. A request made of types is told whole.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt), and when a field would be lost that the answer depends on; the error
    /// names it.
    pub fn translated(&self) -> Result<Cow<'_, Prompt>, Error> {
        let prompt = self.prompt()?;
        let Some(encoded) = self.encoded() else { return Ok(Cow::Borrowed(prompt)) };
        let dropped = encoded.decoder.untold(prompt).map_err(Error::invalid_request)?;
        self.context.trail.note_dropped(&dropped);
        Ok(Cow::Owned(foreign::without_carried(prompt)))
    }

    /// What the request asks for.
    pub fn operation(&self) -> Operation {
        self.encoded().map(|encoded| encoded.decoder.operation()).unwrap_or_default()
    }

    /// What a request for embeddings asks, as types. Unlike a prompt it is decoded each time: hardly anybody
    /// asks, and those who do ask once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it asks for something else, or the
    /// bytes are not what their protocol says.
    pub fn embedding(&self) -> Result<EmbedRequest, Error> {
        let decoded = match self.encoded() {
            Some(encoded) => encoded.decoder.embedding(&encoded.bytes),
            None => Err(Malformed::new("the request does not ask for embeddings")),
        };
        decoded.map_err(Error::invalid_request)
    }

    /// The bytes the request arrived as, if that was over this protocol.
    pub fn bytes_in(&self, protocol: Protocol) -> Option<&Bytes> {
        self.encoded()?.bytes_in(protocol)
    }

    /// The protocol the request arrived over, if any.
    pub fn protocol(&self) -> Option<Protocol> {
        Some(self.encoded()?.decoder.protocol())
    }

    /// Whether model and stream are still what the bytes say that the request arrived as.
    pub fn is_as_it_arrived(&self) -> bool {
        let arrived = self.content.arrived.as_ref();
        arrived.is_some_and(|arrived| arrived.model == self.model && arrived.stream == self.stream)
    }

    fn encoded(&self) -> Option<&Encoded> {
        Some(&self.content.arrived.as_ref()?.encoded)
    }
}
