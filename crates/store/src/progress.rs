//! What has been said so far, on its way to the store in the background.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::{Replicas, Said};

/// How many turns are written in one go.
const LARGEST_BATCH: usize = 256;
/// From one batch to the next.
const PAUSE: Duration = Duration::from_millis(250);

/// Keeps what is said in running turns, so that it is not lost with the process.
///
/// Noting never waits and never fails. Of each turn only the newest text waits, and one batch is written
/// at a time: however many turns there are, the store has to bear some hundred short writes a second.
/// Where more turns are on their way than that, each is kept less often.
#[derive(Debug)]
pub struct ProgressWriter {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Inbox {
    said: HashMap<Arc<str>, String>,
    /// The turns in the order in which they came; one that has ended meanwhile may still stand here.
    order: VecDeque<Arc<str>>,
}

impl ProgressWriter {
    /// Starts the background task. Needs a tokio runtime.
    pub fn spawn(replicas: Arc<dyn Replicas>) -> Self {
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(write_all(replicas, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// Takes what has been said so far in a turn.
    pub fn note(&self, turn_id: &Arc<str>, text: String) {
        let mut inbox = self.shared.inbox();
        if inbox.said.insert(Arc::clone(turn_id), text).is_none() {
            inbox.order.push_back(Arc::clone(turn_id));
        }
        drop(inbox);
        self.shared.news.notify_one();
    }

    /// Lets go of a turn that has ended: its end says it all.
    pub fn forget(&self, turn_id: &str) {
        self.shared.inbox().said.remove(turn_id);
    }
}

impl Drop for ProgressWriter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Those that have waited longest.
    fn take(&mut self) -> Vec<Said> {
        let mut batch = Vec::new();
        while batch.len() < LARGEST_BATCH {
            let Some(turn_id) = self.order.pop_front() else { break };
            if let Some(text) = self.said.remove(&turn_id) {
                batch.push(Said { turn_id, text });
            }
        }
        batch
    }
}

async fn write_all(replicas: Arc<dyn Replicas>, shared: Arc<Shared>) {
    loop {
        let batch = shared.inbox().take();
        if batch.is_empty() {
            shared.news.notified().await;
            continue;
        }
        // What cannot be kept now is kept with the next text; the store's health is told elsewhere.
        let _ = replicas.save_progress(batch.into()).await;
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{Lost, Standing, StoreError};

    /// Keeps the batches it was told.
    #[derive(Default)]
    struct Kept(Mutex<Vec<Vec<Said>>>);

    #[async_trait]
    impl Replicas for Kept {
        async fn beat(&self) -> Result<bool, StoreError> {
            unreachable!("progress only saves")
        }

        async fn other_replicas(&self) -> Result<Vec<Standing>, StoreError> {
            unreachable!("progress only saves")
        }

        async fn bury(&self, _: Standing, _: u32) -> Result<Lost, StoreError> {
            unreachable!("progress only saves")
        }

        async fn leave(&self) -> Result<Lost, StoreError> {
            unreachable!("progress only saves")
        }

        async fn save_progress(&self, said: Arc<[Said]>) -> Result<(), StoreError> {
            self.0.lock().unwrap().push(said.to_vec());
            Ok(())
        }
    }

    fn said(turn_id: &str, text: &str) -> Said {
        Said { turn_id: turn_id.into(), text: text.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_text_of_each_turn_is_written_once_a_pause() {
        let kept = Arc::new(Kept::default());
        let writer = ProgressWriter::spawn(kept.clone());
        for text in ["O", "On", "Once"] {
            writer.note(&"a".into(), text.into());
        }
        writer.note(&"b".into(), "gone".into());
        writer.forget("b");
        sleep(PAUSE / 2).await;
        assert_eq!(*kept.0.lock().unwrap(), [[said("a", "Once")]]);
        writer.note(&"a".into(), "Once upon".into());
        writer.note(&"a".into(), "Once upon a".into());
        sleep(PAUSE / 4).await;
        assert_eq!(kept.0.lock().unwrap().len(), 1, "not before the pause is over");
        sleep(PAUSE).await;
        assert_eq!(kept.0.lock().unwrap()[1], [said("a", "Once upon a")]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_turns_are_written_in_turn() {
        let kept = Arc::new(Kept::default());
        let writer = ProgressWriter::spawn(kept.clone());
        let count = LARGEST_BATCH + 10;
        (0..count).for_each(|n| writer.note(&n.to_string().into(), "x".into()));
        sleep(PAUSE * 3).await;
        let sizes: Vec<usize> = kept.0.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(sizes, [LARGEST_BATCH, 10]);
    }
}
