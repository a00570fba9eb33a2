//! What is said to whoever may not have a call made.

use std::time::Duration;

use playhouse_llm::{Error, ErrorKind};
use playhouse_store::ApiKey;
use playhouse_store::shared::Exceeded;
use playhouse_telemetry::metrics::Refusal;

use super::claims::{Claims, Limited};

/// A wait for those whom no wait helps: nobody shall ask again at once.
const MINUTE: Duration = Duration::from_mins(1);

/// A model that the key may not ask.
pub(super) fn model(key: &ApiKey, model: &str) -> Error {
    let name = &key.settings.name;
    let message =
        format!("the API key '{name}' may not ask the model '{model}'; GET /v1/models lists those it may");
    Error { param: Some("model".to_owned()), ..Error::new(ErrorKind::PermissionDenied, message) }
}

/// A key that went away while it was in use.
pub(super) fn gone() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the API key was revoked; ask for another")
}

/// A limit that has too little left.
pub(super) fn exceeded(key: &ApiKey, claims: &Claims, exceeded: &Exceeded) -> (Error, Refusal) {
    let name = &key.settings.name;
    let on = claims.on.get(exceeded.claim).copied().unwrap_or(Limited::Requests);
    let state = exceeded.states.get(exceeded.claim);
    let (limit, remaining) = state.map_or((0, 0), |state| (state.limit, state.remaining));
    let (kind, message, refusal) = match on {
        Limited::Requests => (
            ErrorKind::RateLimited,
            format!("the API key '{name}' may make {limit} requests a minute, and has made them"),
            Refusal::Requests,
        ),
        Limited::Tokens => (ErrorKind::RateLimited, tokens(name, claims, limit, remaining), Refusal::Tokens),
        Limited::Budget => (ErrorKind::BudgetExhausted, budget(key, exceeded), Refusal::Budget),
    };
    (Error::new(kind, message).retry_after(exceeded.retry_after.unwrap_or(MINUTE)), refusal)
}

fn tokens(name: &str, claims: &Claims, limit: u64, remaining: u64) -> String {
    format!(
        "the API key '{name}' may use {limit} tokens a minute and has {remaining} left; this request may use {}. \
         Send it later, or with a smaller max_tokens",
        claims.bound.tokens()
    )
}

fn budget(key: &ApiKey, exceeded: &Exceeded) -> String {
    let name = &key.settings.name;
    let Some(budget) = key.settings.budget else {
        return format!("the budget of the API key '{name}' is spent");
    };
    let (usd, period) = (budget.usd, budget.period.as_str());
    match exceeded.retry_after {
        Some(_) => format!("the API key '{name}' may spend {usd} US dollars a {period}, and has spent them"),
        None => format!(
            "the API key '{name}' may spend {usd} US dollars a {period}, and this request alone may cost more; send \
             it with a smaller max_tokens"
        ),
    }
}
