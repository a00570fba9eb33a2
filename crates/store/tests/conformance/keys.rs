//! Stored API keys, and what was used with them.

use std::sync::Arc;

use playhouse_llm::Usage;
use playhouse_store::{
    ApiKey, Budget, BudgetPeriod, KeyChange, KeyHash, KeySettings, KeyState, KeyUsage, NewKey, Page, Store,
    StoreError,
};

use super::Backend;
use super::calls::{START_MS, call};

/// The id of a test's n-th key.
fn key_id(n: u32) -> Arc<str> {
    format!("0190b6e4-7a3c-7abc-8000-{n:012x}").into()
}

fn settings() -> KeySettings {
    KeySettings {
        name: "Ada's".into(),
        models: vec!["gpt-4o*".into(), "openai/*".into()],
        requests_per_minute: Some(60),
        tokens_per_minute: Some(90_000),
        budget: Some(Budget { usd: 12.5, period: BudgetPeriod::Month }),
        expires_at_us: Some(9_000_000),
    }
}

/// What the n-th key begins with.
fn new_key(n: u32, settings: KeySettings) -> NewKey {
    let hash = KeyHash::of(&format!("secret {n}"));
    NewKey { id: key_id(n), hash, prefix: format!("phk_{n}").into(), settings, now_us: i64::from(n) }
}

async fn create(store: &dyn Store, n: u32) -> ApiKey {
    store.create_key(new_key(n, settings())).await.unwrap()
}

pub(crate) async fn a_key_reads_back_as_it_was_made(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(!store.has_keys().await.unwrap());
    let bare = KeySettings { name: "bare".into(), ..KeySettings::default() };
    let made = store.create_key(new_key(2, bare.clone())).await.unwrap();
    let full = create(&*store, 1).await;

    assert!(store.has_keys().await.unwrap());
    assert_eq!((&full.settings, full.created_at_us, full.revoked_at_us), (&settings(), 1, None));
    assert_eq!(store.key(&key_id(1)).await.unwrap(), Some(full.clone()));
    assert_eq!(store.key_by_hash(&KeyHash::of("secret 1")).await.unwrap(), Some(full));
    assert_eq!((&made.settings, &*made.prefix), (&bare, "phk_2"));
    assert_eq!(store.key(&key_id(2)).await.unwrap(), Some(made));
}

pub(crate) async fn a_key_that_is_not_there_is_none(backend: &dyn Backend) {
    let store = backend.open().await;
    create(&*store, 1).await;
    assert_eq!(store.key_by_hash(&KeyHash::of("phk_1")).await.unwrap(), None);
    for id in [&*key_id(2), "", "no-uuid", "' OR 1=1 --"] {
        assert_eq!(store.key(id).await.unwrap(), None);
        assert_eq!(store.update_key(id, KeyChange::default()).await.unwrap(), None);
        assert_eq!(store.revoke_key(id, 5).await.unwrap(), None);
        assert_eq!(store.key_usage(id, 0).await.unwrap(), KeyUsage::default());
    }
}

pub(crate) async fn a_key_is_made_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let made = create(&*store, 1).await;
    let same_hash = NewKey { id: key_id(2), ..new_key(1, settings()) };
    let same_id = NewKey { hash: KeyHash::of("other"), ..new_key(1, settings()) };
    let unfit = new_key(3, KeySettings { requests_per_minute: Some(0), ..settings() });
    for refused in [same_hash, same_id, unfit] {
        assert!(matches!(store.create_key(refused).await, Err(StoreError::Invalid { .. })));
    }
    assert_eq!(store.list_keys(Page::default()).await.unwrap().keys, [made]);
}

pub(crate) async fn keys_are_listed_newest_first_in_pages(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=5 {
        create(&*store, n).await;
    }
    let mut page = Page { limit: 2, after: None };
    let mut seen = Vec::new();
    loop {
        let listed = store.list_keys(page.clone()).await.unwrap();
        seen.extend(listed.keys.iter().map(|key| key.created_at_us));
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let made_up = Page { limit: 2, after: Some("next".into()) };
    assert!(matches!(store.list_keys(made_up).await, Err(StoreError::Invalid { .. })));
}

pub(crate) async fn a_change_leaves_the_rest_as_it_was(backend: &dyn Backend) {
    let store = backend.open().await;
    create(&*store, 1).await;
    let change = KeyChange {
        models: Some(Vec::new()),
        requests_per_minute: Some(None),
        tokens_per_minute: Some(Some(5)),
        budget: Some(Some(Budget { usd: 1.0, period: BudgetPeriod::Day })),
        ..KeyChange::default()
    };
    let changed = store.update_key(&key_id(1), change).await.unwrap().unwrap();
    let expected = KeySettings {
        models: Vec::new(),
        requests_per_minute: None,
        tokens_per_minute: Some(5),
        budget: Some(Budget { usd: 1.0, period: BudgetPeriod::Day }),
        ..settings()
    };
    assert_eq!(changed.settings, expected);
    assert_eq!(store.key(&key_id(1)).await.unwrap(), Some(changed.clone()));

    let unfit = KeyChange { name: Some("".into()), ..KeyChange::default() };
    assert!(matches!(store.update_key(&key_id(1), unfit).await, Err(StoreError::Invalid { .. })));
    assert_eq!(store.key(&key_id(1)).await.unwrap(), Some(changed));
}

pub(crate) async fn a_revoked_key_stays_revoked(backend: &dyn Backend) {
    let store = backend.open().await;
    let made = create(&*store, 1).await;
    assert_eq!((made.state(8_999_999), made.state(9_000_000)), (KeyState::Active, KeyState::Expired));
    let revoked = store.revoke_key(&key_id(1), 77).await.unwrap().unwrap();
    assert_eq!((revoked.revoked_at_us, revoked.state(0)), (Some(77), KeyState::Revoked));
    assert_eq!(store.revoke_key(&key_id(1), 99).await.unwrap().unwrap().revoked_at_us, Some(77));
    assert_eq!(store.key_by_hash(&KeyHash::of("secret 1")).await.unwrap(), Some(revoked));
    assert!(store.has_keys().await.unwrap());
}

pub(crate) async fn usage_is_summed_up_by_key_and_time(backend: &dyn Backend) {
    let store = backend.open().await;
    let by = |n: u32, after_ms: u64, cost_usd: Option<f64>| playhouse_llm::CallRecord {
        key_id: Some(key_id(n)),
        usage: cost_usd.map(|_| Usage::new(100, 20)),
        cost_usd,
        ..call(after_ms)
    };
    let calls = [by(1, 1, Some(0.5)), by(1, 2, Some(0.25)), by(1, 3, None), by(2, 4, Some(7.0)), call(5)];
    store.append_calls(calls.into_iter().collect()).await.unwrap();

    let usage =
        |since_ms: u64| store.key_usage("0190b6e4-7a3c-7abc-8000-000000000001", since_ms as i64 * 1_000);
    let all = usage(START_MS).await.unwrap();
    assert_eq!(all, KeyUsage { calls: 3, tokens: 240, cost_usd: 0.75 });
    let late = usage(START_MS + 2).await.unwrap();
    assert_eq!(late, KeyUsage { calls: 2, tokens: 120, cost_usd: 0.25 });
    assert_eq!(usage(START_MS + 4).await.unwrap(), KeyUsage::default());
}
