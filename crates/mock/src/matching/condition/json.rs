//! What must be found in the request's body.

use serde_json::{Number, Value};
use serde_json_path::JsonPath;

use crate::matching::view::View;

/// A JSONPath expression, and what must be found at it.
#[derive(Clone, Debug)]
pub(in crate::matching) struct JsonTest {
    /// The expression as it is written.
    pub(in crate::matching) written: String,
    path: JsonPath,
    /// `null` for anything at all.
    pub(in crate::matching) expected: Value,
}

impl JsonTest {
    pub(super) fn new(path: &str, expected: &Value) -> Result<Self, String> {
        let parsed = JsonPath::parse(path);
        let path_parsed = parsed.map_err(|error| {
            format!(
                "'{path}' is no JSONPath expression: {error}; one begins with `$`, as in `$.messages[0].role`"
            )
        })?;
        Ok(Self { written: path.to_owned(), path: path_parsed, expected: expected.clone() })
    }

    pub(super) fn holds(&self, view: &View<'_>) -> bool {
        let found = self.found(view);
        match self.expected {
            Value::Null => !found.is_empty(),
            _ => found.iter().any(|value| is_within(&self.expected, value)),
        }
    }

    /// What is found at the expression.
    pub(in crate::matching) fn found<'a>(&self, view: &View<'a>) -> Vec<&'a Value> {
        let body = view.call.facts.json();
        body.map(|body| self.path.query(body).all()).unwrap_or_default()
    }

    /// Whether every body for which the other holds is one for which this holds.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        self.path == other.path && (self.expected.is_null() || is_within(&self.expected, &other.expected))
    }
}

/// Whether a value is the expected one, where objects may hold more than is expected of them.
fn is_within(expected: &Value, value: &Value) -> bool {
    match (expected, value) {
        (Value::Object(expected), Value::Object(object)) => expected
            .iter()
            .all(|(key, expected)| object.get(key).is_some_and(|value| is_within(expected, value))),
        (Value::Array(expected), Value::Array(values)) => {
            expected.len() == values.len()
                && expected.iter().zip(values).all(|(expected, value)| is_within(expected, value))
        }
        (Value::Number(expected), Value::Number(number)) => is_same_number(expected, number),
        _ => expected == value,
    }
}

/// `1` and `1.0` are the same: scripts and clients write either.
fn is_same_number(one: &Number, other: &Number) -> bool {
    one == other || whole(one).is_some_and(|one| whole(other) == Some(one))
}

/// A number that has no fraction, with all its digits.
fn whole(number: &Number) -> Option<i128> {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < i64::MAX as f64);
    whole.or_else(|| float.map(|float| float as i128))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{JsonTest, is_within};

    #[test]
    fn objects_may_hold_more_than_is_expected() {
        assert!(is_within(&json!({"a": {"b": 1}}), &json!({"a": {"b": 1.0, "c": 2}, "d": 3})));
        assert!(!is_within(&json!({"a": 1, "b": 2}), &json!({"a": 1})));
        assert!(is_within(&json!([{"a": 1}]), &json!([{"a": 1, "b": 2}])));
        assert!(!is_within(&json!([1]), &json!([1, 2])));
        assert!(!is_within(&json!("1"), &json!(1)));
    }

    #[test]
    fn numbers_are_compared_by_value_with_all_their_digits() {
        assert!(is_within(&json!(1), &json!(1.0)) && is_within(&json!(-1.0), &json!(-1)));
        assert!(!is_within(&json!(1), &json!(1.5)) && !is_within(&json!(1e300), &json!(u64::MAX)));
        assert!(!is_within(&json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992.0)));
    }

    #[test]
    fn more_expected_at_the_same_path_implies_less() {
        let at = |path, expected| JsonTest::new(path, &expected).unwrap();
        let narrow = at("$.metadata", json!({"team": "a", "user": "b"}));
        assert!(at("$.metadata", json!({"team": "a"})).follows_from(&narrow));
        assert!(at("$.metadata", json!(null)).follows_from(&narrow));
        assert!(!narrow.follows_from(&at("$.metadata", json!({"team": "a"}))));
        assert!(!narrow.follows_from(&at("$.metadata", json!(null))));
        assert!(!at("$.other", json!(null)).follows_from(&narrow));
    }
}
