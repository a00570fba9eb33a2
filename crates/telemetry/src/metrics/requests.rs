//! What an HTTP request adds to the metrics.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use prometheus::{Histogram, IntCounter};

use super::families::Families;
use super::pairs::OTHER;

/// The route of a request that no route took.
const UNMATCHED: &str = "unmatched";

/// The method of a request whose method is none of [`METHODS`].
const UNKNOWN_METHOD: &str = "_OTHER";

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A request whose answer has ended.
#[derive(Clone, Copy, Debug)]
pub struct RequestSample<'a> {
    /// The method as it came.
    pub method: &'a str,
    /// The template of the route that took it (`/v1/sessions/{id}`), never the path.
    pub route: Option<&'a str>,
    /// The status answered.
    pub status_code: u16,
    /// From the request's head to the end of its answer.
    pub duration: Duration,
    /// The part of it spent waiting for providers, if any was asked.
    pub upstream: Option<Duration>,
}

/// Handles for the requests of each route, method and status.
#[derive(Debug, Default)]
pub(super) struct RequestMetrics {
    by_route: RwLock<HashMap<Box<str>, ByAnswer>>,
}

type ByAnswer = HashMap<(&'static str, u16), AnswerMetrics>;

/// The handles of one route, method and status.
#[derive(Clone, Debug)]
struct AnswerMetrics {
    duration: Histogram,
    count: IntCounter,
}

impl RequestMetrics {
    /// How many routes are told apart. There are fewer: the bound is for whoever passes a path.
    const ROUTES: usize = 200;

    pub(super) fn observe(&self, families: &Families, sample: &RequestSample<'_>) {
        let duration = sample.duration.as_secs_f64();
        if let Some(upstream) = sample.upstream {
            families.overhead.observe(sample.duration.saturating_sub(upstream).as_secs_f64());
        }
        let route = sample.route.unwrap_or(UNMATCHED);
        let answer = (method_label(sample.method), sample.status_code);
        let by_route = self.by_route.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = by_route.get(route).and_then(|by_answer| by_answer.get(&answer)) {
            return metrics.observe(duration);
        }
        drop(by_route);
        self.add(families, route, answer).observe(duration);
    }

    fn add(&self, families: &Families, route: &str, answer: (&'static str, u16)) -> AnswerMetrics {
        let mut by_route = self.by_route.write().unwrap_or_else(PoisonError::into_inner);
        let room = by_route.len() < Self::ROUTES || by_route.contains_key(route);
        let route = if room { route } else { OTHER };
        let by_answer = by_route.entry(route.into()).or_default();
        by_answer.entry(answer).or_insert_with(|| AnswerMetrics::new(families, route, answer)).clone()
    }
}

impl AnswerMetrics {
    fn new(families: &Families, route: &str, (method, status_code): (&str, u16)) -> Self {
        let status = status_label(status_code);
        Self {
            duration: families.request_duration.with_label_values(&[method, route, &status]),
            count: families.requests.with_label_values(&[route, &status]),
        }
    }

    fn observe(&self, seconds: f64) {
        self.duration.observe(seconds);
        self.count.inc();
    }
}

fn method_label(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(UNKNOWN_METHOD)
}

fn status_label(status_code: u16) -> String {
    if (100..600).contains(&status_code) { status_code.to_string() } else { OTHER.to_owned() }
}
