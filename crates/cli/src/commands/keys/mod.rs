//! `playhouse keys`: the stored API keys, made, changed and revoked in the database.

mod create;
mod expiry;
mod list;
mod show;
mod update;

use std::sync::Arc;

use playhouse_server::KeyView;
use playhouse_store::{ApiKey, ApiKeys, PostgresStore, SqliteStore, StoreError};
use serde::Serialize;

use super::calls::{DATABASE, failed};
use super::small_runtime;
use crate::args::{KeysArgs, KeysCommand, KeysRevoke, KeysSource};
use crate::config::{Flags, Purpose, load};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) fn run(args: &KeysArgs, console: &Console) -> Result<u8, Failure> {
    let runtime = small_runtime()?;
    match &args.command {
        None => runtime.block_on(list::run(&args.list, console)),
        Some(KeysCommand::List(args)) => runtime.block_on(list::run(args, console)),
        Some(KeysCommand::Create(args)) => runtime.block_on(create::run(args, console)),
        Some(KeysCommand::Show(args)) => runtime.block_on(show::run(args, console)),
        Some(KeysCommand::Update(args)) => runtime.block_on(update::run(args, console)),
        Some(KeysCommand::Revoke(args)) => runtime.block_on(revoke(args, console)),
    }
}

async fn revoke(args: &KeysRevoke, console: &Console) -> Result<u8, Failure> {
    let keys = open(&args.source, console).await?;
    let revoked = keys.revoke_key(&args.id, now_us()).await.map_err(failed)?;
    let revoked = revoked.ok_or_else(|| unknown(&args.id))?;
    if args.source.json {
        console.write(&json(&KeyView::at(&revoked, now_us()))?)?;
    } else {
        console.remark(&format!(
            "revoked '{}'; running servers take note within seconds",
            revoked.settings.name
        ));
    }
    Ok(exit::OK)
}

/// Opens the database that the configuration names: as its owner where no server runs, else beside it.
async fn open(source: &KeysSource, console: &Console) -> Result<Arc<dyn ApiKeys>, Failure> {
    let flags =
        Flags { config: source.config.clone(), data_dir: source.data_dir.clone(), ..Flags::default() };
    let config = load(&flags, &console.environment, Purpose::FindData)?.config;
    // A folder that is named is meant, whatever a variable says that was set for the server.
    if let Some(url) = config.store.database_url.as_ref().filter(|_| source.data_dir.is_none()) {
        return Ok(Arc::new(PostgresStore::open(url, &config.store.postgres).await.map_err(failed)?));
    }
    let path = config.server.data_dir.join(DATABASE);
    let store = match SqliteStore::open(&path, &config.store) {
        Err(StoreError::InUse { .. }) => SqliteStore::open_beside(&path, &config.store),
        opened => opened,
    };
    Ok(Arc::new(store.map_err(failed)?))
}

fn unknown(id: &str) -> Failure {
    Failure::work(format!("there is no API key '{id}'; `playhouse keys` lists those there are"))
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value);
    text.map(|text| text + "\n")
        .map_err(|error| Failure::work(format!("cannot write a key as JSON: {error}")))
}

/// What a key may do, in a few words each.
fn allowance(key: &ApiKey) -> [String; 4] {
    let settings = &key.settings;
    let count = |limit: Option<u64>| limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
    let models = match settings.models.is_empty() {
        true => "all".to_owned(),
        false => settings.models.iter().map(|model| &**model).collect::<Vec<_>>().join(" "),
    };
    let budget = settings
        .budget
        .map_or_else(|| "-".to_owned(), |budget| format!("${} a {}", budget.usd, budget.period.as_str()));
    [models, count(settings.requests_per_minute), count(settings.tokens_per_minute), budget]
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
