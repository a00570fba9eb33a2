//! Text within JSON strings.

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

/// Whether this is ASCII that needs no escape, as most text is. Looks at eight bytes at a time; those at the end may
/// be looked at twice.
fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        let marks = words.iter().fold(marks(*last), |all, word| all | marks(*word));
        return marks & HIGH_BITS == 0;
    }
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some([a, b, c, d]), Some([e, f, g, h])) => marks([*a, *b, *c, *d, *e, *f, *g, *h]) & HIGH_BITS == 0,
        _ => bytes.iter().all(|byte| byte.is_ascii() && !needs_escape(char::from(*byte))),
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = ONES << 7;

/// A word that has a high bit set if, and only if, one of these bytes is no plain ASCII.
///
/// Bytes that are no ASCII have theirs set. Of the others, each calculation sets it for those it looks for; what it
/// carries or borrows beyond a byte comes from one that is marked already.
#[inline]
fn marks(bytes: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(bytes);
    // With this bit turned, a quote is just above the control characters, and nothing else is.
    let controls_and_quotes = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslashes = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    let deletes = word.wrapping_add(ONES);
    word | controls_and_quotes | backslashes | deletes
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_letter_that_needs_it_is_found_wherever_it_stands() {
        for length in 0..70 {
            let plain = "a".repeat(length);
            assert_eq!(escaped(&plain), plain);
            for at in 0..length {
                let text = |letter: &str| format!("{}{letter}{}", &plain[..at], &plain[at + 1..]);
                for (letter, expected) in
                    [("\"", "\\\""), ("\\", "\\\\"), ("\u{1f}", "\\u001f"), ("\x7f", "\\u007f")]
                {
                    assert_eq!(escaped(&text(letter)), text(expected));
                }
                for letter in [" ", "!", "~", "[", "]", "#"] {
                    assert_eq!(escaped(&text(letter)), text(letter));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let quoted = format!("\"{}\"", escaped(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }
    }
}
