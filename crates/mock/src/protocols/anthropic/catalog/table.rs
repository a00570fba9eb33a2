//! The table of models, read once.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Model, Sampling};

static TABLE: &str = include_str!("../../../../data/anthropic_models.csv");

static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(model_of).collect());

/// Every row, in its order.
pub(super) fn rows() -> &'static [Model] {
    &MODELS
}

fn model_of(line: &'static str) -> Option<Model> {
    let fields: Vec<&str> = line.split(',').collect();
    let [
        name,
        display_name,
        window,
        max_output,
        sampling,
        thinking,
        efforts,
        prefill,
        forced,
        system,
        listed,
    ] = fields[..]
    else {
        return None;
    };
    let several = |field: &'static str| field.split('|').filter(|value| !value.is_empty()).collect();
    Some(Model {
        name,
        display_name,
        window_tokens: window.parse().ok()?,
        max_output_tokens: max_output.parse().ok()?,
        sampling: sampling_of(sampling)?,
        thinking: several(thinking),
        efforts: several(efforts),
        takes_prefill: prefill == "1",
        takes_forced_tools: forced == "1",
        takes_system_turns: system == "1",
        is_listed: listed == "1",
    })
}

fn sampling_of(name: &str) -> Option<Sampling> {
    match name {
        "free" => Some(Sampling::Free),
        "one" => Some(Sampling::One),
        "fixed" => Some(Sampling::Fixed),
        _ => None,
    }
}

/// `claude-haiku-4-5` of `claude-haiku-4-5-20251001`.
pub(super) fn without_date(name: &str) -> Option<&str> {
    let (base, date) = name.rsplit_once('-')?;
    let is_date = date.len() == 8 && date.bytes().all(|letter| letter.is_ascii_digit());
    is_date.then_some(base)
}

/// The day at the end of a name, in Unix seconds.
pub(super) fn day_of(name: &str) -> Option<u64> {
    let (_, date) = name.rsplit_once('-').filter(|_| without_date(name).is_some())?;
    let part = |range: std::ops::Range<usize>| date.get(range);
    let date = Date::new(part(0..4)?.parse().ok()?, part(4..6)?.parse().ok()?, part(6..8)?.parse().ok()?);
    let midnight = date.ok()?.to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(midnight.timestamp().as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_model() {
        assert_eq!(MODELS.len(), TABLE.lines().skip(1).count());
        assert!(MODELS.iter().all(|model| model.thinking.iter().all(|kind| !kind.contains(' '))));
    }

    #[test]
    fn a_line_that_says_something_else_is_none() {
        for line in
            ["", "claude-9,Claude 9,1,1", "claude-9,Claude 9,x,1,free,,,1,1,1,1", "c,C,1,1,odd,,,1,1,1,1"]
        {
            assert_eq!(model_of(line), None, "{line}");
        }
    }
}
