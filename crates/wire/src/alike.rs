//! Frames that are written like one before them, but for a text and a running number: what was read of that one
//! holds for them too.

use memchr::memmem;

use crate::scan::{Literal, Scan};

/// What a frame of a text looked like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alike<'a> {
    /// From the frame's start to its number, where it has one; else nothing.
    head: &'a [u8],
    /// From behind the number to the text, within its quotes.
    before: &'a [u8],
    /// From behind the text's closing quote to the frame's end.
    after: &'a [u8],
    has_number: bool,
}

impl<'a> Alike<'a> {
    /// What a frame looks like that holds this text within its quotes. `number` is the key, with its colon, of the
    /// member that counts frames; its value must mean nothing for what is read of them.
    pub(crate) fn learn(frame: &'a [u8], text: &str, number: Option<&str>) -> Option<Self> {
        // A text that had to be written anew does not stand in the frame.
        let start = (text.as_ptr() as usize).checked_sub(frame.as_ptr() as usize)?;
        let (before, from_text) = frame.split_at_checked(start)?;
        let after = from_text.strip_prefix(text.as_bytes())?.strip_prefix(b"\"")?;
        // Between quotes that are not escaped there is a key, not a piece of somebody's text.
        let counted =
            number.and_then(|key| Some(before.split_at(memmem::find(before, key.as_bytes())? + key.len())));
        Some(match counted.map(|(head, rest)| (head, rest, digits_of(rest))) {
            Some((head, rest, digits)) if digits > 0 => {
                Self { head, before: &rest[digits..], after, has_number: true }
            }
            _ => Self { head: b"", before, after, has_number: false },
        })
    }

    /// The text of a frame like that one at the start of these, and what follows the frame. Of the frame, only the
    /// text need be looked at to know it for UTF-8.
    pub(crate) fn text_of<'b>(&self, frames: &'b [u8]) -> Option<(Literal<'b>, &'b [u8])> {
        let mut rest = frames.strip_prefix(self.head)?;
        if self.has_number {
            let digits = digits_of(rest);
            let is_number = digits == 1 || (digits > 1 && !rest.starts_with(b"0"));
            rest = rest.get(digits..).filter(|_| is_number)?;
        }
        rest = rest.strip_prefix(self.before)?;
        let (literal, rest) = Scan::string_at(rest)?;
        Some((literal, rest.strip_prefix(self.after)?))
    }
}

fn digits_of(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "data: {\"number\":9,\"a\":\"x\",\"text\":\"Hi\",\"b\":null}\n\n";

    fn at_text() -> usize {
        FRAME.find("Hi").unwrap()
    }

    fn alike(number: Option<&str>) -> Alike<'static> {
        let at = at_text();
        Alike::learn(FRAME.as_bytes(), &FRAME[at..at + 2], number).unwrap()
    }

    fn text_of<'a>(alike: &Alike<'_>, frames: &'a str) -> Option<(&'a str, &'a str)> {
        let (literal, rest) = alike.text_of(frames.as_bytes())?;
        Some((literal.raw, str::from_utf8(rest).unwrap()))
    }

    #[test]
    fn only_the_text_and_the_number_may_differ() {
        let counted = alike(Some("\"number\":"));
        let frame = |number: &str, text: &str| FRAME.replace('9', number).replace("Hi", text);
        for (number, text) in [("9", "Hi"), ("10", ""), ("0", "\\n\\\"ä\\u00e4")] {
            assert_eq!(text_of(&counted, &frame(number, text)), Some((text, "")));
            assert_eq!(text_of(&alike(None), &frame(number, text)).is_some(), number == "9");
        }
        let next = format!("{}rest", frame("11", "there"));
        assert_eq!(text_of(&counted, &next), Some(("there", "rest")));
        for (number, text) in
            [("01", "x"), ("", "x"), ("-1", "x"), ("1.5", "x"), ("1", "\n"), ("1", "x\",\"b\":\"")]
        {
            assert_eq!(text_of(&counted, &frame(number, text)), None, "{number} {text}");
        }
        assert_eq!(text_of(&counted, &FRAME.replace("null", "true")), None);
        assert_eq!(text_of(&counted, &FRAME.replace("\"x\"", "\"y\"")), None);
        assert_eq!(text_of(&counted, &FRAME[..FRAME.len() - 1]), None);
        for broken in [&b"\xff"[..], b"a\\n\xc3", b"\\"] {
            let frame = [&FRAME.as_bytes()[..at_text()], broken, &FRAME.as_bytes()[at_text() + 2..]].concat();
            assert!(counted.text_of(&frame).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn nothing_is_learned_of_a_text_that_stands_elsewhere() {
        assert!(Alike::learn(FRAME.as_bytes(), "Hi", None).is_none());
        assert!(Alike::learn(&FRAME.as_bytes()[9..], &FRAME[..2], None).is_none());
    }
}
