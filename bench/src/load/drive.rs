//! Drives some connections from one thread that never sleeps.
//!
//! Timers cost more than what is measured here: an async runtime's count in milliseconds, and a
//! sleeping core takes tens of microseconds to wake. So the thread looks at each connection in
//! turn, and after each round offers the core to the stub, which shares it.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::tally::Tally;

/// How long after the end answers are waited for; what is missing then counts as failed.
const GRACE: Duration = Duration::from_secs(5);

/// When a connection's next request is due.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as the last one is answered.
    Closed,
    /// At fixed moments, this far apart, whatever the server does.
    Every(Duration),
}

/// Which requests are sent, and which of them count, by the moment they are due.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Those due before are warm-up.
    pub(crate) measured: Instant,
    /// None falls due after.
    pub(crate) end: Instant,
}

/// One connection and its requests.
pub(crate) struct Lane {
    request: Vec<u8>,
    pace: Pace,
    /// When the next request is due; while one is under way, when that one was.
    due: Instant,
    connection: Connection,
    waiting: bool,
}

impl Lane {
    /// A lane with an open connection, its first request due at `first`.
    pub(crate) fn open(
        address: SocketAddr,
        request: Vec<u8>,
        pace: Pace,
        first: Instant,
    ) -> io::Result<Self> {
        Ok(Self { request, pace, due: first, connection: Connection::open(address)?, waiting: false })
    }

    /// Do what can be done now: send what is due, take what has come.
    fn step(&mut self, window: Window, tally: &mut Tally) -> io::Result<()> {
        if self.waiting {
            if let Some(status) = self.connection.receive()? {
                self.answered(status, window, tally);
            }
        } else if self.due <= Instant::now() {
            self.connection.send(&self.request)?;
            self.waiting = true;
        }
        Ok(())
    }

    fn answered(&mut self, status: u16, window: Window, tally: &mut Tally) {
        let now = Instant::now();
        if self.due >= window.measured {
            tally.count(status, now - self.due);
        }
        self.waiting = false;
        self.due = match self.pace {
            Pace::Closed => now,
            Pace::Every(interval) => self.due + interval,
        };
    }

    fn is_over(&self, window: Window) -> bool {
        self.due >= window.end && !self.waiting
    }
}

/// Run the lanes until none has a request due before the window's end. A lane whose connection
/// fails has ended: that is one error, and one is enough to spoil a run.
pub(crate) fn drive(mut lanes: Vec<Lane>, window: Window) -> Tally {
    let mut tally = Tally::default();
    let give_up = window.end + GRACE;
    while !lanes.is_empty() && Instant::now() < give_up {
        lanes.retain_mut(|lane| match lane.step(window, &mut tally) {
            Ok(()) => !lane.is_over(window),
            Err(error) => {
                tally.fail(error.to_string());
                false
            }
        });
        thread::yield_now();
    }
    lanes.iter().for_each(|_| tally.fail(format!("no answer {GRACE:?} after the end")));
    tally
}
