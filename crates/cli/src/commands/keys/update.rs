//! `playhouse keys update`: what a key may do, changed.

use std::sync::Arc;

use playhouse_server::KeyView;
use playhouse_store::{Budget, KeyChange};

use super::super::calls::failed;
use super::expiry::expiry;
use super::{json, now_us, open, unknown};
use crate::args::{KeyChanges, KeysUpdate, OrNone};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) async fn run(args: &KeysUpdate, console: &Console) -> Result<u8, Failure> {
    let change = change(&args.changes, now_us())?;
    // Looked at before the database is: a mistyped flag should make no file.
    change.check().map_err(|error| Failure::Usage(error.to_string()))?;
    let keys = open(&args.source, console).await?;
    let changed = keys.update_key(&args.id, change).await.map_err(failed)?;
    let changed = changed.ok_or_else(|| unknown(&args.id))?;
    if args.source.json {
        console.write(&json(&KeyView::at(&changed, now_us()))?)?;
    } else {
        let name = &changed.settings.name;
        console.remark(&format!("changed '{name}'; running servers take note within seconds"));
    }
    Ok(exit::OK)
}

fn change(changes: &KeyChanges, now_us: i64) -> Result<KeyChange, Failure> {
    let expires = changes.expires.as_ref();
    let at_us = |OrNone(when): &OrNone<String>| when.as_deref().map(|when| expiry(when, now_us)).transpose();
    Ok(KeyChange {
        name: changes.name.as_deref().map(Arc::from),
        models: models(&changes.models)?,
        requests_per_minute: changes.rpm.map(|OrNone(limit)| limit),
        tokens_per_minute: changes.tpm.map(|OrNone(limit)| limit),
        budget: budget(changes)?,
        expires_at_us: expires.map(at_us).transpose()?,
    })
}

/// The patterns instead of those there are; `none` alone leaves no pattern, and so allows all models.
fn models(patterns: &[OrNone<String>]) -> Result<Option<Vec<Arc<str>>>, Failure> {
    let named: Vec<Arc<str>> =
        patterns.iter().filter_map(|OrNone(pattern)| pattern.as_deref()).map(Arc::from).collect();
    match patterns {
        [] => Ok(None),
        [OrNone(None)] => Ok(Some(Vec::new())),
        _ if named.len() == patterns.len() => Ok(Some(named)),
        _ => {
            Err(Failure::Usage("--model none allows all models: give it alone, or only patterns".to_owned()))
        }
    }
}

fn budget(changes: &KeyChanges) -> Result<Option<Option<Budget>>, Failure> {
    match (changes.budget_usd, changes.per) {
        (None, _) => Ok(None),
        (Some(OrNone(None)), None) => Ok(Some(None)),
        (Some(OrNone(Some(usd))), Some(per)) => Ok(Some(Some(Budget { usd, period: per.into() }))),
        (Some(OrNone(None)), Some(_)) => {
            Err(Failure::Usage("--per goes with an amount: --budget-usd none takes both away".to_owned()))
        }
        (Some(OrNone(Some(_))), None) => {
            Err(Failure::Usage("--budget-usd is for a time: add --per day or --per month".to_owned()))
        }
    }
}
