//! `playhouse keys create`: a new key, shown once.

use std::sync::Arc;

use playhouse_server::KeyView;
use playhouse_store::{Budget, BudgetPeriod, KeySecret, KeySettings, NewKey};
use serde::Serialize;
use uuid::Uuid;

use super::super::calls::failed;
use super::expiry::expiry;
use super::{json, now_us, open};
use crate::args::KeysCreate;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// A key that has just been made.
#[derive(Serialize)]
struct Made<'a> {
    key: &'a str,
    #[serde(flatten)]
    made: KeyView,
}

pub(super) async fn run(args: &KeysCreate, console: &Console) -> Result<u8, Failure> {
    let now_us = now_us();
    let settings = settings(args, now_us)?;
    // Looked at before the database is: a mistyped flag should make no file.
    settings.check().map_err(|error| Failure::Usage(error.to_string()))?;
    let secret = KeySecret::generate().map_err(|error| Failure::work(error.to_string()))?;
    let new = NewKey {
        id: Arc::from(Uuid::now_v7().to_string()),
        hash: secret.hash(),
        prefix: Arc::from(secret.prefix()),
        settings,
        now_us,
    };
    let made = open(&args.source, console).await?.create_key(new).await.map_err(failed)?;
    if args.source.json {
        console.write(&json(&Made { key: secret.expose(), made: KeyView::at(&made, now_us) })?)?;
    } else {
        console.write(&format!("{}\n", secret.expose()))?;
        console.remark(&format!("its id is {}; the key itself is shown this once", made.id));
    }
    Ok(exit::OK)
}

fn settings(args: &KeysCreate, now_us: i64) -> Result<KeySettings, Failure> {
    let period = args.per.map(BudgetPeriod::from);
    Ok(KeySettings {
        name: args.name.as_str().into(),
        models: args.models.iter().map(|model| Arc::from(model.as_str())).collect(),
        requests_per_minute: args.rpm,
        tokens_per_minute: args.tpm,
        budget: args.budget_usd.zip(period).map(|(usd, period)| Budget { usd, period }),
        expires_at_us: args.expires.as_deref().map(|when| expiry(when, now_us)).transpose()?,
    })
}
