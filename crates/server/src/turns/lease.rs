//! Saying that this server lives, and burying those that do not.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::shared::{LiveBatch, LiveEvent, LiveStreams};
use playhouse_store::{Lost, ReplicaId, Standing, Store, StoreError};
use playhouse_telemetry::{Metrics, warn};
use tokio::time::{MissedTickBehavior, interval};

use super::desk::{Halt, TurnDesk};
use crate::live::Subject;

/// How many turns, runs and responses of a dead server are ended in one go.
const BURIED_AT_ONCE: u32 = 100;

/// Keeps this server's lease, and watches those of others.
pub(crate) struct LeaseKeeper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) desk: Weak<TurnDesk>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) beat: Duration,
    /// After how many beats without a word another server is dead.
    pub(crate) missed_beats: u32,
}

/// What has been seen of other servers.
///
/// Nobody's clock is compared: it is counted how often a server has been looked at without having moved. A
/// look that failed makes all that was seen before count for nothing, because then they could not move either.
#[derive(Debug, Default)]
struct Watch {
    seen: HashMap<ReplicaId, (i64, u32)>,
}

impl Watch {
    /// Takes note of a look, and says who has not moved for so many.
    fn look(&mut self, standings: &[Standing], missed: u32) -> Vec<Standing> {
        let mut seen = HashMap::with_capacity(standings.len());
        let mut dead = Vec::new();
        for standing in standings {
            let still = match self.seen.get(&standing.replica) {
                Some((beats, still)) if *beats == standing.beats => still.saturating_add(1),
                _ => 0,
            };
            seen.insert(standing.replica, (standing.beats, still));
            if still >= missed {
                dead.push(*standing);
            }
        }
        self.seen = seen;
        dead
    }

    fn forget(&mut self) {
        self.seen.clear();
    }
}

impl LeaseKeeper {
    /// Beats for as long as the server lives.
    pub(crate) async fn run(self) {
        let mut ticks = interval(self.beat);
        // After a pause nothing is made up for: nobody must be taken for dead in a hurry.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut watch, mut is_known) = (Watch::default(), false);
        loop {
            ticks.tick().await;
            match self.store.beat().await {
                Ok(was_there) if is_known && !was_there => self.lease_lost(),
                Ok(_) => {}
                Err(_) => {
                    watch.forget();
                    continue;
                }
            }
            is_known = true;
            if self.look_around(&mut watch).await.is_err() {
                watch.forget();
            }
        }
    }

    /// Others have ended this server's turns; whoever still works on them works for nothing.
    fn lease_lost(&self) {
        warn!("This server did not answer for too long and was taken for dead; its turns and runs are ended");
        if let Some(desk) = self.desk.upgrade() {
            desk.halt(Halt::LeaseLost);
        }
    }

    async fn look_around(&self, watch: &mut Watch) -> Result<(), StoreError> {
        let standings = self.store.other_replicas().await?;
        for dead in watch.look(&standings, self.missed_beats) {
            self.bury(dead).await?;
        }
        Ok(())
    }

    async fn bury(&self, dead: Standing) -> Result<(), StoreError> {
        loop {
            let lost = self.store.bury(dead, BURIED_AT_ONCE).await?;
            let [turns, runs, responses] = [&lost.turns, &lost.runs, &lost.responses].map(Vec::len);
            if !lost.is_empty() {
                warn!(replica_id = %dead.replica, turns, runs, responses, "A server died; what it had under way is interrupted");
                self.metrics.observe_lost(turns, runs, responses);
                self.tell(&lost).await;
            }
            if [turns, runs, responses].iter().all(|ended| *ended < BURIED_AT_ONCE as usize) {
                return Ok(());
            }
        }
    }

    /// Tells those who follow what was lost, wherever they are.
    async fn tell(&self, lost: &Lost) {
        let Some(desk) = self.desk.upgrade() else { return };
        let turns = lost.turns.iter().cloned().map(Subject::Turn);
        for subject in turns.chain(lost.runs.iter().cloned().map(Subject::Run)) {
            end_stream(&*desk.shared.live, &subject).await;
        }
        for id in &lost.responses {
            cut_stream(&*desk.shared.live, &Subject::Response(id.clone())).await;
        }
    }
}

async fn end_stream(live: &dyn LiveStreams, subject: &Subject) {
    let stream = subject.to_string();
    // A stream that is not there, or cannot be reached, is ended by those who read what is stored.
    let Ok(Some(read)) = live.read(&stream, u64::MAX - 1, 0, Duration::ZERO).await else { return };
    if read.closed {
        return;
    }
    let event = LiveEvent { name: "error".into(), data: problem().into() };
    live.append(&stream, LiveBatch { first_id: read.last_id + 1, events: vec![event], closes: true }).await;
}

/// Ends a stream without a last event: those who follow it read that from what is stored.
async fn cut_stream(live: &dyn LiveStreams, subject: &Subject) {
    let stream = subject.to_string();
    if let Ok(Some(read)) = live.read(&stream, u64::MAX - 1, 0, Duration::ZERO).await {
        live.close(&stream, read.last_id + 1).await;
    }
}

fn problem() -> Vec<u8> {
    let message = "the server that answered has died; what had come is stored, and it can be retried";
    // A problem is strings and a number: it always serializes.
    serde_json::to_vec(&Problem::from(&Error::new(ErrorKind::Interrupted, message))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(replica: ReplicaId, beats: i64) -> Standing {
        Standing { replica, beats }
    }

    #[test]
    fn who_does_not_move_for_long_enough_is_dead() {
        let (one, other) = (ReplicaId::unique(), ReplicaId::unique());
        let mut watch = Watch::default();
        assert!(watch.look(&[standing(one, 1), standing(other, 1)], 2).is_empty(), "seen for the first time");
        assert!(watch.look(&[standing(one, 1), standing(other, 2)], 2).is_empty());
        assert_eq!(watch.look(&[standing(one, 1), standing(other, 3)], 2), [standing(one, 1)]);
        assert!(watch.look(&[standing(one, 2), standing(other, 3)], 2).is_empty(), "it moves again");
    }

    #[test]
    fn what_was_seen_before_a_failed_look_does_not_count() {
        let one = ReplicaId::unique();
        let mut watch = Watch::default();
        watch.look(&[standing(one, 1)], 2);
        watch.look(&[standing(one, 1)], 2);
        watch.forget();
        assert!(watch.look(&[standing(one, 1)], 2).is_empty());
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let one = ReplicaId::unique();
        let mut watch = Watch::default();
        watch.look(&[standing(one, 1)], 2);
        watch.look(&[], 2);
        assert!(watch.seen.is_empty());
    }
}
