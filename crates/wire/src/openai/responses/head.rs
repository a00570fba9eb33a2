//! The head of a request: what routing needs, read in one pass without touching the content.

use playhouse_llm::Malformed;
use serde::Deserialize;

use crate::named::Named;
use crate::openai::complaint;
use crate::openai::raw::{complain, kind_of, place_of, raw, read_flag, read_name, text_of};

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    model: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    input: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    instructions: Option<&'a str>,
    #[serde(borrow, default, deserialize_with = "raw")]
    stream: Option<&'a str>,
}

/// Reads the head of a body, which is checked to be one JSON object that asks for a response. What is asked
/// need not be there: OpenAI's own clients can leave it to what was said before.
pub(super) fn read_head(body: &[u8]) -> Result<Named<'_>, Malformed> {
    let text = text_of(body)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(complain)?;
    let model = fields.model.ok_or_else(|| complaint::missing("model"))?;
    check_input(fields.input)?;
    check_instructions(fields.instructions)?;
    Ok(Named {
        model: read_name(model)?,
        model_at: place_of(model, text),
        stream: read_flag(fields.stream, "stream")?,
        stream_at: fields.stream.map(|raw| place_of(raw, text)),
    })
}

fn check_instructions(instructions: Option<&str>) -> Result<(), Malformed> {
    match instructions {
        // A list is passed on to those who know it.
        Some(raw) if !raw.starts_with(['"', '[', 'n']) => {
            Err(complaint::wrong_type("instructions", "a string", kind_of(raw)))
        }
        _ => Ok(()),
    }
}

fn check_input(input: Option<&str>) -> Result<(), Malformed> {
    match input.and_then(|raw| raw.bytes().next()) {
        None | Some(b'"' | b'[' | b'n') => Ok(()),
        Some(_) => {
            let got = input.map_or("nothing", kind_of);
            Err(complaint::wrong_type("input", "a string or an array of items", got))
        }
    }
}
