//! Checks of what is exported.

use super::View;
use crate::config::problem::Problem;

const SECTION: &str = "telemetry";

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    let telemetry = &view.config.telemetry;
    let endpoints = [
        ("endpoint", &telemetry.endpoint),
        ("traces_endpoint", &telemetry.traces_endpoint),
        ("metrics_endpoint", &telemetry.metrics_endpoint),
    ];
    for (key, url) in endpoints {
        if url.as_deref().is_some_and(|url| !is_address(url)) {
            let problem = view.problem(&[SECTION, key], format!("{SECTION}.{key} is no address"));
            problems.push(problem.label("it should look like http://collector:4318"));
        }
    }
    if !(0.0..=1.0).contains(&telemetry.sampler_arg) {
        let message = format!("{SECTION}.sampler_arg is no share");
        problems.push(view.problem(&[SECTION, "sampler_arg"], message).label("a number from 0 to 1"));
    }
    let times = [
        ("timeout_ms", telemetry.timeout_ms),
        ("traces_interval_ms", telemetry.traces_interval_ms),
        ("metrics_interval_ms", telemetry.metrics_interval_ms),
    ];
    for (key, _) in times.into_iter().filter(|(_, time_ms)| *time_ms == 0) {
        let problem = view.problem(&[SECTION, key], format!("{SECTION}.{key} is zero"));
        problems.push(problem.label("remove the key for the default"));
    }
}

fn is_address(url: &str) -> bool {
    let parsed = url.parse::<http::Uri>().ok();
    parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}
