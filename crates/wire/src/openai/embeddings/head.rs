//! The head of a request: what routing needs, read in one pass without touching the inputs.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use playhouse_llm::Malformed;
use serde::Deserialize;
use serde_json::Value;

use super::input::ANY_SHAPE;
use crate::openai::complaint;
use crate::openai::raw::{ARRAY, STRING, complain, kind_of, place_of, raw, read_name, text_of};
use crate::splice::splice;

/// What a request says about itself, and where.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) model: Cow<'a, str>,
    /// Where the model's name stands, quotes included.
    model_at: Range<usize>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    model: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    input: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Reads the head of a body, which is checked to be one JSON object that asks for embeddings. What is
    /// within its inputs is for whoever answers to judge.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let text = text_of(body)?;
        let fields: Fields<'_> = serde_json::from_str(text).map_err(complain)?;
        let model = fields.model.ok_or_else(|| complaint::missing("model"))?;
        let input = fields.input.ok_or_else(|| complaint::missing("input"))?;
        match kind_of(input) {
            STRING | ARRAY => Ok(Self { model: read_name(model)?, model_at: place_of(model, text) }),
            other => Err(complaint::wrong_type("input", ANY_SHAPE, other)),
        }
    }
}

/// The request's bytes asked of this model; of the one they name, the very same bytes.
pub(super) fn for_model(body: &Bytes, model: &str) -> Result<Bytes, Malformed> {
    let head = Head::read(body)?;
    if *head.model == *model {
        return Ok(body.clone());
    }
    let name = Value::from(model).to_string();
    Ok(splice(body, vec![(head.model_at, name)]))
}
