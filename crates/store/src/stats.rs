//! Sums over the call log, as they are gathered. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{CallStat, Spread, StatsBy};

/// Callers choose model names, so their number needs a bound.
const MOST_GROUPS: usize = 4_096;
const OTHER_MODELS: &str = "(other)";
const DAY_US: i64 = 86_400_000_000;
/// Buckets of times to each doubling.
const STEPS: f64 = 8.0;
const BUCKETS: usize = 8 * 40;

/// The day (UTC) of a moment, counted from 1970.
pub(crate) fn day_of(time_us: i64) -> i64 {
    time_us.div_euclid(DAY_US)
}

/// Which bucket of a histogram holds a time.
pub(crate) fn bucket_of(time_us: i64) -> usize {
    let bucket = ((time_us.max(1) as f64).log2() * STEPS) as usize;
    bucket.min(BUCKETS - 1)
}

/// The sums so far.
pub(crate) struct Groups {
    by: StatsBy,
    groups: HashMap<Key, Group>,
}

/// The sums over the calls of one day, one model, or both.
#[derive(Default)]
pub(crate) struct Group {
    /// Counts, tokens and cost.
    pub(crate) sums: CallStat,
    /// Times to the first output.
    pub(crate) ttft: Times,
    /// Times from start to end.
    pub(crate) duration: Times,
}

/// A histogram of times with eight buckets to each doubling.
pub(crate) struct Times {
    buckets: [u64; BUCKETS],
    sum_us: f64,
    count: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    day: Option<i64>,
    model: Option<Arc<str>>,
}

impl Groups {
    /// No sums yet.
    pub(crate) fn new(by: StatsBy) -> Self {
        Self { by, groups: HashMap::new() }
    }

    /// The group that takes the calls of this day and model; beyond the bound one for all other models.
    pub(crate) fn group(&mut self, day: i64, model: Arc<str>) -> &mut Group {
        let key = Key::of(self.by, day, model);
        let is_open = self.groups.len() < MOST_GROUPS || self.groups.contains_key(&key);
        self.groups.entry(if is_open { key } else { key.other() }).or_default()
    }

    /// The sums, days newest first, and within a day the models by their number of calls.
    pub(crate) fn into_stats(self) -> Vec<CallStat> {
        let mut groups: Vec<(Key, Group)> = self.groups.into_iter().collect();
        groups.sort_by(|(left_key, left), (right_key, right)| {
            let by_day = right_key.day.cmp(&left_key.day);
            let by_calls = right.sums.calls.cmp(&left.sums.calls);
            by_day.then(by_calls).then_with(|| left_key.model.cmp(&right_key.model))
        });
        groups.into_iter().map(|(key, group)| stat(key, group)).collect()
    }
}

impl Key {
    fn of(by: StatsBy, day: i64, model: Arc<str>) -> Self {
        Self {
            day: matches!(by, StatsBy::Day | StatsBy::DayAndModel).then_some(day),
            model: matches!(by, StatsBy::Model | StatsBy::DayAndModel).then_some(model),
        }
    }

    fn other(self) -> Self {
        Self { day: self.day, model: self.model.map(|_| OTHER_MODELS.into()) }
    }
}

impl Times {
    /// Adds one time.
    pub(crate) fn add(&mut self, time_us: i64) {
        self.add_bucket(bucket_of(time_us), 1);
        self.add_sum(time_us as f64);
    }

    /// Adds so many times of one bucket; their sum is added apart.
    pub(crate) fn add_bucket(&mut self, bucket: usize, count: u64) {
        self.buckets[bucket.min(BUCKETS - 1)] += count;
        self.count += count;
    }

    /// Adds to the sum of all times, in microseconds.
    pub(crate) fn add_sum(&mut self, sum_us: f64) {
        self.sum_us += sum_us;
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
            seen += count;
            seen >= rank
        });
        let middle = (bucket.unwrap_or_default() as f64 + 0.5) / STEPS;
        middle.exp2() / 1_000.0
    }
}

impl Default for Times {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], sum_us: 0.0, count: 0 }
    }
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
    fn models_beyond_the_bound_are_one_group() {
        let mut groups = Groups::new(StatsBy::Model);
        for model in 0..MOST_GROUPS + 10 {
            groups.group(0, model.to_string().into()).sums.calls += 1;
        }
        let stats = groups.into_stats();
        assert_eq!((stats.len(), stats[0].model.as_deref(), stats[0].calls), (4_097, Some("(other)"), 10));
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(20_762), "2026-11-05");
        assert_eq!(date(i64::MAX), "1970-01-01");
    }
}
