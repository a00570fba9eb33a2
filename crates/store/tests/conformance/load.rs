//! Many at once.

use std::sync::Arc;

use playhouse_store::{MessagePage, Page};

use super::{Backend, begin, take_turn};

pub(crate) async fn five_hundred_turns_at_once_are_all_stored(backend: &dyn Backend) {
    let store = backend.open().await;
    let tasks: Vec<_> = (0..100)
        .map(|session| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for turn in 0..5 {
                    take_turn(&*store, &format!("session-{session}"), session * 5 + turn).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let listed = store.list_sessions(Page { limit: 100, after: None }).await.unwrap();
    assert_eq!(listed.sessions.len(), 100);
    for session in listed.sessions {
        assert_eq!(session.turns, 5);
        let detail = store.session(&session.id, MessagePage::default()).await.unwrap().unwrap();
        let last = detail.messages.last().unwrap().message.text();
        assert_eq!(detail.messages.len(), 10);
        let n: u32 = session.id.trim_start_matches("session-").parse().unwrap();
        assert_eq!(last, format!("answer {}", n * 5 + 4));
    }
    assert_eq!(begin(&*store, "session-7", 900).await.unwrap().history.len(), 10);
}
