//! What counting tokens and making replies costs: `cargo run --release -p playhouse-mock --example reply_cost`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program says what it measured")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method};
use playhouse_mock::call::Call;
use playhouse_mock::protocols::protocols;
use playhouse_mock::reply::{Replies, Scene};
use playhouse_mock::script::{Reply, Rule, Script};
use playhouse_mock::tokens::{Tokenizer, prompt_tokens};
use playhouse_mock::verdict::Hit;
use serde_json::{Value, json};

const ROUNDS: u32 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    count_tokens();
    for (name, said) in [
        (
            "fixed text of 20 tokens",
            json!("one two three four five six seven eight nine ten ".repeat(2).trim()),
        ),
        (
            "tool call, its id drawn",
            json!({ "tool_calls": [{ "name": "weather", "arguments": { "city": "Paris" } }] }),
        ),
        ("template", json!({ "template": "You said: {{ user | length }} characters" })),
    ] {
        report(&format!("reply: {name}"), render(said).await);
    }
    compile();
}

fn count_tokens() {
    let text = sample();
    let started = Instant::now();
    black_box(Tokenizer::of_model("gpt-4o").count("Hello there!"));
    report("first count", started.elapsed());
    for model in ["gpt-4o", "gpt-4"] {
        let tokenizer = Tokenizer::of_model(model);
        report(&format!("count 1 KB, {model}"), each(|| tokenizer.count(black_box(&text))));
        report(&format!("split 1 KB, {model}"), each(|| tokenizer.split(black_box(&text))));
    }
    let call = chat(&text);
    report("count the same request of 1 KB", each(|| prompt_tokens(&call.facts)));
    println!("  resident: {}", resident());
}

async fn render(said: Value) -> Duration {
    let reply: Reply = serde_json::from_value(said).unwrap();
    let replies = Replies::compile(&Script::default().rule(Rule::reply(reply)), Path::new(".")).unwrap();
    let (call, hit) =
        (chat(&sample()), Hit { index: 0, name: Arc::from("rule 1"), call: 1, captures: BTreeMap::new() });
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(replies.render(Scene { call: &call, hit: &hit, step: 0, seed: 1 }).await.unwrap());
    }
    started.elapsed() / ROUNDS
}

fn compile() {
    let rules = (0..10_000).map(|at| Rule::reply(format!("Answer {at}"))).collect();
    let script = Script { rules, ..Script::default() };
    let started = Instant::now();
    black_box(Replies::compile(&script, Path::new(".")).unwrap());
    report("10,000 replies made ready", started.elapsed());
}

fn sample() -> String {
    "The quick brown fox jumps over the lazy dog; it's 1234 o'clock. ".repeat(16)
}

fn chat(text: &str) -> Call {
    let body = json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": text }] });
    let facts =
        protocols()[0].read(&Method::POST, "/v1/chat/completions", None, body.to_string().into()).unwrap();
    Call { namespace: Arc::from("default"), headers: Arc::new(HeaderMap::new()), facts: Arc::new(facts) }
}

fn each<T>(mut work: impl FnMut() -> T) -> Duration {
    let started = Instant::now();
    (0..ROUNDS).for_each(|_| drop(black_box(work())));
    started.elapsed() / ROUNDS
}

fn report(what: &str, took: Duration) {
    println!("  {what}: {:.2} µs", took.as_secs_f64() * 1e6);
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap_or("unknown").trim().to_owned()
}
