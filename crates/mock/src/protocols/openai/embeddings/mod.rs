//! OpenAI embeddings.

pub(crate) mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;

use super::OpenAi;
use crate::call::Facts;
use crate::plan::Content;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

/// OpenAI embeddings.
#[derive(Clone, Copy, Debug)]
pub struct Embeddings;

impl MockProtocol for Embeddings {
    fn name(&self) -> &'static str {
        "openai-embeddings"
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/embeddings")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let refusal = rules::refusal(&body).map(|violation| violation.to_error(OpenAi.name()));
        Err(refusal.unwrap_or_else(|| Error::new(ErrorKind::NotFound, "not yet")))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        rules::check(facts)
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        rules::unknown_model(facts)
    }

    fn unscripted(&self, _facts: &Facts) -> Content {
        Content::Models(Vec::new())
    }

    fn write(&self, _content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        Err(Error::new(ErrorKind::NotFound, "not yet"))
    }
}
