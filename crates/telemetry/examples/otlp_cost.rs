//! What a request's spans cost, and what of it its own thread pays: `cargo run --release --example otlp_cost`.
//!
//! A receiver in this process takes what is exported and throws it away; its own work is counted too.

#![expect(clippy::print_stdout, reason = "the figures are for whoever runs this")]
#![expect(clippy::unwrap_used, reason = "an example may stop at the first surprise")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_llm::{Chunk, Context, Event, Message, Prompt, Request, Usage};
use playhouse_telemetry::otlp::{ChatSpan, ChatTarget, RequestEnd, RequestSpan, RequestStart};
use playhouse_telemetry::{Metrics, Otlp, TelemetryConfig, Tracer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: u32 = 300_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = TelemetryConfig {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        ..TelemetryConfig::default()
    };
    tokio::spawn(receive(listener));
    let metrics = Arc::new(Metrics::new("1", "example"));
    let otlp = Otlp::start(&config, &metrics, "1").unwrap();
    let tracer = otlp.tracer().clone();
    let off = time(&Tracer::default());
    let on = time(&tracer);
    println!("a request's two spans, off   {off:>6.0} ns");
    println!("a request's two spans, on    {on:>6.0} ns");
    let unpaced = counts(&metrics);
    // As many a second as a core of the server answers, to see what sending them costs.
    let before = cpu_seconds();
    let begun = Instant::now();
    let paced = 100_000_u32;
    for round in 0..paced {
        request(&tracer);
        if round % 50 == 0 {
            let due = begun + Duration::from_micros(u64::from(round) * 50);
            tokio::time::sleep(due.saturating_duration_since(Instant::now())).await;
        }
    }
    otlp.shut_down(Duration::from_secs(5)).await;
    let all = (cpu_seconds() - before) / f64::from(paced) * 1e9;
    println!("20,000 requests a second     {all:>6.0} ns of CPU a request, sending and receiving included");
    println!("exported, dropped            {:?} as fast as can be, then {:?}", unpaced, counts(&metrics));
}

/// Nanoseconds a request.
fn time(tracer: &Tracer) -> f64 {
    (0..ROUNDS / 10).for_each(|_| request(tracer));
    let begun = Instant::now();
    (0..ROUNDS).for_each(|_| request(tracer));
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
}

/// What a streamed request asks of the tracer.
fn request(tracer: &Tracer) {
    let start = RequestStart {
        caller: None,
        started: Instant::now(),
        path: "/v1/chat/completions",
        route: Some("/v1/chat/completions"),
        user_agent: Some("openai-python/3.54"),
    };
    let server = RequestSpan::begin(tracer, &start);
    let trace = server.as_ref().map(RequestSpan::trace);
    let context = Context { trace, ..Context::default() };
    let prompt = Prompt::new(vec![Message::user("Hello")]);
    let request = Request::new("gpt-4o-mini", prompt).streamed(true).within(Arc::new(context));
    let target = ChatTarget::new("openai", Some(("api.openai.com", 443)));
    let mut attempt = ChatSpan::begin(tracer, &target, &request);
    let mut last = Chunk { id: Some("chatcmpl-1".to_owned()), ..Chunk::text("Hi!") };
    last.usage = Some(Usage::new(10, 5));
    let event = Event::chunk(last);
    attempt.iter_mut().for_each(|span| span.observe(&event));
    attempt.iter_mut().for_each(|span| span.end(None));
    drop(attempt);
    if let Some(server) = server {
        server.end(&RequestEnd {
            method: "POST",
            path: start.path,
            route: start.route,
            client: Some("127.0.0.1"),
            status_code: Some(200),
            client_aborted: false,
            duration: start.started.elapsed(),
        });
    }
}

fn counts(metrics: &Metrics) -> Vec<String> {
    let text = metrics.render();
    let counts = text.lines().filter_map(|line| line.strip_prefix("playhouse_spans_"));
    counts.map(str::to_owned).collect()
}

/// CPU time of this process, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// Takes every export and answers that it was taken.
async fn receive(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(take_all(stream));
    }
}

async fn take_all(mut stream: TcpStream) {
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if bytes.len() >= end + 4 + length.parse::<usize>().unwrap() {
            bytes.clear();
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
                return;
            }
        }
    }
}
