//! An answer that is cut short while it is told.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch::Receiver;

use crate::engine::CutShort;

type Awaited = Pin<Box<dyn Future<Output = CutShort> + Send>>;

/// What may cut an answer short; nothing, as a rule.
#[derive(Default)]
pub(super) struct Interruption(Option<Awaited>);

impl Interruption {
    /// By whoever cuts the answer short, of which so many events were told before.
    pub(super) fn of(mut told: Receiver<Option<CutShort>>, skipped: usize) -> Self {
        Self(Some(Box::pin(async move {
            let cut = told.wait_for(Option::is_some).await.ok().and_then(|cut| cut.clone());
            match cut {
                Some(cut) => CutShort { after: cut.after.saturating_sub(skipped), ..cut },
                // Nobody can any more.
                None => std::future::pending().await,
            }
        })))
    }

    /// How it is cut short, once.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<CutShort> {
        match self.0.as_mut()?.as_mut().poll(context) {
            Poll::Ready(cut) => {
                self.0 = None;
                Some(cut)
            }
            Poll::Pending => None,
        }
    }
}

impl fmt::Debug for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "may be cut short" } else { "none" })
    }
}
