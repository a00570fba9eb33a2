//! The span of an HTTP request that is served.

use std::time::{Duration, Instant};

use playhouse_llm::{ErrorKind, TraceContext};

use super::span::Said;
use super::{Kind, Name, Span, Tracer};
use crate::lines::is_probe;

/// What is asked of a request when it comes.
#[derive(Clone, Copy, Debug)]
pub struct RequestStart<'a> {
    /// The trace the caller is part of, if it said so.
    pub caller: Option<&'a TraceContext>,
    /// When it came.
    pub started: Instant,
    /// The path as it came, without the query: that may hold a credential.
    pub path: &'a str,
    /// The template of the route that takes it, if any does.
    pub route: Option<&'static str>,
    /// What the caller says it is.
    pub user_agent: Option<&'a str>,
}

/// A request that has ended, and how.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd<'a> {
    /// The method as it came.
    pub method: &'a str,
    /// The path as it came, without the query: that may hold a credential.
    pub path: &'a str,
    /// The template of the route that took it, if any did.
    pub route: Option<&'static str>,
    /// The address it came from.
    pub client: Option<&'a str>,
    /// The status answered, if there was an answer.
    pub status_code: Option<u16>,
    /// Whether the caller went away before the end.
    pub client_aborted: bool,
    /// From when it came to the end of its answer.
    pub duration: Duration,
}

/// The SERVER span of a request, `{method} {route}`.
#[derive(Debug)]
pub struct RequestSpan(Span);

/// Methods that are told apart; others are `_OTHER`, and the span is then `HTTP {route}`.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl RequestSpan {
    /// Begins the span, unless the tracer is off or somebody only sees whether we live.
    pub fn begin(tracer: &Tracer, start: &RequestStart<'_>) -> Option<Self> {
        if !tracer.is_on() || is_probe(start.route.unwrap_or(start.path)) {
            return None;
        }
        let mut span = tracer.enter(start.caller, Kind::Server, start.started)?;
        // The head of the request is gone by its end.
        start.user_agent.iter().for_each(|agent| span.say_text("user_agent.original", agent));
        Some(Self(span))
    }

    /// The span as those know it who are asked on its behalf.
    pub fn trace(&self) -> TraceContext {
        self.0.trace()
    }

    /// Ends the span.
    pub fn end(mut self, end: &RequestEnd<'_>) {
        self.0.close(end.duration, |said| {
            say_request(said, end);
            say_answer(said, end);
        });
    }
}

fn say_request(said: &mut Said<'_>, end: &RequestEnd<'_>) {
    let is_known = METHODS.contains(&end.method);
    said.name(Name { verb: if is_known { end.method } else { "HTTP" }, object: end.route });
    if is_known {
        said.text("http.request.method", end.method);
    } else {
        said.text("http.request.method", "_OTHER");
        said.text("http.request.method_original", end.method);
    }
    said.text("url.scheme", "http");
    said.text("url.path", end.path);
    end.route.iter().for_each(|route| said.text("http.route", route));
    end.client.iter().for_each(|client| said.text("client.address", client));
}

fn say_answer(said: &mut Said<'_>, end: &RequestEnd<'_>) {
    if let Some(status_code) = end.status_code {
        said.int("http.response.status_code", status_code.into());
    }
    match end.status_code {
        Some(status_code @ 500..) => said.failure(&status_code.to_string()),
        _ if end.client_aborted => said.text("error.type", ErrorKind::Cancelled.as_str()),
        Some(status_code @ 400..) => said.text("error.type", &status_code.to_string()),
        _ => {}
    }
}
