//! A response whose caller waits for it: it ends with the connection, and is kept once it has ended.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use playhouse_edge::{EVENT_STREAM_HEADERS, Edge, gather};
use playhouse_llm::{Error, EventStream};
use playhouse_wire::openai::responses::state::Telling;
use playhouse_wire::{Codec, OpenAiResponses, StreamWriter};
use serde_json::Value;

use super::{Asked, json};
use crate::app::App;

/// Answers as a whole.
pub(super) async fn whole(app: &App, edge: &Edge, asked: Asked) -> Result<Response, Error> {
    let events = edge.provider.chat(asked.request.clone()).await?;
    let response = gathered(&asked, events).await?;
    keep(app, &asked, status_of(&response), &response).await;
    Ok(json(response))
}

/// The whole answer, under its own id.
pub(super) async fn gathered(asked: &Asked, events: EventStream) -> Result<Value, Error> {
    let event = gather(events).await?;
    let body = OpenAiResponses.write_reply_to(&asked.request, &event, &asked.envelope())?;
    asked.mark.whole(&body).ok_or_else(|| Error::bad_reply("the upstream's response is no JSON object"))
}

/// How a whole answer says that it stands.
pub(super) fn status_of(response: &Value) -> &str {
    response.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// Answers in pieces.
pub(super) async fn stream(app: &App, edge: &Edge, asked: Asked) -> Result<Response, Error> {
    let events = edge.provider.chat(asked.request.clone()).await?;
    let writer = OpenAiResponses.stream_writer_to(&asked.request, asked.envelope());
    let telling = Telling::of(asked.mark.clone());
    let streaming = Streaming { app: app.clone(), events: Some(events), writer, telling, asked: Some(asked) };
    let body = stream::unfold(streaming, |mut streaming| async move {
        Some((Ok::<_, Infallible>(streaming.next().await?), streaming))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().extend(EVENT_STREAM_HEADERS.map(|(name, value)| (Some(name), value)));
    Ok(response)
}

/// A response on its way. Dropped with the connection, it cancels the call, and nothing is kept.
struct Streaming {
    app: App,
    events: Option<EventStream>,
    writer: Box<dyn StreamWriter>,
    telling: Telling,
    /// Until it has been kept.
    asked: Option<Asked>,
}

impl Streaming {
    /// The next bytes; its end is kept before it is told.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let events = self.events.as_mut()?;
            let frames = match events.next().await {
                Some(event) => event.and_then(|event| self.writer.event(&event)),
                None => {
                    self.events = None;
                    Ok(self.writer.end())
                }
            };
            let frames = frames.unwrap_or_else(|error| self.broken(&error));
            if !frames.is_empty() {
                return Some(self.told(&frames).await);
            }
        }
    }

    async fn told(&mut self, frames: &Bytes) -> Bytes {
        let told = self.telling.marked(frames);
        if let Some(ended) = self.telling.ended()
            && let Some(asked) = self.asked.take()
        {
            keep(&self.app, &asked, &ended.status, &ended.response).await;
        }
        told
    }

    fn broken(&mut self, error: &Error) -> Bytes {
        self.events = None;
        let request_id = self.asked.as_ref().map(|asked| asked.request.context.request_id.clone());
        self.writer.error(error, &request_id.unwrap_or_default())
    }
}

/// Keeps an answer that has ended, if that is wanted.
async fn keep(app: &App, asked: &Asked, status: &str, response: &Value) {
    if asked.head.store {
        app.keep_response(asked.ended(status, response)).await;
    }
}
