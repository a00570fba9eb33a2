//! The W3C trace context: which trace, which span.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// The id of a trace: 16 bytes, not all nought.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a span within a trace: 8 bytes, not all nought.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// A span as the `traceparent` header names it.
///
/// ```
/// use playhouse_telemetry::{SpanId, TraceParent};
///
/// let caller = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
/// let ours = caller.child(SpanId::random());
/// assert_eq!(ours.trace_id, caller.trace_id);
/// assert!(ours.to_string().ends_with("-01"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace_id: TraceId,
    /// The span: the caller's in a request that came in, ours in one that goes out.
    pub span_id: SpanId,
    /// [`SAMPLED`](Self::SAMPLED) and [`RANDOM_TRACE_ID`](Self::RANDOM_TRACE_ID); others are not kept.
    pub flags: u8,
}

impl TraceParent {
    /// The caller may have recorded the trace.
    pub const SAMPLED: u8 = 1;
    /// The trace's id was drawn at random.
    pub const RANDOM_TRACE_ID: u8 = 2;

    /// The first span of a new trace.
    pub fn new(sampled: bool) -> Self {
        let flags = Self::RANDOM_TRACE_ID | if sampled { Self::SAMPLED } else { 0 };
        Self { trace_id: TraceId::random(), span_id: SpanId::random(), flags }
    }

    /// Reads a `traceparent` header. `None` for one that is invalid, which means: a new trace.
    pub fn parse(header: &str) -> Option<Self> {
        const LEN: usize = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".len();
        let (known, later) = header.split_at_checked(LEN)?;
        let mut parts = known.split('-');
        let (version, trace_id, span_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let [version] = from_hex(version)?;
        // A later version may add parts, but the first four stay.
        let allowed =
            if version == 0 { later.is_empty() } else { later.is_empty() || later.starts_with('-') };
        if version == 0xff || !allowed || parts.next().is_some() {
            return None;
        }
        let [flags] = from_hex(flags)?;
        Some(Self {
            trace_id: TraceId::parse(trace_id)?,
            span_id: SpanId::parse(span_id)?,
            flags: flags & (Self::SAMPLED | Self::RANDOM_TRACE_ID),
        })
    }

    /// Another span of the same trace, to be named to whoever is asked next.
    #[must_use]
    pub fn child(&self, span_id: SpanId) -> Self {
        Self { span_id, ..*self }
    }

    /// The header's value.
    pub fn to_header(&self) -> Arc<str> {
        let mut header = *b"00-00000000000000000000000000000000-0000000000000000-00";
        header[3..35].copy_from_slice(self.trace_id.to_hex().as_bytes());
        header[36..52].copy_from_slice(self.span_id.to_hex().as_bytes());
        header[53..].copy_from_slice(Hex::<2>::of(&[self.flags]).as_bytes());
        Arc::from(str::from_utf8(&header).unwrap_or_default())
    }

    /// Whether the caller may have recorded the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & Self::SAMPLED != 0
    }
}

impl fmt::Display for TraceParent {
    /// As the header's value.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_header())
    }
}

/// Lower-case hexadecimal text of a known length.
#[derive(Clone, Copy)]
pub(crate) struct Hex<const CHARS: usize>([u8; CHARS]);

impl<const CHARS: usize> Hex<CHARS> {
    fn of(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'0'; CHARS];
        for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self(text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn from_hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    if text.len() != BYTES * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = from_digit(pair[0])? << 4 | from_digit(pair[1])?;
    }
    Some(bytes)
}

/// Capitals are invalid here.
fn from_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

macro_rules! id {
    ($id:ident, $bytes:literal, $chars:literal) => {
        impl $id {
            /// Reads lower-case hexadecimal digits; all noughts are invalid.
            pub fn parse(text: &str) -> Option<Self> {
                from_hex(text).and_then(Self::from_bytes)
            }

            /// An id of these bytes; all noughts are invalid.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                bytes.iter().any(|byte| *byte != 0).then_some(Self(bytes))
            }

            /// The id's bytes.
            pub fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// An id nobody else has.
            pub fn random() -> Self {
                loop {
                    let mut bytes = [0; $bytes];
                    bytes.chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&random_word()));
                    if let Some(id) = Self::from_bytes(bytes) {
                        return id;
                    }
                }
            }

            pub(crate) fn to_hex(self) -> Hex<$chars> {
                Hex::of(&self.0)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.to_hex().as_str())
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }
    };
}

id!(TraceId, 16, 32);
id!(SpanId, 8, 16);

/// The keyed hash of a counter, under a key that the operating system drew for this thread:
/// unpredictable enough for names, without a crate and without a system call each.
fn random_word() -> [u8; 8] {
    thread_local! {
        static KEY: RandomState = RandomState::new();
        static COUNTER: Cell<u64> = const { Cell::new(0) };
    }
    let count = COUNTER.replace(COUNTER.get().wrapping_add(1));
    KEY.with(|key| key.hash_one(count)).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_valid_header_comes_back() {
        let header = format!("00-{TRACE}-{SPAN}-03");
        assert_eq!(TraceParent::parse(&header).unwrap().to_string(), header);
    }

    #[test]
    fn unknown_flags_are_not_passed_on() {
        let parsed = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-ff")).unwrap();
        assert!(parsed.is_sampled() && parsed.to_string().ends_with("-03"));
    }

    #[test]
    fn a_later_version_is_read_and_answered_as_ours() {
        for later in ["", "-what-ever"] {
            let parsed = TraceParent::parse(&format!("cc-{TRACE}-{SPAN}-01{later}")).unwrap();
            assert_eq!(parsed.to_string(), format!("00-{TRACE}-{SPAN}-01"));
        }
    }

    #[test]
    fn invalid_headers_mean_a_new_trace() {
        let zero_trace = "0".repeat(32);
        let invalid = [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01more"),
            format!("00-{zero_trace}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-0"),
            format!("00-{TRACE}-{SPAN}-zz"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("0-0{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", "é".repeat(8)),
            "é".repeat(28),
        ];
        for header in invalid {
            assert_eq!(TraceParent::parse(&header), None, "{header}");
        }
    }

    #[test]
    fn random_ids_differ() {
        let new = || (0..1000).map(|_| SpanId::random()).collect::<Vec<_>>();
        let elsewhere = std::thread::spawn(new).join().unwrap();
        let distinct: HashSet<_> = new().into_iter().chain(elsewhere).collect();
        assert_eq!(distinct.len(), 2000);
        assert_ne!(TraceParent::new(true).trace_id, TraceParent::new(true).trace_id);
    }
}
