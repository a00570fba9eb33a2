//! Whom to ask, and with what: the options that all loads share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use http::Uri;
use serde_json::{Map, Value};

use super::drive::{Lane, Pace};
use crate::error::Error;

/// One route of one server, and the body to post to it.
#[derive(Args, Clone)]
pub(crate) struct Target {
    /// Where to post to, as http://127.0.0.1:PORT/path.
    #[arg(long)]
    url: String,
    /// A file with the JSON body.
    #[arg(long)]
    body: PathBuf,
    /// The API key to send as bearer token.
    #[arg(long, default_value = "sk-test")]
    key: String,
}

impl Target {
    /// The address to connect to.
    pub(crate) fn address(&self) -> Result<SocketAddr, Error> {
        let authority = self.uri()?.authority().map(|authority| authority.as_str().to_owned());
        let authority = authority.ok_or_else(|| self.bad_url("it names no server"))?;
        authority.parse().map_err(|error| self.bad_url(error))
    }

    /// The path and query to ask for.
    pub(crate) fn path(&self) -> Result<String, Error> {
        Ok(self.uri()?.path_and_query().map_or("/".to_owned(), |path| path.as_str().to_owned()))
    }

    /// The value of the `authorization` header.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The body as the file holds it.
    pub(crate) fn body(&self) -> Result<Vec<u8>, Error> {
        std::fs::read(&self.body).map_err(|source| Error::Body { path: self.body.clone(), source })
    }

    /// A connection for `request`, the first time at `first`.
    pub(crate) fn lane(&self, request: Vec<u8>, pace: Pace, first: Instant) -> Result<Lane, Error> {
        let address = self.address()?;
        Lane::open(address, request, pace, first).map_err(|source| Error::Connect { address, source })
    }

    /// A whole request, ready to be written, with the file's body.
    pub(crate) fn request(&self) -> Result<Vec<u8>, Error> {
        self.request_with(self.body()?)
    }

    /// A whole request, ready to be written, that names `session_id` in its body.
    pub(crate) fn request_in_session(&self, session_id: &str) -> Result<Vec<u8>, Error> {
        let shape = |source| Error::BodyShape { path: self.body.clone(), source };
        let mut body: Map<String, Value> = serde_json::from_slice(&self.body()?).map_err(shape)?;
        body.insert("session_id".to_owned(), session_id.into());
        self.request_with(serde_json::to_vec(&body).map_err(shape)?)
    }

    fn request_with(&self, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.path()?,
            self.address()?,
            self.authorization(),
            body.len()
        );
        Ok([head.into_bytes(), body].concat())
    }

    fn uri(&self) -> Result<Uri, Error> {
        self.url.parse().map_err(|error| self.bad_url(error))
    }

    pub(super) fn bad_url(&self, reason: impl ToString) -> Error {
        Error::Url { url: self.url.clone(), reason: reason.to_string() }
    }
}
