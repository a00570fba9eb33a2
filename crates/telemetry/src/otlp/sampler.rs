//! Which traces are recorded: decided once, where a trace enters.

use super::config::SamplerKind;
use crate::trace::{TraceId, TraceParent};

/// Decides for traces that enter here; what is done within one follows its decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler {
    follows_caller: bool,
    /// Traces whose number is below this are recorded.
    below: u64,
}

/// A trace's number has 63 bits, as other implementations count, so that all record the same share.
const NUMBERS: u64 = 1 << 63;

impl Sampler {
    pub(super) fn new(kind: SamplerKind, ratio: f64) -> Self {
        use SamplerKind::{
            AlwaysOff, AlwaysOn, ParentBasedAlwaysOff, ParentBasedAlwaysOn, ParentBasedTraceIdRatio,
            TraceIdRatio,
        };
        let below = match kind {
            AlwaysOn | ParentBasedAlwaysOn => NUMBERS,
            AlwaysOff | ParentBasedAlwaysOff => 0,
            TraceIdRatio | ParentBasedTraceIdRatio => (ratio.clamp(0.0, 1.0) * NUMBERS as f64) as u64,
        };
        let follows_caller =
            matches!(kind, ParentBasedAlwaysOn | ParentBasedAlwaysOff | ParentBasedTraceIdRatio);
        Self { follows_caller, below }
    }

    /// Whether a trace is recorded that this caller, if any, is part of.
    pub(super) fn samples(&self, trace_id: TraceId, caller: Option<&TraceParent>) -> bool {
        match caller.filter(|_| self.follows_caller) {
            Some(caller) => caller.is_sampled(),
            None => number_of(trace_id) < self.below,
        }
    }
}

fn number_of(trace_id: TraceId) -> u64 {
    let bytes = trace_id.to_bytes();
    let random = bytes.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    random >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::SpanId;

    fn caller(sampled: bool) -> TraceParent {
        TraceParent { flags: u8::from(sampled), trace_id: TraceId::random(), span_id: SpanId::random() }
    }

    fn decides(kind: SamplerKind, ratio: f64, caller: Option<&TraceParent>) -> bool {
        let trace_id = caller.map_or_else(TraceId::random, |caller| caller.trace_id);
        Sampler::new(kind, ratio).samples(trace_id, caller)
    }

    #[test]
    fn parent_based_samplers_follow_the_caller() {
        for (kind, ratio) in [
            (SamplerKind::ParentBasedAlwaysOn, 1.0),
            (SamplerKind::ParentBasedAlwaysOff, 1.0),
            (SamplerKind::ParentBasedTraceIdRatio, 0.0),
            (SamplerKind::ParentBasedTraceIdRatio, 1.0),
        ] {
            assert!(decides(kind, ratio, Some(&caller(true))), "{kind:?}");
            assert!(!decides(kind, ratio, Some(&caller(false))), "{kind:?}");
        }
        assert!(decides(SamplerKind::ParentBasedAlwaysOn, 1.0, None));
        assert!(!decides(SamplerKind::ParentBasedAlwaysOff, 1.0, None));
        assert!(!decides(SamplerKind::ParentBasedTraceIdRatio, 0.0, None));
    }

    #[test]
    fn the_others_do_not_ask_the_caller() {
        for sampled in [true, false] {
            let caller = caller(sampled);
            assert!(decides(SamplerKind::AlwaysOn, 1.0, Some(&caller)));
            assert!(!decides(SamplerKind::AlwaysOff, 1.0, Some(&caller)));
            assert!(decides(SamplerKind::TraceIdRatio, 1.0, Some(&caller)));
            assert!(!decides(SamplerKind::TraceIdRatio, 0.0, Some(&caller)));
        }
    }

    #[test]
    fn a_ratio_is_about_that_share_and_the_same_one_everywhere() {
        let sampler = Sampler::new(SamplerKind::TraceIdRatio, 0.25);
        let sampled = (0..10_000).filter(|_| sampler.samples(TraceId::random(), None)).count();
        assert!((2_200..2_800).contains(&sampled), "{sampled}");
        let low = TraceId::parse("ffffffffffffffff3fffffffffffffff").unwrap();
        let high = TraceId::parse("00000000000000004000000000000001").unwrap();
        assert!(sampler.samples(low, None) && !sampler.samples(high, None));
    }
}
