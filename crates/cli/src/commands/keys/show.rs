//! `playhouse keys show`: one key, and what was used with it.

use playhouse_server::KeyView;
use playhouse_store::{ApiKey, BudgetPeriod, KeyUsage};
use serde_json::json;

use super::super::calls::{failed, show};
use super::{allowance, now_us, open, unknown};
use crate::args::KeysShow;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) async fn run(args: &KeysShow, console: &Console) -> Result<u8, Failure> {
    let store = open(&args.source, console).await?;
    let key = store.key(&args.id).await.map_err(failed)?.ok_or_else(|| unknown(&args.id))?;
    let now_us = now_us();
    let usage = async |period: BudgetPeriod| store.key_usage(&args.id, period.around(now_us).0).await;
    let day = usage(BudgetPeriod::Day).await.map_err(failed)?;
    let month = usage(BudgetPeriod::Month).await.map_err(failed)?;
    if args.source.json {
        console.write(&as_json(&key, &day, &month, now_us)?)?;
    } else {
        console.write(&as_text(&key, &day, &month, now_us))?;
    }
    Ok(exit::OK)
}

fn as_json(key: &ApiKey, day: &KeyUsage, month: &KeyUsage, now_us: i64) -> Result<String, Failure> {
    let sums =
        |usage: &KeyUsage| json!({"calls": usage.calls, "tokens": usage.tokens, "cost_usd": usage.cost_usd});
    let mut shown = serde_json::to_value(KeyView::at(key, now_us))
        .map_err(|error| Failure::work(format!("cannot write a key as JSON: {error}")))?;
    shown["usage"] = json!({"day": sums(day), "month": sums(month)});
    super::json(&shown)
}

fn as_text(key: &ApiKey, day: &KeyUsage, month: &KeyUsage, now_us: i64) -> String {
    let [models, rpm, tpm, budget] = allowance(key);
    let or_never = |at_us: Option<i64>| at_us.map_or_else(|| "never".to_owned(), show::time);
    let used = |usage: &KeyUsage| {
        format!("{} calls, {} tokens, {}", usage.calls, usage.tokens, show::cost(Some(usage.cost_usd)))
    };
    let rows = [
        ("id", key.id.to_string()),
        ("key", format!("{}…", key.prefix)),
        ("name", key.settings.name.to_string()),
        ("state", key.state(now_us).as_str().to_owned()),
        ("models", models),
        ("requests/min", rpm),
        ("tokens/min", tpm),
        ("budget", budget),
        ("made (UTC)", show::time(key.created_at_us)),
        ("expires", or_never(key.settings.expires_at_us)),
        ("used today", used(day)),
        ("this month", used(month)),
    ];
    rows.map(|(name, value)| format!("{name:<13} {value}\n")).concat()
}
