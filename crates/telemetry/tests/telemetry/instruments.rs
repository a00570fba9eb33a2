//! Metrics as a receiver reads them: the conventions' names, units and bounds.

use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_telemetry::TelemetryConfig;
use playhouse_telemetry::metrics::RequestSample;

use crate::decoded::{attributes, captured, histogram, metrics};

const OPERATION_SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

fn call() -> CallRecord {
    CallRecord {
        id: "call_1".into(),
        request_id: "req_1".into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: "gpt-4o".into(),
        model_served: Some("gpt-4o-2024".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(200.0),
        duration_ms: 1200.0,
        usage: Some(Usage::new(10, 11)),
        cost_usd: Some(0.5),
        upstream_request_id: None,
    }
}

fn request(duration: Duration) -> RequestSample<'static> {
    let route = Some("/v1/chat");
    RequestSample { method: "POST", route, status_code: 200, duration, upstream: None }
}

#[test]
fn names_units_and_bounds_are_the_conventions() {
    let (_tracer, exports, ours) = captured(TelemetryConfig::default());
    ours.observe_call(&call());
    ours.observe_chunks("openai", "gpt-4o", 10, Duration::from_secs(1));
    ours.observe_request(&request(Duration::from_millis(30)));
    let metrics = metrics(&exports);
    let tokens: Vec<f64> = (0..14).map(|power| f64::from(4_u32.pow(power))).collect();
    let expected: [(&str, &str, &[f64]); 8] = [
        ("gen_ai.client.token.usage", "{token}", &tokens),
        ("gen_ai.client.operation.duration", "s", &OPERATION_SECONDS),
        ("gen_ai.client.operation.time_to_first_chunk", "s", &OPERATION_SECONDS),
        ("gen_ai.client.operation.time_per_output_chunk", "s", &OPERATION_SECONDS),
        ("gen_ai.server.request.duration", "s", &OPERATION_SECONDS),
        (
            "gen_ai.server.time_to_first_token",
            "s",
            &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0],
        ),
        (
            "gen_ai.server.time_per_output_token",
            "s",
            &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5],
        ),
        (
            "http.server.request.duration",
            "s",
            &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0],
        ),
    ];
    for (name, unit, bounds) in expected {
        let metric = metrics.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", metrics.keys()));
        assert_eq!(metric.unit, unit, "{name}");
        let (count, _, told, counts) = histogram(metric);
        assert_eq!(told, bounds, "{name}");
        assert_eq!((count, counts.len()), (1, bounds.len() + 1), "{name}");
        assert_eq!(counts.iter().sum::<u64>(), 1, "{name}");
    }
}

#[test]
fn attributes_are_the_conventions() {
    let (_tracer, exports, ours) = captured(TelemetryConfig::default());
    ours.name_servers([("openai".into(), ("api.openai.com".into(), 443))]);
    ours.observe_call(&call());
    ours.observe_call(&CallRecord { outcome: Outcome::Error, error: Some("overloaded".into()), ..call() });
    ours.observe_request(&request(Duration::from_millis(30)));
    let metrics = metrics(&exports);
    let points = |name: &str| match &metrics[name].data {
        Some(metric::Data::Histogram(histogram)) => {
            histogram.data_points.iter().map(|point| attributes(&point.attributes)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    for point in points("gen_ai.client.operation.duration") {
        assert_eq!(point["gen_ai.operation.name"], "chat");
        assert_eq!(
            (point["gen_ai.provider.name"].as_str(), point["gen_ai.request.model"].as_str()),
            ("openai", "gpt-4o")
        );
        assert_eq!(
            (point["server.address"].as_str(), point["server.port"].as_str()),
            ("api.openai.com", "443")
        );
    }
    let usage = points("gen_ai.client.token.usage");
    assert!(usage.iter().all(|point| point["gen_ai.response.model"] == "gpt-4o-2024"), "{usage:?}");
    let errors =
        |name| points(name).iter().filter_map(|point| point.get("error.type").cloned()).collect::<Vec<_>>();
    assert_eq!(errors("gen_ai.client.operation.duration"), ["overloaded"]);
    assert_eq!(errors("gen_ai.server.request.duration"), ["overloaded"]);
    let mut kinds: Vec<String> =
        points("gen_ai.client.token.usage").iter().map(|point| point["gen_ai.token.type"].clone()).collect();
    kinds.sort();
    assert_eq!(kinds, ["input", "output"]);
    let [http] = <[_; 1]>::try_from(points("http.server.request.duration")).unwrap();
    assert_eq!(http["http.response.status_code"], "200");
    assert_eq!((http["http.request.method"].as_str(), http["http.route"].as_str()), ("POST", "/v1/chat"));
}

#[test]
fn what_is_beyond_the_conventions_bounds_is_counted_all_the_same() {
    let (_tracer, exports, ours) = captured(TelemetryConfig::default());
    for seconds in [0, 9, 11, 45, 500] {
        ours.observe_request(&request(Duration::from_secs(seconds)));
    }
    let (count, sum, _, counts) = histogram(&metrics(&exports)["http.server.request.duration"]);
    assert_eq!((count, sum), (5, 565.0));
    assert_eq!((counts.first(), counts.last(), counts.iter().sum()), (Some(&1), Some(&3), 5_u64));
}

#[test]
fn counts_are_whole_numbers_and_what_comes_and_goes_goes() {
    let (_tracer, exports, ours) = captured(TelemetryConfig::default());
    ours.observe_call(&call());
    let held = ours.active_request_guard();
    let value = |name: &str| match metrics(&exports).remove(name).unwrap().data {
        Some(metric::Data::Sum(sum)) => {
            assert_eq!(sum.aggregation_temporality, 2);
            let point = &sum.data_points[0];
            assert!(point.time_unix_nano >= point.start_time_unix_nano && point.start_time_unix_nano > 0);
            (sum.is_monotonic, point.value.unwrap())
        }
        other => panic!("{other:?}"),
    };
    let whole = number_data_point::Value::AsInt;
    assert_eq!(value("http.server.active_requests"), (false, whole(1)));
    drop(held);
    assert_eq!(value("http.server.active_requests"), (false, whole(0)));
    assert_eq!(value("playhouse.cost"), (true, number_data_point::Value::AsDouble(0.5)));
    assert_eq!(metrics(&exports)["playhouse.cost"].unit, "{USD}");
}
