//! The span of an HTTP request that is served.

use std::net::{IpAddr, Ipv4Addr};

use playhouse_llm::{ErrorKind, TraceContext};

use super::protobuf::Value;
use super::{Kind, Name, Span, Tracer};
use crate::lines::is_probe;

/// What is known of a request when it comes.
#[derive(Clone, Copy, Debug)]
pub struct RequestStart<'a> {
    /// The trace the caller is part of, if it said so.
    pub caller: Option<&'a TraceContext>,
    /// The method as it came.
    pub method: &'a str,
    /// The path as it came, without the query: that may hold a credential.
    pub path: &'a str,
    /// The template of the route that takes it, if any does.
    pub route: Option<&'static str>,
    /// Where it came from.
    pub client: Option<IpAddr>,
    /// What the caller says it is.
    pub user_agent: Option<&'a str>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd {
    /// The status answered, if there was an answer.
    pub status_code: Option<u16>,
    /// Whether the caller went away before the end.
    pub client_aborted: bool,
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
        let known = METHODS.contains(&start.method);
        let method = if known { start.method } else { "HTTP" };
        let name = Name { verb: method, object: start.route };
        let mut span = tracer.enter(start.caller, Kind::Server, name)?;
        if span.is_recording() {
            say_start(&mut span, start, known);
        }
        Some(Self(span))
    }

    /// The span as those know it who are asked on its behalf.
    pub fn trace(&self) -> TraceContext {
        self.0.trace()
    }

    /// Ends the span.
    pub fn end(mut self, end: &RequestEnd) {
        let span = &mut self.0;
        if let Some(status_code) = end.status_code {
            span.say("http.response.status_code", Value::Int(status_code.into()));
        }
        match end.status_code {
            Some(status_code @ 500..) => span.fail(&status_code.to_string()),
            _ if end.client_aborted => span.say_text("error.type", ErrorKind::Cancelled.as_str()),
            Some(status_code @ 400..) => span.say_text("error.type", &status_code.to_string()),
            _ => {}
        }
    }
}

fn say_start(span: &mut Span, start: &RequestStart<'_>, known_method: bool) {
    if known_method {
        span.say_text("http.request.method", start.method);
    } else {
        span.say_text("http.request.method", "_OTHER");
        span.say_text("http.request.method_original", start.method);
    }
    span.say_text("url.scheme", "http");
    span.say_text("url.path", start.path);
    start.route.iter().for_each(|route| span.say_text("http.route", route));
    start.client.iter().for_each(|client| say_client(span, *client));
    start.user_agent.iter().for_each(|agent| span.say_text("user_agent.original", agent));
}

fn say_client(span: &mut Span, client: IpAddr) {
    const KEY: &str = "client.address";
    match client {
        IpAddr::V4(client) => span.say_text(KEY, &dotted(client)),
        IpAddr::V6(client) => span.say_text(KEY, &client.to_string()),
    }
}

/// The address as it is displayed, at a tenth of the price.
fn dotted(address: Ipv4Addr) -> String {
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in address.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        for unit in [100, 10, 1].into_iter().filter(|unit| octet >= *unit || *unit == 1) {
            text.push(char::from(b'0' + octet / unit % 10));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_dotted_as_they_are_displayed() {
        for octet in 0..=u8::MAX {
            let address = Ipv4Addr::from([octet, 0, 10, 255 - octet]);
            assert_eq!(dotted(address), address.to_string());
        }
    }
}
