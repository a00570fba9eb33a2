//! The connections that are open: how many there may be, which are overdue, how they end.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, timeout};

use super::quiet::Quiet;
use super::{ConnectionControl, ConnectionLimits};

/// How long connections that are cut off may take to let go.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);

/// The connections that are open. Dropped, it drops them.
pub(super) struct Connections {
    limits: ConnectionLimits,
    tasks: JoinSet<()>,
    open: HashMap<Id, Open>,
}

struct Open {
    control: ConnectionControl,
    task: AbortHandle,
    quiet: Quiet,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, tasks: JoinSet::new(), open: HashMap::new() }
    }

    /// Whether there may be another.
    pub(super) fn has_room(&self) -> bool {
        self.open.len() < self.limits.max_connections
    }

    /// Serves one more.
    pub(super) fn open(
        &mut self,
        control: ConnectionControl,
        connection: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(connection);
        self.open.insert(task.id(), Open { control, task, quiet: Quiet::default() });
    }

    /// Waits until one has ended; for ever where there is none.
    pub(super) async fn closed(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.open.remove(&id)),
            Some(Err(error)) => drop(self.open.remove(&error.id())),
            None => std::future::pending().await,
        }
    }

    /// Ends those on which nothing happened for too long.
    pub(super) fn end_overdue(&mut self) {
        let now = Instant::now();
        for open in self.open.values_mut() {
            if open.quiet.is_overdue(open.control.glance(), &self.limits, now) {
                open.task.abort();
            }
        }
    }

    /// Lets those that are answering finish within the grace time, and ends all others.
    ///
    /// Returns whether everything was finished in time.
    pub(super) async fn drain(mut self) -> bool {
        for open in self.open.values() {
            if !open.control.leave() {
                open.task.abort();
            }
        }
        let finished = timeout(self.limits.grace, self.all_closed()).await.is_ok();
        self.tasks.abort_all();
        let _ = timeout(CUT_TIMEOUT, self.all_closed()).await;
        finished
    }

    async fn all_closed(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
