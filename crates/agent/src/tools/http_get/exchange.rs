//! One request and the head of its response.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use super::HttpGetConfig;
use super::network::{Socket, root_cause};
use super::target::Target;

const USER_AGENT: &str = concat!("playhouse/", env!("CARGO_PKG_VERSION"));
/// What a model can read.
const ACCEPT: &str = "text/*, application/json, application/xml;q=0.9, */*;q=0.1";
/// The least that the reading buffer can be.
const MIN_BUFFER_BYTES: usize = 8 << 10;

/// A response whose body has not been read.
pub(super) struct Exchange {
    pub(super) response: Response<Incoming>,
    /// Reads the body while there is one; stops when it is dropped.
    _connection: JoinSet<()>,
}

/// As much of a body as was wanted.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// Whether there was more.
    pub(super) is_cut: bool,
}

impl Exchange {
    /// Asks for a target over a connection and waits for the head.
    pub(super) async fn begin(
        socket: Socket,
        target: &Target,
        config: &HttpGetConfig,
    ) -> Result<Self, String> {
        let failed =
            |error: hyper::Error| format!("'{}' did not answer: {}", target.host, root_cause(&error));
        let mut client = http1::Builder::new();
        client
            .max_header_size(config.max_head_bytes)
            .max_buf_size(config.max_head_bytes.max(MIN_BUFFER_BYTES));
        let (mut sender, connection) =
            client.handshake(TokioIo::new(TokioIo::new(socket))).await.map_err(failed)?;
        let mut driver = JoinSet::new();
        driver.spawn(async move { drop(connection.await) });
        let response = sender.send_request(request(target)?).await.map_err(failed)?;
        Ok(Self { response, _connection: driver })
    }

    /// Where it leads, if it leads elsewhere.
    pub(super) fn location(&self) -> Option<String> {
        let is_redirect = matches!(
            self.response.status(),
            StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
        );
        let location = self.response.headers().get(header::LOCATION).filter(|_| is_redirect)?;
        Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
    }

    /// Reads the body, up to so many bytes.
    pub(super) async fn read(&mut self, max_bytes: usize) -> Result<Body, String> {
        let mut bytes = Vec::new();
        while let Some(frame) = self.response.body_mut().frame().await {
            let frame = frame.map_err(|error| format!("the answer broke off: {}", root_cause(&error)))?;
            let Ok(data) = frame.into_data() else { continue };
            let room = max_bytes - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok(Body { bytes, is_cut: true });
            }
        }
        Ok(Body { bytes, is_cut: false })
    }
}

fn request(target: &Target) -> Result<Request<Empty<Bytes>>, String> {
    let request = Request::get(target.path_and_query())
        .header(header::HOST, target.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, ACCEPT)
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    request.body(Empty::new()).map_err(|error| format!("the address cannot be asked for: {error}"))
}
