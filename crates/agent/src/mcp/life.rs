//! Whether a connection can still be used, and why not.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// The life of one connection; everyone who sees its end can say so.
pub(super) struct Life {
    state: watch::Sender<State>,
    remark: Mutex<Option<String>>,
}

#[derive(Clone, Debug)]
enum State {
    Good,
    /// What runs may go on; nothing new is begun on it.
    Doubtful,
    Over(Arc<str>),
}

impl Default for Life {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::Good), remark: Mutex::new(None) }
    }
}

impl Life {
    /// It is over. The first reason counts.
    pub(super) fn end(&self, reason: impl Into<Arc<str>>) {
        self.state.send_if_modified(|state| {
            let is_first = !matches!(state, State::Over(_));
            if is_first {
                *state = State::Over(reason.into());
            }
            is_first
        });
    }

    /// Something failed that may fail again: the next call takes another connection.
    pub(super) fn doubt(&self) {
        self.state.send_if_modified(|state| {
            let is_good = matches!(state, State::Good);
            if is_good {
                *state = State::Doubtful;
            }
            is_good
        });
    }

    /// Whether something new can be begun on it.
    pub(super) fn is_good(&self) -> bool {
        matches!(*self.state.borrow(), State::Good)
    }

    /// Why it is over, if it is.
    pub(super) fn end_reason(&self) -> Option<Arc<str>> {
        match &*self.state.borrow() {
            State::Over(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    /// Waits until it is over.
    pub(super) async fn over(&self) -> Arc<str> {
        let mut changes = self.state.subscribe();
        loop {
            if let State::Over(reason) = &*changes.borrow_and_update() {
                return reason.clone();
            }
            // The sender is ours: it cannot be gone.
            let _ = changes.changed().await;
        }
    }

    /// Keeps what may explain a failure that is seen elsewhere.
    pub(super) fn remark(&self, text: impl Into<String>) {
        *self.remark.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.into());
    }

    /// The last remark.
    pub(super) fn last_remark(&self) -> Option<String> {
        self.remark.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_counts_and_everyone_who_waits_hears_it() {
        let life = Arc::new(Life::default());
        let waiting = tokio::spawn({
            let life = life.clone();
            async move { life.over().await }
        });
        assert!(life.is_good());
        life.doubt();
        assert!(!life.is_good() && life.end_reason().is_none());
        life.end("first");
        life.end("second");
        life.doubt();
        assert_eq!(&*waiting.await.unwrap(), "first");
        assert_eq!(life.end_reason().as_deref(), Some("first"));
        assert_eq!(&*life.over().await, "first");
    }
}
