//! Numbers.

use serde_json::{Map, Number, Value};

use super::value::{Generator, Unmet};

/// How far from a bound numbers are drawn where there is no other bound.
const USUAL_RANGE: f64 = 100.0;
/// Digits after the point that are drawn.
const HUNDREDTHS: f64 = 100.0;

impl Generator<'_> {
    /// An integer within its bounds.
    pub(super) fn integer(&mut self, fields: &Map<String, Value>) -> Result<Value, Unmet> {
        let step = number(fields, "multipleOf").filter(|step| step.fract() == 0.0).unwrap_or(1.0);
        let (low, high) = range(fields);
        self.multiple(step, low, high, fields).map(|value| Value::from(value as i64))
    }

    /// A number within its bounds.
    pub(super) fn number(&mut self, fields: &Map<String, Value>) -> Result<Value, Unmet> {
        let (low, high) = range(fields);
        let value = match number(fields, "multipleOf") {
            Some(step) => self.multiple(step, low, high, fields)?,
            None => self.between(low, high, fields)?,
        };
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.unmet("has bounds that no number has"))
    }

    /// A drawn multiple of `step`.
    fn multiple(
        &mut self,
        step: f64,
        low: f64,
        high: f64,
        fields: &Map<String, Value>,
    ) -> Result<f64, Unmet> {
        let (mut first, mut last) = ((low / step).ceil(), (high / step).floor());
        first += f64::from(is_excluded(fields, first * step));
        last -= f64::from(is_excluded(fields, last * step));
        let count = last - first + 1.0;
        if count.is_nan() || count < 1.0 {
            return Err(self.unmet("has bounds that no number is within"));
        }
        let multiple = first + self.draw.below(count.min(u32::MAX.into()) as u64) as f64;
        Ok(rounded_like(multiple * step, step))
    }

    /// A drawn number of hundredths, or where there is none in the bounds, any.
    fn between(&mut self, low: f64, high: f64, fields: &Map<String, Value>) -> Result<f64, Unmet> {
        let fits = |value: f64| (low..=high).contains(&value) && !is_excluded(fields, value);
        for _ in 0..8 {
            let drawn = low + self.draw.fraction() * (high - low);
            let rounded = (drawn * HUNDREDTHS).round() / HUNDREDTHS;
            if let Some(value) = [rounded, drawn].into_iter().find(|value| fits(*value)) {
                return Ok(value);
            }
        }
        Err(self.unmet("has bounds that no number is within"))
    }
}

/// The bounds; where one is missing, the usual distance from the other.
fn range(fields: &Map<String, Value>) -> (f64, f64) {
    let both = |words: [&str; 2]| words.map(|word| number(fields, word)).into_iter().flatten();
    let low = both(["minimum", "exclusiveMinimum"]).reduce(f64::max);
    let high = both(["maximum", "exclusiveMaximum"]).reduce(f64::min);
    let step = number(fields, "multipleOf").map_or(0.0, f64::abs);
    let usual = USUAL_RANGE.max(step);
    match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + usual),
        (None, Some(high)) => (high - usual, high),
        (None, None) => (0.0, usual),
    }
}

fn is_excluded(fields: &Map<String, Value>, value: f64) -> bool {
    let is_bound = |bound: &str| {
        let exclusive = fields.get(&format!("exclusive{bound}"));
        // Older schemas say beside the bound whether it is excluded.
        let older =
            exclusive == Some(&Value::Bool(true)) && number(fields, &bound.to_lowercase()) == Some(value);
        older || exclusive.and_then(Value::as_f64) == Some(value)
    };
    is_bound("Minimum") || is_bound("Maximum")
}

/// A product without the error that binary fractions bring, by the digits of the factor.
fn rounded_like(value: f64, factor: f64) -> f64 {
    let digits = factor.to_string().split_once('.').map_or(0, |(_, digits)| digits.len());
    format!("{value:.digits$}").parse().unwrap_or(value)
}

fn number(fields: &Map<String, Value>, word: &str) -> Option<f64> {
    fields.get(word)?.as_f64()
}
