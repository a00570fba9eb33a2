//! Retry, fallback, routing, limits and the meter, over real connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use playhouse_llm::{CallRecord, Context, Error, ErrorKind, Outcome, Provider};
use playhouse_provider::{
    CallSink, Deployment, Fallback, HedgeBudget, Limit, Meter, PriceTable, Retry, RetryPolicy, Route, Tally,
    Upstream as Routed, Vacancy, vendor,
};

use crate::upstream::{
    COMPLETION, DONE, FINISH, STREAM_HEAD, Step, Upstream, ask, delta, http, json, request, stream,
};

#[derive(Default)]
struct Kept {
    records: Mutex<Vec<CallRecord>>,
    attempts: Mutex<Vec<Option<ErrorKind>>>,
}

impl CallSink for Kept {
    fn record(&self, record: CallRecord) {
        self.records.lock().unwrap().push(record);
    }

    fn attempt(&self, _provider: &str, _model: &str, error: Option<&Error>) {
        self.attempts.lock().unwrap().push(error.map(|error| error.kind));
    }
}

fn prices() -> Arc<PriceTable> {
    Arc::new(PriceTable::new([("upstream".to_owned(), "openai".to_owned())], []))
}

fn hedges() -> Arc<HedgeBudget> {
    Arc::new(HedgeBudget::new(0))
}

fn fast(retries: u32) -> RetryPolicy {
    RetryPolicy { retries, base: Duration::from_millis(1), max: Duration::from_millis(50) }
}

fn good() -> Vec<Step> {
    vec![Step::Send(json("200 OK", COMPLETION))]
}

fn bad() -> Vec<Step> {
    vec![Step::Send(json("500 Internal Server Error", "{}"))]
}

#[tokio::test]
async fn a_failed_beginning_is_repeated_and_told_of() {
    let upstream = Upstream::start(vec![bad(), vec![], good()]).await;
    let kept = Arc::new(Kept::default());
    let tallied = Tally::new(upstream.provider(), Arc::from("upstream"), kept.clone());
    let reply = ask(&Retry::new(tallied, fast(2)), request()).await.unwrap();
    assert_eq!(reply.content(), "Hello!");
    let attempts = kept.attempts.lock().unwrap().clone();
    assert_eq!(attempts, [Some(ErrorKind::Upstream), Some(ErrorKind::Unreachable), None]);
}

#[tokio::test]
async fn repetition_has_an_end() {
    let upstream = Upstream::start(vec![bad()]).await;
    let error = ask(&Retry::new(upstream.provider(), fast(2)), request()).await.unwrap_err();
    assert_eq!(error.upstream_status(), Some(500));
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_wrong_request_is_not_repeated() {
    let upstream = Upstream::start(vec![vec![Step::Send(json("400 Bad Request", "{}"))]]).await;
    ask(&Retry::new(upstream.provider(), fast(2)), request()).await.unwrap_err();
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_upstream_that_asks_for_a_long_pause_is_left_alone() {
    let refusal =
        http("429 Too Many Requests", "content-type: application/json\r\nretry-after: 3600\r\n", "{}");
    let upstream = Upstream::start(vec![vec![Step::Send(refusal)]]).await;
    let error = ask(&Retry::new(upstream.provider(), fast(5)), request()).await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_stream_that_has_begun_is_never_repeated() {
    let broken = stream(&delta("Hel"));
    let upstream = Upstream::start(vec![vec![Step::Send(broken)]]).await;
    let error = ask(&Retry::new(upstream.provider(), fast(5)), request().streamed(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Interrupted);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_chain_goes_on_where_one_cannot_answer() {
    let (down, up) = (Upstream::start(vec![bad()]).await, Upstream::start(vec![good()]).await);
    let chain = Fallback::new(vec![
        Deployment::new(Arc::new(down.provider()), "a"),
        Deployment::new(Arc::new(up.provider()), "b"),
    ]);
    ask(&chain, request()).await.unwrap();
    assert!(down.requests()[0].contains(r#""model":"a""#));
    assert!(up.requests()[0].contains(r#""model":"b""#));
}

#[tokio::test]
async fn a_chain_stops_at_a_wrong_request() {
    let wrong = Upstream::start(vec![vec![Step::Send(json("400 Bad Request", "{}"))]]).await;
    let up = Upstream::start(vec![good()]).await;
    let chain = Fallback::new(vec![
        Deployment::new(Arc::new(wrong.provider()), "a"),
        Deployment::new(Arc::new(up.provider()), "b"),
    ]);
    assert_eq!(ask(&chain, request()).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    assert!(up.requests().is_empty());
}

fn routed(name: &str, upstream: &Upstream) -> Routed {
    let provider = Arc::new(upstream.provider());
    let vendor = vendor(name).unwrap_or(&playhouse_provider::catalog::CUSTOM);
    Routed {
        name: Arc::from(name),
        vendor,
        provider: provider.clone(),
        models: provider,
        vacancy: Vacancy::default(),
    }
}

#[tokio::test]
async fn a_model_goes_to_whom_it_belongs() {
    let first = Upstream::start(vec![good()]).await;
    let openai = Upstream::start(vec![good()]).await;
    let aliases = [(Arc::from("fast"), vec!["openai/gpt-4o-mini".to_owned()])];
    let upstreams = vec![routed("groq", &first), routed("openai", &openai)];
    let route = Route::new(upstreams, aliases, prices(), &hedges()).unwrap();
    for (model, to_openai, as_model) in [
        ("fast", true, "gpt-4o-mini"),
        ("openai/anything/at-all", true, "anything/at-all"),
        ("gpt-4.1", true, "gpt-4.1"),
        ("never-heard-of", false, "never-heard-of"),
        ("elsewhere/model", false, "elsewhere/model"),
    ] {
        ask(&route, request().for_model(Arc::from(model))).await.unwrap();
        let asked = if to_openai { openai.requests() } else { first.requests() };
        let last = asked.last().unwrap_or_else(|| panic!("'{model}' went elsewhere"));
        assert!(last.contains(&format!(r#""model":"{as_model}""#)), "'{model}' was asked as {last}");
    }
    assert_eq!((openai.requests().len(), first.requests().len()), (3, 2));
}

#[tokio::test]
async fn a_chain_to_nowhere_is_refused_at_the_start() {
    let upstream = Upstream::start(vec![good()]).await;
    let aliases = [(Arc::from("fast"), vec!["nobody/model".to_owned()])];
    let refused =
        Route::new(vec![routed("openai", &upstream)], aliases, prices(), &hedges()).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("nobody/model"), "{refused}");
}

#[tokio::test]
async fn a_full_provider_refuses_until_a_stream_has_ended() {
    let begun = format!("{STREAM_HEAD}{}", delta("Hel"));
    let script = vec![Step::Send(begun.into()), Step::AwaitClose];
    let upstream = Upstream::start(vec![script, good()]).await;
    let limited = Limit::new(upstream.provider(), 1);
    let events = limited.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap();
    let refused = ask(&limited, request()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Overloaded);
    drop(events);
    ask(&limited, request()).await.unwrap();
}

async fn metered(upstream: &Upstream) -> (Meter<playhouse_provider::HttpProvider>, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Meter::new(upstream.provider(), prices(), kept.clone()), kept)
}

#[tokio::test]
async fn every_call_leaves_one_record() {
    let usage = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m-1","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#;
    let events = [&delta("Hel"), FINISH, usage, "\n\n", DONE].concat();
    let upstream = Upstream::answering(stream(&events)).await;
    let (meter, kept) = metered(&upstream).await;
    let asked = request().for_model(Arc::from("gpt-4o-mini")).streamed(true);
    let context = Context { run_id: Some(Arc::from("run-1")), ..Context::named("req-1") };
    ask(&meter, asked.within(Arc::new(context))).await.unwrap();

    let records = kept.records.lock().unwrap();
    let [record] = records.as_slice() else { panic!("{} records", records.len()) };
    assert_eq!(record.outcome, Outcome::Ok);
    assert_eq!((&*record.request_id, &*record.model, record.attempts), ("req-1", "gpt-4o-mini", 1));
    assert_eq!((record.run_id.as_deref(), record.turn_id.as_deref()), (Some("run-1"), None));
    assert_eq!(record.model_served.as_deref(), Some("m-1"));
    assert_eq!(record.usage.as_ref().unwrap().total_tokens, 1100);
    assert_eq!(record.finish_reason.as_deref(), Some("stop"));
    assert!(record.ttft_ms.unwrap() <= record.duration_ms);
    assert!(record.cost_usd.unwrap() > 0.0);
}

#[tokio::test]
async fn a_failed_call_leaves_one_record_too() {
    let upstream = Upstream::start(vec![bad()]).await;
    let (meter, kept) = metered(&upstream).await;
    ask(&meter, request()).await.unwrap_err();
    let records = kept.records.lock().unwrap();
    assert_eq!((records.len(), records[0].outcome, records[0].status), (1, Outcome::Error, Some(500)));
    assert_eq!(records[0].error.as_deref(), Some("upstream_error"));
}

#[tokio::test]
async fn a_call_given_up_leaves_one_record_too() {
    let begun = format!("{STREAM_HEAD}{}", delta("Hel"));
    let upstream = Upstream::start(vec![vec![Step::Send(begun.into()), Step::AwaitClose]]).await;
    let (meter, kept) = metered(&upstream).await;
    let mut events = meter.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap();
    events.next().await.unwrap().unwrap();
    drop(events);
    let records = kept.records.lock().unwrap();
    assert_eq!((records.len(), records[0].outcome), (1, Outcome::Cancelled));
}

#[tokio::test]
async fn comments_are_no_beginning() {
    let comments = stream(": still working\n\n: still working\n\n");
    let upstream = Upstream::start(vec![vec![Step::Send(comments)], good()]).await;
    let reply = ask(&Retry::new(upstream.provider(), fast(1)), request().streamed(true)).await.unwrap();
    assert_eq!(reply.content(), "Hello!");
}

#[tokio::test]
async fn comments_before_a_beginning_are_not_lost() {
    let events = [": still working\n\n", &delta("Hel"), FINISH, DONE].concat();
    let mut script = vec![Step::Send(STREAM_HEAD.into())];
    script.extend(events.split_inclusive("\n\n").map(|frame| Step::Send(frame.into())));
    let upstream = Upstream::start(vec![script]).await;
    let provider = upstream.provider();
    let relayed = provider.chat(request().streamed(true)).await.map_err(|error| error.message).unwrap();
    let protocol = playhouse_wire::openai::chat::PROTOCOL;
    let bytes =
        relayed.map(|event| event.unwrap().frames_in(protocol).unwrap().to_vec()).collect::<Vec<_>>().await;
    assert_eq!(String::from_utf8(bytes.concat()).unwrap(), events.trim_end_matches(DONE));
}
