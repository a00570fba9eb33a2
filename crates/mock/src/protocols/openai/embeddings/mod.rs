//! OpenAI embeddings: vectors that are the same on every run, and near where texts share words.

mod features;
mod vector;

pub(crate) mod rules;

use bytes::Bytes;
use http::{HeaderMap, Method};
use playhouse_llm::{EmbedInput, EmbedReply, EmbedRequest, Error, ErrorKind, Malformed};
use playhouse_wire::openai::embeddings::Encoding;
use playhouse_wire::{Codec, Envelope, OpenAiEmbeddings};

use super::OpenAi;
use super::deployment::model_of_path;
use super::vendor::client_suite;
use crate::call::{Asked, Facts, Form};
use crate::plan::Content;
use crate::protocols::{Frames, MockProtocol, Vendor, Violation};
use crate::tokens::Tokenizer;

const NAME: &str = "openai-embeddings";

/// How many numbers an answer may have: as many as the vendor's largest, 2048 vectors of 3072.
const MAX_NUMBERS: usize = 2048 * 3072;

/// OpenAI embeddings.
#[derive(Clone, Copy, Debug)]
pub struct Embeddings;

impl MockProtocol for Embeddings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn vendor(&self) -> &'static dyn Vendor {
        &OpenAi
    }

    fn claims(&self, path: &str) -> bool {
        path.ends_with(OpenAiEmbeddings.path())
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn read(&self, _method: &Method, path: &str, _query: Option<&str>, body: Bytes) -> Result<Facts, Error> {
        let incoming = OpenAiEmbeddings.decode_request(&body, model_of_path(path).as_deref());
        let incoming = incoming.map_err(|error| in_own_words(&body).unwrap_or(error))?;
        let form = Form { base64: incoming.encoding == Some(Encoding::Base64), ..Form::default() };
        Ok(Facts::embeddings(NAME, incoming.request, form, body))
    }

    fn check(&self, facts: &Facts) -> Vec<Violation> {
        rules::check(facts)
    }

    fn unknown_model(&self, facts: &Facts) -> Option<Violation> {
        rules::unknown_model(facts)
    }

    fn unscripted(&self, facts: &Facts) -> Content {
        let answered = match &facts.asked {
            Asked::Embeddings(request) => embed(request),
            _ => Err(not_an_embedding()),
        };
        answered.map_or_else(Content::Refusal, Content::Embeddings)
    }

    fn write(&self, content: &Content, facts: &Facts, envelope: &Envelope) -> Result<Frames, Error> {
        let encoding = if facts.form.base64 { Encoding::Base64 } else { Encoding::Float };
        write_as(encoding, content, envelope)
    }

    /// The suites of OpenAI's client libraries ask for base64 and hold the answer, before it is
    /// decoded, against a schema that has numbers: OpenAI's own double answers so.
    fn write_to(
        &self,
        headers: &HeaderMap,
        content: &Content,
        facts: &Facts,
        envelope: &Envelope,
    ) -> Result<Frames, Error> {
        if client_suite::is_asking(headers) {
            return write_as(Encoding::Float, content, envelope);
        }
        self.write(content, facts, envelope)
    }
}

fn write_as(encoding: Encoding, content: &Content, envelope: &Envelope) -> Result<Frames, Error> {
    let Content::Embeddings(reply) = content else { return Err(not_an_embedding()) };
    let body = OpenAiEmbeddings.encode_reply(reply, encoding, envelope)?;
    Ok(Frames::whole("application/json", body))
}

/// What OpenAI says of a body that cannot be read.
fn in_own_words(body: &Bytes) -> Option<Error> {
    Some(rules::refusal(body)?.to_error(OpenAi.name()))
}

fn not_an_embedding() -> Error {
    let message = "the reply is none to a request for embeddings: give it an `embedding`, or `raw` bytes";
    Error::new(ErrorKind::Internal, message)
}

/// A vector for every input.
fn embed(request: &EmbedRequest) -> Result<EmbedReply, Error> {
    let dimensions = dimensions_of(request);
    if request.inputs.len().saturating_mul(dimensions) > MAX_NUMBERS {
        return Err(Error::invalid_request(too_many_numbers(request.inputs.len(), dimensions)));
    }
    let vectors = request.inputs.iter().map(|input| {
        let features = features::of_input(input, &request.model);
        vector::unit_vector(&features, dimensions)
    });
    Ok(EmbedReply::new(&*request.model, vectors.collect(), count_tokens(request)))
}

/// The length that is asked for, or the model's own.
fn dimensions_of(request: &EmbedRequest) -> usize {
    let own = if request.model.contains("embedding-3-large") { 3072 } else { 1536 };
    match request.dimensions {
        None | Some(0) => own,
        Some(dimensions) => dimensions as usize,
    }
}

/// How many tokens the inputs have together.
fn count_tokens(request: &EmbedRequest) -> u64 {
    let tokenizer = Tokenizer::of_model(&request.model);
    let counts = request.inputs.iter().map(|input| match input {
        EmbedInput::Text(text) => tokenizer.count(text),
        EmbedInput::Tokens(tokens) => tokens.len() as u64,
    });
    counts.sum()
}

fn too_many_numbers(inputs: usize, dimensions: usize) -> Malformed {
    Malformed::at(
        "input",
        format!(
            "{inputs} vectors of {dimensions} numbers are more than the double gives ({MAX_NUMBERS} numbers \
             in all): send fewer inputs or ask for fewer dimensions."
        ),
    )
}

#[cfg(test)]
mod tests;
