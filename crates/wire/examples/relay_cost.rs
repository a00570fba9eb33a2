//! What relaying costs the codec: `cargo run --release -p playhouse-wire --example relay_cost`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program says what it measured")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use playhouse_wire::{Codec, Dialect, Envelope, OpenAiChat};

const ROUNDS: u32 = 20_000;
const REPLY: &str = r#"{"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello! How can I assist you today?"}, "finish_reason": "stop", "logprobs": null}], "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}}"#;

fn main() {
    let whole = stream(100);
    println!("stream of 100 chunks, {} bytes", whole.len());
    report("as one buffer", || relay(std::slice::from_ref(&whole)));
    let frames: Vec<Bytes> = split(&whole);
    report("as one buffer a frame", || relay(&frames));
    let pages: Vec<Bytes> = whole.chunks(4096).map(Bytes::copy_from_slice).collect();
    report("as 4 KiB buffers, frames cut", || relay(&pages));
    let request = request();
    println!("request of {} bytes", request.len());
    report("read and written again, untouched", || pass(&request, "gpt-4o-mini"));
    report("read and written again, other model", || pass(&request, "gpt-4o"));
    let reply = Bytes::from_static(REPLY.as_bytes());
    println!("whole answer of {} bytes", reply.len());
    report("outlined", || drop(black_box(OpenAiChat.read_reply(reply.clone()).unwrap())));
}

fn report(what: &str, run: impl Fn()) {
    (0..ROUNDS / 10).for_each(|_| run());
    let started = Instant::now();
    (0..ROUNDS).for_each(|_| run());
    println!("  {what}: {:.2} µs", started.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS));
}

fn relay(buffers: &[Bytes]) {
    let mut reader = OpenAiChat.stream_reader(1 << 20);
    let envelope = Envelope { id: Arc::from("x"), created: 0, model: Arc::from("m"), include_usage: true };
    let mut writer = OpenAiChat.stream_writer(envelope);
    for buffer in buffers {
        reader.push(buffer.clone());
        while let Some(event) = reader.next() {
            black_box(writer.event(&event.unwrap()).unwrap());
        }
    }
    reader.finish().unwrap();
    black_box(writer.end());
}

fn pass(body: &Bytes, model: &str) {
    let incoming = OpenAiChat.read_request(body.clone()).unwrap();
    let request = incoming.request.for_model(Arc::from(model));
    black_box(OpenAiChat.write_request(&request, &Dialect::default()).unwrap());
}

fn stream(chunks: usize) -> Bytes {
    let head = r#""id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012","object":"chat.completion.chunk","created":1754000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789""#;
    let mut stream = format!(
        "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null}}\n\n"
    );
    for _ in 0..chunks - 3 {
        stream += &format!(
            "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word\"}},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null}}\n\n"
        );
    }
    stream += &format!(
        "data: {{{head},\"choices\":[{{\"index\":0,\"delta\":{{}},\"logprobs\":null,\"finish_reason\":\"stop\"}}],\"usage\":null}}\n\n"
    );
    stream += &format!(
        "data: {{{head},\"choices\":[],\"usage\":{{\"prompt_tokens\":19,\"completion_tokens\":97,\"total_tokens\":116,\"prompt_tokens_details\":{{\"cached_tokens\":0,\"audio_tokens\":0}},\"completion_tokens_details\":{{\"reasoning_tokens\":0}}}}}}\n\ndata: [DONE]\n\n"
    );
    stream.into()
}

fn split(stream: &Bytes) -> Vec<Bytes> {
    let text = std::str::from_utf8(stream).unwrap();
    text.split_inclusive("\n\n").map(|frame| Bytes::copy_from_slice(frame.as_bytes())).collect()
}

fn request() -> Bytes {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(20);
    format!(r#"{{"model":"gpt-4o-mini","messages":[{{"role":"system","content":"You are helpful."}},{{"role":"user","content":"{text}"}}],"temperature":0.7}}"#).into()
}
