//! Calls as people and programs read them.

use std::sync::Arc;

use playhouse_mock::fault::{Fault, FaultOrigin};
use playhouse_mock::journal::{Ended, Entry, EntryView, Journal, describe, explain};
use serde_json::Value;

use crate::support::{Sample, answer, violation};

fn record(sample: Sample) -> Arc<Entry> {
    sample.answered(&Arc::default())
}

/// What `describe` says, without how long the call took.
fn line(entry: &Entry) -> String {
    let line = describe(entry);
    match line.rsplit_once(' ').filter(|(_, unit)| *unit == "ms") {
        Some((rest, _)) => rest.rsplit_once(' ').unwrap().0.to_owned(),
        None => line,
    }
}

fn view(entry: &Entry) -> Value {
    serde_json::from_str(&serde_json::to_string(&EntryView::from(entry)).unwrap()).unwrap()
}

fn chaos(spec: &str) -> Fault {
    let settings = "rate=0.5,seed=42".to_owned();
    Fault { spec: serde_json::from_str(spec).unwrap(), origin: FaultOrigin::Chaos { settings, attempt: 2 } }
}

#[tokio::test]
async fn a_call_is_one_line() {
    let entry =
        record(Sample::user("What is the weather\nin Paris, and in Rome tomorrow?").met_by("weather"));
    assert_eq!(
        line(&entry),
        "12:00:01.123 ns1 #1 POST chat gpt-4o-mini \"What is the weather in Paris, and in Ro…\" → \
         rule 'weather' 200 14 tokens"
    );
}

#[tokio::test]
async fn the_line_says_what_became_of_the_call() {
    let missed = record(Sample::user("Hi").missed("weather", "user: expected \"weather\", got \"Hi\""));
    let refused = record(Sample::user("Hi").refused(violation()));
    let unreadable = record(Sample::body("{").to("/v1/chat/completions?a=b"));
    let faulty = record(Sample::user("Hi").faulty(chaos(r#"{"kind": "cut", "after_events": 3}"#)));
    let made = [missed, refused, unreadable, faulty].map(|entry| line(&entry)[17..].to_owned());
    insta::assert_snapshot!(made.join("\n"));
}

#[tokio::test]
async fn a_call_under_way_says_so() {
    let journal = Arc::<Journal>::default();
    let recording = Sample::user("Hi").begin(&journal);
    assert!(describe(recording.entry()).ends_with("→ no script running"));
}

#[tokio::test]
async fn text_from_outside_cannot_play_tricks_with_a_terminal() {
    let entry = record(Sample::body(
        r#"{"model": "\u001b[2Jgpt", "messages": [{"role": "user", "content": "\u001b[31mHi\r\n"}]}"#,
    ));
    for text in [describe(&entry), explain(&entry)] {
        assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
    }
}

#[tokio::test]
async fn a_call_is_explained() {
    let sample = Sample::chat(&[("system", "Be brief."), ("user", "What is the wether in Paris?")]);
    let sample = sample
        .missed("weather", "user: expected to contain \"weather\", got \"What is the wether in Paris?\"");
    let entry = record(sample.reported(violation()).faulty(chaos("503")));
    let explained = explain(&entry);
    insta::assert_snapshot!(explained.split_once('\n').unwrap().1);
}

#[tokio::test]
async fn a_call_is_told_in_json() {
    let journal = Arc::<Journal>::default();
    let body = r#"{"model": "gpt-4o-mini", "stream": true, "temperature": 1.0, "messages": [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\":\"Paris\"}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}],
        "tools": [{"type": "function", "function": {"name": "get_weather"}}]}"#;
    let sample = Sample::body(body).header("authorization", "Bearer sk-test-ns1-secret99").met_by("weather");
    let mut recording = sample
        .header("x-a", "1")
        .header("x-a", "2")
        .reported(violation())
        .faulty(chaos("\"cut\""))
        .begin(&journal);
    recording.begin_answer(answer("data: {}\n\ndata: [DONE]\n\n"));
    recording.sent(10, 1);
    recording.finish(Ended::Cut);
    let mut view = view(recording.entry());
    for time in ["first_byte_ms", "duration_ms"] {
        assert!(view["timing"][time].take().as_f64().unwrap() > 0.0);
    }
    view["line"].take();
    insta::assert_json_snapshot!(view);
}

#[tokio::test]
async fn a_body_is_told_as_it_came() {
    let entry =
        record(Sample::body(r#"{"model":"m","big":12345678901234567890123,"one":1.0,"messages":[]}"#));
    let text = serde_json::to_string(&EntryView::from(&*entry)).unwrap();
    assert!(text.contains(r#""big":12345678901234567890123,"one":1.0"#), "{text}");
    assert_eq!(view(&record(Sample::body("{ no JSON")))["request"], "{ no JSON");
}

#[tokio::test]
async fn each_outcome_has_a_field_of_its_own() {
    let missed = view(&record(Sample::user("Hi").missed("weather", "user: another")));
    let refused = view(&record(Sample::user("Hi").refused(violation())));
    let unscripted = view(&record(Sample::user("Hi")));
    assert_eq!(missed["missed"]["nearest"], "weather");
    assert_eq!(missed["missed"]["differences"][0], "user: another");
    assert_eq!(refused["refused"]["param"], "temperature");
    assert_eq!(unscripted["unscripted"], true);
    let outcomes = [missed, refused, unscripted].map(|view| view["outcome"].as_str().unwrap().to_owned());
    assert_eq!(outcomes, ["missed", "refused", "unscripted"]);
}
