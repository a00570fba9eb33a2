//! `playhouse calls tail`: calls as they end.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use playhouse_llm::CallRecord;
use playhouse_store::{CallFilter, Calls};

use super::{failed, filter, json, open, show};
use crate::args::CallsTail;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How far back to look for calls that ended after younger ones.
const WINDOW: u32 = 1000;

pub(super) async fn run(args: &CallsTail, console: &Console) -> Result<u8, Failure> {
    let store = open(&args.source, console).await?;
    let mut tail = Tail { store, filter: filter(&args.filter, WINDOW), seen: HashSet::new() };
    let mut calls = tail.take_new().await?;
    calls.drain(..calls.len().saturating_sub(args.limit as usize));
    if !args.source.json {
        console.write(&show::head().render(console.out))?;
    }
    loop {
        print(&calls, args, console)?;
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN_AFTER) => calls = tail.take_new().await?,
            _ = tokio::signal::ctrl_c() => return Ok(exit::OK),
        }
    }
}

fn print(calls: &[CallRecord], args: &CallsTail, console: &Console) -> Result<(), Failure> {
    if calls.is_empty() {
        return Ok(());
    }
    let text = if args.source.json { json::calls(calls)? } else { show::rows(calls).render(console.out) };
    console.write(&text)
}

/// The calls that have been written since one looked last.
struct Tail {
    store: Arc<dyn Calls>,
    filter: CallFilter,
    /// Those of the window that have been seen. A long call is written after younger ones, so the
    /// newest id alone would not do.
    seen: HashSet<Arc<str>>,
}

impl Tail {
    /// What is new, oldest first.
    async fn take_new(&mut self) -> Result<Vec<CallRecord>, Failure> {
        let window = self.store.list_calls(self.filter.clone()).await.map_err(failed)?;
        let ids = window.iter().map(|call| call.id.clone()).collect();
        let seen = std::mem::replace(&mut self.seen, ids);
        Ok(window.into_iter().rev().filter(|call| !seen.contains(&call.id)).collect())
    }
}
