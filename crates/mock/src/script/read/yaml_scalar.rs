//! What a bare YAML value is: the core schema of YAML 1.2, in which `yes`, `no`, `on` and `off` are
//! texts (<https://yaml.org/spec/1.2.2/#103-core-schema>).

use std::borrow::Cow;

use granit_parser::{ScalarStyle, Tag};

use super::node::Value;

/// The value of a scalar: a text where it stands in quotes or is said to be one.
pub(super) fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = match tag.and_then(Tag::core_suffix) {
        Some(suffix) => suffix == "str",
        None => style != ScalarStyle::Plain,
    };
    let value = if is_text { None } else { plain(&text) };
    value.unwrap_or_else(|| Value::Text(text.into_owned()))
}

/// What an unquoted text stands for, if for anything but itself.
fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" => Some(Value::Boolean(true)),
        "false" | "False" | "FALSE" => Some(Value::Boolean(false)),
        ".nan" | ".NaN" | ".NAN" => Some(Value::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Value::Float(f64::NEG_INFINITY)),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => number(text),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return whole(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return whole(digits, 8);
    }
    // What Rust takes for a float beside these is no number in YAML (`inf`, `nan`).
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let float = || text.parse().ok().filter(|_| is_decimal).map(Value::Float);
    whole(text, 10).or_else(float)
}

fn whole(digits: &str, radix: u32) -> Option<Value> {
    let small = i64::from_str_radix(digits, radix).map(Value::Integer);
    small.or_else(|_| u64::from_str_radix(digits, radix).map(Value::Large)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_values_are_what_yaml_says() {
        let cases = [
            ("3", "Integer(3)"),
            ("+3", "Integer(3)"),
            ("-3", "Integer(-3)"),
            ("0x1F", "Integer(31)"),
            ("0o17", "Integer(15)"),
            ("007", "Integer(7)"),
            ("18446744073709551615", "Large(18446744073709551615)"),
            ("18446744073709551616", "Float(1.8446744073709552e19)"),
            ("1.5", "Float(1.5)"),
            (".5", "Float(0.5)"),
            ("1e3", "Float(1000.0)"),
            ("-.inf", "Float(-inf)"),
            (".nan", "Float(NaN)"),
            ("True", "Boolean(true)"),
            ("~", "Null"),
            ("", "Null"),
            ("yes", "Text(\"yes\")"),
            ("off", "Text(\"off\")"),
            ("inf", "Text(\"inf\")"),
            ("1_000", "Text(\"1_000\")"),
            ("2026-01-01", "Text(\"2026-01-01\")"),
            ("1.2.3", "Text(\"1.2.3\")"),
            ("-", "Text(\"-\")"),
        ];
        for (text, value) in cases {
            assert_eq!(format!("{:?}", scalar(text.into(), ScalarStyle::Plain, None)), value, "{text}");
        }
    }

    #[test]
    fn what_stands_in_quotes_is_a_text() {
        let value = scalar("3".into(), ScalarStyle::DoubleQuoted, None);
        assert!(matches!(value, Value::Text(text) if text == "3"));
    }
}
