//! What a protocol brings to the double: a folder here, and a line in [`protocols`].
//!
//! A protocol says which paths are its own, reads requests into [`Facts`], checks them as its vendor
//! does, and writes a [`Plan`](crate::plan::Plan)'s content as frames. Scripts, faults, journal and control API are the
//! same for all and name none.

pub mod anthropic;
mod chatting;
mod model_path;
pub mod openai;
mod strict;
mod violation;
mod wish;

use bytes::Bytes;
use http::{HeaderMap, Method};
use playhouse_llm::Error;
use playhouse_wire::Envelope;
use playhouse_wire::sse::Frame;
use serde_json::Value;

use crate::call::Facts;
use crate::engine::Shelf;
use crate::plan::Content;
use crate::quota::{Exceeded, QuotaState};

pub use strict::card::RuleCard;
pub use violation::Violation;
pub use wish::{Wish, wish};

/// One protocol, as the double speaks it.
pub trait MockProtocol: Send + Sync + 'static {
    /// Its name in scripts, the journal and logs (`openai-chat`).
    fn name(&self) -> &'static str;

    /// The vendor whose manners it has.
    fn vendor(&self) -> &'static dyn Vendor;

    /// Whether a path is its own. The namespace's prefix is gone from it, the base URL's path is
    /// not: SDKs form base URLs in many ways, so a path is known by its end.
    fn claims(&self, path: &str) -> bool;

    /// The methods its paths take.
    fn methods(&self) -> &'static [Method];

    /// Reads a request, far enough to match rules.
    ///
    /// # Errors
    /// When it is so broken that nothing else can be said of it; the error has the vendor's words.
    fn read(&self, method: &Method, path: &str, query: Option<&str>, body: Bytes) -> Result<Facts, Error>;

    /// Everything that the vendor would refuse this request for, the first complaint first.
    fn check(&self, facts: &Facts) -> Vec<Violation>;

    /// What the caller wants of the answer's content, beside what a prompt says.
    fn wish<'facts>(&self, _facts: &'facts Facts) -> Wish<'facts> {
        Wish::default()
    }

    /// The refusal of a model that the vendor does not have; apart from [`check`](Self::check), so
    /// that it can be passed over where a script names the model.
    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        let _ = facts;
        None
    }

    /// What is answered where there is no script at all.
    fn unscripted(&self, facts: &Facts) -> Content;

    /// An answer as the vendor would keep it, with its id, where the caller wants it kept.
    fn keep(
        &self,
        _content: &Content,
        _facts: &Facts,
        _envelope: &dyn Fn() -> Envelope,
    ) -> Option<(String, Value)> {
        None
    }

    /// What is answered from what was kept, where the question is about that.
    fn recall(&self, _facts: &Facts, _shelf: &mut Shelf) -> Option<Content> {
        None
    }

    /// Writes an answer; `Refusal` and `Raw` never come here.
    ///
    /// # Errors
    /// When the content is of another protocol's kind.
    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error>;

    /// Writes an answer for a caller with these headers, where they have a say in its form.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn write_to(
        &self,
        _headers: &HeaderMap,
        content: &Content,
        facts: &Facts,
        envelope: &Envelope,
    ) -> Result<Frames, Error> {
        self.write(content, facts, envelope)
    }

    /// The event that ends a stream with an error.
    fn error_event(&self, error: &Error, request_id: &str) -> Bytes {
        Frame::new(&self.vendor().error_body(error, 500, request_id)).to_bytes()
    }
}

/// How a vendor behaves on all of its protocols.
pub trait Vendor: Send + Sync + 'static {
    /// Its name (`openai`).
    fn name(&self) -> &'static str;

    /// Whether a request says of itself that it is meant for this vendor: a path may be that of several.
    fn is_addressed(&self, _path: &str, _headers: &HeaderMap) -> bool {
        false
    }

    /// Refuses a request for what its headers say or lack: credentials, versions.
    /// `known_keys` are the only keys taken, unless it is empty.
    fn check_headers(&self, headers: &HeaderMap, known_keys: &[String]) -> Option<Violation>;

    /// The API key of a request.
    fn api_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str>;

    /// What it says of a method that a path of its own does not take.
    fn wrong_method(&self, method: &Method, path: &str) -> Violation;

    /// What it says of a path that is none of its own.
    fn unknown_path(&self, method: &Method, path: &str) -> Violation;

    /// What it says when it refuses with this status.
    fn refusal(&self, status: u16) -> Error;

    /// What it says when a minute's requests or tokens are used up.
    fn over_quota(&self, exceeded: &Exceeded, model: &str) -> Error;

    /// The body of a failure answered with this status.
    fn error_body(&self, error: &Error, status: u16, request_id: &str) -> Bytes;

    /// Adds the headers of every answer (`x-request-id`, `openai-version`).
    fn add_headers(&self, request_id: &str, headers: &mut HeaderMap);

    /// What the ids of tool calls begin with (`call_`).
    fn call_id_prefix(&self) -> &'static str;

    /// The headers that tell of limits.
    fn quota_headers(&self, quota: &QuotaState) -> Vec<(&'static str, String)>;
}

/// An answer as bytes: one frame for a whole one, a frame an event for a stream.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// The `content-type`.
    pub content_type: &'static str,
    /// The bytes of all frames, one after the other.
    pub bytes: Bytes,
    /// Where each frame ends, and what it is.
    pub ends: Vec<(usize, FrameKind)>,
}

/// What a frame is, for faults and pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A whole answer.
    Whole,
    /// Opens a stream; nothing to see yet.
    Start,
    /// Carries output: a token, as a rule.
    Output,
    /// Says why the answer ended.
    Finish,
    /// Carries token counts.
    Usage,
    /// The protocol's end mark.
    End,
    /// An error inside a stream.
    Error,
}

impl Frames {
    /// A whole answer.
    pub fn whole(content_type: &'static str, bytes: Bytes) -> Self {
        Self { content_type, ends: vec![(bytes.len(), FrameKind::Whole)], bytes }
    }

    /// The frames, in order, sharing the same bytes.
    pub fn iter(&self) -> impl Iterator<Item = (Bytes, FrameKind)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        starts.zip(&self.ends).map(|(start, (end, kind))| (self.bytes.slice(start..*end), *kind))
    }
}

/// The protocol of this name.
pub fn named(name: &str) -> Option<&'static dyn MockProtocol> {
    protocols().iter().copied().find(|protocol| protocol.name() == name)
}

/// Every protocol the double speaks.
pub fn protocols() -> &'static [&'static dyn MockProtocol] {
    &[
        &openai::chat::Chat,
        &openai::embeddings::Embeddings,
        &openai::models::Models,
        &openai::stored::Stored,
        &anthropic::messages::Messages,
        &anthropic::count_tokens::CountTokens,
        &anthropic::models::Models,
    ]
}
