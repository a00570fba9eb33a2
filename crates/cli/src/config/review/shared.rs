//! Checks of `[shared]`: bounds that would keep nothing, or more than there is.

use std::ops::RangeInclusive;

use super::View;
use crate::config::problem::Problem;

const MIB: u64 = 1 << 20;
const DAY_S: u64 = 24 * 60 * 60;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    let before = problems.len();
    problems.extend(out_of_bounds(view));
    if problems.len() == before {
        problems.extend(too_short_a_wait(view));
        problems.extend(one_above_all(view));
    }
}

fn out_of_bounds(view: &View<'_>) -> impl Iterator<Item = Problem> {
    let shared = &view.config.shared;
    let bounds: [(&str, u64, RangeInclusive<u64>); 7] = [
        ("stream_idle_s", shared.stream_idle_s, 60..=DAY_S),
        ("stream_kept_s", shared.stream_kept_s, 1..=DAY_S),
        ("stream_max_events", shared.stream_max_events as u64, 100..=1_000_000),
        ("stream_max_bytes", shared.stream_max_bytes as u64, MIB / 16..=1024 * MIB),
        ("streams_max_bytes", shared.streams_max_bytes as u64, MIB..=1024 * 1024 * MIB),
        ("answers_max_bytes", shared.answers_max_bytes as u64, MIB / 16..=1024 * 1024 * MIB),
        ("max_counters", shared.max_counters as u64, 1_000..=100_000_000),
    ];
    bounds.into_iter().filter(|(_, value, bounds)| !bounds.contains(value)).map(|(key, _, bounds)| {
        let problem = view.problem(&["shared", key], format!("shared.{key} is out of bounds"));
        problem.label(format!("{} to {}", bounds.start(), bounds.end()))
    })
}

/// A stream must outlive the silence that its provider may keep.
fn too_short_a_wait(view: &View<'_>) -> Option<Problem> {
    let upstream = &view.config.upstream;
    let longest_ms = upstream.first_token_timeout_ms.max(upstream.idle_timeout_ms);
    let least_s = longest_ms.div_ceil(1_000);
    let message = "shared.stream_idle_s is shorter than a provider may be silent";
    (view.config.shared.stream_idle_s < least_s).then(|| {
        view.problem(&["shared", "stream_idle_s"], message)
            .label(format!("at least {least_s}, as upstream's time-outs are"))
    })
}

/// Each must fit into what is kept of all.
fn one_above_all(view: &View<'_>) -> Vec<Problem> {
    let (shared, cache) = (&view.config.shared, &view.config.cache);
    let pairs = [
        ("streams_max_bytes", shared.streams_max_bytes, "shared.stream_max_bytes", shared.stream_max_bytes),
        ("answers_max_bytes", shared.answers_max_bytes, "cache.max_answer_bytes", cache.max_answer_bytes),
    ];
    let crossed = pairs.into_iter().filter(|(_, all, _, one)| all < one);
    let problem = |(key, _, of_one, one): (&str, usize, &str, usize)| {
        view.problem(&["shared", key], format!("shared.{key} is less than {of_one}"))
            .label(format!("at least {one}"))
    };
    crossed.map(problem).collect()
}
