//! `playhouse calls --verify`: the ledger compared with the database.

use playhouse_store::{LedgerReport, StoreConfig, ledger, verify_ledger};

use super::table::{Cell, Table};
use super::{failed, find, json, open_database};
use crate::args::CallsList;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) async fn run(args: &CallsList, console: &Console) -> Result<u8, Failure> {
    let config = find(&args.source, console)?;
    let folder = config.server.data_dir.join(ledger::FOLDER);
    if !folder.exists() {
        return Err(Failure::work(format!(
            "there is no call ledger at {}: start a server, or name its data folder with --data-dir",
            folder.display()
        )));
    }
    let store = open_database(&config).await?;
    let report = verify_ledger(&folder, &*store, kept_since_us(&config.store)).await.map_err(failed)?;
    if args.source.json {
        console.write(&json::lines(&[&report])?)?;
    } else {
        console.write(&table(&report).render(console.out))?;
        console.write(&findings(&report))?;
    }
    Ok(if report.is_fine() { exit::OK } else { exit::FAILURE })
}

/// Since when calls must be in the database: those of the last day may be removed while one looks.
fn kept_since_us(config: &StoreConfig) -> Option<i64> {
    let days = Some(config.call_retention_days).filter(|days| *days > 0)?;
    Some(jiff::Timestamp::now().as_microsecond() - (i64::from(days) - 1) * DAY_US)
}

fn table(report: &LedgerReport) -> Table {
    let mut table = Table::default();
    let mut row = |name: &str, count: u64, is_bad: bool, meaning: &str| {
        let cell = Cell::right(count.to_string());
        let cell = if is_bad && count > 0 { cell.alarming() } else { cell };
        table.add(vec![Cell::left(name), cell, Cell::left(meaning)]);
    };
    row("segments", report.segments, false, "files of the ledger");
    row("bytes", report.bytes, false, "their size");
    row("records", report.records, false, "calls in them");
    row("stored", report.stored, false, "in the database, and the same there");
    row("waiting", report.waiting, false, "not in the database yet");
    row("expired", report.expired, false, "too old to be looked for in the database");
    row("refused", report.refused, false, "refused by the database and set aside in refused.jsonl");
    row("missing", report.missing, true, "delivered, and not in the database");
    row("differing", report.differing, true, "not the same in the database");
    row("damaged", report.damaged, true, "places in the files that are no records");
    row("repeated", report.repeated, false, "more than once in the ledger");
    table
}

fn findings(report: &LedgerReport) -> String {
    report.findings.iter().map(|finding| format!("call {}: {}\n", finding.id, finding.problem)).collect()
}
