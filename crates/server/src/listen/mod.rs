//! Sockets: accepting connections, bounding them, and draining them at the end.

mod guard;
mod refusal;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::FutureExt;
use futures_util::future::{FusedFuture, join};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use playhouse_telemetry::{debug, error, info};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};

pub use guard::ConnectionTimeouts;
pub(crate) use guard::{Activity, GuardedStream};
pub(crate) use refusal::Refused;

use crate::config::ServerConfig;
use crate::front::Front;
use crate::lifecycle::Lifecycle;

/// Connections the kernel holds until they are accepted.
const BACKLOG: u32 = 4096;
/// After an error of the whole process (no file left, say) accepting pauses this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long connections that are cut off may take to let go.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the last words to clients may take on their way.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_millis(200);
/// A request's head may be this large, and have this many fields.
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_HEADERS: usize = 100;

/// A bound socket: clients can connect, nobody answers yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// What bounds the connections of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at the same time.
    pub max_connections: usize,
    /// How long each may keep the server waiting.
    pub timeouts: ConnectionTimeouts,
    /// How long new requests are still answered once the server is not ready any more.
    pub drain_delay: Duration,
    /// How long running requests and turns may take to finish at the end.
    pub grace: Duration,
}

impl From<&ServerConfig> for ConnectionLimits {
    fn from(config: &ServerConfig) -> Self {
        Self {
            max_connections: config.max_connections,
            timeouts: ConnectionTimeouts {
                header: Duration::from_millis(config.header_timeout_ms),
                idle: Duration::from_millis(config.idle_timeout_ms),
                write: Duration::from_millis(config.write_timeout_ms),
            },
            drain_delay: Duration::from_millis(config.drain_delay_ms),
            grace: Duration::from_millis(config.shutdown_grace_ms),
        }
    }
}

impl Listener {
    /// Binds an address (`host:port`; port 0 takes a free one).
    ///
    /// # Errors
    /// When the name cannot be resolved or the port is taken.
    pub async fn bind(address: &str) -> io::Result<Self> {
        let mut failure = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name resolves to no address");
        for candidate in tokio::net::lookup_host(address).await? {
            match bind_one(candidate) {
                Ok(listener) => return Ok(Self { address: listener.local_addr()?, listener }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready, then drains. The lifecycle says so at once, and every answer closes
    /// its connection; for a while requests are answered as before, until whoever sends them has seen it.
    /// Then what runs may finish within the grace time, turns and runs without a client too, and whoever
    /// comes meanwhile is sent away. What is left is interrupted.
    ///
    /// Returns whether everything finished in time.
    pub async fn serve(
        self,
        front: Front,
        limits: ConnectionLimits,
        lifecycle: Lifecycle,
        shutdown: impl Future<Output = ()>,
    ) -> bool {
        let slots = Arc::new(Semaphore::new(limits.max_connections));
        let connections = GracefulShutdown::new();
        let late = GracefulShutdown::new();
        let (cut, uncut) = watch::channel(());
        lifecycle.set_ready();
        tokio::select! {
            () = accept(&self.listener, front.clone(), limits, slots.clone(), &connections, uncut.clone()) => {}
            () = shutdown => {}
        }
        lifecycle.set_draining();
        // As a number: 128 bits would be written as text.
        let grace_ms = u64::try_from(limits.grace.as_millis()).unwrap_or(u64::MAX);
        info!(grace_ms, "Draining");
        // A sleep of nothing still takes a tick of the clock, in which a request would be answered.
        if !limits.drain_delay.is_zero() {
            tokio::select! {
                () = accept(&self.listener, front.clone(), limits, slots.clone(), &connections, uncut.clone()) => {}
                () = tokio::time::sleep(limits.drain_delay) => {}
            }
        }
        let app = front.app().clone();
        let mut answered = pin!(connections.shutdown().fuse());
        let ended = join(answered.as_mut(), app.all_ended());
        let finished = tokio::select! {
            finished = tokio::time::timeout(limits.grace, ended) => finished.is_ok(),
            () = accept(&self.listener, front.stopping(), limits, slots.clone(), &late, uncut) => false,
        };
        drop(self.listener);
        if !finished {
            // Whoever follows a turn is told that it was cut off. Others are waited for no longer.
            let _ = tokio::time::timeout(CUT_TIMEOUT, app.interrupt_turns()).await;
            if !answered.is_terminated() {
                let _ = tokio::time::timeout(LAST_WORDS_TIMEOUT, answered).await;
            }
        }
        // What is left is dropped here and now, so that it can still be stored as interrupted.
        drop(cut);
        let all = u32::try_from(limits.max_connections).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(CUT_TIMEOUT, slots.acquire_many(all)).await;
        finished
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(
    listener: &TcpListener,
    front: Front,
    limits: ConnectionLimits,
    slots: Arc<Semaphore>,
    connections: &GracefulShutdown,
    uncut: watch::Receiver<()>,
) {
    loop {
        // The semaphore is never closed, so a slot is always had in the end.
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let activity = Arc::new(Activity::of(peer.ip()));
        let connection = connection(stream, front.clone(), limits.timeouts, activity.clone());
        let connection = connections.watch(connection);
        let (front, mut uncut) = (front.clone(), uncut.clone());
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tell_early_end(&front, &activity, &error);
                },
                // Nothing is ever sent: this is the end of the sender.
                _ = uncut.changed() => {}
            }
            drop(slot);
        });
    }
}

/// A connection that ends early is nothing, unless a request on it was refused before it was one.
fn tell_early_end(front: &Front, activity: &Activity, error: &hyper::Error) {
    match activity.refused() {
        Some(refused) => front.tell_refused(refused, error),
        None => debug!(%error, "A connection ended early"),
    }
}

/// A connection that died in the queue is nothing; running out of files is worth a pause.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    error!(%error, "No connection can be accepted; raise the limit of open files if it is reached");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

fn connection(
    stream: TcpStream,
    front: Front,
    timeouts: ConnectionTimeouts,
    activity: Arc<Activity>,
) -> http1::Connection<
    TokioIo<GuardedStream>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    // Without it the last piece of every stream waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(GuardedStream::new(stream, timeouts, activity.clone()));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES.max(8192))
        .max_headers(MAX_HEADERS)
        .serve_connection(
            io,
            service_fn(move |request: Request<Incoming>| {
                let answer = front.answer_over(Some(activity.clone()), request.map(Body::new));
                // Boxed: the connection would keep room for the whole future for as long as it lives.
                Box::pin(answer.map(Ok))
            }),
        )
}
