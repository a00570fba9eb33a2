//! The JSON look of a line.

use std::fmt::Write as _;

use tracing::Level;

use super::fields::EventFields;
use super::style::{Head, Style};
use crate::scope::RequestScope;

/// One JSON object a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonStyle;

impl Style for JsonStyle {
    fn escape(&self, out: &mut Vec<u8>, text: &str) {
        escape(out, text);
    }

    fn key(&self, out: &mut Vec<u8>, name: &str, underscores: usize) {
        out.extend_from_slice(b",\"");
        escape(out, name);
        out.extend(std::iter::repeat_n(b'_', underscores));
        out.extend_from_slice(b"\":");
    }

    fn value(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        out.push(b'"');
        write(out);
        out.push(b'"');
    }

    fn compose(
        &self,
        out: &mut Vec<u8>,
        head: &Head<'_>,
        fields: &EventFields,
        scope: Option<&RequestScope>,
    ) {
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(head.timestamp.as_bytes());
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(level_name(head.level).as_bytes());
        out.extend_from_slice(b"\",\"message\":\"");
        out.extend_from_slice(&fields.message);
        out.push(b'"');
        push_origin(out, head);
        if !fields.exception.is_empty() {
            push_raw(out, b",\"exception\":", &fields.exception);
        }
        if let Some(scope) = scope {
            push_scope(out, fields, scope);
        }
        out.extend_from_slice(&fields.own);
        out.extend_from_slice(b"}\n");
    }
}

fn push_origin(out: &mut Vec<u8>, head: &Head<'_>) {
    push_string(out, b",\"logger\":", head.logger);
    push_string(out, b",\"module\":", head.module);
    push_string(out, b",\"function\":", head.function);
    if let Some(line) = head.line {
        out.extend_from_slice(b",\"line\":");
        push_unsigned(out, line);
    }
}

fn push_scope(out: &mut Vec<u8>, fields: &EventFields, scope: &RequestScope) {
    if !fields.names("request_id") {
        push_string(out, b",\"request_id\":", &scope.request_id);
    }
    if let Some(trace_id) = scope.trace_id.filter(|_| !fields.names("trace_id")) {
        push_raw(out, b",\"trace_id\":", trace_id.to_hex().as_bytes());
    }
    if let Some(span_id) = scope.span_id.filter(|_| !fields.names("span_id")) {
        push_raw(out, b",\"span_id\":", span_id.to_hex().as_bytes());
    }
}

fn push_string(out: &mut Vec<u8>, key: &[u8], text: &str) {
    out.extend_from_slice(key);
    JsonStyle.value(out, |out| escape(out, text));
}

/// A text that needs no escape, or has its escapes.
fn push_raw(out: &mut Vec<u8>, key: &[u8], text: &[u8]) {
    out.extend_from_slice(key);
    JsonStyle.value(out, |out| out.extend_from_slice(text));
}

/// The name of a level, in capitals.
pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// Text as the inside of a JSON string.
pub(super) fn escape(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        return out.extend_from_slice(bytes);
    }
    let mut copied = 0;
    for (at, letter) in text.char_indices().filter(|(_, letter)| needs_escape(*letter)) {
        out.extend_from_slice(&bytes[copied..at]);
        push_escaped(out, letter);
        copied = at + letter.len_utf8();
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// JSON wants the first few. The others end a line for some readers, who would cut it in two.
fn needs_escape(letter: char) -> bool {
    matches!(letter, '\0'..='\x1f' | '"' | '\\' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}')
}

/// Whether this is ASCII that needs no escape, as most text is. Looks at eight bytes at a time.
fn is_plain(bytes: &[u8]) -> bool {
    let (words, _) = bytes.as_chunks::<8>();
    match bytes.last_chunk::<8>() {
        Some(last) => words.iter().chain([last]).all(|word| is_plain_word(*word)),
        None => bytes.iter().all(|byte| byte.is_ascii() && !needs_escape(char::from(*byte))),
    }
}

fn is_plain_word(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    let word = u64::from_ne_bytes(word);
    // A byte below the limit borrows from its highest bit, where the byte itself has none.
    let has_below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH_BITS;
    let quotes = has_below(word ^ (ONES * u64::from(b'"')), 1);
    let backslashes = has_below(word ^ (ONES * u64::from(b'\\')), 1);
    has_below(word, 0x20) | quotes | backslashes | (word & HIGH_BITS) == 0
}

fn push_escaped(out: &mut Vec<u8>, letter: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match letter {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u");
            let digits = [12, 8, 4, 0].map(|shift| HEX[(u32::from(letter) >> shift & 15) as usize]);
            out.extend_from_slice(&digits);
        }
    }
}

/// A whole number from nought up.
pub(super) fn push_unsigned(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[first..]);
        }
    }
}

/// A whole number.
pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_unsigned(out, number.unsigned_abs());
}

/// A number, never with an exponent where a plain one is as exact; what is no number is `null`.
pub(super) fn push_float(out: &mut Vec<u8>, number: f64) {
    if !number.is_finite() {
        return out.extend_from_slice(b"null");
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let size = number.abs();
    if push_decimal(out, size) {
        return;
    }
    // Display writes every digit of a large number out, up to 309 of them.
    let mut text = String::new();
    let written = if size < 1e16 { write!(text, "{size:?}") } else { write!(text, "{size:e}") };
    debug_assert!(written.is_ok(), "a string takes any text");
    out.extend_from_slice(text.as_bytes());
}

/// Writes a number of at most nine decimals; anything else is left alone.
fn push_decimal(out: &mut Vec<u8>, size: f64) -> bool {
    const UNIT: u64 = 1_000_000_000;
    const EXACT_BELOW: f64 = 9e15;
    let scaled = (size * UNIT as f64).round();
    // Both sides of the division are exact, so it is equal only if the decimals say it all.
    if scaled >= EXACT_BELOW || scaled / UNIT as f64 != size {
        return false;
    }
    let scaled = scaled as u64;
    push_unsigned(out, scaled / UNIT);
    push_decimals(out, scaled % UNIT);
    true
}

/// Nine decimals without their trailing noughts, but one at least, so that it stays a float.
fn push_decimals(out: &mut Vec<u8>, mut billionths: u64) {
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(billionths % 10).unwrap_or_default();
        billionths /= 10;
    }
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    out.push(b'.');
    out.extend_from_slice(&digits[..kept]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(number: f64) -> String {
        let mut out = Vec::new();
        push_float(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_plain() {
        assert_eq!(float(12.345), "12.345");
        assert_eq!(float(1.0), "1.0");
        assert_eq!(float(0.0), "0.0");
        assert_eq!(float(-0.5), "-0.5");
        assert_eq!(float(0.000_001_5), "0.0000015");
        assert_eq!(float(0.000_000_001), "0.000000001");
        assert_eq!(float(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(float(1e300), "1e300");
        assert_eq!(float(f64::NAN), "null");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let mut out = Vec::new();
            JsonStyle.value(&mut out, |out| escape(out, &text));
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn any_float_comes_back(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            prop_assert_eq!(serde_json::from_str::<f64>(&float(number)).unwrap(), number);
        }

        #[test]
        fn any_whole_number_comes_back(number in any::<i64>()) {
            let mut out = Vec::new();
            push_signed(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
