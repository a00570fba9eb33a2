//! OpenAI models.

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;

use super::OpenAi;
use crate::call::Facts;
use crate::plan::Content;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

/// OpenAI models.
#[derive(Clone, Copy, Debug)]
pub struct Models;

impl MockProtocol for Models {
    fn name(&self) -> &'static str {
        "openai-models"
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with("/models")
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, _path: &str, _query: Option<&str>, _body: Bytes) -> Result<Facts, Error> {
        Err(Error::new(ErrorKind::NotFound, "not yet"))
    }

    fn check(&self, _facts: &Facts) -> Vec<Violation> {
        Vec::new()
    }

    fn unscripted(&self, _facts: &Facts) -> Content {
        Content::Models(Vec::new())
    }

    fn write(&self, _content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        Err(Error::new(ErrorKind::NotFound, "not yet"))
    }
}
