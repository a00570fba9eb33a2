use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use playhouse_store::{KeyChange, KeyPage, KeySettings, KeyUsage, NewKey, Page};

use super::*;

const TTL: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_secs(600);

/// A store with one key, which can be away.
#[derive(Default)]
struct OneKey {
    key: Mutex<Option<ApiKey>>,
    away: AtomicBool,
    asked: AtomicUsize,
}

impl OneKey {
    fn holding(secret: &str) -> (Arc<Self>, KeyHash) {
        let settings = KeySettings { name: "ada".into(), ..KeySettings::default() };
        let key = ApiKey {
            id: "k1".into(),
            prefix: "phk_".into(),
            settings,
            created_at_us: 1,
            revoked_at_us: None,
        };
        (Arc::new(Self { key: Mutex::new(Some(key)), ..Self::default() }), KeyHash::of(secret))
    }

    fn answer(&self) -> Result<Option<ApiKey>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.away.load(Ordering::Relaxed) {
            true => Err(StoreError::unavailable("gone fishing")),
            false => Ok(self.key.lock().unwrap().clone()),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ApiKeys for OneKey {
    async fn create_key(&self, _: NewKey) -> Result<ApiKey, StoreError> {
        unreachable!("the book only reads")
    }

    async fn list_keys(&self, _: Page) -> Result<KeyPage, StoreError> {
        unreachable!("the book only looks one up")
    }

    async fn key(&self, _: &str) -> Result<Option<ApiKey>, StoreError> {
        self.answer()
    }

    async fn key_by_hash(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.answer()?.filter(|_| *hash == KeyHash::of("right")))
    }

    async fn has_keys(&self) -> Result<bool, StoreError> {
        Ok(self.answer()?.is_some())
    }

    async fn update_key(&self, _: &str, _: KeyChange) -> Result<Option<ApiKey>, StoreError> {
        unreachable!("the book only reads")
    }

    async fn revoke_key(&self, _: &str, _: i64) -> Result<Option<ApiKey>, StoreError> {
        unreachable!("the book only reads")
    }

    async fn key_usage(&self, _: &str, _: i64) -> Result<KeyUsage, StoreError> {
        unreachable!("the book only looks one up")
    }
}

fn book(store: &Arc<OneKey>) -> Arc<KeyBook> {
    Arc::new(KeyBook::new(store.clone(), TTL, GRACE))
}

/// Whether there is such a key, if that is known.
fn known(book: &Arc<KeyBook>, hash: &KeyHash) -> Option<bool> {
    match book.glance(hash) {
        Glance::Known(key) => Some(key.is_some()),
        Glance::Ask => None,
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_believed_for_a_while() {
    let (store, right) = OneKey::holding("right");
    let (book, wrong) = (book(&store), KeyHash::of("wrong"));
    assert_eq!((known(&book, &right), known(&book, &wrong)), (None, None));
    assert!(book.find(&right).await.unwrap().is_some());
    assert!(book.find(&wrong).await.unwrap().is_none());
    assert_eq!(store.asked(), 2);
    assert_eq!((known(&book, &right), known(&book, &wrong)), (Some(true), Some(false)));
    tokio::time::advance(TTL).await;
    assert_eq!((known(&book, &right), known(&book, &wrong)), (None, None));
    assert_eq!(store.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_renewed_before_anybody_has_to_wait() {
    let (store, right) = OneKey::holding("right");
    let book = book(&store);
    book.find(&right).await.unwrap();
    for _ in 0..10 {
        tokio::time::advance(TTL / 2).await;
        assert_eq!(known(&book, &right), Some(true));
        assert_eq!(known(&book, &right), Some(true));
        // The renewal is a task of its own, and has nothing to wait for.
        tokio::task::yield_now().await;
    }
    assert_eq!(store.asked(), 11, "once for each half of the time, however often it was looked at");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_elsewhere_is_seen_in_time() {
    let (store, right) = OneKey::holding("right");
    let book = book(&store);
    book.find(&right).await.unwrap();
    store.key.lock().unwrap().iter_mut().for_each(|key| key.revoked_at_us = Some(7));
    assert_eq!(book.find(&right).await.unwrap().unwrap().revoked_at_us, None);
    tokio::time::advance(TTL).await;
    assert_eq!(book.find(&right).await.unwrap().unwrap().revoked_at_us, Some(7));
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_at_once_have_it_read_once() {
    let (store, right) = OneKey::holding("right");
    let book = book(&store);
    let asking = (0..100).map(|_| book.find(&right));
    let found = futures_util::future::join_all(asking).await;
    assert!(found.iter().all(|key| key.as_ref().unwrap().is_some()));
    assert_eq!(store.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn known_keys_outlast_a_database_that_is_away_but_not_for_ever() {
    let (store, right) = OneKey::holding("right");
    let book = book(&store);
    book.find(&right).await.unwrap();
    book.find_by_id(&"k1".into()).await.unwrap();
    store.away.store(true, Ordering::Relaxed);
    tokio::time::advance(GRACE - TTL).await;
    assert!(book.find(&right).await.unwrap().is_some());
    assert!(book.find_by_id(&"k1".into()).await.unwrap().is_some());
    assert_eq!(known(&book, &right), Some(true), "nobody else has to ask a database that is away");
    let stranger = book.find(&KeyHash::of("wrong")).await.unwrap_err();
    assert_eq!(stranger.kind, playhouse_llm::ErrorKind::Overloaded);

    tokio::time::advance(TTL).await;
    assert!(book.find(&right).await.is_err());
    assert!(book.find_by_id(&"k1".into()).await.is_err());
    store.away.store(false, Ordering::Relaxed);
    assert!(book.find(&right).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn whether_there_are_keys_is_asked_until_there_are() {
    let store = Arc::new(OneKey::default());
    let book = book(&store);
    store.away.store(true, Ordering::Relaxed);
    assert!(book.has_any().await.is_err(), "a server that does not know is not open");
    store.away.store(false, Ordering::Relaxed);
    assert!(!book.has_any().await.unwrap());
    assert!(!book.has_any().await.unwrap());
    assert_eq!(store.asked(), 2);

    store.away.store(true, Ordering::Relaxed);
    tokio::time::advance(TTL).await;
    assert!(!book.has_any().await.unwrap(), "it was open, and stays so while the database is away");
    store.away.store(false, Ordering::Relaxed);
    *store.key.lock().unwrap() = OneKey::holding("right").0.key.lock().unwrap().clone();
    tokio::time::advance(TTL).await;
    assert!(book.has_any().await.unwrap());
    store.away.store(true, Ordering::Relaxed);
    tokio::time::advance(GRACE * 2).await;
    assert!(book.has_any().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_strangers_puts_no_key_out() {
    let (store, right) = OneKey::holding("right");
    let book = book(&store);
    book.find(&right).await.unwrap();
    for n in 0..20_000 {
        book.find(&KeyHash::of(&n.to_string())).await.unwrap();
    }
    assert_eq!(known(&book, &right), Some(true));
}
