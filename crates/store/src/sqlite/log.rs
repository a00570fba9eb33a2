//! Copying SQLite's log back into the database, beside the writing.
//!
//! SQLite itself would do it within a commit: some milliseconds in one piece, and two syncs of the disk, for which
//! the writes that follow wait, and on a busy machine the requests. A thread that everything else goes before takes
//! them from nobody.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// How many pages more are in the log until it is copied again: the longer, the less often, and a page that was
/// written many times is copied once.
const DUE: u32 = 1_000;
/// With so many pages in the log, 32 MiB, the writing thread copies it: while no processor has a moment to spare,
/// the other thread hardly gets on.
const OVERDUE: u32 = 8_000;

/// The log of the writer's connection.
pub(super) struct Log {
    /// How many pages are in it, since the last commit.
    pages: Arc<AtomicU32>,
    /// How many there were when the copier was last asked.
    pages_when_asked: u32,
    /// `None` when it could not be started.
    copier: Option<Copier>,
}

/// The thread that copies, over a connection of its own. Dropping it waits for its end.
struct Copier {
    /// `None` once it is to end.
    requests: Option<SyncSender<()>>,
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// Takes over from SQLite what becomes of this connection's log.
    ///
    /// # Errors
    /// SQLite's, when it does not let go.
    pub(super) fn take_over(db: &mut Connection, path: &Path) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&pages);
        db.wal_hook(Some(move |_: &mut _, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, pages_when_asked: 0, copier: Copier::spawn(path) })
    }

    /// Sees to it, between two commits, that the log does not grow for ever.
    pub(super) fn tend(&mut self, db: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.pages_when_asked {
            // Its beginning is used again: all that it held had been copied.
            self.pages_when_asked = 0;
        }
        match &self.copier {
            Some(copier) if pages >= OVERDUE => {
                copier.interrupt.interrupt();
                copy(db);
            }
            Some(copier) if pages - self.pages_when_asked >= DUE && copier.ask() => {
                self.pages_when_asked = pages
            }
            None if pages >= DUE => copy(db),
            _ => {}
        }
    }
}

impl Copier {
    fn spawn(path: &Path) -> Option<Self> {
        let db = open(path).ok()?;
        let interrupt = db.get_interrupt_handle();
        let (requests, asked) = sync_channel(1);
        let thread = std::thread::Builder::new().name("store-log".into());
        let thread = thread.spawn(move || copy_when_asked(&db, &asked)).ok()?;
        Some(Self { requests: Some(requests), interrupt, thread: Some(thread) })
    }

    /// Has the log copied; `false` while it has been asked already and has yet to begin.
    fn ask(&self) -> bool {
        self.requests.as_ref().is_some_and(|requests| requests.try_send(()).is_ok())
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.requests = None;
        self.interrupt.interrupt();
        if let Some(thread) = self.thread.take() {
            // It has nothing to report.
            let _ = thread.join();
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    // Whoever closes the last connection copies the log. That is for the writer to do, which knows whether the file
    // is still the one that the log belongs to.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(db)
}

fn copy_when_asked(db: &Connection, asked: &Receiver<()>) {
    give_way();
    while asked.recv().is_ok() {
        copy(db);
    }
}

/// Copies as much as can be without waiting for anybody. What could not be copied is there at the next time.
fn copy(db: &Connection) {
    let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

/// Runs only while nothing else wants to. Where that is refused, it is a thread like others.
fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn database(folder: &Path) -> Connection {
        let db = Connection::open(folder.join("playhouse.db")).unwrap();
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        db.execute_batch("CREATE TABLE texts (text TEXT)").unwrap();
        db
    }

    fn write_pages(db: &Connection, pages: u32) {
        db.execute("INSERT INTO texts VALUES (zeroblob(? * 4096))", [pages]).unwrap();
    }

    /// Pages in the log, and how many of them are copied.
    fn state(db: &Connection) -> (u32, u32) {
        db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok((row.get(1)?, row.get(2)?))).unwrap()
    }

    fn await_copied(db: &Connection) {
        let began = Instant::now();
        while matches!(state(db), (pages, copied) if copied < pages) {
            assert!(began.elapsed() < Duration::from_secs(30), "{:?}", state(db));
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_log_that_has_grown_is_copied_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = database(folder.path());
        let mut log = Log::take_over(&mut db, &folder.path().join("playhouse.db")).unwrap();
        write_pages(&db, DUE / 2);
        log.tend(&db);
        assert_eq!(log.pages_when_asked, 0);
        write_pages(&db, DUE / 2);
        log.tend(&db);
        assert!(log.pages_when_asked >= DUE);
        await_copied(&db);
        write_pages(&db, 1);
        log.tend(&db);
        assert_eq!(log.pages_when_asked, 0);
        assert!(state(&db).0 < 10, "{:?}", state(&db));
    }

    #[test]
    fn a_log_that_has_grown_too_long_is_copied_by_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = database(folder.path());
        let mut log = Log::take_over(&mut db, &folder.path().join("playhouse.db")).unwrap();
        write_pages(&db, OVERDUE);
        assert_eq!(state(&db).1, 0);
        log.tend(&db);
        let (pages, copied) = state(&db);
        assert!(pages >= OVERDUE && copied == pages, "{copied} of {pages}");
    }

    #[test]
    fn a_log_is_left_as_it_is_when_the_writer_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = database(folder.path());
        let mut log = Log::take_over(&mut db, &folder.path().join("playhouse.db")).unwrap();
        write_pages(&db, DUE);
        log.tend(&db);
        await_copied(&db);
        drop(db);
        assert!(folder.path().join("playhouse.db-wal").exists());
        drop(log);
        assert!(folder.path().join("playhouse.db-wal").exists());
    }
}
