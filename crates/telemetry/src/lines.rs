//! The log lines whose fields are a promise: a request's and a call's.

use playhouse_llm::{CallRecord, Outcome};

/// A line's level is fixed where it is written, so a line of two levels is written twice.
macro_rules! request_line {
    ($level:ident, $line:expr) => {
        crate::__event!(
            $level,
            target: "playhouse::request",
            message = "Request completed",
            method = $line.method,
            path = $line.path,
            route = $line.route,
            status_code = $line.status_code,
            duration_ms = rounded($line.duration_ms, 1e3),
            key_id = $line.key_id,
            client_aborted = Some(true).filter(|_| $line.client_aborted)
        )
    };
}

macro_rules! call_line {
    ($level:ident, $record:expr, $dropped_fields:expr, $message:literal) => {
        crate::__event!(
            $level,
            target: "playhouse::call",
            message = $message,
            call_id = &*$record.id,
            request_id = &*$record.request_id,
            session_id = $record.session_id.as_deref(),
            turn_id = $record.turn_id.as_deref(),
            run_id = $record.run_id.as_deref(),
            key_id = $record.key_id.as_deref(),
            operation = $record.operation.as_str(),
            model = &*$record.model,
            model_served = $record.model_served.as_deref(),
            provider = $record.provider.as_deref(),
            stream = $record.stream,
            duration_ms = rounded($record.duration_ms, 1e3),
            ttft_ms = $record.ttft_ms.map(|ttft_ms| rounded(ttft_ms, 1e3)),
            prompt_tokens = $record.usage.as_ref().map(|usage| usage.prompt_tokens),
            completion_tokens = $record.usage.as_ref().map(|usage| usage.completion_tokens),
            total_tokens = $record.usage.as_ref().map(|usage| usage.total_tokens),
            cost_usd = $record.cost_usd.map(|cost_usd| rounded(cost_usd, 1e9)),
            finish_reason = $record.finish_reason.as_deref(),
            error = $record.error.as_deref(),
            attempts = $record.attempts,
            status = $record.status,
            upstream_request_id = $record.upstream_request_id.as_deref(),
            dropped_fields = Some($dropped_fields).filter(|dropped| *dropped > 0)
        )
    };
}

/// The one line about a request, logged when its answer has ended.
///
/// `request_id` comes from the [scope](crate::scope). Requests to probes (health and metrics) are
/// logged at DEBUG, all others at INFO.
///
/// ```
/// use playhouse_telemetry::{LoggingConfig, RequestLine, RequestScope, log};
///
/// let (lines, _guard) = log::capture(&LoggingConfig::default());
/// let line = RequestLine {
///     method: "POST",
///     path: "/v1/chat",
///     route: Some("/v1/chat"),
///     status_code: 200,
///     duration_ms: 12.3456,
///     key_id: None,
///     client_aborted: false,
/// };
/// RequestScope::new("req_1").enter(|| line.log());
/// assert_eq!(lines.json()[0]["duration_ms"], 12.346);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// The method as it came.
    pub method: &'a str,
    /// The path as it came, without the query: that may hold a credential.
    pub path: &'a str,
    /// The template of the route that took it, if any did.
    pub route: Option<&'a str>,
    /// The status answered; 499 if the client went away before there was one.
    pub status_code: u16,
    /// From the request's head to the end of its answer, in milliseconds.
    pub duration_ms: f64,
    /// The id of the stored API key it was asked with, if any; never the key.
    pub key_id: Option<&'a str>,
    /// Whether the client went away before the end.
    pub client_aborted: bool,
}

impl RequestLine<'_> {
    /// Writes the line.
    pub fn log(&self) {
        if is_probe(self.route.unwrap_or(self.path)) {
            request_line!(DEBUG, self);
        } else {
            request_line!(INFO, self);
        }
    }
}

/// Logs a request that was refused before it was one (INFO): nobody knows its method and path.
pub fn log_refused(status_code: u16, reason: &dyn std::error::Error) {
    crate::info!(target: "playhouse::request", status_code, error = %reason, "Request refused");
}

/// Logs an attempt that could not begin an answer (DEBUG): the call may yet succeed with another, and
/// if it does not, its own line tells of the failure.
pub fn log_attempt(provider: &str, model: &str, error: &playhouse_llm::Error) {
    crate::debug!(
        target: "playhouse::call",
        provider,
        model,
        error = error.kind.as_str(),
        status = error.upstream_status(),
        "LLM attempt failed"
    );
}

/// Logs that a deployment's circuit stands differently: WARN where it opened, INFO else.
pub fn log_circuit(provider: &str, model: &str, state: &str, is_open: bool) {
    if is_open {
        crate::warn!(target: "playhouse::call", provider, model, state, "Deployment failed too often and is left alone");
    } else {
        crate::info!(target: "playhouse::call", provider, model, state, "Circuit of a deployment turned");
    }
}

/// Logs a call's line: completed (INFO), failed (ERROR) or cancelled (WARN). So many fields of the request
/// were dropped because the provider speaks another protocol than the caller.
pub fn log_call(record: &CallRecord, dropped_fields: u32) {
    match record.outcome {
        Outcome::Ok => call_line!(INFO, record, dropped_fields, "LLM call completed"),
        Outcome::Error => call_line!(ERROR, record, dropped_fields, "LLM call failed"),
        Outcome::Cancelled => call_line!(WARN, record, dropped_fields, "LLM call cancelled"),
    }
}

/// What has gone wrong with the call ledger since it was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub struct LedgerLine<'a> {
    /// Whether its disk takes no records now.
    pub is_troubled: bool,
    /// Whether it did not before.
    pub was_troubled: bool,
    /// Why not.
    pub reason: Option<&'a str>,
    /// Records that wait in memory only.
    pub in_memory: u64,
    /// Records that have been lost.
    pub dropped: u64,
    /// Records that have been set aside.
    pub refused: u64,
    /// Places that have been passed over.
    pub damaged: u64,
}

impl LedgerLine<'_> {
    /// Writes the lines there is reason for; `false` when there is none.
    pub fn log(&self) -> bool {
        let (in_memory, reason) = (self.in_memory, self.reason);
        if self.is_troubled && !self.was_troubled {
            crate::warn!(in_memory, reason, "The call ledger's disk takes no records; they wait in memory");
        }
        if self.was_troubled && !self.is_troubled {
            crate::info!("The call ledger's disk takes records again");
        }
        self.log_losses() || self.is_troubled != self.was_troubled
    }

    fn log_losses(&self) -> bool {
        let Self { dropped, refused, damaged, .. } = *self;
        if dropped > 0 {
            crate::error!(dropped, "Call records were lost: neither the ledger's disk nor memory had room");
        }
        if refused > 0 {
            crate::error!(
                refused,
                "The database refused call records; they are in refused.jsonl in the ledger's folder"
            );
        }
        if damaged > 0 {
            crate::error!(
                damaged,
                "The call ledger is damaged in places; `playhouse calls --verify` tells more"
            );
        }
        dropped + refused + damaged > 0
    }
}

/// Whether somebody asks this every few seconds, only to see that we live.
pub(crate) fn is_probe(route: &str) -> bool {
    matches!(route, "/metrics" | "/health" | "/livez" | "/readyz") || route.starts_with("/health/")
}

pub(crate) fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}
