//! Setting aside what a call may use before it is made, and settling with what it used.

use std::pin::Pin;

use playhouse_llm::{CallRecord, Error, Request};

/// The future that [`Reserve::reserve`] returns.
pub type BoxReservation<'future> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Settle>, Error>> + Send + 'future>>;

/// Decides whether a call may be made, before it is, by the most that it may use.
///
/// Whoever counts only what calls have used lets any number of calls at once through a limit that holds
/// one of them.
pub trait Reserve: Send + Sync {
    /// Sets aside what the call may use; `None` where nothing is limited, which costs nothing.
    ///
    /// The future's error refuses the call: it is not made, and has no record.
    fn reserve<'call>(&'call self, request: &'call Request) -> Option<BoxReservation<'call>>;
}

/// What was set aside for one call, until that has ended.
pub trait Settle: Send {
    /// Replaces what was set aside by what the call used: called once, however the call ended.
    fn settle(self: Box<Self>, record: &CallRecord);
}
