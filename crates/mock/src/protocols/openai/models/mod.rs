//! OpenAI models: the list, one of them, and deleting one.

mod known;
mod rules;

use bytes::Bytes;
use http::Method;
use playhouse_llm::{Error, ErrorKind};
use playhouse_wire::Envelope;
use playhouse_wire::openai::models::{encode_deleted, encode_list, encode_one};

use super::{OpenAi, wrong_method};
use crate::call::{Asked, Facts, ModelsQuery, Page};
use crate::plan::Content;
use crate::protocols::model_path::id_of_path;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};

const NAME: &str = "openai-models";

/// OpenAI models.
#[derive(Clone, Copy, Debug)]
pub struct Models;

impl MockProtocol for Models {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        id_of_path(path).is_some()
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::DELETE]
    }

    fn read(&self, method: &Method, path: &str, _query: Option<&str>, _body: Bytes) -> Result<Facts, Error> {
        let id = id_of_path(path).filter(|id| !id.is_empty());
        let query = match (id, *method == Method::DELETE) {
            (None, false) => ModelsQuery::List(Page::default()),
            (Some(id), false) => ModelsQuery::One(id),
            (Some(id), true) => ModelsQuery::Delete(id),
            (None, true) => return Err(wrong_method(method, path).to_error(OpenAi.name())),
        };
        Ok(Facts::models(NAME, query))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        match &facts.asked {
            Asked::Models(query) => rules::check(query).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        match &facts.asked {
            Asked::Models(ModelsQuery::One(id)) => Content::Model(known::info_of(id)),
            Asked::Models(ModelsQuery::Delete(id)) => Content::Deleted(id.clone()),
            _ => Content::Models(known::all()),
        }
    }

    fn write(&self, content: &Content, _facts: &Facts, _envelope: &Envelope) -> Result<Frames, Error> {
        let body = match content {
            Content::Models(models) => encode_list(models),
            Content::Model(model) => encode_one(model),
            Content::Deleted(id) => encode_deleted(id),
            _ => return Err(Error::new(ErrorKind::Internal, NOT_A_MODEL)),
        };
        Ok(Frames::whole("application/json", body.into()))
    }
}

const NOT_A_MODEL: &str =
    "the reply is none to a question about models: give it `raw` bytes, or no rule at all";

#[cfg(test)]
mod tests;
