//! Sockets: accepting connections, bounding them, letting them go at the end.

mod connection;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

pub(super) use connection::ConnectionControl;
use connection::FaultyStream;

/// Connections the kernel holds until they are accepted.
const BACKLOG: u32 = 4096;
/// Connections at the same time; more wait in the backlog.
const MAX_CONNECTIONS: usize = 19_000;
/// After an error of the whole process (no file left, say) accepting pauses this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// From the first byte of a request's head to its last.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_HEADERS: usize = 100;

/// A bound socket: clients can connect, nobody answers yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// What answers the requests of a connection.
pub(super) trait Answerer: Clone + Send + Sync + 'static {
    /// Answers a request; `control` breaks the connection it came over.
    fn answer(
        &self,
        request: Request<Body>,
        control: ConnectionControl,
    ) -> impl Future<Output = Response<Body>> + Send;
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

    /// Answers until `shutdown` is ready; what runs then may finish within the grace time.
    pub(super) async fn accept(
        self,
        answerer: impl Answerer,
        grace: Duration,
        shutdown: impl Future<Output = ()>,
    ) {
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = accept(&self.listener, answerer, &connections) => {}
            () = shutdown => {}
        }
        drop(self.listener);
        let _ = tokio::time::timeout(grace, connections.shutdown()).await;
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: &TcpListener, answerer: impl Answerer, connections: &GracefulShutdown) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        // The semaphore is never closed, so a slot is always had in the end.
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = connections.watch(serve(stream, answerer.clone()));
                tokio::spawn(async move {
                    // How a connection ends is the client's business, or a fault's.
                    let _ = connection.await;
                    drop(slot);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// A connection that died in the queue is nothing; running out of files is worth a pause.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    playhouse_telemetry::error!(%error, "No connection can be accepted; raise the limit of open files if it is reached");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

fn serve(
    stream: TcpStream,
    answerer: impl Answerer,
) -> http1::Connection<
    TokioIo<FaultyStream>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    // Without it the last piece of every stream waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let control = ConnectionControl::default();
    let io = TokioIo::new(FaultyStream::new(stream, control.clone()));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(
            io,
            service_fn(move |request: Request<Incoming>| {
                let (answerer, control) = (answerer.clone(), control.clone());
                // Boxed: the connection would keep room for the whole future for as long as it lives.
                Box::pin(async move { Ok(answerer.answer(request.map(Body::new), control).await) })
            }),
        )
}
