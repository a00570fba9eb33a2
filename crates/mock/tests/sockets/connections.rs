//! Connections: used again, slow, idle, too many, and at the end.

use std::time::{Duration, Instant};

use playhouse_mock::server::body::End;
use playhouse_mock::server::listen::ConnectionLimits;

use crate::support::{Answer, How, Server};

const SHORT: Duration = Duration::from_millis(60);
const END_OF_WHOLE: &str = "\"finish_reason\":\"stop\"}]}";
const END_OF_STREAM: &str = "[DONE]\n\n\r\n0\r\n\r\n";

/// A whole answer, a stream, a slow one, or one that meets the fault that the path names.
fn by_path(path: &str) -> Answer {
    match path {
        "/whole" => Answer::whole(""),
        "/stream" => Answer::stream(""),
        "/quick" => Answer::stream("").paced(Duration::from_millis(5)),
        "/slow" => Answer::stream("").paced(SHORT * 2),
        fault => Answer::stream(fault.trim_start_matches('/')),
    }
}

async fn server(limits: ConnectionLimits) -> Server {
    Server::with_limits(limits, by_path).await
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = server(ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.get("/stream").await;
        client.read_until(END_OF_STREAM).await;
        client.get("/whole").await;
        client.read_until(END_OF_WHOLE).await;
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = server(ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    client.send(&[get("/stream"), get("/whole"), get("/reset_after_headers")].concat()).await;
    let came = client.read_to_end().await;
    let text = String::from_utf8(came.bytes).unwrap();
    let places = ["[DONE]", "chat.completion\"", "HTTP/1.1 200 OK"].map(|what| text.rfind(what).unwrap());
    assert!(places.is_sorted(), "{text}");
    assert_eq!(came.how, How::Reset);
}

#[tokio::test]
async fn a_cut_is_a_close_though_requests_are_unread() {
    let server = Server::giving(Answer::stream("cut:after_events=4").paced(SHORT)).await;
    let mut client = server.connect().await;
    client.get("/").await;
    // The first of them is read while the answer goes on; the others are not.
    for word in ["one ", "two "] {
        client.read_until(word).await;
        client.get("/").await;
    }
    assert_eq!(client.read_to_end().await.how, How::Closed);
}

#[tokio::test]
async fn a_fault_is_for_its_answer_only() {
    let server = server(ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    let begun = Instant::now();
    client.get("/drip:bytes=100:every_ms=20").await;
    client.read_until(END_OF_STREAM).await;
    let dripped = begun.elapsed();
    client.get("/stream").await;
    client.read_until(END_OF_STREAM).await;
    assert!(begun.elapsed() < dripped * 3 / 2, "{dripped:?} of {:?}", begun.elapsed());
}

#[tokio::test]
async fn events_are_written_when_they_are_due() {
    let server = server(ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    let pace = Duration::from_millis(5);
    let mut took = Vec::new();
    for _ in 0..12 {
        let begun = Instant::now();
        client.get("/quick").await;
        client.read_until(END_OF_STREAM).await;
        took.push(begun.elapsed());
    }
    assert!(took.iter().all(|took| *took >= pace * 4), "some are early: {took:?}");
    // Without TCP_NODELAY, once the kernel trusts a connection, some event of every answer waits
    // 40 ms for an acknowledgement. One that is fast shows that it is not so, however busy the machine.
    assert!(took[6..].iter().any(|took| *took < Duration::from_millis(35)), "all are late: {took:?}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let limits = ConnectionLimits { header_timeout: SHORT, ..ConnectionLimits::default() };
    let server = server(limits).await;
    let mut client = server.connect().await;
    client.get("/stream").await;
    client.read_until(END_OF_STREAM).await;
    client.send("GET / HTTP/1.1\r\nhost: ").await;
    let came = client.read_to_end().await;
    assert_eq!(came.bytes.len(), 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer() {
    let limits = ConnectionLimits { idle_timeout: SHORT * 5, ..ConnectionLimits::default() };
    let server = server(limits).await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    busy.get("/slow").await;
    assert_eq!(idle.read_to_end().await.how, How::Closed);
    busy.read_until(END_OF_STREAM).await;
    let came = busy.read_to_end().await;
    assert_eq!((came.bytes.len(), came.how), (0, How::Closed), "afterwards it is idle");
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait() {
    let limits = ConnectionLimits { max_connections: 2, ..ConnectionLimits::default() };
    let server = server(limits).await;
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    for client in [&mut one, &mut two] {
        client.get("/whole").await;
        client.read_until(END_OF_WHOLE).await;
    }
    let mut third = server.connect().await;
    third.get("/whole").await;
    tokio::time::sleep(SHORT).await;
    assert!(third.is_waiting());
    drop(one);
    third.read_until(END_OF_WHOLE).await;
}

#[tokio::test]
async fn what_is_being_answered_is_finished_at_the_end_and_the_idle_are_closed() {
    let mut server = server(ConnectionLimits::default()).await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    busy.get("/slow").await;
    busy.read_until("one ").await;
    let address = server.address();
    let begun = Instant::now();
    let (finished, idle, busy) = tokio::join!(server.stop(), idle.read_to_end(), busy.read_to_end());
    assert!(finished && begun.elapsed() < ConnectionLimits::default().grace);
    assert_eq!((idle.bytes.len(), idle.how), (0, How::Closed));
    assert!(busy.bytes.ends_with(END_OF_STREAM.as_bytes()));
    assert_eq!(busy.how, How::Closed);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_grace_time_has_an_end() {
    let limits = ConnectionLimits { grace: SHORT, ..ConnectionLimits::default() };
    let mut server = server(limits).await;
    let mut client = server.connect().await;
    client.get("/stall").await;
    client.read_until("one ").await;
    assert!(!server.stop().await);
    client.read_to_end().await;
    assert_eq!(server.ended().await, End::ClientLeft);
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone() {
    let server = server(ConnectionLimits::default()).await;
    let address = server.address();
    let mut client = server.connect().await;
    client.get("/stall").await;
    client.read_until("one ").await;
    drop(server);
    client.read_to_end().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let server = server(ConnectionLimits::default()).await;
    let mut client = server.connect().await;
    client.send("hello\r\n\r\n").await;
    let came = client.read_to_end().await;
    assert!(came.head().starts_with("HTTP/1.1 400 "));
    let mut client = server.connect().await;
    client.send(&format!("GET / HTTP/1.1\r\n{}", "x: y\r\n".repeat(101))).await;
    client.send("\r\n").await;
    assert!(client.read_to_end().await.head().starts_with("HTTP/1.1 431 "));
}
