//! `playhouse calls`: the call log, read from the database of a server.

mod json;
mod list;
pub(super) mod show;
mod stats;
pub(super) mod table;
mod tail;
mod verify;

use std::path::Path;
use std::sync::Arc;

use playhouse_llm::Outcome;
use playhouse_store::{CallFilter, Calls, PostgresStore, Scope, SqliteStore, StoreError};

use super::small_runtime;
use crate::args::{CallsArgs, CallsCommand, CallsFilter, CallsSource, OutcomeName};
use crate::config::{Config, Flags, Purpose, load};
use crate::console::Console;
use crate::failure::Failure;

/// The database within the data folder.
pub(super) const DATABASE: &str = "playhouse.db";

pub(super) fn run(args: CallsArgs, console: &Console) -> Result<u8, Failure> {
    let runtime = small_runtime()?;
    if args.verify {
        return runtime.block_on(verify::run(&args.list, console));
    }
    match args.command.unwrap_or(CallsCommand::List(args.list)) {
        CallsCommand::List(args) => runtime.block_on(list::run(&args, console)),
        CallsCommand::Tail(args) => runtime.block_on(tail::run(&args, console)),
        CallsCommand::Stats(args) => runtime.block_on(stats::run(&args, console)),
    }
}

/// Opens the database that the configuration names, for reading beside a running server.
async fn open(source: &CallsSource, console: &Console) -> Result<Arc<dyn Calls>, Failure> {
    let config = find(source, console)?;
    // A folder that is named is meant, whatever a variable says that was set for the server.
    match source.data_dir {
        Some(_) => open_sqlite(&config),
        None => open_database(&config).await,
    }
}

/// Opens the database that a server with this configuration writes to.
async fn open_database(config: &Config) -> Result<Arc<dyn Calls>, Failure> {
    let Some(url) = &config.store.database_url else { return open_sqlite(config) };
    let store = PostgresStore::open_read_only(url, &config.store.postgres).await;
    Ok(Arc::new(store.map_err(failed)?))
}

fn open_sqlite(config: &Config) -> Result<Arc<dyn Calls>, Failure> {
    let path = config.server.data_dir.join(DATABASE);
    if !path.exists() {
        return Err(Failure::work(no_log(&path)));
    }
    Ok(Arc::new(SqliteStore::open_read_only(&path).map_err(failed)?))
}

/// The configuration that names the data folder.
fn find(source: &CallsSource, console: &Console) -> Result<Config, Failure> {
    let flags =
        Flags { config: source.config.clone(), data_dir: source.data_dir.clone(), ..Flags::default() };
    Ok(load(&flags, &console.environment, Purpose::FindData)?.config)
}

fn no_log(path: &Path) -> String {
    format!(
        "there is no call log at {}: start a server with `playhouse serve` or `playhouse demo`, \
         or name its data folder with --data-dir",
        path.display()
    )
}

pub(super) fn failed(error: StoreError) -> Failure {
    Failure::work(error.to_string())
}

fn filter(wanted: &CallsFilter, limit: u32) -> CallFilter {
    let text = |text: &Option<String>| text.as_deref().map(Into::into);
    CallFilter {
        scope: scope(wanted.key.as_deref()),
        model: text(&wanted.model),
        session_id: text(&wanted.session),
        run_id: text(&wanted.run),
        request_id: text(&wanted.request),
        outcome: wanted.outcome.map(Outcome::from),
        limit,
        ..CallFilter::default()
    }
}

/// Everybody's calls, or those made with one key.
fn scope(key_id: Option<&str>) -> Scope {
    key_id.map_or(Scope::Everything, |id| Scope::Key(id.into()))
}

impl From<OutcomeName> for Outcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Ok => Self::Ok,
            OutcomeName::Error => Self::Error,
            OutcomeName::Cancelled => Self::Cancelled,
        }
    }
}
