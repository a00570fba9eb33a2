//! Call records as rows for people.

use playhouse_llm::{CallRecord, Outcome};

use super::table::{Cell, Table};

const HEADS: [&str; 9] = ["TIME (UTC)", "MODEL", "PROVIDER", "RESULT", "IN", "OUT", "COST", "TTFT", "TIME"];

/// Widths that most calls fit in, for rows whose successors are not known yet.
const WIDTHS: [usize; HEADS.len()] = [19, 24, 12, 14, 7, 7, 9, 8, 8];

/// A whole table.
pub(super) fn table(calls: &[CallRecord]) -> Table {
    let mut table = Table::with_head(heads());
    calls.iter().for_each(|call| table.add(cells(call)));
    table
}

/// The head alone, in widths that do not change.
pub(super) fn head() -> Table {
    Table::with_head(heads()).at_least(&WIDTHS)
}

/// Rows alone, in widths that do not change.
pub(super) fn rows(calls: &[CallRecord]) -> Table {
    let mut table = Table::default().at_least(&WIDTHS);
    calls.iter().for_each(|call| table.add(cells(call)));
    table
}

fn heads() -> Vec<Cell> {
    HEADS
        .iter()
        .enumerate()
        .map(|(at, head)| if at < 4 { Cell::left(*head) } else { Cell::right(*head) })
        .collect()
}

fn cells(call: &CallRecord) -> Vec<Cell> {
    let usage = call.usage.as_ref();
    let count = |count: Option<u64>| Cell::right(count.map_or_else(nothing, |count| count.to_string()));
    vec![
        Cell::left(time(call.started_at_us)),
        Cell::left(call.model.as_ref()),
        Cell::left(call.provider.as_deref().unwrap_or("-")),
        result(call),
        count(usage.map(|usage| usage.prompt_tokens)),
        count(usage.map(|usage| usage.completion_tokens)),
        Cell::right(cost(call.cost_usd)),
        Cell::right(duration(call.ttft_ms)),
        Cell::right(duration(Some(call.duration_ms))),
    ]
}

fn result(call: &CallRecord) -> Cell {
    match call.outcome {
        Outcome::Ok => Cell::left("ok"),
        Outcome::Cancelled => Cell::left("cancelled"),
        Outcome::Error => {
            let kind = call.error.as_deref().unwrap_or("error");
            let status = call.status.map(|status| format!(" {status}")).unwrap_or_default();
            Cell::left(format!("{kind}{status}")).alarming()
        }
    }
}

pub(in crate::commands) fn time(started_at_us: i64) -> String {
    let moment = jiff::Timestamp::from_microsecond(started_at_us);
    moment.map_or_else(|_| nothing(), |moment| format!("{moment:.0}").replace('T', " ").replace('Z', ""))
}

/// An amount in US dollars, with as many digits as it takes to see it.
pub(in crate::commands) fn cost(usd: Option<f64>) -> String {
    match usd {
        None => nothing(),
        Some(0.0) => "$0".to_owned(),
        Some(usd) if usd < 0.1 => format!("${usd:.5}"),
        Some(usd) => format!("${usd:.2}"),
    }
}

/// A time in the unit that suits it.
pub(super) fn duration(ms: Option<f64>) -> String {
    match ms {
        None => nothing(),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) if ms < 100_000.0 => format!("{:.1} s", ms / 1_000.0),
        Some(ms) => format!("{:.0} s", ms / 1_000.0),
    }
}

fn nothing() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_are_short_and_never_nothing() {
        assert_eq!(
            [Some(0.0), Some(0.000_123), Some(0.25), Some(12.0), None].map(cost),
            ["$0", "$0.00012", "$0.25", "$12.00", "-"]
        );
        assert_eq!(
            [Some(7.4), Some(1_250.0), Some(125_000.0), None].map(duration),
            ["7 ms", "1.2 s", "125 s", "-"]
        );
        assert_eq!(time(1_700_000_000_000_000), "2023-11-14 22:13:20");
    }
}
