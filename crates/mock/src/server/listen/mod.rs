//! Sockets: accepting connections, bounding them, and having them break as told.
//!
//! In reading order: this (accepting) → `connections` (those that are open) → [`ConnectionControl`]
//! (what the answering side can do to its own) → `stream` (where that is done).

mod answering;
mod connections;
mod control;
mod quiet;
mod stream;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use answering::Answering;
use connections::Connections;
use stream::FaultyStream;

pub use control::ConnectionControl;

/// Connections the kernel holds until they are accepted.
const BACKLOG: u32 = 4096;
/// After an error of the whole process (no file left, say) accepting pauses this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A request's head may be this large. It may have 100 fields: that is hyper's own bound, and to set
/// it, be it to the same, would cost every request an allocation.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// What bounds the connections of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at the same time; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long a request's head may take, from its first byte to its last.
    pub header_timeout: Duration,
    /// How long nothing may happen between two requests.
    pub idle_timeout: Duration,
    /// How long answers that are being given may take to finish at the end.
    pub grace: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            header_timeout: Duration::from_secs(30),
            // Clients keep connections in pools; a person in a debugger stops all of them.
            idle_timeout: Duration::from_secs(600),
            grace: Duration::from_secs(5),
        }
    }
}

/// A bound socket: clients can connect, nobody answers yet.
///
/// ```
/// use bytes::Bytes;
/// use http::Response;
/// use http_body_util::Full;
/// use playhouse_mock::server::listen::{ConnectionLimits, Listener};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let listener = Listener::bind("127.0.0.1:0").await.unwrap();
/// let serving = listener.spawn(ConnectionLimits::default(), |_request, _control| async {
///     Response::new(Full::new(Bytes::from("Hello!")))
/// });
/// println!("http://{}/", serving.address());
/// assert!(serving.stop().await);
/// # });
/// ```
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// A listener that is being served; it stops when dropped, and breaks off what it is answering.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<bool>,
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

    /// Serves until `shutdown` is ready; then nothing new is accepted, and what is being answered
    /// may finish within the grace time.
    ///
    /// Returns whether everything was finished in time.
    pub async fn serve<S, F, B>(
        self,
        limits: ConnectionLimits,
        service: S,
        shutdown: impl Future<Output = ()>,
    ) -> bool
    where
        S: Fn(Request<Incoming>, ConnectionControl) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
    {
        let service = Arc::new(service);
        let mut connections = Connections::new(limits);
        let mut look = interval(quiet::look_every(&limits));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.has_room() => match accepted {
                    Ok((stream, _)) => {
                        let control = ConnectionControl::default();
                        connections.open(control.clone(), converse(stream, control, service.clone()));
                    }
                    Err(error) => pause_after(&error).await,
                },
                () = connections.closed() => {}
                _ = look.tick() => connections.end_overdue(),
                () = &mut shutdown => break,
            }
        }
        drop(self.listener);
        connections.drain().await
    }

    /// Serves in a task of its own.
    pub fn spawn<S, F, B>(self, limits: ConnectionLimits, service: S) -> Serving
    where
        S: Fn(Request<Incoming>, ConnectionControl) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
    {
        let address = self.address;
        let (stop, stopped) = oneshot::channel();
        // A sender that is gone says the same as one that sent.
        let shutdown = async { drop(stopped.await) };
        let task = tokio::spawn(self.serve(limits, service, shutdown));
        Serving { address, stop: Some(stop), task }
    }
}

impl Serving {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, and waits until what is being answered is finished, within the grace time.
    ///
    /// Returns whether everything was finished in time.
    pub async fn stop(mut self) -> bool {
        drop(self.stop.take());
        (&mut self.task).await.unwrap_or(false)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A connection that died in the queue is nothing; running out of files is worth a pause.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    playhouse_telemetry::error!(
        %error,
        "No connection can be accepted; raise the limit of open files if it is reached"
    );
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Answers the requests of a connection, one after the other.
async fn converse<S, F, B>(stream: TcpStream, control: ConnectionControl, service: Arc<S>)
where
    S: Fn(Request<Incoming>, ConnectionControl) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + 'static,
{
    // Without it each piece of a stream would wait for the client to acknowledge the one before.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(FaultyStream::new(stream, control.clone()));
    let answer = service_fn(move |request| {
        control.begin_answer();
        let (answer, control) = (service(request, control.clone()), control.clone());
        // Boxed: the connection would keep room for the whole future for as long as it lives.
        Box::pin(async move { Ok::<_, Infallible>(answer.await.map(|body| Answering::new(body, control))) })
    });
    let mut server = http1::Builder::new();
    server.max_buf_size(MAX_HEAD_BYTES);
    if let Err(error) = server.serve_connection(io, answer).await {
        playhouse_telemetry::debug!(%error, "A connection ended early");
    }
}
