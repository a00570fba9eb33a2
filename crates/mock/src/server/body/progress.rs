//! How far an answer got.

/// Is told how far an answer got.
///
/// ```
/// use playhouse_mock::server::body::{End, Progress};
///
/// /// Prints what happens.
/// struct Printed;
///
/// impl Progress for Printed {
///     fn first_byte(&mut self) {
///         println!("it begins");
///     }
///     fn sent(&mut self, bytes: usize, events: usize) {
///         println!("{events} events, {bytes} bytes so far");
///     }
///     fn ended(&mut self, end: End) {
///         println!("{end:?}");
///     }
/// }
/// ```
pub trait Progress: Send + Unpin + 'static {
    /// The body's first byte goes to the connection.
    fn first_byte(&mut self);

    /// This many bytes, and this many events to their ends, have gone to the connection so far.
    fn sent(&mut self, bytes: usize, events: usize);

    /// Nothing more comes; told once, and last.
    fn ended(&mut self, end: End);
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All of it went to the connection.
    Complete,
    /// The connection was gone before that.
    ClientLeft,
    /// A fault ended it.
    Cut,
}

/// Nobody is told.
impl Progress for () {
    fn first_byte(&mut self) {}
    fn sent(&mut self, _bytes: usize, _events: usize) {}
    fn ended(&mut self, _end: End) {}
}

/// Tells each thing at most once.
#[derive(Debug)]
pub(super) struct Report<P> {
    progress: P,
    is_begun: bool,
    is_ended: bool,
}

impl<P: Progress> Report<P> {
    pub(super) fn new(progress: P) -> Self {
        Self { progress, is_begun: false, is_ended: false }
    }

    pub(super) fn sent(&mut self, bytes: usize, events: usize) {
        if !self.is_begun {
            self.is_begun = true;
            self.progress.first_byte();
        }
        self.progress.sent(bytes, events);
    }

    /// Says whether it was not told before.
    pub(super) fn ended(&mut self, end: End) -> bool {
        let is_news = !self.is_ended;
        if is_news {
            self.is_ended = true;
            self.progress.ended(end);
        }
        is_news
    }
}
