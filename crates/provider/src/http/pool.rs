//! The connections to one upstream, kept for the next request.
//!
//! A connection belongs to the request that uses it and is driven by it: no request waits for
//! another task to be woken, and dropping a request closes its connection at once, which is how an
//! upstream learns that nobody wants the answer any more. HTTP/1.1 alone is spoken, by our own few
//! hundred lines: with a general client each of thousands of streams held about 20 KB more.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::http::{StatusCode, Uri};
use bytes::Bytes;

use super::client::{HttpClient, SendFailure};
use super::connection::{Connection, Outgoing};
use super::fields::Fields;
use super::framing::Framing;

/// Idle connections kept; more are closed when their request has ended.
const MAX_IDLE: usize = 1024;
/// Vendors close idle connections after a minute or more; leaving first avoids the race.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// The idle connections to one upstream.
pub(crate) struct Pool {
    client: HttpClient,
    idle: Mutex<VecDeque<Idle>>,
}

/// A connection that rests, and since when. Boxed: with the state of TLS it is large, and it changes hands often.
type Idle = (Box<Connection>, Instant);

/// A response whose head has come.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) body: Body,
}

/// A response's body. It gives its connection back when it has ended; dropped before, it closes it.
pub(crate) struct Body {
    connection: Option<Box<Connection>>,
    framing: Framing,
    keeps_alive: bool,
    pool: Arc<Pool>,
}

impl Pool {
    pub(crate) fn new(client: HttpClient) -> Arc<Self> {
        Arc::new(Self { client, idle: Mutex::default() })
    }

    /// Sends a request to `origin` and waits for the head of its response.
    pub(crate) async fn send(
        self: &Arc<Self>,
        origin: &Uri,
        request: Outgoing,
    ) -> Result<Response, SendFailure> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect(origin).await?,
        };
        let head = connection.exchange(request).await.map_err(SendFailure::Exchange)?;
        let mut body = Body {
            connection: Some(connection),
            framing: head.framing,
            keeps_alive: head.keeps_alive,
            pool: self.clone(),
        };
        body.give_back_if_ended();
        Ok(Response { status: head.status, fields: head.fields, body })
    }

    async fn connect(&self, origin: &Uri) -> Result<Box<Connection>, SendFailure> {
        // Boxed: a request that finds a connection shall not keep room for making one.
        let socket = Box::pin(self.client.connect(origin.clone())).await?;
        Ok(Box::new(Connection::new(socket)))
    }

    /// The connection used last that still lives: the others may rest until they are closed.
    fn take(&self) -> Option<Box<Connection>> {
        loop {
            let (mut connection, since) = self.lock().pop_back()?;
            if since.elapsed() < IDLE_TIMEOUT && connection.is_idle() {
                return Some(connection);
            }
        }
    }

    fn give_back(&self, connection: Box<Connection>) {
        let now = Instant::now();
        let mut idle = self.lock();
        let is_stale = |(_, since): &mut Idle| now.duration_since(*since) >= IDLE_TIMEOUT;
        while idle.len() >= MAX_IDLE || idle.front_mut().is_some_and(is_stale) {
            idle.pop_front();
        }
        idle.push_back((connection, now));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    /// The next piece; `None` at the end.
    pub(crate) fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
        let polled = connection.poll_data(&mut self.framing, context);
        match &polled {
            Poll::Ready(None | Some(Err(_))) => {
                self.give_back_if_ended();
                self.connection = None;
            }
            Poll::Ready(Some(Ok(_))) => self.give_back_if_ended(),
            Poll::Pending => {}
        }
        polled
    }

    /// Waits for the next piece; `None` at the end.
    pub(crate) async fn data(&mut self) -> Option<io::Result<Bytes>> {
        poll_fn(|context| self.poll_data(context)).await
    }

    /// The bytes still to come, where the head said so.
    pub(crate) fn announced_bytes(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(left) => Some(left),
            _ => None,
        }
    }

    /// Whether all of it has been read.
    pub(crate) fn is_ended(&self) -> bool {
        self.connection.is_none()
    }

    fn give_back_if_ended(&mut self) {
        if self.framing.is_ended()
            && let Some(connection) = self.connection.take()
            && self.keeps_alive
        {
            self.pool.give_back(connection);
        }
    }
}
