//! The W3C trace context: which trace, which span.

use std::fmt;
use std::sync::Arc;

use playhouse_llm::TraceContext;

use crate::hex::{Hex, from_hex};
use crate::random::random_word;

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
        let (known, later) = header.as_bytes().split_first_chunk::<LEN>()?;
        let [version] = from_hex(&known[..2])?;
        // A later version may add parts, but the first four stay.
        let allowed = later.is_empty() || version != 0 && later[0] == b'-';
        if version == 0xff || !allowed || [known[2], known[35], known[52]] != [b'-'; 3] {
            return None;
        }
        let [flags] = from_hex(&known[53..])?;
        Some(Self {
            trace_id: from_hex(&known[3..35]).and_then(TraceId::from_bytes)?,
            span_id: from_hex(&known[36..52]).and_then(SpanId::from_bytes)?,
            flags: flags & (Self::SAMPLED | Self::RANDOM_TRACE_ID),
        })
    }

    /// Another span of the same trace, to be named to whoever is asked next.
    #[must_use]
    pub fn child(&self, span_id: SpanId) -> Self {
        Self { span_id, ..*self }
    }

    /// The span that a context names; `None` where its ids are none.
    pub fn of(trace: &TraceContext) -> Option<Self> {
        let trace_id = TraceId::from_bytes(trace.trace_id)?;
        let span_id = SpanId::from_bytes(trace.span_id)?;
        Some(Self { trace_id, span_id, flags: trace.flags & (Self::SAMPLED | Self::RANDOM_TRACE_ID) })
    }

    /// The context of what is done within this span.
    pub fn context(self, tracestate: Option<Arc<str>>) -> TraceContext {
        let Self { trace_id, span_id, flags } = self;
        TraceContext { trace_id: trace_id.0, span_id: span_id.0, flags, tracestate }
    }

    /// The header's value, in ASCII.
    pub fn to_header(&self) -> [u8; 55] {
        let mut header = *b"00-00000000000000000000000000000000-0000000000000000-00";
        header[3..35].copy_from_slice(self.trace_id.to_hex().as_bytes());
        header[36..52].copy_from_slice(self.span_id.to_hex().as_bytes());
        header[53..].copy_from_slice(Hex::<2>::of([self.flags]).as_bytes());
        header
    }

    /// The same span, recorded or not.
    pub(crate) fn sampled(self, sampled: bool) -> Self {
        let others = self.flags & !Self::SAMPLED;
        Self { flags: others | if sampled { Self::SAMPLED } else { 0 }, ..self }
    }

    /// Whether the caller may have recorded the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & Self::SAMPLED != 0
    }
}

impl fmt::Display for TraceParent {
    /// As the header's value.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(str::from_utf8(&self.to_header()).unwrap_or_default())
    }
}

macro_rules! id {
    ($id:ident, $bytes:literal, $chars:literal) => {
        impl $id {
            /// Reads lower-case hexadecimal digits; all noughts are invalid.
            pub fn parse(text: &str) -> Option<Self> {
                from_hex(text.as_bytes()).and_then(Self::from_bytes)
            }

            /// An id of these bytes; all noughts are invalid.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// The id's bytes.
            pub fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// An id nobody else has.
            pub fn random() -> Self {
                loop {
                    let mut bytes = [0; $bytes];
                    let (words, _) = bytes.as_chunks_mut::<8>();
                    words.iter_mut().for_each(|word| *word = random_word().to_ne_bytes());
                    if let Some(id) = Self::from_bytes(bytes) {
                        return id;
                    }
                }
            }

            pub(crate) fn to_hex(self) -> Hex<$chars> {
                Hex::of(self.0)
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
    fn a_context_names_the_span() {
        let ours = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        let context = ours.context(Some("a=1".into()));
        assert_eq!(TraceParent::of(&context), Some(ours));
        assert_eq!(TraceParent::of(&TraceContext { span_id: [0; 8], ..context.clone() }), None);
        assert_eq!(TraceParent::of(&TraceContext { trace_id: [0; 16], ..context }), None);
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
