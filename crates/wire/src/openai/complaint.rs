//! What is wrong with a request, in OpenAI's words, and the code OpenAI gives it.

use playhouse_llm::Malformed;

/// How long a quoted value may be.
const MAX_QUOTED_CHARS: usize = 40;

pub(super) fn missing(param: impl Into<String>) -> Malformed {
    let param = param.into();
    let message = format!("Missing required parameter: '{param}'.");
    Malformed::at(param, message)
}

/// `expected` and `got` come with their articles: `a string`.
pub(super) fn wrong_type(param: impl Into<String>, expected: &str, got: &str) -> Malformed {
    let param = param.into();
    let message = format!("Invalid type for '{param}': expected {expected}, but got {got} instead.");
    Malformed::at(param, message)
}

/// `kind` comes with its article: `an array`.
pub(super) fn empty(param: &str, kind: &str) -> Malformed {
    let bare = kind.split(' ').next_back().unwrap_or(kind);
    let message = format!(
        "Invalid '{param}': empty {bare}. Expected {kind} with minimum length 1, but got an empty {bare} instead."
    );
    Malformed::at(param, message)
}

pub(super) fn unsupported(param: impl Into<String>, value: &str, supported: &str) -> Malformed {
    let param = param.into();
    let value: String = value.chars().take(MAX_QUOTED_CHARS).collect();
    Malformed::at(param, format!("Invalid value: '{value}'. Supported values are: {supported}."))
}

pub(super) fn repeated(param: &str) -> Malformed {
    Malformed::at(param, format!("Invalid value for '{param}': the key stands there more than once."))
}

pub(super) fn unparsable(reason: &str) -> Malformed {
    Malformed::new(format!(
        "We could not parse the JSON body of your request: {reason}. Send one JSON object."
    ))
}

/// The code of a complaint made above. The vocabulary carries none: it is known by its wording,
/// which is written nowhere else.
pub(super) fn code_of(message: &str) -> Option<&'static str> {
    const CODES: [(&str, &str); 9] = [
        ("Missing required parameter", "missing_required_parameter"),
        ("Invalid type for", "invalid_type"),
        ("Invalid value", "invalid_value"),
        ("Invalid '", "invalid_value"),
        ("Previous response with id '", "previous_response_not_found"),
        ("Background mode requires", "unsupported_parameter"),
        ("Cannot cancel a", "invalid_request_error"),
        ("Cannot delete a", "invalid_request_error"),
        ("This response cannot be streamed", "invalid_request_error"),
    ];
    let emptied = [("empty array", "empty_array"), ("empty string", "empty_string")];
    if message.starts_with("Invalid '")
        && let Some((_, code)) = emptied.iter().find(|(kind, _)| message.contains(kind))
    {
        return Some(code);
    }
    CODES.iter().find(|(opening, _)| message.starts_with(opening)).map(|(_, code)| *code)
}
