//! Asking a vendor which models it has.

use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use playhouse_llm::{Error, ErrorKind, ModelInfo, Models};

use super::connection::Outgoing;
use super::{HttpProvider, body};

/// A list is a courtesy: it is not worth a longer wait.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_LIST_BYTES: usize = 4 << 20;

#[async_trait]
impl Models for HttpProvider {
    async fn list_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let listed = tokio::time::timeout(LIST_TIMEOUT, self.fetch_models()).await;
        listed.unwrap_or_else(|_| {
            let message = format!("provider '{}' did not list its models in time", self.name);
            Err(Error::new(ErrorKind::Unreachable, message))
        })
    }
}

impl HttpProvider {
    async fn fetch_models(&self) -> Result<Vec<ModelInfo>, Error> {
        let mut head = BytesMut::new();
        self.endpoint.begin(&mut head, "GET", self.codec.models_path(), "")?;
        self.add_protocol_fields(&mut head, None);
        let request = Outgoing { head, body: Bytes::new() };
        let response = self.pool.send(self.endpoint.origin(), request).await;
        let mut response = response.map_err(|failure| failure.into_error(&self.name))?;
        let refused =
            |what: &str| Error::bad_reply(format!("provider '{}' {what} instead of its models", self.name));
        if !response.status.is_success() {
            return Err(refused(&format!("answered {}", response.status)));
        }
        let listed = body::collect(&mut response.body, MAX_LIST_BYTES).await;
        let listed = listed.map_err(|_| refused("sent too much, or broke off,"))?;
        self.codec.read_models(&listed).map_err(|_| refused("sent something unreadable"))
    }
}
