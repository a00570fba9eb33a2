//! A turn as server-sent events: `delta`, `usage`, `done`, `error`, each with an id that counts up.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use playhouse_edge::{EVENT_STREAM_HEADERS, Problem};
use playhouse_llm::Error;
use serde::Serialize;

use super::chat::TokenCounts;
use super::turn::{Progress, StreamedTurn};

/// Silence longer than this is filled with a comment, so that nothing on the way hangs up.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Serialize)]
struct Delta<'a> {
    content: &'a str,
}

#[derive(Serialize)]
struct Done<'a> {
    session_id: &'a str,
    turn_id: &'a str,
    model: &'a str,
    finish_reason: Option<&'a str>,
    usage: Option<TokenCounts>,
}

/// The response whose body tells the turn as it goes; dropped, it ends the turn as interrupted.
pub(crate) fn response(turn: StreamedTurn) -> Response {
    let teller = Teller { turn: Some(turn), next_id: 1, buffer: Vec::new() };
    let body = stream::unfold(teller, |mut teller| async move {
        let bytes = teller.next().await?;
        Some((Ok::<_, Infallible>(bytes), teller))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    response
}

struct Teller {
    turn: Option<StreamedTurn>,
    next_id: u64,
    buffer: Vec<u8>,
}

impl Teller {
    /// The next bytes: all events that what arrived makes, or a comment after long silence.
    async fn next(&mut self) -> Option<Bytes> {
        let turn = self.turn.as_mut()?;
        match turn.next(KEEP_ALIVE).await {
            Progress::Silence => return Some(Bytes::from_static(b": keep-alive\n\n")),
            Progress::Pieces(pieces) => {
                pieces.iter().for_each(|content| self.event("delta", &Delta { content }))
            }
            Progress::Done => self.done(),
            Progress::Failed(error) => self.failed(&error),
        }
        Some(Bytes::from(std::mem::take(&mut self.buffer)))
    }

    fn done(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        let reply = turn.reply();
        let usage = reply.usage.as_ref().map(TokenCounts::from);
        if let Some(usage) = &usage {
            self.event("usage", usage);
        }
        let done = Done {
            session_id: turn.session_id(),
            turn_id: turn.turn_id(),
            model: &reply.model,
            finish_reason: reply.finish().map(|finish| finish.as_str()),
            usage,
        };
        self.event("done", &done);
    }

    fn failed(&mut self, error: &Error) {
        let Some(turn) = self.turn.take() else { return };
        let request_id: Arc<str> = turn.request_id();
        self.event("error", &Problem::from(error).of_request(&request_id));
    }

    fn event(&mut self, name: &str, data: &impl Serialize) {
        use std::io::Write;
        // Writing to memory cannot fail, and these types always serialize.
        let _ = write!(self.buffer, "id: {}\nevent: {name}\ndata: ", self.next_id);
        let _ = serde_json::to_writer(&mut self.buffer, data);
        self.buffer.extend_from_slice(b"\n\n");
        self.next_id += 1;
    }
}
