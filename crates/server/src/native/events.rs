//! A turn as server-sent events: `delta`, `step`, `usage`, `done`, `error`.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use playhouse_edge::Problem;
use playhouse_llm::Error;
use serde::Serialize;

use super::chat::TokenCounts;
use super::run_events::StepEvent;
use super::sse::{self, SseWriter};
use super::turn::{Progress, StreamedTurn};

#[derive(Serialize)]
struct Delta<'a> {
    content: &'a str,
}

#[derive(Serialize)]
struct Done<'a> {
    session_id: &'a str,
    turn_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    model: &'a str,
    finish_reason: Option<&'a str>,
    usage: Option<TokenCounts>,
}

/// The response whose body tells the turn as it goes; dropped, it ends the turn as interrupted.
pub(crate) fn response(turn: StreamedTurn) -> Response {
    let teller = Teller { turn: Some(turn), writer: SseWriter::default() };
    sse::response(stream::unfold(teller, |mut teller| async move {
        let bytes = teller.next().await?;
        Some((bytes, teller))
    }))
}

struct Teller {
    turn: Option<StreamedTurn>,
    writer: SseWriter,
}

impl Teller {
    /// The next bytes: all events that what arrived makes, or a comment after long silence.
    async fn next(&mut self) -> Option<Bytes> {
        let turn = self.turn.as_mut()?;
        match turn.next(sse::KEEP_ALIVE).await {
            Progress::Silence => return Some(sse::COMMENT),
            Progress::Pieces(pieces) => {
                pieces.iter().for_each(|content| self.writer.event("delta", &Delta { content }))
            }
            Progress::Step(event) => {
                StepEvent::of(&event).iter().for_each(|step| self.writer.event("step", step))
            }
            Progress::Done => self.done(),
            Progress::Failed(error) => self.failed(&error),
        }
        Some(self.writer.take())
    }

    fn done(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        let reply = turn.reply();
        let usage = reply.usage.as_ref().map(TokenCounts::from);
        if let Some(usage) = &usage {
            self.writer.event("usage", usage);
        }
        let done = Done {
            session_id: turn.session_id(),
            turn_id: turn.turn_id(),
            run_id: turn.run_id().map(|id| &**id),
            model: &reply.model,
            finish_reason: reply.finish().map(|finish| finish.as_str()),
            usage,
        };
        self.writer.event("done", &done);
    }

    fn failed(&mut self, error: &Error) {
        let Some(turn) = self.turn.take() else { return };
        let request_id: Arc<str> = turn.request_id();
        self.writer.event("error", &Problem::from(error).of_request(&request_id));
    }
}
