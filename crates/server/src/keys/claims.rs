//! What a call claims of its key's limits.

use playhouse_llm::{CallRecord, Outcome, RateLimit, RateLimits};
use playhouse_provider::Price;
use playhouse_store::KeySettings;
use playhouse_store::shared::{Claim, LimitState, Period};

use super::bound::Bound;

/// Money is counted in billionths of a dollar: a token may cost less than a millionth.
const NANO_USD: f64 = 1e9;
const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// Requests in a minute.
    Requests,
    /// Tokens in a minute.
    Tokens,
    /// Money.
    Budget,
}

/// The claims of one call, and what each is on.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    pub(super) claims: Vec<Claim>,
    pub(super) on: Vec<Limited>,
    /// The most that it may use.
    pub(super) bound: Bound,
    /// The most that it may cost.
    price: Option<Price>,
}

impl Claims {
    /// The claims of a call at a time (Unix microseconds).
    pub(super) fn of(settings: &KeySettings, bound: Bound, price: Option<Price>, now_us: i64) -> Self {
        let mut claims = Self { claims: Vec::with_capacity(3), on: Vec::with_capacity(3), bound, price };
        if let Some(limit) = settings.requests_per_minute {
            claims.add(Limited::Requests, Claim::per_minute("requests", limit, 1));
        }
        if let Some(limit) = settings.tokens_per_minute {
            // Where only we assume how long an answer may become, the assumption must not forbid every call.
            let amount = if bound.is_stated { bound.tokens() } else { bound.tokens().min(limit) };
            claims.add(Limited::Tokens, Claim::per_minute("tokens", limit, amount));
        }
        if let Some(budget) = settings.budget {
            let (start_us, end_us) = budget.period.around(now_us);
            let limit = format!("usd/{}", budget.period.as_str());
            let most = price.map_or(0.0, |price| bound.usd(&price));
            let period = Period { start_us, end_us };
            claims
                .add(Limited::Budget, Claim::in_period(limit, period, nano_usd(budget.usd), nano_usd(most)));
        }
        claims
    }

    fn add(&mut self, on: Limited, claim: Claim) {
        self.on.push(on);
        self.claims.push(claim);
    }

    /// What the call used of each, by its record; by the bound where nobody counted.
    pub(super) fn used(&self, record: &CallRecord) -> Vec<u64> {
        let (tokens, usd) = match (&record.usage, guess(record)) {
            (Some(usage), _) => (usage.total_tokens, record.cost_usd.unwrap_or_default()),
            (None, Guess::Nothing) => (0, 0.0),
            (None, Guess::Prompt) => {
                let prompt = Bound { answer_tokens: 0, ..self.bound };
                (prompt.tokens(), self.usd(&prompt))
            }
            (None, Guess::All) => (self.bound.tokens(), self.usd(&self.bound)),
        };
        let used = |on: &Limited| match on {
            Limited::Requests => 1,
            Limited::Tokens => tokens,
            Limited::Budget => nano_usd(usd),
        };
        self.on.iter().map(used).collect()
    }

    fn usd(&self, bound: &Bound) -> f64 {
        self.price.map_or(0.0, |price| bound.usd(&price))
    }

    /// How the limits stand, as callers are told.
    pub(super) fn standing(&self, states: &[LimitState]) -> RateLimits {
        let of = |wanted: Limited| {
            let place = self.on.iter().position(|on| *on == wanted)?;
            let state = states.get(place)?;
            let (limit, remaining, reset) = (state.limit, state.remaining, state.reset_after);
            Some(RateLimit { limit, remaining, reset, window: MINUTE })
        };
        RateLimits { requests: of(Limited::Requests), tokens: of(Limited::Tokens) }
    }
}

/// What a call used that nobody counted.
enum Guess {
    /// Nothing: no provider took it up, or the one that was asked refused.
    Nothing,
    /// The prompt was read, and nothing came of it.
    Prompt,
    /// Everything that it might.
    All,
}

/// Where the counts are missing, vendors charge for what they have done; how much that was is not known,
/// so it is taken to be the most that it can be.
fn guess(record: &CallRecord) -> Guess {
    match (record.outcome, record.ttft_ms) {
        _ if record.attempts == 0 => Guess::Nothing,
        (Outcome::Error, None) => Guess::Nothing,
        (Outcome::Cancelled, None) => Guess::Prompt,
        _ => Guess::All,
    }
}

/// Rounded up: what is spent is never counted as less.
pub(super) fn nano_usd(usd: f64) -> u64 {
    (usd * NANO_USD).ceil().max(0.0) as u64
}
