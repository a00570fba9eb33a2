//! A walk over JSON that builds nothing: what is asked for is pointed at, everything else is stepped over.
//!
//! It knows only the usual way to write things. Where something is unusual, though it may be right (a key with
//! escapes, deep nesting), and where something is wrong, it gives up with `None`; whoever asks has `serde_json`
//! say what it is. What it takes, `serde_json` takes too, and reads the same.

use playhouse_llm::{Extra, Quoted};

/// Values within values within values: more are for `serde_json`.
const MAX_DEPTH: u8 = 32;

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// What stands between the quotes of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Literal<'a> {
    pub(crate) raw: &'a str,
    escapes: Escapes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escapes {
    No,
    /// Only those without which it could not be written.
    Needed,
    /// Others too.
    Any,
}

impl<'a> Literal<'a> {
    /// The text, where that is what stands there.
    pub(crate) fn plain(self) -> Option<&'a str> {
        (self.escapes == Escapes::No).then_some(self.raw)
    }

    /// The text; `None` where it is no text, as half of a surrogate pair is none.
    pub(crate) fn quoted(self) -> Option<Quoted<'a>> {
        match self.escapes {
            Escapes::No | Escapes::Needed => Some(Quoted::from_literal(self.raw)),
            Escapes::Any => {
                let text: String = serde_json::from_str(&format!("\"{}\"", self.raw)).ok()?;
                Some(Quoted::of(&text).into_owned())
            }
        }
    }
}

impl<'a> Scan<'a> {
    /// Begins before a text's first byte.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The string whose closing quote is the first in these bytes that is not escaped, and what follows it.
    pub(crate) fn string_at(bytes: &'a [u8]) -> Option<(Literal<'a>, &'a [u8])> {
        let (mut end, mut escapes) = (next_special(bytes, 0), Escapes::No);
        while *bytes.get(end)? == b'\\' {
            escapes = Escapes::Any;
            end = next_special(bytes, end + 2);
        }
        let (string, follows) = bytes.split_at_checked(end + 1)?;
        let text = str::from_utf8(string).ok()?;
        match escapes {
            Escapes::No => Some((Literal { raw: text.strip_suffix('"')?, escapes }, follows)),
            _ => Some((Self::new(text).string_within()?, follows)),
        }
    }

    /// The first byte of the next value, which is not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Whether nothing but space follows.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Takes an object; `each` takes the value of each member.
    pub(crate) fn object(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.string()?.plain()?;
            self.take(b':')?;
            each(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Takes an array; `each` takes each item.
    pub(crate) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Takes a string.
    pub(crate) fn string(&mut self) -> Option<Literal<'a>> {
        self.take(b'"')?;
        self.string_within()
    }

    /// Takes what is left of a string behind its opening quote.
    fn string_within(&mut self) -> Option<Literal<'a>> {
        let (start, mut escapes) = (self.at, Escapes::No);
        loop {
            self.at = next_special(self.text.as_bytes(), self.at);
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' => escapes = self.escape(escapes)?,
                // Control characters have no place in a string.
                _ => return None,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        Some(Literal { raw, escapes })
    }

    fn escape(&mut self, before: Escapes) -> Option<Escapes> {
        let escaped = self.text.as_bytes().get(self.at + 1)?;
        self.at += 2;
        match escaped {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => {
                Some(if before == Escapes::Any { Escapes::Any } else { Escapes::Needed })
            }
            b'/' => Some(Escapes::Any),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(Escapes::Any)
            }
            _ => None,
        }
    }

    /// Takes a string without escapes.
    pub(crate) fn plain(&mut self) -> Option<&'a str> {
        self.string()?.plain()
    }

    /// Takes a count.
    pub(crate) fn count(&mut self) -> Option<u64> {
        let has_more = matches!(self.peek()?, b'1'..=b'9');
        let (start, mut count) = (self.at, 0_u64);
        while let Some(digit @ b'0'..=b'9') = self.here() {
            count = count.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let is_whole = !matches!(self.here(), Some(b'.' | b'e' | b'E'));
        (is_whole && (has_more || self.at == start + 1)).then_some(count)
    }

    /// Takes a string without escapes, or `null`, which is none.
    pub(crate) fn plain_or_null(&mut self) -> Option<Option<&'a str>> {
        if self.null() { Some(None) } else { self.plain().map(Some) }
    }

    /// Takes a count, or `null`, which is none.
    pub(crate) fn count_or_null(&mut self) -> Option<Option<u64>> {
        if self.null() { Some(None) } else { self.count().map(Some) }
    }

    /// Takes an object, and of its members the counts of these names.
    pub(crate) fn counts<const N: usize>(&mut self, names: [&str; N]) -> Option<[Option<u64>; N]> {
        let mut counts = [None; N];
        self.object(|scan, key| match names.iter().position(|name| *name == key) {
            Some(at) => once(&mut counts[at], scan.count_or_null()?),
            None => scan.skip(),
        })?;
        Some(counts.map(Option::flatten))
    }

    /// Takes `null`, if it stands there.
    pub(crate) fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.word("null").is_some()
    }

    /// Takes any value.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        self.text.get(start..self.at)
    }

    /// Steps over any value.
    pub(crate) fn skip(&mut self) -> Option<()> {
        self.skip_within(MAX_DEPTH)
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => {
                let depth = depth.checked_sub(1)?;
                self.object(|scan, _| scan.skip_within(depth))
            }
            b'[' => {
                let depth = depth.checked_sub(1)?;
                self.array(|scan| scan.skip_within(depth))
            }
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.here() == Some(b'-'));
        match self.here()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.here() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.here(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.here(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.here().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn here(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then_some(())
    }
}

/// Sets what has not been set: of a member that comes twice, `serde_json` says which holds.
pub(crate) fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// A member of an object that somebody looks at.
pub(crate) struct Wanted {
    pub(crate) name: &'static str,
    /// What is looked at within its objects; nothing stands for all of it.
    pub(crate) within: &'static [Wanted],
}

/// Parses an object's wanted members alone.
pub(crate) fn wanted_members(text: &str, wanted: &[Wanted]) -> Option<Extra> {
    let mut scan = Scan::new(text);
    let members = wanted_of(&mut scan, wanted)?;
    scan.is_at_end().then_some(members)
}

/// Parses those members of an object that are wanted by name.
pub(crate) fn members_of(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Extra> {
    let (mut scan, mut members) = (Scan::new(text), Extra::new());
    scan.object(|scan, key| {
        if !is_wanted(key) {
            return scan.skip();
        }
        members.insert(key.to_owned(), member_of(scan, &[])?);
        Some(())
    })?;
    scan.is_at_end().then_some(members)
}

fn wanted_of(scan: &mut Scan<'_>, wanted: &[Wanted]) -> Option<Extra> {
    let mut members = Extra::new();
    scan.object(|scan, key| match wanted.iter().find(|wanted| wanted.name == key) {
        Some(wanted) => {
            members.insert(key.to_owned(), member_of(scan, wanted.within)?);
            Some(())
        }
        None => scan.skip(),
    })?;
    Some(members)
}

fn member_of(scan: &mut Scan<'_>, within: &[Wanted]) -> Option<serde_json::Value> {
    match scan.peek()? {
        b'{' if !within.is_empty() => Some(wanted_of(scan, within)?.into()),
        b'[' if !within.is_empty() => {
            let mut items = Vec::new();
            scan.array(|scan| {
                items.push(member_of(scan, within)?);
                Some(())
            })?;
            Some(items.into())
        }
        _ => serde_json::from_str(scan.value()?).ok(),
    }
}

/// Where the first byte at or behind a place stands that ends a string, escapes within it, or has no place
/// there; the end of the bytes if there is none.
fn next_special(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    // Most strings are short: some steps of eight bytes, each of which says where it stopped.
    let (eights, _) = rest.as_chunks();
    for (step, eight) in eights.iter().take(SHORT / 8).enumerate() {
        let found = special_within(*eight);
        if found < 8 {
            return at + step * 8 + found;
        }
    }
    let seen = eights.len().min(SHORT / 8) * 8;
    at + seen + next_special_far(&rest[seen..])
}

/// How long a string is looked at in steps of eight bytes.
const SHORT: usize = 40;

fn next_special_far(rest: &[u8]) -> usize {
    let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    // Without a branch for each byte, many of them are looked at at once.
    let lowest = rest[..end].iter().fold(u8::MAX, |lowest, byte| lowest.min(*byte));
    match lowest {
        ..0x20 => rest.iter().position(|byte| *byte < 0x20).unwrap_or(end),
        _ => end,
    }
}

/// Where among eight bytes the first special one stands; 8 if none is one.
fn special_within(eight: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let eight = u64::from_le_bytes(eight);
    // The lowest byte of which the highest bit remains is one that has become negative: below what was
    // subtracted. Bytes above it may be wrong.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let quote = eight ^ (ONES * u64::from(b'"'));
    let escape = eight ^ (ONES * u64::from(b'\\'));
    let found = (below(eight, 0x20) | below(quote, 1) | below(escape, 1)) & (ONES * 0x80);
    (found.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests;
