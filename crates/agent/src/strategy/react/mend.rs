//! JSON as models write it when they think of Python or JavaScript.

/// The text as JSON, where only its manners are wrong: single quotes, `True`, a comma before the end,
/// line breaks within a string.
pub(super) fn mend(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(symbol) = rest.next() {
        match symbol {
            '"' | '\'' => string(symbol, &mut rest, &mut mended),
            ',' if closes(rest.clone()) => {}
            'A'..='Z' => mended.push_str(word(symbol, &mut rest).as_str()),
            _ => mended.push(symbol),
        }
    }
    mended
}

/// Copies a string up to its closing quote, in double quotes.
fn string(quote: char, rest: &mut impl Iterator<Item = char>, mended: &mut String) {
    mended.push('"');
    while let Some(symbol) = rest.next() {
        match symbol {
            _ if symbol == quote => break,
            '"' => mended.push_str("\\\""),
            '\n' => mended.push_str("\\n"),
            '\r' => mended.push_str("\\r"),
            '\t' => mended.push_str("\\t"),
            '\\' => escape(rest.next(), mended),
            _ => mended.push(symbol),
        }
    }
    mended.push('"');
}

fn escape(escaped: Option<char>, mended: &mut String) {
    match escaped {
        // JSON knows no such escape.
        Some('\'') => mended.push('\''),
        Some(symbol) => mended.extend(['\\', symbol]),
        None => mended.push_str("\\\\"),
    }
}

fn closes(rest: impl Iterator<Item = char>) -> bool {
    let next = rest.into_iter().find(|symbol| !symbol.is_whitespace());
    matches!(next, Some('}' | ']'))
}

/// Python's names for JSON's words.
fn word(first: char, rest: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> String {
    let mut word = String::from(first);
    while let Some(letter) = rest.next_if(char::is_ascii_alphanumeric) {
        word.push(letter);
    }
    match word.as_str() {
        "True" => "true".to_owned(),
        "False" => "false".to_owned(),
        "None" => "null".to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manners_are_mended() {
        let mended = [
            ("{'a': 'b'}", r#"{"a": "b"}"#),
            (r#"{'a': 'say "b"'}"#, r#"{"a": "say \"b\""}"#),
            (r"{'a': 'it\'s'}", r#"{"a": "it's"}"#),
            ("{\"a\": [1, 2,],}", "{\"a\": [1, 2]}"),
            ("{\"a\": True, \"b\": None}", "{\"a\": true, \"b\": null}"),
            ("{\"a\": \"two\nlines\"}", "{\"a\": \"two\\nlines\"}"),
        ];
        for (written, meant) in mended {
            assert_eq!(mend(written), meant);
            assert!(serde_json::from_str::<serde_json::Value>(meant).is_ok(), "{meant}");
        }
    }

    #[test]
    fn json_stays_as_it_is() {
        let json = r#"{"a": "True, 'b',}", "c": [1, {"d": null}], "e": "\\\"\u00e4"}"#;
        assert_eq!(mend(json), json);
    }
}
