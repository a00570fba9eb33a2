//! Telling callers what is left of their limits, with every answer to a call of theirs.

use http::{HeaderMap, HeaderName, HeaderValue};
use playhouse_llm::{Context, RateLimit, RateLimits};

use crate::routes::Target;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Adds the headers, where the caller has limits: those of the standard draft, and on a protocol's route the
/// vendor's own beside them.
pub(super) fn tell(headers: &mut HeaderMap, context: &Context, target: Option<Target>) {
    let Some(limits) = context.allowance.as_ref().and_then(|allowance| allowance.limits()) else { return };
    let own = target.and_then(|target| target.codec()).map(|codec| codec.limit_headers(&limits));
    for (name, value) in own.into_iter().flatten() {
        insert(headers, HeaderName::from_static(name), &value);
    }
    let policy = listed(&limits, |limit| format!("q={};w={}", limit.limit, limit.window.as_secs()));
    let left = listed(&limits, |limit| {
        format!("r={};t={}", limit.remaining, limit.reset.as_millis().div_ceil(1000))
    });
    if !policy.is_empty() {
        insert(headers, POLICY, &policy);
        insert(headers, LIMIT, &left);
    }
}

/// The limits as a list of structured fields.
fn listed(limits: &RateLimits, write: impl Fn(&RateLimit) -> String) -> String {
    let named = [("requests", limits.requests), ("tokens", limits.tokens)];
    let items = named.into_iter().filter_map(|(name, limit)| Some(format!("\"{name}\";{}", write(&limit?))));
    items.collect::<Vec<_>>().join(", ")
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Names, numbers and punctuation: always a header's value.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
