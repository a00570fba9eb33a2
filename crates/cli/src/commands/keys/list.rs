//! `playhouse keys list`: the keys, the newest first.

use playhouse_server::KeyView;
use playhouse_store::{ApiKey, ApiKeys, KeyState, Page};

use super::super::calls::table::{Cell, Table};
use super::super::calls::{failed, show};
use super::{allowance, json, now_us, open};
use crate::args::KeysList;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

pub(super) async fn run(args: &KeysList, console: &Console) -> Result<u8, Failure> {
    let store = open(&args.source, console).await?;
    let keys = all(&*store).await?;
    if args.source.json {
        let now_us = now_us();
        let lines: Result<String, Failure> = keys.iter().map(|key| json(&KeyView::at(key, now_us))).collect();
        console.write(&lines?)?;
    } else if keys.is_empty() {
        console.remark("no keys yet: make one with `playhouse keys create --name …`");
    } else {
        console.write(&table(&keys).render(console.out))?;
    }
    Ok(exit::OK)
}

async fn all(store: &dyn ApiKeys) -> Result<Vec<ApiKey>, Failure> {
    let mut keys = Vec::new();
    let mut page = Page { limit: 100, after: None };
    loop {
        let listed = store.list_keys(page.clone()).await.map_err(failed)?;
        keys.extend(listed.keys);
        match listed.next {
            Some(next) => page.after = Some(next),
            None => return Ok(keys),
        }
    }
}

fn table(keys: &[ApiKey]) -> Table {
    let left = ["ID", "KEY", "NAME", "STATE", "MODELS"].map(Cell::left);
    let right = ["RPM", "TPM", "BUDGET", "MADE (UTC)"].map(Cell::right);
    let mut table = Table::with_head(left.into_iter().chain(right).collect());
    let now_us = now_us();
    for key in keys {
        let state = key.state(now_us);
        let cell = Cell::left(state.as_str());
        let [models, rpm, tpm, budget] = allowance(key);
        table.add(vec![
            Cell::left(&*key.id),
            Cell::left(format!("{}…", key.prefix)),
            Cell::left(&*key.settings.name),
            if state == KeyState::Active { cell } else { cell.alarming() },
            Cell::left(models),
            Cell::right(rpm),
            Cell::right(tpm),
            Cell::right(budget),
            Cell::right(show::time(key.created_at_us)),
        ]);
    }
    table
}
