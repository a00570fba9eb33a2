//! Answers that a closure of a Rust test makes.

use std::time::Duration;

use playhouse_llm::{Chunk, Collector, Error};

use super::asking::Asking;
use super::mismatch::mismatch;
use super::prepared::Prepared;
use super::{Scene, usage};
use crate::call::Asked;
use crate::plan::Content;
use crate::respond::Answer;
use crate::script::reply::Responder;
use crate::script::{PaceSpec, Wait};

/// What a closure answers to this request, and the pace it wants.
pub(super) fn answer(
    respond: &Responder,
    prepared: &Prepared,
    scene: Scene<'_>,
) -> Result<(Content, Option<PaceSpec>), Error> {
    let Asked::Chat(request) = &scene.facts().asked else {
        return Err(mismatch(scene, prepared.source.name()));
    };
    let Answer { mut chunks, pace, failure } = respond.0.respond(request);
    prepared.sign(&mut chunks);
    let content = match failure {
        None => Content::Chat(counted(chunks, prepared, scene).into()),
        Some(error) if chunks.is_empty() => Content::Refusal(error),
        Some(error) => Content::Broken(chunks.into(), error),
    };
    Ok((content, (!pace.is_zero()).then(|| even(pace))))
}

/// The pieces with token counts, where they have none.
fn counted(mut chunks: Vec<Chunk>, prepared: &Prepared, scene: Scene<'_>) -> Vec<Chunk> {
    if chunks.iter().all(|chunk| chunk.usage.is_none()) {
        let mut collector = Collector::default();
        chunks.iter().for_each(|chunk| collector.absorb(chunk));
        let counted = usage::of_reply(collector.reply(), &Asking::of(scene.facts()));
        chunks.push(Chunk::usage(usage::said_over_counted(prepared.usage, counted)));
    }
    chunks
}

/// The same wait before every piece.
fn even(wait: Duration) -> PaceSpec {
    let wait = Wait { mean: wait.as_secs_f64() * 1000.0, stddev: 0.0 };
    PaceSpec { first_token_ms: Some(wait), token_ms: Some(wait), ..PaceSpec::default() }
}
