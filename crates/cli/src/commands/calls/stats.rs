//! `playhouse calls stats`: sums by day, by model, or both.

use playhouse_store::{CallStat, Spread, StatsBy};

use super::show::{cost, duration};
use super::table::{Cell, Table};
use super::{failed, json, open, scope};
use crate::args::{self, CallsStats};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) async fn run(args: &CallsStats, console: &Console) -> Result<u8, Failure> {
    let store = open(&args.source, console).await?;
    let now_us = jiff::Timestamp::now().as_microsecond();
    let since_us = args.days.map(|days| start_of_days(now_us, days));
    let rows =
        store.call_stats(&scope(args.key.as_deref()), args.by.into(), since_us).await.map_err(failed)?;
    if args.source.json {
        console.write(&json::lines(&rows)?)?;
    } else if rows.is_empty() {
        console.remark("no calls yet");
    } else {
        console.write(&table(&rows, args.by).render(console.out))?;
    }
    Ok(exit::OK)
}

/// When the first of these days (UTC) began, of which the last is today.
fn start_of_days(now_us: i64, days: u32) -> i64 {
    now_us - now_us.rem_euclid(DAY_US) - (i64::from(days) - 1) * DAY_US
}

fn table(rows: &[CallStat], by: args::StatsBy) -> Table {
    let keys: &[&str] = match by {
        args::StatsBy::Day => &["DAY"],
        args::StatsBy::Model => &["MODEL"],
        args::StatsBy::DayAndModel => &["DAY", "MODEL"],
    };
    let mut heads: Vec<Cell> = keys.iter().map(|key| Cell::left(*key)).collect();
    heads.extend(
        ["CALLS", "ERRORS", "LEFT", "IN", "CACHED", "OUT", "COST", "TTFT P50", "P95", "TIME P50", "P95"]
            .map(Cell::right),
    );
    let mut table = Table::with_head(heads);
    rows.iter().for_each(|row| table.add(cells(row)));
    table
}

fn cells(row: &CallStat) -> Vec<Cell> {
    let keys = [row.day.as_deref(), row.model.as_deref()];
    let counts =
        [row.calls, row.errors, row.cancelled, row.prompt_tokens, row.cached_tokens, row.completion_tokens];
    let times = [p50(row.ttft_ms), p95(row.ttft_ms), p50(row.duration_ms), p95(row.duration_ms)];
    let mut cells: Vec<Cell> = keys.into_iter().flatten().map(Cell::left).collect();
    cells.extend(counts.map(|count| Cell::right(count.to_string())));
    cells.push(Cell::right(cost(Some(row.cost_usd))));
    cells.extend(times.map(Cell::right));
    cells
}

fn p50(spread: Option<Spread>) -> String {
    duration(spread.map(|spread| spread.p50))
}

fn p95(spread: Option<Spread>) -> String {
    duration(spread.map(|spread| spread.p95))
}

impl From<args::StatsBy> for StatsBy {
    fn from(by: args::StatsBy) -> Self {
        match by {
            args::StatsBy::Day => Self::Day,
            args::StatsBy::Model => Self::Model,
            args::StatsBy::DayAndModel => Self::DayAndModel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_utc() {
        let noon_of_the_third_us = 2 * DAY_US + DAY_US / 2;
        assert_eq!(start_of_days(noon_of_the_third_us, 1), 2 * DAY_US);
        assert_eq!(start_of_days(noon_of_the_third_us, 3), 0);
    }
}
