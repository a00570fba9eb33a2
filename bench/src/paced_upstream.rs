//! An upstream that streams one fixed answer at a fixed pace.
//!
//! Every event is a write of its own, so that a relay sees each apart, as from a real model. The
//! schedule is fixed when the answer starts: a late event does not delay those after it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use futures_util::stream;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};

use crate::answer::{self, Protocol};
use crate::error::Error;

/// Connections that may wait to be accepted: a burst of clients must not meet a full queue.
const BACKLOG: u32 = 4096;

/// What to serve, where, how fast.
#[derive(Args)]
pub(crate) struct Options {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// What the answer is written in.
    #[arg(long, value_enum, default_value = "chat")]
    protocol: Protocol,
    /// Words in the answer; role, finish, usage and [DONE] are four more events.
    #[arg(long, default_value_t = 100)]
    words: usize,
    /// Events a second on each stream; 0 is as fast as they can be written one by one.
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
}

/// Serve until killed.
pub(crate) async fn serve<T>(options: Options) -> Result<T, Error> {
    let listener =
        listen(options.listen).map_err(|source| Error::Listen { address: options.listen, source })?;
    let script: Arc<[Bytes]> = answer::events(options.protocol, options.words).into();
    let pause = if options.rate > 0.0 { Duration::from_secs_f64(1.0 / options.rate) } else { Duration::ZERO };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve_connection(stream, script.clone(), pause))),
            // Out of file descriptors: wait for some to come back.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn serve_connection(stream: TcpStream, script: Arc<[Bytes]>, pause: Duration) {
    // Where this fails the events only come in clumps; the load generator's figures show it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(request, script.clone(), pause));
    // A client that goes away in the middle is the client's matter.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Answers with the stream; a GET, which asks whether this is up, with nothing.
async fn respond(
    request: Request<Incoming>,
    script: Arc<[Bytes]>,
    pause: Duration,
) -> Result<Response<impl Body<Data = Bytes, Error = Infallible>>, hyper::Error> {
    let script = if request.method() == Method::GET { Arc::default() } else { script };
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    let mut response = Response::new(paced(script, pause));
    let event_stream = http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(http::header::CONTENT_TYPE, event_stream);
    Ok(response)
}

/// The events, one every `pause`. Each ends in an await that is not ready at once, also when the
/// stream is late: that makes the connection write out what it holds.
fn paced(script: Arc<[Bytes]>, pause: Duration) -> impl Body<Data = Bytes, Error = Infallible> {
    let start = Instant::now();
    let events = stream::unfold((0, start), move |(index, due)| {
        let event = script.get(index).cloned();
        async move {
            let event = event?;
            if due > Instant::now() {
                sleep_until(due).await;
            } else {
                tokio::task::yield_now().await;
            }
            Some((Ok(Frame::data(event)), (index + 1, due + pause)))
        }
    });
    // Boxed because hyper wants to move the body about.
    StreamBody::new(Box::pin(events))
}
