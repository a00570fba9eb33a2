//! The native chat of a server, from the caller's side: a question out, events in.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use playhouse_wire::sse::{Frame, FrameCutter, frames};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::Thread;
use super::step::Step;
use crate::http_client::{ServerUrl, send};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Servers send a comment after 15 s of silence, but only once the answer has begun.
const MAX_SILENCE: Duration = Duration::from_secs(300);

const MAX_ERROR_BYTES: usize = 64 << 10;
const MAX_LINE_BYTES: usize = 4 << 20;

/// Asks one server.
#[derive(Debug)]
pub(super) struct ChatClient {
    url: ServerUrl,
    api_key: Option<SecretString>,
}

/// Why there is no answer, or no whole one.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChatError {
    /// Nobody could be asked.
    #[error(
        "cannot reach {url}: {reason}\nIs a server running there? `playhouse demo` starts one that needs nothing."
    )]
    Unreachable { url: String, reason: String },
    /// The server refused.
    #[error("{}", refusal(*status, detail, retry_after.as_deref()))]
    Refused { status: u16, detail: String, retry_after: Option<String> },
    /// The answer broke off, as the server says.
    #[error("the answer broke off: {0}")]
    Failed(String),
    /// The answer broke off without a word.
    #[error("the answer broke off: {0}")]
    Broken(String),
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Unfit(String),
}

/// A piece of an answer.
#[derive(Debug)]
pub(super) enum Piece {
    /// Some of its text.
    Text(String),
    /// Something that the agent did.
    Step(Step),
    /// Its end.
    Done(Done),
}

/// What the end of an answer says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Done {
    pub(super) session_id: String,
    pub(super) model: String,
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<TokenCounts>,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct TokenCounts {
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
}

#[derive(Serialize)]
struct Question<'a> {
    message: &'a str,
    stream: bool,
    /// Whoever stops an answer wants it to stop.
    on_disconnect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
}

#[derive(Deserialize)]
struct Delta {
    content: String,
}

/// What problem details say, as far as a person wants to know.
#[derive(Default, Deserialize)]
struct ProblemDetails {
    title: Option<String>,
    detail: Option<String>,
}

impl ChatClient {
    pub(super) fn new(url: ServerUrl, api_key: Option<SecretString>) -> Self {
        Self { url, api_key }
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Asks a question; dropping the answer cancels it.
    pub(super) async fn ask(&self, thread: &Thread, message: &str) -> Result<Answer, ChatError> {
        let request = self.request(thread, message)?;
        let unreachable = |reason| ChatError::Unreachable { url: self.url().to_owned(), reason };
        let sent = timeout(MAX_SILENCE, send(request, CONNECT_TIMEOUT)).await;
        let response =
            sent.map_err(|_| unreachable("it does not answer".to_owned()))?.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(refused(response).await);
        }
        let cutter = FrameCutter::new(MAX_LINE_BYTES);
        Ok(Answer { body: response.into_body(), cutter, pieces: VecDeque::new() })
    }

    fn request(&self, thread: &Thread, message: &str) -> Result<Request<Full<Bytes>>, ChatError> {
        let (session_id, model) = (thread.session_id.as_deref(), thread.model.as_deref());
        let agent = thread.agent.as_deref();
        let question = Question { message, stream: true, on_disconnect: "cancel", session_id, model, agent };
        let body = serde_json::to_vec(&question).map_err(|error| ChatError::Unfit(error.to_string()))?;
        let request = Request::post(self.url.route("/v1/chat"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream");
        let request = match &self.api_key {
            Some(key) => request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
            None => request,
        };
        // The reason would name the header's value, which is the key.
        request.body(Full::from(body)).map_err(|_| {
            ChatError::Unfit(
                "the API key has characters that no header can carry; check for line breaks".to_owned(),
            )
        })
    }
}

/// An answer on its way.
pub(super) struct Answer {
    body: Incoming,
    cutter: FrameCutter,
    pieces: VecDeque<Result<Piece, ChatError>>,
}

impl Answer {
    /// The next piece; the end or an error is the last.
    pub(super) async fn next(&mut self) -> Result<Piece, ChatError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return piece;
            }
            let broken = |reason: &str| ChatError::Broken(reason.to_owned());
            let frame = timeout(MAX_SILENCE, self.body.frame()).await;
            let frame = frame.map_err(|_| broken("the server has fallen silent"))?;
            let frame = frame.ok_or_else(|| broken("the server closed the connection before the end"))?;
            let frame = frame.map_err(|_| broken("the connection was lost"))?;
            if let Ok(bytes) = frame.into_data() {
                self.take(bytes)?;
            }
        }
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), ChatError> {
        let complete = self.cutter.push(bytes).map_err(|overlong| ChatError::Broken(overlong.to_string()))?;
        if let Some(complete) = complete {
            self.pieces.extend(frames(&complete).filter_map(|frame| read_piece(&frame)));
        }
        Ok(())
    }
}

/// What a frame says; `None` for those that a terminal does not show.
fn read_piece(frame: &Frame<'_>) -> Option<Result<Piece, ChatError>> {
    let text = frame.text();
    let unreadable = |_| ChatError::Broken("the server sent something unreadable".to_owned());
    match frame.event? {
        "delta" => Some(
            serde_json::from_str(&text).map(|delta: Delta| Piece::Text(delta.content)).map_err(unreadable),
        ),
        // A step that a newer server tells in another way is none to show.
        "step" => serde_json::from_str(&text).ok().map(|step| Ok(Piece::Step(step))),
        "done" => Some(serde_json::from_str(&text).map(Piece::Done).map_err(unreadable)),
        "error" => Some(Err(ChatError::Failed(
            details(&text).unwrap_or_else(|| "the server gave no reason".to_owned()),
        ))),
        _ => None,
    }
}

async fn refused(response: Response<Incoming>) -> ChatError {
    let status = response.status();
    let retry_after =
        response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()).map(str::to_owned);
    let body = timeout(CONNECT_TIMEOUT, Limited::new(response.into_body(), MAX_ERROR_BYTES).collect()).await;
    let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
    let detail = details(&String::from_utf8_lossy(&body));
    let detail = detail.unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_owned());
    ChatError::Refused { status: status.as_u16(), detail, retry_after }
}

fn details(text: &str) -> Option<String> {
    let details: ProblemDetails = serde_json::from_str(text).unwrap_or_default();
    details.detail.or(details.title)
}

fn refusal(status: u16, detail: &str, retry_after: Option<&str>) -> String {
    let hint = match status {
        401 => "\nSet PLAYHOUSE_API_KEY to one of the server's keys.",
        404 => "\nIs this the address of a playhouse server?",
        _ => "",
    };
    let wait = retry_after.map(|wait| format!("; try again in {wait} s")).unwrap_or_default();
    format!("the server refused ({status}): {detail}{wait}{hint}")
}
