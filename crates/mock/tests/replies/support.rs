//! What the tests share: scripts, requests, and giving a reply.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, Method};
use playhouse_llm::{Chunk, Collector, Error, Reply as Whole};
use playhouse_mock::call::{Call, Facts};
use playhouse_mock::plan::Content;
use playhouse_mock::protocols::{MockProtocol, protocols};
use playhouse_mock::reply::{Rendered, Replies, Scene};
use playhouse_mock::script::{Reply, Rule, Script};
use playhouse_mock::verdict::Hit;
use serde_json::{Value, json};

/// A script of one rule that answers everything with this.
pub(crate) fn answering(reply: Reply) -> Replies {
    compiled(&Script::default().rule(Rule::reply(reply)))
}

/// The reply that this JSON says.
pub(crate) fn reply(json: Value) -> Reply {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn compiled(script: &Script) -> Replies {
    Replies::compile(script, Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A chat request with this body.
pub(crate) fn chat(body: &Value) -> Call {
    call("openai-chat", facts_of("openai-chat", body.to_string().into_bytes()))
}

/// A chat request that says this.
pub(crate) fn saying(text: &str) -> Call {
    chat(&json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": text }] }))
}

pub(crate) fn facts_of(protocol: &str, body: Vec<u8>) -> Facts {
    let mut known: std::slice::Iter<'static, &'static dyn MockProtocol> = protocols().iter();
    let protocol = known.find(|known| known.name() == protocol).unwrap();
    protocol.read(&Method::POST, "/v1", None, body.into()).unwrap()
}

pub(crate) fn call(namespace: &str, facts: Facts) -> Call {
    Call { namespace: Arc::from(namespace), headers: Arc::new(HeaderMap::new()), facts: Arc::new(facts) }
}

/// The first request of a rule.
pub(crate) fn hit() -> Hit {
    Hit { index: 0, name: Arc::from("rule 1"), call: 1, captures: BTreeMap::new() }
}

/// The first rule's reply to this request.
pub(crate) async fn rendered(replies: &Replies, call: &Call, seed: u64) -> Result<Rendered, Error> {
    replies.render(Scene { call, hit: &hit(), step: 0, seed }).await
}

/// The pieces of the first rule's reply.
pub(crate) async fn pieces(replies: &Replies, call: &Call) -> Arc<[Chunk]> {
    match rendered(replies, call, 0).await.unwrap().content {
        Content::Chat(chunks) => chunks,
        other => panic!("no chat: {other:?}"),
    }
}

/// The pieces put together.
pub(crate) fn collected(chunks: &[Chunk]) -> Whole {
    let mut collector = Collector::default();
    chunks.iter().for_each(|chunk| collector.absorb(chunk));
    collector.into_reply()
}
