//! Sums over the call log: those that are kept, and the records of a day that is not wanted as a whole.

use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::owner;
use crate::ids::{CallId, first_id_at};
use crate::stats::{Group, Groups, day_of};
use crate::{CallStat, Scope, StatsBy, StoreError};

/// Kept sums from a day on, and those over the records of the days before it that are not older than an id.
/// Those with the most calls come first: they have a row of their own, however many models there are.
const SUMS: &str = "\
SELECT day, model, calls, errors, cancelled, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens,
    cost_usd::double precision, ttft_us::double precision, duration_us::double precision
FROM call_days WHERE day >= $1 AND calls > 0
UNION ALL
SELECT day, model, count(*), count(*) FILTER (WHERE outcome = 'error'),
    count(*) FILTER (WHERE outcome = 'cancelled'), coalesce(sum(prompt_tokens), 0)::bigint,
    coalesce(sum(cached_tokens), 0)::bigint, coalesce(sum(completion_tokens), 0)::bigint,
    coalesce(sum(reasoning_tokens), 0)::bigint, coalesce(sum(cost_usd), 0),
    coalesce(sum(ttft_us), 0)::double precision, sum(duration_us)::double precision
FROM calls WHERE id >= $2 AND id < $3 AND day < $1 GROUP BY day, model
ORDER BY calls DESC";
const TIMES: &str = "\
SELECT day, model, kind, bucket, calls FROM call_times WHERE day >= $1 AND calls > 0
UNION ALL
SELECT day, model, kind, bucket, count(*)
FROM calls CROSS JOIN LATERAL (VALUES ('duration', duration_bucket), ('ttft', ttft_bucket)) AS time (kind, bucket)
WHERE id >= $2 AND id < $3 AND day < $1 AND bucket IS NOT NULL GROUP BY day, model, kind, bucket";

/// The same over the records of one key, for which no sums are kept.
const SUMS_OF_KEY: &str = "\
SELECT day, model, count(*) AS calls, count(*) FILTER (WHERE outcome = 'error'),
    count(*) FILTER (WHERE outcome = 'cancelled'), coalesce(sum(prompt_tokens), 0)::bigint,
    coalesce(sum(cached_tokens), 0)::bigint, coalesce(sum(completion_tokens), 0)::bigint,
    coalesce(sum(reasoning_tokens), 0)::bigint, coalesce(sum(cost_usd), 0),
    coalesce(sum(ttft_us), 0)::double precision, sum(duration_us)::double precision
FROM calls WHERE key_id = $1 AND id >= $2 GROUP BY day, model ORDER BY calls DESC";
const TIMES_OF_KEY: &str = "\
SELECT day, model, kind, bucket, count(*)
FROM calls CROSS JOIN LATERAL (VALUES ('duration', duration_bucket), ('ttft', ttft_bucket)) AS time (kind, bucket)
WHERE key_id = $1 AND id >= $2 AND bucket IS NOT NULL GROUP BY day, model, kind, bucket";

const DAY_US: i64 = 86_400_000_000;
const SLACK_US: i64 = 600_000_000;

/// Which sums are kept, and which records have to be gone through.
struct Span {
    /// The first day of which the sums are wanted as they are kept.
    first_day: i32,
    /// The records from here on.
    from: CallId,
    /// To here.
    until: CallId,
}

impl PostgresStore {
    /// Sums up the records within a scope since a moment.
    pub(super) async fn sums(
        &self,
        scope: &Scope,
        by: StatsBy,
        since_us: Option<i64>,
    ) -> Result<Vec<CallStat>, StoreError> {
        let sets = match owner(scope) {
            None => {
                let span = Span::since(since_us);
                let (from, until) = (Uuid::from_bytes(span.from), Uuid::from_bytes(span.until));
                self.long().snapshot(&[SUMS, TIMES], &[&span.first_day, &from, &until]).await?
            }
            Some(key_id) => {
                let from = Uuid::from_bytes(since_us.map_or(CallId::default(), first_id_at));
                self.long().snapshot(&[SUMS_OF_KEY, TIMES_OF_KEY], &[&key_id, &from]).await?
            }
        };
        let [sums, times] = sets.as_slice() else { return Ok(Vec::new()) };
        let mut groups = Groups::new(by);
        let filled = sums.iter().try_for_each(|row| add_sums(group_of(row, &mut groups)?, row));
        let filled = filled
            .and_then(|()| times.iter().try_for_each(|row| add_times(group_of(row, &mut groups)?, row)));
        filled.map_err(|error: Error| unreadable(self.place(), &error))?;
        Ok(groups.into_stats())
    }
}

impl Span {
    fn since(since_us: Option<i64>) -> Self {
        let nothing = first_id_at(0);
        let Some(since_us) = since_us else {
            return Self { first_day: i32::MIN, from: nothing, until: nothing };
        };
        let whole = day_of(since_us.saturating_add(DAY_US - 1));
        // An id may be made a moment after the call has begun.
        let until = first_id_at(whole.saturating_mul(DAY_US).saturating_add(SLACK_US));
        let from = first_id_at(since_us);
        let first_day = i32::try_from(whole).unwrap_or(if whole < 0 { i32::MIN } else { i32::MAX });
        match since_us.rem_euclid(DAY_US) {
            0 => Self { first_day, from: nothing, until: nothing },
            _ => Self { first_day, from, until },
        }
    }
}

fn group_of<'groups>(row: &Row, groups: &'groups mut Groups) -> Result<&'groups mut Group, Error> {
    let (day, model): (i32, &str) = (row.try_get(0)?, row.try_get(1)?);
    Ok(groups.group(day.into(), model.into()))
}

fn add_sums(group: &mut Group, row: &Row) -> Result<(), Error> {
    let count = |column| row.try_get(column).map(|count: i64| u64::try_from(count).unwrap_or_default());
    let sums = &mut group.sums;
    sums.calls += count(2)?;
    sums.errors += count(3)?;
    sums.cancelled += count(4)?;
    sums.prompt_tokens += count(5)?;
    sums.cached_tokens += count(6)?;
    sums.completion_tokens += count(7)?;
    sums.reasoning_tokens += count(8)?;
    sums.cost_usd += row.try_get::<_, f64>(9)?;
    group.ttft.add_sum(row.try_get(10)?);
    group.duration.add_sum(row.try_get(11)?);
    Ok(())
}

fn add_times(group: &mut Group, row: &Row) -> Result<(), Error> {
    let (kind, bucket, calls): (&str, i16, i64) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let times = if kind == "ttft" { &mut group.ttft } else { &mut group.duration };
    times.add_bucket(usize::from(bucket.unsigned_abs()), calls.unsigned_abs());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_day_is_not_gone_through() {
        let midnight = Span::since(Some(20_762 * DAY_US));
        assert_eq!((midnight.first_day, midnight.from), (20_762, midnight.until));
        let noon = Span::since(Some(20_762 * DAY_US + DAY_US / 2));
        assert_eq!((noon.first_day, noon.from), (20_763, first_id_at(20_762 * DAY_US + DAY_US / 2)));
        assert!(noon.until > noon.from);
    }

    #[test]
    fn any_moment_will_do() {
        assert_eq!(Span::since(None).first_day, i32::MIN);
        assert_eq!(Span::since(Some(i64::MIN)).from, CallId::default());
        assert!(Span::since(Some(i64::MAX)).first_day > 100_000_000);
    }
}
