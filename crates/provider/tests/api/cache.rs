//! Answers that are kept and given again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use playhouse_llm::{CacheOutcome, CacheWish, Context, Outcome, Provider, Request};
use playhouse_provider::{Cache, CachePolicy, HttpProvider, Meter, PriceTable};
use playhouse_store::shared::{AnswerCache, LocalAnswers, SharedLimits};
use playhouse_wire::openai::chat::PROTOCOL;
use playhouse_wire::{Codec, OpenAiChat};

use crate::support::{Kept, Stage};
use crate::upstream::{COMPLETION, DONE, FINISH, Step, Upstream, ask, delta, json, stream};

fn asking(fields: &str) -> Request {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}]{fields}}}"#);
    OpenAiChat.read_request(body.into()).unwrap().request
}

fn of_key(request: Request, key_id: &str) -> Request {
    let context = Context { key_id: Some(Arc::from(key_id)), ..Context::named("r") };
    request.within(Arc::new(context))
}

fn wishing(request: Request, cache_wish: CacheWish) -> Request {
    request.within(Arc::new(Context { cache_wish, ..Context::named("r") }))
}

fn policy() -> CachePolicy {
    CachePolicy {
        is_on: true,
        aliases: HashMap::new(),
        kept: Duration::from_secs(60),
        max_answer_bytes: 64 << 10,
    }
}

fn local() -> Arc<dyn AnswerCache> {
    Arc::new(LocalAnswers::new(&SharedLimits::default()))
}

fn cached<P>(inner: P, policy: CachePolicy, kept: &Arc<Kept>) -> Cache<P> {
    Cache::new(inner, local(), &OpenAiChat, policy, kept.clone())
}

/// Lets what is kept in the background be kept.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

const COLD: &str = r#","temperature":0"#;

async fn over(upstream: &Upstream, policy: CachePolicy) -> (Cache<HttpProvider>, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (cached(upstream.provider(), policy, &kept), kept)
}

async fn frames(provider: &impl Provider, request: Request) -> String {
    let events = provider.chat(request).await.map_err(|error| error.message).unwrap();
    let bytes: Vec<Bytes> =
        events.map(|event| event.unwrap().frames_in(PROTOCOL).unwrap().clone()).collect().await;
    String::from_utf8(bytes.concat()).unwrap()
}

#[tokio::test]
async fn the_same_request_is_answered_with_the_same_bytes() {
    let upstream = Upstream::start(vec![vec![Step::Send(json("200 OK", COMPLETION))]]).await;
    let (cache, kept) = over(&upstream, policy()).await;
    for _ in 0..3 {
        let mut events = cache.chat(asking(COLD)).await.map_err(|error| error.message).unwrap();
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event.body_in(PROTOCOL).unwrap(), COMPLETION);
        assert!(events.next().await.is_none());
        settle().await;
    }
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(*kept.cached.lock().unwrap(), [CacheOutcome::Miss, CacheOutcome::Hit, CacheOutcome::Hit]);
}

#[tokio::test]
async fn a_stream_is_kept_as_a_stream() {
    let told = [&delta("Hel"), &delta("lo"), FINISH].concat();
    let upstream = Upstream::answering(stream(&format!("{told}{DONE}"))).await;
    let (cache, _) = over(&upstream, policy()).await;
    let streamed = format!(r#"{COLD},"stream":true"#);
    for _ in 0..2 {
        assert_eq!(frames(&cache, asking(&streamed)).await, told);
        settle().await;
    }
    assert_eq!(upstream.requests().len(), 1);
    // A whole answer is another form: it is asked for anew.
    let _ = ask(&cache, asking(COLD)).await;
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_hit_costs_nothing_and_is_no_attempt() {
    let upstream = Upstream::start(vec![vec![Step::Send(json("200 OK", COMPLETION))]]).await;
    let kept = Arc::new(Kept::default());
    let prices = PriceTable::new([("upstream".to_owned(), "openai".to_owned())], []);
    let cache = cached(upstream.provider(), policy(), &kept);
    let meter = Meter::new(cache, Arc::new(prices), kept.clone());
    let asked = || asking(COLD).for_model(Arc::from("gpt-4o-mini"));
    ask(&meter, asked().within(Arc::new(Context::named("one")))).await.unwrap();
    settle().await;
    ask(&meter, asked().within(Arc::new(Context::named("two")))).await.unwrap();
    let records = kept.records.lock().unwrap();
    let told: Vec<_> =
        records.iter().map(|record| (record.provider.as_deref().unwrap(), record.attempts)).collect();
    assert_eq!(told, [("upstream", 1), ("cache", 0)]);
    assert!(records[0].cost_usd.unwrap() > 0.0);
    assert_eq!((records[1].cost_usd, records[1].outcome), (Some(0.0), Outcome::Ok));
    assert_eq!(records[1].usage, records[0].usage);
}

#[tokio::test]
async fn keys_never_see_each_others_answers() {
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let cache = cached(stage.clone(), policy(), &kept);
    for (key, asked) in [("a", 1), ("b", 2), ("a", 2), ("b", 2)] {
        ask(&cache, of_key(asking(COLD), key)).await.unwrap();
        settle().await;
        assert_eq!(stage.asked(), asked, "{key}");
    }
    ask(&cache, asking(COLD)).await.unwrap();
    assert_eq!(stage.asked(), 3);
}

#[tokio::test]
async fn only_what_is_deterministic_and_the_same_is_given_again() {
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let cache = cached(stage.clone(), policy(), &kept);
    let mut asked = 0;
    for (fields, is_kept) in [
        ("", false),
        (r#","temperature":0.7"#, false),
        (r#","temperature":0,"store":true"#, false),
        (COLD, true),
        (r#","seed":1"#, true),
        (r#","seed":2"#, true),
        (r#","temperature":0,"top_p":0.5"#, true),
    ] {
        ask(&cache, asking(fields)).await.unwrap();
        settle().await;
        ask(&cache, asking(fields)).await.unwrap();
        settle().await;
        asked += if is_kept { 1 } else { 2 };
        assert_eq!(stage.asked(), asked, "{fields}");
    }
    ask(&cache, asking(COLD).for_model(Arc::from("other"))).await.unwrap();
    assert_eq!(stage.asked(), asked + 1);
}

#[tokio::test]
async fn the_callers_wish_is_respected() {
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let cache = cached(stage.clone(), policy(), &kept);
    for (wish, asked) in [
        (CacheWish::Avoid, 1),
        (CacheWish::Fresh, 2),
        (CacheWish::Any, 2),
        (CacheWish::Fresh, 3),
        (CacheWish::Avoid, 4),
    ] {
        ask(&cache, wishing(asking(COLD), wish)).await.unwrap();
        settle().await;
        assert_eq!(stage.asked(), asked, "{wish:?}");
    }
}

#[tokio::test]
async fn an_alias_can_say_otherwise() {
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let aliases = HashMap::from([(Arc::from("m"), true)]);
    let cache = cached(stage.clone(), CachePolicy { is_on: false, aliases, ..policy() }, &kept);
    for (model, asked) in [("m", 1), ("m", 1), ("n", 2), ("n", 3)] {
        ask(&cache, asking(COLD).for_model(Arc::from(model))).await.unwrap();
        settle().await;
        assert_eq!(stage.asked(), asked, "{model}");
    }
}

#[tokio::test]
async fn what_is_not_complete_is_not_kept() {
    let cases: [(&str, Vec<u8>); 3] = [
        ("a refusal", json("500 Internal Server Error", "{}")),
        ("a stream that breaks off", stream(&delta("Hel"))),
        ("an answer without a finish", json("200 OK", &COMPLETION.replace(r#""stop""#, "null"))),
    ];
    for (what, answer) in cases {
        let upstream = Upstream::start(vec![vec![Step::Send(answer)]]).await;
        let (cache, _) = over(&upstream, policy()).await;
        for _ in 0..2 {
            let _ = ask(&cache, asking(COLD).streamed(what.contains("stream"))).await;
            settle().await;
        }
        assert_eq!(upstream.requests().len(), 2, "{what}");
    }
}

#[tokio::test]
async fn a_stream_that_its_caller_leaves_is_not_kept() {
    let told = [&delta("Hel"), &delta("lo"), FINISH, DONE].concat();
    let upstream = Upstream::answering(stream(&told)).await;
    let (cache, _) = over(&upstream, policy()).await;
    for _ in 0..2 {
        let mut events =
            cache.chat(asking(COLD).streamed(true)).await.map_err(|error| error.message).unwrap();
        events.next().await.unwrap().unwrap();
        drop(events);
        settle().await;
    }
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_large_answer_is_not_kept() {
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let cache = cached(stage.clone(), CachePolicy { max_answer_bytes: 20, ..policy() }, &kept);
    for _ in 0..2 {
        ask(&cache, asking(COLD)).await.unwrap();
        settle().await;
    }
    assert_eq!(stage.asked(), 2);
}

#[tokio::test]
async fn answers_made_of_types_are_kept_too() {
    for is_stream in [true, false] {
        let stage = Stage::well("stage");
        let kept = Arc::new(Kept::default());
        let cache = cached(stage.clone(), policy(), &kept);
        for _ in 0..2 {
            assert_eq!(ask(&cache, asking(COLD).streamed(is_stream)).await.unwrap().content(), "stage");
            settle().await;
        }
        assert_eq!(stage.asked(), 1, "stream: {is_stream}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_asked_anew() {
    struct Junk;
    #[async_trait::async_trait]
    impl AnswerCache for Junk {
        async fn get(&self, _key: &str) -> Option<Bytes> {
            Some(Bytes::from_static(b"\x01not json"))
        }

        async fn put(&self, _key: &str, _answer: Bytes, _kept: Duration) {}
    }
    let stage = Stage::well("stage");
    let kept = Arc::new(Kept::default());
    let cache = Cache::new(stage.clone(), Arc::new(Junk), &OpenAiChat, policy(), kept);
    assert_eq!(ask(&cache, asking(COLD)).await.unwrap().content(), "stage");
    assert_eq!(stage.asked(), 1);
}
