//! Taking in a request's body, within bounds of size and time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use playhouse_llm::{Error, ErrorKind, Malformed};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// A body over the limit is read and thrown away up to this many times the limit, so that a
/// client that only reads after writing gets to see the refusal.
const DRAIN_FACTOR: usize = 8;

/// How large a request's body may be, and how long it may take to arrive.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The largest body, in bytes.
    pub max_bytes: usize,
    /// The longest time for all of it.
    pub timeout: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { max_bytes: 20 << 20, timeout: Duration::from_secs(30) }
    }
}

/// A refused request's body is read and thrown away up to this size and for this long.
const MAX_DISCARDED_BYTES: usize = 64 << 10;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

type BodyFrame = Result<Frame<Bytes>, axum::Error>;

/// Reads a body nobody wants to its end, if that is near, so that the connection can take the next
/// request. Says whether the end was reached; if not, the response must close the connection.
pub async fn discard(mut body: Body) -> bool {
    if body.is_end_stream() {
        return true;
    }
    if announced(&body) > MAX_DISCARDED_BYTES {
        return false;
    }
    timeout(DISCARD_TIMEOUT, drain(&mut body, MAX_DISCARDED_BYTES)).await.unwrap_or(false)
}

/// Discards a refused request's body, and has the response close the connection if it is too long.
pub async fn refuse(body: Body, mut response: Response) -> Response {
    if !discard(body).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Takes a body in; one that came in a single piece is not copied.
///
/// # Errors
/// [`ErrorKind::TooLarge`], or [`ErrorKind::InvalidRequest`] for a body that breaks off or drips.
pub async fn read(mut body: Body, limits: BodyLimits) -> Result<Bytes, Error> {
    if announced(&body) > limits.max_bytes {
        return Err(Box::pin(refuse_large(body, limits)).await);
    }
    let first = match first_frame(&mut body, limits.timeout).await {
        Ok(Some(frame)) => frame.map_err(|error| broken(&error))?.into_data().unwrap_or_default(),
        Ok(None) => return Ok(Bytes::new()),
        Err(_) => return Err(too_slow(limits)),
    };
    if body.is_end_stream() && first.len() <= limits.max_bytes {
        return Ok(first);
    }
    // Boxed: most bodies come in one piece, and need no room for joining.
    let joined = Box::pin(timeout(limits.timeout, join(first, body, limits)));
    joined.await.unwrap_or_else(|_| Err(too_slow(limits)))
}

/// Refuses a body that says it is something else than JSON; one that says nothing is tried.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] that names the header.
pub fn require_json(headers: &HeaderMap) -> Result<(), Error> {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let media_type = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let has_json_suffix =
        media_type.rsplit_once('+').is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"));
    if media_type.eq_ignore_ascii_case("application/json") || has_json_suffix {
        return Ok(());
    }
    let message = "the body must be JSON; send content-type: application/json";
    Err(Error::invalid_request(Malformed::at("content-type", message)))
}

/// Waits for a body's first frame.
///
/// Most bodies arrived together with their head. The connection hands those over at the second
/// look, so the timer is set only after it.
async fn first_frame(body: &mut Body, limit: Duration) -> Result<Option<BodyFrame>, Elapsed> {
    let mut has_looked = false;
    let at_hand = poll_fn(|context| match Pin::new(&mut *body).poll_frame(context) {
        Poll::Ready(frame) => Poll::Ready(Some(frame)),
        Poll::Pending if has_looked => Poll::Ready(None),
        Poll::Pending => {
            has_looked = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match at_hand.await {
        Some(frame) => Ok(frame),
        // Boxed: the bodies at hand need no room for a timer.
        None => Box::pin(timeout(limit, body.frame())).await,
    }
}

async fn join(first: Bytes, mut body: Body, limits: BodyLimits) -> Result<Bytes, Error> {
    let mut joined = BytesMut::from(first);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        if joined.len() + data.len() > limits.max_bytes {
            return Err(refuse_large(body, limits).await);
        }
        joined.extend_from_slice(&data);
    }
    Ok(joined.freeze())
}

fn announced(body: &Body) -> usize {
    usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX)
}

async fn refuse_large(mut body: Body, limits: BodyLimits) -> Error {
    let drainable = limits.max_bytes.saturating_mul(DRAIN_FACTOR);
    if announced(&body) <= drainable {
        let _ = timeout(limits.timeout, drain(&mut body, drainable)).await;
    }
    let message = format!(
        "the request body is larger than {} bytes; send less, or raise server.max_body_bytes",
        limits.max_bytes
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// Reads and throws away; says whether the end was reached.
async fn drain(body: &mut Body, max_bytes: usize) -> bool {
    let mut drained = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        drained += frame.data_ref().map_or(0, Bytes::len);
        if drained > max_bytes {
            return false;
        }
    }
    true
}

fn too_slow(limits: BodyLimits) -> Error {
    let message = format!("the request body did not arrive within {} ms", limits.timeout.as_millis());
    Error::invalid_request(Malformed::new(message))
}

fn broken(error: &axum::Error) -> Error {
    Error::invalid_request(Malformed::new(format!("the request body could not be read: {error}")))
}
