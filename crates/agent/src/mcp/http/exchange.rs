//! Messages as requests and answers: sessions, statuses, what an answer holds.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::common::http_header::{
    EVENT_STREAM_MIME_TYPE, HEADER_LAST_EVENT_ID, HEADER_SESSION_ID, JSON_MIME_TYPE,
};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse as Answer,
    StreamableHttpResponseLimits as Limits,
};
use sse_stream::{Error as SseError, Sse};

use super::HttpFailure;
use super::body;
use super::client::HttpClient;
use super::events::events;
use crate::mcp::failure::said;
use crate::mcp::redact;

type Headers = HashMap<HeaderName, HeaderValue>;
type Failure = super::HttpFailed;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// What both kinds of answer are asked for with.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// A message that was sent, as far as its answer needs it.
struct Sent {
    /// Its id, if it waits for an answer.
    id: Option<RequestId>,
    in_session: bool,
    limits: Limits,
}

impl From<HttpFailure> for Failure {
    fn from(failure: HttpFailure) -> Self {
        Self::Client(failure)
    }
}

impl StreamableHttpClient for HttpClient {
    type Error = HttpFailure;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<Answer, Failure> {
        let limits = Limits::default();
        self.post_message_with_response_limits(uri, message, session_id, auth_header, custom_headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        _uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        mut headers: Headers,
        limits: Limits,
    ) -> Result<Answer, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON_MIME_TYPE));
        headers.insert(ACCEPT, BOTH);
        let id = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let sent = Sent { id, in_session: session_id.is_some(), limits };
        add_text(&mut headers, HEADER_SESSION_ID, session_id.as_deref())?;
        let request = self.request(Method::POST, headers, serde_json::to_vec(&message)?)?;
        let answered = match self.send(request).await {
            Ok(response) => self.answer(response, sent).await,
            Err(failure) => Err(failure.into()),
        };
        answered.inspect_err(|failure| self.note(failure))
    }

    async fn delete_session(
        &self,
        _uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        mut headers: Headers,
    ) -> Result<(), Failure> {
        add_text(&mut headers, HEADER_SESSION_ID, Some(&session_id))?;
        let response = self.send(self.request(Method::DELETE, headers, Vec::new())?).await?;
        match response.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportDeleteSession),
            status if status.is_success() => Ok(()),
            _ => Err(self.refused(response).await.into()),
        }
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        let max = Limits::default().max_sse_event_size;
        self.get_stream_with_max_sse_event_size(uri, session_id, last_event_id, auth_header, headers, max)
            .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        _uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth_header: Option<String>,
        mut headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<Events, Failure> {
        self.stream_turn().await;
        headers.insert(ACCEPT, HeaderValue::from_static(EVENT_STREAM_MIME_TYPE));
        add_text(&mut headers, HEADER_SESSION_ID, session_id.as_deref())?;
        add_text(&mut headers, HEADER_LAST_EVENT_ID, last_event_id.as_deref())?;
        let response = self.send(self.request(Method::GET, headers, Vec::new())?).await?;
        match response.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status if status.is_success() && is_kind(response.headers(), EVENT_STREAM_MIME_TYPE) => {
                Ok(events(response.into_body(), max_sse_event_size, self.life().clone()))
            }
            status if status.is_success() => Err(StreamableHttpError::ServerDoesNotSupportSse),
            _ => Err(self.refused(response).await.into()),
        }
    }
}

impl HttpClient {
    async fn answer(&self, response: Response<Incoming>, sent: Sent) -> Result<Answer, Failure> {
        match response.status() {
            StatusCode::ACCEPTED | StatusCode::NO_CONTENT => Ok(Answer::Accepted),
            StatusCode::NOT_FOUND if sent.in_session => Err(StreamableHttpError::SessionExpired),
            status if status.is_success() => self.message(response, sent).await,
            _ => self.error(response, sent).await,
        }
    }

    /// What an answer with a good status holds.
    async fn message(&self, response: Response<Incoming>, sent: Sent) -> Result<Answer, Failure> {
        let session_id = session_id(response.headers());
        if is_kind(response.headers(), EVENT_STREAM_MIME_TYPE) {
            let events = events(response.into_body(), sent.limits.max_sse_event_size, self.life().clone());
            return Ok(Answer::Sse(events, session_id));
        }
        if sent.id.is_none() {
            // Nothing was asked: whatever it says is no answer.
            return Ok(Answer::Accepted);
        }
        let kind = kind(response.headers());
        if !is_kind(response.headers(), JSON_MIME_TYPE) {
            return Err(HttpFailure::Unreadable(kind).into());
        }
        let whole = body::whole(response.into_body(), sent.limits.max_json_response_size).await?;
        let message = serde_json::from_slice(&whole).map_err(|_| HttpFailure::Unreadable(kind))?;
        Ok(Answer::Json(message, session_id))
    }

    /// What an answer with a bad status means: an error of the protocol, a lost session, or a refusal.
    async fn error(&self, response: Response<Incoming>, sent: Sent) -> Result<Answer, Failure> {
        let status = response.status();
        let is_about_access = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if is_about_access || !is_kind(response.headers(), JSON_MIME_TYPE) {
            return Err(self.refused(response).await.into());
        }
        let session_id = session_id(response.headers());
        let start = body::beginning(response.into_body(), sent.limits.max_error_response_size).await;
        match serde_json::from_slice::<ServerJsonRpcMessage>(&start) {
            Ok(JsonRpcMessage::Error(mut error)) => {
                let about_session = error.error.message.to_ascii_lowercase().contains("session");
                // Servers that forgot a session say so with this status as often as with 404.
                if sent.in_session && status == StatusCode::BAD_REQUEST && about_session {
                    return Err(StreamableHttpError::SessionExpired);
                }
                error.id = error.id.or(sent.id);
                Ok(Answer::Json(ServerJsonRpcMessage::Error(error), session_id))
            }
            _ => Err(HttpFailure::Status { status, said: self.excerpt(&start) }.into()),
        }
    }

    async fn refused(&self, response: Response<Incoming>) -> HttpFailure {
        let status = response.status();
        let is_page = is_kind(response.headers(), "text/html");
        let start = body::beginning(response.into_body(), 1 << 10).await;
        let said = if is_page { String::new() } else { self.excerpt(&start) };
        HttpFailure::Status { status, said }
    }

    fn excerpt(&self, body: &[u8]) -> String {
        let start = String::from_utf8_lossy(body);
        said(&redact::without(&start, self.secrets()))
    }

    /// Keeps a failure for those who only see that the connection is gone.
    fn note(&self, failure: &Failure) {
        if let StreamableHttpError::Client(failure) = failure {
            self.life().remark(failure.to_string());
        }
    }
}

fn add_text(headers: &mut Headers, name: &str, value: Option<&str>) -> Result<(), HttpFailure> {
    let Some(value) = value else { return Ok(()) };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(http::Error::from)?;
    headers.insert(name, HeaderValue::from_str(value).map_err(http::Error::from)?);
    Ok(())
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    headers.get(HEADER_SESSION_ID)?.to_str().ok().map(str::to_owned)
}

fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.map_or_else(|| "no Content-Type".to_owned(), said)
}

fn is_kind(headers: &HeaderMap, expected: &str) -> bool {
    let kind = kind(headers);
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected))
}
