//! Keeps the link: connects, looks whether Redis still answers, and connects again.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::link::{Link, Standing};
use super::quotas::RedisQuotas;

/// How often it is looked whether Redis still answers.
const CHECK_EVERY: Duration = Duration::from_secs(3);
/// The pauses between attempts to connect; a connection that lasts begins them anew.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const LASTS: Duration = Duration::from_secs(5);

/// Keeps the link for as long as it is not aborted. `tried` is told when the first attempt is over.
pub(super) async fn keep(link: Arc<Link>, quotas: Arc<RedisQuotas>, tried: watch::Sender<bool>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let began = Instant::now();
        match connect(&link, &quotas).await {
            Ok(()) => {
                tried.send_replace(true);
                stay(&link, &quotas).await;
            }
            Err(reason) => link.still_down(&reason),
        }
        tried.send_replace(true);
        pause = if began.elapsed() > LASTS + link.connect_timeout {
            SHORTEST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        sleep(jittered(pause)).await;
    }
}

/// Connects, and catches up before anybody uses the connection.
async fn connect(link: &Link, quotas: &RedisQuotas) -> Result<(), String> {
    let (connection, clock) = link.connect().await?;
    quotas.come_back(connection.clone(), clock).await?;
    link.up(connection, clock);
    Ok(())
}

/// Returns when the connection is gone.
async fn stay(link: &Link, quotas: &RedisQuotas) {
    let mut standing = link.watch();
    loop {
        if timeout(CHECK_EVERY, standing.wait_for(|standing| !standing.is_up())).await.is_ok() {
            return;
        }
        // A failure takes the link down, and shows in the next turn.
        let _ = link.check().await;
        quotas.pay().await;
    }
}

/// Waits until there is a connection, and says which.
pub(super) async fn up(standing: &mut watch::Receiver<Standing>) -> Option<u64> {
    Some(standing.wait_for(Standing::is_up).await.ok()?.generation)
}

/// Waits until this connection is not the one any more.
pub(super) async fn other_than(standing: &mut watch::Receiver<Standing>, generation: u64) {
    // An error: there is no link any more.
    let _ = standing.wait_for(|now| now.generation != generation || !now.is_up()).await;
}

/// Three quarters of a time up to all of it, so that replicas do not come all at once.
fn jittered(time: Duration) -> Duration {
    let chance = RandomState::new().hash_one(0_u8) % 1_000;
    time - time / 4 * u32::try_from(chance).unwrap_or(0) / 1_000
}
