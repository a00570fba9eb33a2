//! What a fault means where there is no socket: what Playhouse's own HTTP provider makes of it.

use std::time::Duration;

use playhouse_llm::{Chunk, Error, ErrorKind};

use super::{chunk, delivery};
use crate::script::{FaultKind, FaultSpec};

/// What an answer still suffers when it has begun.
#[derive(Clone, Debug, Default)]
pub struct Aftermath {
    /// What it ends with, in place of an end.
    pub failure: Option<Error>,
    /// After how many pieces nothing comes for a while, and for how long.
    pub stall: Option<(usize, Duration)>,
}

/// Does what a fault does to the pieces of a chat answer.
///
/// Pieces stand for events: `after_events` counts them, and half of them is the middle. There are no
/// bytes here, so `after_bytes` says nothing. A whole answer (not `stream`) comes or fails:
///
/// - `refuse`, `reset_before_headers`, `reset_in_headers`: nobody could be reached.
/// - `reset_after_headers`, `cut`: the answer breaks off, the former before its first piece.
/// - `stall`: see [`Aftermath::stall`].
/// - `malformed_chunk`, `invalid_utf8`, `truncated_json`: unreadable from there on.
/// - `duplicate_chunk`, `reordered_chunks`: so do the pieces; a whole answer is unreadable.
/// - `missing_finish`: a stream is not complete at its end; a whole answer has no reason.
/// - `error_event`: the upstream says that it failed, from there on.
/// - `empty`: unreadable.
/// - `length_in_tool_json`: as [`chunk::apply`] does.
/// - `missing_done`: nothing in a stream that has its finish; a whole answer is unreadable.
/// - `drip`, `wrong_content_type`: nothing. `status` neither: it was done before.
///
/// # Errors
/// When no answer begins.
pub fn befall(spec: &FaultSpec, chunks: &mut Vec<Chunk>, stream: bool) -> Result<Aftermath, Error> {
    let Some(kind) = spec.kind() else { return Ok(Aftermath::default()) };
    chunk::apply(spec, chunks);
    let at = spec.after_events.map_or(chunks.len() / 2, |events| events as usize).min(chunks.len());
    match kind {
        FaultKind::Refuse | FaultKind::ResetBeforeHeaders | FaultKind::ResetInHeaders => {
            return Err(failure(
                ErrorKind::Unreachable,
                "the connection was reset before there was an answer",
                spec,
            ));
        }
        FaultKind::Empty => return Err(failure(ErrorKind::BadReply, "the answer is empty", spec)),
        FaultKind::Stall => return Ok(Aftermath { stall: Some((at, delivery::lasts(spec))), failure: None }),
        FaultKind::DuplicateChunk if stream => repeat(at, chunks),
        FaultKind::ReorderedChunks if stream => swap(at, chunks),
        _ => {}
    }
    match failure_within(kind, spec, stream) {
        Some(failure) => fail(failure, kept(kind, at, chunks), chunks, stream),
        None => Ok(Aftermath::default()),
    }
}

/// The failure that an answer meets when it has begun.
fn failure_within(kind: FaultKind, spec: &FaultSpec, stream: bool) -> Option<Error> {
    let broken = if stream { ErrorKind::Interrupted } else { ErrorKind::BadReply };
    let (kind, what) = match kind {
        FaultKind::ResetAfterHeaders | FaultKind::Cut => (broken, "the answer broke off"),
        FaultKind::MalformedChunk | FaultKind::TruncatedJson => {
            (ErrorKind::BadReply, "the answer is no JSON")
        }
        FaultKind::InvalidUtf8 => (ErrorKind::BadReply, "the answer is no UTF-8"),
        FaultKind::ErrorEvent => (ErrorKind::Upstream, "the upstream failed in the middle of its answer"),
        FaultKind::MissingFinish if stream => (broken, "the answer ended without a finish reason"),
        FaultKind::DuplicateChunk | FaultKind::ReorderedChunks | FaultKind::MissingDone if !stream => {
            (ErrorKind::BadReply, "the answer is no JSON")
        }
        _ => return None,
    };
    Some(failure(kind, what, spec))
}

/// How many pieces come before a failure.
fn kept(kind: FaultKind, at: usize, chunks: &[Chunk]) -> usize {
    match kind {
        FaultKind::ResetAfterHeaders => 0,
        FaultKind::MissingFinish => chunks.len(),
        _ => at,
    }
}

/// Before the first piece a failure is no answer at all: providers wait for it.
fn fail(failure: Error, kept: usize, chunks: &mut Vec<Chunk>, stream: bool) -> Result<Aftermath, Error> {
    if !stream || kept == 0 {
        return Err(failure);
    }
    chunks.truncate(kept);
    Ok(Aftermath { failure: Some(failure), stall: None })
}

fn repeat(at: usize, chunks: &mut Vec<Chunk>) {
    if let Some(chunk) = chunks.get(at).cloned() {
        chunks.insert(at, chunk);
    }
}

fn swap(at: usize, chunks: &mut [Chunk]) {
    if at + 1 < chunks.len() {
        chunks.swap(at, at + 1);
    }
}

fn failure(kind: ErrorKind, what: &str, spec: &FaultSpec) -> Error {
    Error::new(kind, format!("{what}: the mock met the fault `{spec}`"))
}

#[cfg(test)]
mod tests {
    use playhouse_llm::FinishReason;

    use super::*;

    fn answer() -> Vec<Chunk> {
        let texts = ["one ", "two ", "three "].map(Chunk::text);
        let mut chunks = vec![Chunk::start()];
        chunks.extend(texts);
        chunks.push(Chunk::finish(FinishReason::Stop));
        chunks
    }

    /// What is left of an answer: its text, and what became of it.
    fn after(form: &str, stream: bool) -> String {
        let mut chunks = answer();
        let aftermath = befall(&form.parse().unwrap(), &mut chunks, stream);
        let text: String = chunks.iter().map(Chunk::content).collect();
        let finish = chunks.iter().flat_map(|chunk| &chunk.choices).find_map(|choice| choice.finish.clone());
        let finish =
            finish.map_or("no finish", |finish| if finish == FinishReason::Stop { "stop" } else { "length" });
        match aftermath {
            Err(error) => format!("no answer: {}", error.kind.as_str()),
            Ok(Aftermath { failure: Some(error), .. }) => format!("{text}then {}", error.kind.as_str()),
            Ok(Aftermath { stall: Some((at, lasts)), .. }) => format!("{lasts:?} of silence after {at}"),
            Ok(_) => format!("{text}{finish}"),
        }
    }

    #[test]
    fn every_kind_means_what_the_http_provider_makes_of_it() {
        let kinds = FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Status);
        let lines = kinds.map(|kind| {
            let form = kind.as_str();
            format!("{form} | {} | {}", after(form, true), after(form, false))
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn faults_are_where_they_are_wanted() {
        assert_eq!(after("cut:after_events=3", true), "one two then interrupted");
        assert_eq!(after("cut:after_events=0", true), "no answer: interrupted");
        assert_eq!(after("cut:after_events=99", true), "one two three then interrupted");
        assert_eq!(after("duplicate_chunk:after_events=1", true), "one one two three stop");
        assert_eq!(after("reordered_chunks:after_events=1", true), "two one three stop");
        assert_eq!(after("duplicate_chunk:after_events=99", true), "one two three stop");
        assert_eq!(after("stall:after_events=1:stall_ms=5", true), "5ms of silence after 1");
    }
}
