//! Sums over the call log, gathered in one pass.

use std::collections::HashMap;
use std::sync::Arc;

use playhouse_llm::Outcome;
use rusqlite::{Connection, Row};

use super::call_rows::CallId;
use crate::{CallStat, Spread, StatsBy};

pub(super) const SCAN: &str = "SELECT started_at_us, model, outcome, prompt_tokens, cached_tokens, \
     completion_tokens, reasoning_tokens, cost_usd, ttft_us, duration_us FROM calls WHERE id >= ?1";
pub(super) const SCAN_OF_KEY: &str = "SELECT started_at_us, model, outcome, prompt_tokens, cached_tokens, \
     completion_tokens, reasoning_tokens, cost_usd, ttft_us, duration_us FROM calls WHERE key_id = ?1 AND id >= ?2";

/// Callers choose model names, so their number needs a bound.
const MOST_GROUPS: usize = 4_096;
const OTHER_MODELS: &str = "(other)";
const DAY_US: i64 = 86_400_000_000;

/// Sums up the records from an id on, those of one key where one is named.
pub(super) fn sum_up(
    db: &Connection,
    key_id: Option<&str>,
    by: StatsBy,
    from: CallId,
) -> rusqlite::Result<Vec<CallStat>> {
    let mut groups = HashMap::new();
    let mut statement = db.prepare_cached(if key_id.is_some() { SCAN_OF_KEY } else { SCAN })?;
    let mut rows = match key_id {
        Some(key_id) => statement.query((key_id, from))?,
        None => statement.query([from])?,
    };
    while let Some(row) = rows.next()? {
        let key = Key::of(row, by)?;
        let key = if groups.len() < MOST_GROUPS || groups.contains_key(&key) { key } else { key.other() };
        groups.entry(key).or_insert_with(Group::default).add(row)?;
    }
    Ok(sorted(groups))
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    day: Option<i64>,
    model: Option<Arc<str>>,
}

#[derive(Default)]
struct Group {
    sums: CallStat,
    ttft: Times,
    duration: Times,
}

/// A histogram with eight buckets to each doubling.
struct Times {
    buckets: [u32; 8 * 40],
    sum_us: f64,
    count: u64,
}

impl Key {
    fn of(row: &Row<'_>, by: StatsBy) -> rusqlite::Result<Self> {
        let day = matches!(by, StatsBy::Day | StatsBy::DayAndModel)
            .then(|| row.get(0).map(|started_at_us: i64| started_at_us.div_euclid(DAY_US)));
        let model = matches!(by, StatsBy::Model | StatsBy::DayAndModel).then(|| row.get(1));
        Ok(Self { day: day.transpose()?, model: model.transpose()? })
    }

    fn other(self) -> Self {
        Self { day: self.day, model: self.model.map(|_| OTHER_MODELS.into()) }
    }
}

impl Group {
    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let outcome = row.get_ref(2)?.as_str()?;
        let tokens =
            |column| row.get::<_, Option<i64>>(column).map(|count| count.unwrap_or_default().unsigned_abs());
        let sums = &mut self.sums;
        sums.calls += 1;
        sums.cancelled += u64::from(outcome == Outcome::Cancelled.as_str());
        sums.errors += u64::from(outcome == Outcome::Error.as_str());
        sums.prompt_tokens += tokens(3)?;
        sums.cached_tokens += tokens(4)?;
        sums.completion_tokens += tokens(5)?;
        sums.reasoning_tokens += tokens(6)?;
        sums.cost_usd += row.get::<_, Option<f64>>(7)?.unwrap_or_default();
        if let Some(ttft_us) = row.get::<_, Option<i64>>(8)? {
            self.ttft.add(ttft_us);
        }
        self.duration.add(row.get(9)?);
        Ok(())
    }
}

impl Times {
    fn add(&mut self, time_us: i64) {
        let last = self.buckets.len() - 1;
        let bucket = ((time_us.max(1) as f64).log2() * 8.0) as usize;
        self.buckets[bucket.min(last)] += 1;
        self.sum_us += time_us as f64;
        self.count += 1;
    }

    fn spread(&self) -> Option<Spread> {
        let mean = self.sum_us / self.count as f64 / 1_000.0;
        (self.count > 0).then(|| Spread {
            mean,
            p50: self.percentile_ms(0.50),
            p95: self.percentile_ms(0.95),
        })
    }

    /// The middle of the bucket that holds the percentile.
    fn percentile_ms(&self, share: f64) -> f64 {
        let rank = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        });
        let middle = (bucket.unwrap_or_default() as f64 + 0.5) / 8.0;
        middle.exp2() / 1_000.0
    }
}

impl Default for Times {
    fn default() -> Self {
        Self { buckets: [0; 8 * 40], sum_us: 0.0, count: 0 }
    }
}

fn sorted(groups: HashMap<Key, Group>) -> Vec<CallStat> {
    let mut groups: Vec<(Key, Group)> = groups.into_iter().collect();
    groups.sort_by(|(left_key, left), (right_key, right)| {
        let by_day = right_key.day.cmp(&left_key.day);
        let by_calls = right.sums.calls.cmp(&left.sums.calls);
        by_day.then(by_calls).then_with(|| left_key.model.cmp(&right_key.model))
    });
    groups.into_iter().map(|(key, group)| stat(key, group)).collect()
}

fn stat(key: Key, group: Group) -> CallStat {
    CallStat {
        day: key.day.map(date),
        model: key.model,
        ttft_ms: group.ttft.spread(),
        duration_ms: group.duration.spread(),
        ..group.sums
    }
}

fn date(day: i64) -> String {
    let start = jiff::Timestamp::from_second(day.saturating_mul(86_400)).unwrap_or_default();
    start.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_within_five_in_a_hundred() {
        let mut times = Times::default();
        (1..=1_000).for_each(|time_ms| times.add(time_ms * 1_000));
        let spread = times.spread().unwrap();
        assert!((spread.mean - 500.5).abs() < 1e-9);
        assert!((spread.p50 / 500.0 - 1.0).abs() < 0.05, "{spread:?}");
        assert!((spread.p95 / 950.0 - 1.0).abs() < 0.05, "{spread:?}");
    }

    #[test]
    fn times_out_of_any_range_are_kept() {
        let mut times = Times::default();
        [-5, 0, i64::MAX].into_iter().for_each(|time_us| times.add(time_us));
        assert_eq!(times.count, 3);
        assert_eq!(Times::default().spread(), None);
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(20_762), "2026-11-05");
        assert_eq!(date(i64::MAX), "1970-01-01");
    }
}
