//! A transport that lets through only what this client has use for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rmcp::RoleClient;
use rmcp::model::{JsonRpcMessage, ServerNotification};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;

use super::http::{HttpFailed, HttpTransport};
use super::life::Life;
use super::stdio::Stdio;

/// How many questions of a server may wait for an answer; each costs memory until it is sent.
const MAX_QUESTIONS: usize = 64;

/// What messages go over. One type, since the whole of a conversation is compiled once more for each.
pub(super) enum AnyTransport {
    Process(Box<Stdio>),
    Address(HttpTransport),
}

/// A transport whose end is told, and whose server cannot flood us with questions and news.
pub(super) struct Guarded {
    inner: AnyTransport,
    life: Arc<Life>,
    questions: Arc<AtomicUsize>,
}

impl AnyTransport {
    fn send(&mut self, item: TxJsonRpcMessage<RoleClient>) -> BoxFuture<'static, Result<(), HttpFailed>> {
        match self {
            Self::Process(stdio) => stdio.send(item).map(|sent| Ok(sent?)).boxed(),
            Self::Address(http) => http.send(item).boxed(),
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        match self {
            Self::Process(stdio) => stdio.receive().await,
            Self::Address(http) => http.receive().await,
        }
    }

    async fn close(&mut self) -> Result<(), HttpFailed> {
        match self {
            Self::Process(stdio) => Ok(stdio.close().await?),
            Self::Address(http) => http.close().await,
        }
    }

    /// Stops what is at the other end, if it is ours, without waiting.
    fn stop(&mut self) {
        if let Self::Process(stdio) = self {
            stdio.stop();
        }
    }
}

impl Guarded {
    /// The transport of this life.
    pub(super) fn new(inner: AnyTransport, life: Arc<Life>) -> Self {
        Self { inner, life, questions: Arc::default() }
    }

    /// The next message, as long as the connection is not over. Nothing is lost when it is dropped.
    async fn next(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        tokio::select! {
            biased;
            _ = self.life.over() => None,
            message = self.inner.receive() => message,
        }
    }

    /// Whether a message goes further. News that nobody waits for does not.
    fn admit(&self, message: &RxJsonRpcMessage<RoleClient>) -> bool {
        match message {
            JsonRpcMessage::Request(_) => {
                if self.questions.fetch_add(1, Ordering::Relaxed) >= MAX_QUESTIONS {
                    self.life.end(format!("it asked more than {MAX_QUESTIONS} things at once"));
                }
                true
            }
            JsonRpcMessage::Notification(news) => {
                matches!(news.notification, ServerNotification::ToolListChangedNotification(_))
            }
            _ => true,
        }
    }
}

impl Transport<RoleClient> for Guarded {
    type Error = HttpFailed;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let is_answer = matches!(item, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let questions = self.questions.clone();
        let sending = self.inner.send(item);
        async move {
            let sent = sending.await;
            if is_answer {
                // One that we were not asked takes nothing away.
                let less = |waiting: usize| waiting.checked_sub(1);
                let _ = questions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            match self.next().await {
                Some(message) if self.admit(&message) => return Some(message),
                Some(_) => {}
                None => break,
            }
        }
        self.life.end("it closed the connection");
        self.inner.stop();
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
