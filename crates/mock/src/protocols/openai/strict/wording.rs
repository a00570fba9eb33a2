//! OpenAI's sentences about a parameter, with the code each of them carries.
//!
//! The wording is that of recorded answers and of public reports of real ones.

use std::fmt::Display;

use serde_json::Value;

use super::complaint::Complaint;

pub(crate) fn missing(param: impl Into<String>) -> Complaint {
    let param = param.into();
    Complaint::new(format!("Missing required parameter: '{param}'."))
        .at(param)
        .code("missing_required_parameter")
}

/// `expected` comes with its article: `a string`.
pub(crate) fn wrong_type(param: String, expected: &str, value: &Value) -> Complaint {
    let got = kind_of(value);
    Complaint::new(format!("Invalid type for '{param}': expected {expected}, but got {got} instead."))
        .at(param)
        .code("invalid_type")
}

pub(crate) fn invalid_value(param: String, value: &str, supported: &[&str]) -> Complaint {
    let supported = listed(supported, "and");
    Complaint::new(format!("Invalid value: '{value}'. Supported values are: {supported}."))
        .at(param)
        .code("invalid_value")
}

/// The newer models' word for a parameter that is none.
pub(crate) fn unknown(param: String, near: &[&str]) -> Complaint {
    let hint = if near.is_empty() { String::new() } else { format!(" Did you mean {}?", listed(near, "or")) };
    Complaint::new(format!("Unknown parameter: '{param}'.{hint}")).at(param).code("unknown_parameter")
}

/// The older models' word for top-level parameters that are none.
pub(crate) fn unrecognized(params: &[&str]) -> Complaint {
    let plural = if params.len() == 1 { "" } else { "s" };
    Complaint::new(format!("Unrecognized request argument{plural} supplied: {}", params.join(", ")))
}

pub(crate) fn unsupported(param: &str) -> Complaint {
    let instead = if param == "max_tokens" { " Use 'max_completion_tokens' instead." } else { "" };
    Complaint::new(format!("Unsupported parameter: '{param}' is not supported with this model.{instead}"))
        .at(param)
        .code("unsupported_parameter")
}

/// A parameter that the model does not take, sent without a value.
pub(crate) fn unsupported_null(param: &str) -> Complaint {
    wrong_type(param.to_owned(), "an unsupported value", &Value::Null)
}

/// `value` comes as it is to be shown, `rest` with its final stop.
pub(crate) fn unsupported_value(param: &str, value: impl Display, rest: impl Display) -> Complaint {
    let message = format!("Unsupported value: '{param}' does not support {value} with this model. {rest}");
    Complaint::new(message.trim_end()).at(param).code("unsupported_value")
}

/// One parameter that cannot be there without another.
pub(crate) fn only_with(param: &str, other: &str) -> Complaint {
    Complaint::new(format!("The '{param}' parameter is only allowed when '{other}' is enabled.")).at(param)
}

/// One parameter that speaks of another which is not there.
pub(crate) fn only_beside(param: &str, other: &str) -> Complaint {
    let message =
        format!("Invalid value for '{param}': '{param}' is only allowed when '{other}' are specified.");
    Complaint::new(message).at(param)
}

/// `kind` is `integer` or `decimal`.
pub(crate) fn below(param: String, kind: &str, min: impl Display, got: &Value) -> Complaint {
    let code = if kind == "integer" { "integer_below_min_value" } else { "decimal_below_min_value" };
    let message = format!(
        "Invalid '{param}': {kind} below minimum value. Expected a value >= {min}, but got {got} instead."
    );
    Complaint::new(message).at(param).code(code)
}

/// `kind` is `integer` or `decimal`.
pub(crate) fn above(param: String, kind: &str, max: impl Display, got: &Value) -> Complaint {
    let code = if kind == "integer" { "integer_above_max_value" } else { "decimal_above_max_value" };
    let message = format!(
        "Invalid '{param}': {kind} above maximum value. Expected a value <= {max}, but got {got} instead."
    );
    Complaint::new(message).at(param).code(code)
}

/// `kind` is `array` or `string`.
pub(crate) fn empty(param: String, kind: &str) -> Complaint {
    let (code, article) = if kind == "array" { ("empty_array", "an") } else { ("empty_string", "a") };
    let message = format!(
        "Invalid '{param}': empty {kind}. Expected {article} {kind} with minimum length 1, but got an empty {kind} instead."
    );
    Complaint::new(message).at(param).code(code)
}

/// `kind` is `array` or `string`.
pub(crate) fn too_long(param: String, kind: &str, max: usize, got: usize) -> Complaint {
    let (code, article) =
        if kind == "array" { ("array_above_max_length", "an") } else { ("string_above_max_length", "a") };
    let message = format!(
        "Invalid '{param}': {kind} too long. Expected {article} {kind} with maximum length {max}, but got {article} {kind} with length {got} instead."
    );
    Complaint::new(message).at(param).code(code)
}

pub(crate) fn too_many_members(param: String, max: usize, got: usize) -> Complaint {
    let message = format!(
        "Invalid '{param}': too many properties. Expected an object with at most {max} properties, but got an object with {got} properties instead."
    );
    Complaint::new(message).at(param).code("object_above_max_properties")
}

/// The message has the name cut short, the parameter whole.
pub(crate) fn name_too_long(param: &str, name: &str, max: usize, got: usize) -> Complaint {
    let message = format!(
        "Invalid property name in '{param}': '{}' is too long. Expected a string with maximum length {max}, but got a string with length {got} instead.",
        cut_short(name)
    );
    Complaint::new(message).at(format!("{param}.{name}")).code("property_name_above_max_length")
}

pub(crate) fn no_match(param: String, pattern: &str) -> Complaint {
    let message = format!(
        "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{pattern}'."
    );
    Complaint::new(message).at(param).code("invalid_value")
}

/// What kind of value it is, with its article, as OpenAI names them.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`.
pub(crate) fn listed(values: &[&str], conjunction: &str) -> String {
    match values {
        [] => String::new(),
        [one] => format!("'{one}'"),
        [one, two] => format!("'{one}' {conjunction} '{two}'"),
        [first @ .., last] => {
            let first: String = first.iter().map(|value| format!("'{value}', ")).collect();
            format!("{first}{conjunction} '{last}'")
        }
    }
}

fn cut_short(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    match letters.as_slice() {
        [start @ .., _, _, _] if start.len() > 3 => {
            let (head, tail) = (&letters[..3], &letters[letters.len() - 3..]);
            format!("{}...{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_joined_as_english_does() {
        assert_eq!(listed(&["wav"], "and"), "'wav'");
        assert_eq!(listed(&["wav", "mp3"], "and"), "'wav' and 'mp3'");
        assert_eq!(listed(&["low", "medium", "high"], "or"), "'low', 'medium', or 'high'");
    }

    #[test]
    fn long_names_are_shown_by_their_ends() {
        assert_eq!(cut_short(&"k".repeat(70)), "kkk...kkk");
        assert_eq!(cut_short("abcdef"), "abcdef");
    }
}
