//! Scopes around futures and streams.

use std::pin::pin;

use futures_util::{FutureExt, Stream, StreamExt, stream};
use playhouse_llm::{Context, TraceContext};
use playhouse_telemetry::{RequestScope, TraceId, TraceParent};
use tokio::task::yield_now;

fn current_id() -> Option<String> {
    RequestScope::current().map(|scope| scope.request_id.to_string())
}

/// Tells the scope it was dropped in.
struct DropProbe<'a>(&'a std::cell::RefCell<Option<String>>);

impl Drop for DropProbe<'_> {
    fn drop(&mut self) {
        *self.0.borrow_mut() = current_id();
    }
}

async fn seen_around_a_pause() -> (Option<String>, Option<String>) {
    let before = current_id();
    yield_now().await;
    (before, current_id())
}

#[tokio::test]
async fn interleaved_futures_keep_their_own_scope() {
    let [a, b] = ["a", "b"].map(|id| RequestScope::new(id).run(seen_around_a_pause()));
    let (a, b, none) = tokio::join!(a, b, seen_around_a_pause());
    assert_eq!(a, (Some("a".to_owned()), Some("a".to_owned())));
    assert_eq!(b, (Some("b".to_owned()), Some("b".to_owned())));
    assert_eq!(none, (None, None));
}

#[tokio::test]
async fn scopes_nest() {
    let inner = async {
        let within = RequestScope::new("inner").run(seen_around_a_pause()).await;
        (within.1, current_id())
    };
    let seen = RequestScope::new("outer").run(inner).await;
    assert_eq!(seen, (Some("inner".to_owned()), Some("outer".to_owned())));
    assert_eq!(current_id(), None);
}

#[tokio::test]
async fn a_stream_is_polled_in_its_scope() {
    let items = stream::iter(0..2).map(|_| current_id());
    let scoped = RequestScope::new("a").run(items);
    assert_eq!(scoped.size_hint(), (2, Some(2)));
    assert_eq!(scoped.collect::<Vec<_>>().await, [Some("a".to_owned()), Some("a".to_owned())]);
}

#[test]
fn what_is_given_up_is_dropped_in_its_scope() {
    let dropped_in = std::cell::RefCell::new(None);
    let probe = DropProbe(&dropped_in);
    let waiting = RequestScope::new("a").run(async move {
        let _probe = probe;
        std::future::pending::<()>().await;
    });
    {
        let mut waiting = pin!(waiting);
        assert_eq!(waiting.as_mut().now_or_never(), None);
    }
    assert_eq!(*dropped_in.borrow(), Some("a".to_owned()));
    assert_eq!(current_id(), None);
}

#[test]
fn a_panic_leaves_the_scope() {
    let panicked = std::panic::catch_unwind(|| RequestScope::new("a").enter(|| panic!("on purpose")));
    assert!(panicked.is_err());
    assert_eq!(current_id(), None);
}

#[test]
fn a_context_is_a_scope() {
    let context = |trace| Context { trace: Some(trace), ..Context::named("req_1") };
    let traced = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
    let scope = RequestScope::from(&context(traced.context(None)));
    assert_eq!(&*scope.request_id, "req_1");
    assert_eq!(scope.trace_id, TraceId::parse("0af7651916cd43dd8448eb211c80319c"));
    let nobody = TraceContext { trace_id: [0; 16], ..traced.context(None) };
    assert_eq!(RequestScope::from(&context(nobody)).trace_id, None);
}
