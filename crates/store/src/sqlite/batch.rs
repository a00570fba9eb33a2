//! One batch of writes: one transaction, one answer each.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::{Stop, store_error};
use super::link::Link;
use super::unheard::Abandoned;
use crate::StoreError;

/// A write that waits for its batch.
pub(super) trait Write: Send {
    /// Does it, inside a transaction that may yet be undone.
    ///
    /// An error means that it has to be.
    fn run(&mut self, db: &Connection) -> Result<(), Stop>;
    /// Tells the caller: its own outcome after a commit, the failure otherwise.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>, rest: Rest);
}

/// A write together with whoever waits for it.
pub(super) struct Pending<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Reply<T>>,
}

/// What a caller is told.
pub(super) struct Reply<T> {
    /// What came of its write.
    pub(super) outcome: Result<T, StoreError>,
    /// The answers that it passes on by dropping this.
    _rest: Rest,
}

/// Answers that go out when this is dropped.
///
/// Waking a task from the writing thread costs a system call and, on a busy machine, a switch of
/// threads. So that thread wakes one caller of a batch, and that one wakes the others from inside the
/// runtime, where it costs next to nothing. Should that caller be gone, the thread does it after all.
#[derive(Default)]
pub(super) struct Rest {
    answers: Vec<(Box<dyn Write>, Result<(), StoreError>)>,
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.answers.drain(..).for_each(|(write, committed)| write.answer(committed, Self::default()));
    }
}

impl<T, F> Pending<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Stop> + Send,
{
    /// A write whose outcome goes to `reply`.
    pub(super) fn new(work: F, reply: oneshot::Sender<Reply<T>>) -> Self {
        Self { work, outcome: None, reply }
    }
}

impl<T, F> Write for Pending<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Stop> + Send,
{
    fn run(&mut self, db: &Connection) -> Result<(), Stop> {
        self.outcome = Some(match (self.work)(db) {
            Ok(done) => Ok(done),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(stop) => return Err(stop),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>, rest: Rest) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Failed { reason: "the operation did not run".into() }),
            (Err(failure), _) => Err(failure),
        };
        // The caller may have gone; what it asked for is done all the same.
        let _ = self.reply.send(Reply { outcome, _rest: rest });
    }
}

/// A write that ends what was begun for a caller who has gone.
pub(super) fn interruption(abandoned: Abandoned) -> Box<dyn Write> {
    let work = move |db: &Connection| Ok(abandoned.interrupt(db)?);
    Box::new(Pending::new(work, oneshot::channel().0))
}

/// A write that does nothing, for nobody: the database is looked at before it.
pub(super) fn nothing() -> Box<dyn Write> {
    Box::new(Pending::new(|_: &Connection| Ok(()), oneshot::channel().0))
}

/// Runs the writes and answers them all.
///
/// When one fails for a reason of its own, all are undone and each runs again alone: dearer than a
/// savepoint for each, but only when it happens.
pub(super) fn run(link: &mut Link, writes: &mut Vec<Box<dyn Write>>) {
    match commit(link, writes) {
        Ok(()) => answer_all(writes, &Ok(())),
        Err(Failure::Outage(reason)) => answer_all(writes, &Err(reason)),
        Err(Failure::OneWrite(_)) => writes.drain(..).for_each(|write| run_alone(link, write)),
    }
}

enum Failure {
    /// The database as a whole is away.
    Outage(StoreError),
    /// One of the writes is to blame.
    OneWrite(StoreError),
}

fn run_alone(link: &mut Link, write: Box<dyn Write>) {
    let mut alone = [write];
    let committed = commit(link, &mut alone).map_err(|failure| match failure {
        Failure::Outage(reason) | Failure::OneWrite(reason) => reason,
    });
    let [write] = alone;
    write.answer(committed, Rest::default());
}

fn commit(link: &mut Link, writes: &mut [Box<dyn Write>]) -> Result<(), Failure> {
    let db = link.connection().map_err(Failure::Outage)?;
    let Err(stop) = run_in_transaction(db, writes) else { return Ok(()) };
    let undone = undo(db);
    let reason = match stop {
        Stop::Refused(reason) | Stop::RefusedLate(reason) => reason,
        Stop::Failed(error) => store_error(link.path(), &error),
    };
    if undone && !reason.is_unavailable() {
        return Err(Failure::OneWrite(reason));
    }
    link.lose(reason.clone());
    Err(Failure::Outage(reason))
}

fn run_in_transaction(db: &Connection, writes: &mut [Box<dyn Write>]) -> Result<(), Stop> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    writes.iter_mut().try_for_each(|write| write.run(db))?;
    db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Undoes what a transaction has written, unless SQLite has done so already. `false` when even that fails.
fn undo(db: &Connection) -> bool {
    db.is_autocommit() || db.execute_batch("ROLLBACK").is_ok()
}

fn answer_all(writes: &mut Vec<Box<dyn Write>>, committed: &Result<(), StoreError>) {
    let mut answers = writes.drain(..).map(|write| (write, committed.clone()));
    let Some((first, outcome)) = answers.next() else { return };
    let rest = Rest { answers: answers.collect() };
    first.answer(outcome, rest);
}
