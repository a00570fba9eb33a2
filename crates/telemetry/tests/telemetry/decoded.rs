//! Exports, read by OpenTelemetry's own definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric};
use opentelemetry_proto::tonic::trace::v1::Span;
use playhouse_telemetry::otlp::CapturedExports;
use playhouse_telemetry::{Metrics, Otlp, TelemetryConfig, Tracer};
use prost::Message;

/// A tracer of an endpoint that is not there, and what it would have sent.
pub(crate) fn captured(config: TelemetryConfig) -> (Tracer, CapturedExports, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new("test", "test"));
    let (tracer, exports) = Otlp::capture(&config, &metrics);
    (tracer, exports, metrics)
}

/// The spans that have ended, in the order they began.
pub(crate) fn spans(exports: &CapturedExports) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(&*exports.take_traces()).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
    let mut spans: Vec<Span> = scopes.flat_map(|scope| scope.spans).collect();
    spans.sort_by_key(|span| span.start_time_unix_nano);
    spans
}

/// The only span that has ended.
pub(crate) fn only_span(exports: &CapturedExports) -> Span {
    let [span] = <[Span; 1]>::try_from(spans(exports)).unwrap();
    span
}

/// The metrics by name.
pub(crate) fn metrics(exports: &CapturedExports) -> BTreeMap<String, Metric> {
    let request = ExportMetricsServiceRequest::decode(&*exports.metrics()).unwrap();
    let scopes = request.resource_metrics.into_iter().flat_map(|metrics| metrics.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).map(|metric| (metric.name.clone(), metric)).collect()
}

/// The resource of an export of traces.
pub(crate) fn resource(exports: &CapturedExports) -> BTreeMap<String, String> {
    let request = ExportTraceServiceRequest::decode(&*exports.take_traces()).unwrap();
    attributes(&request.resource_spans[0].resource.as_ref().unwrap().attributes)
}

/// Attributes as text; each key is there once.
pub(crate) fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let all: BTreeMap<String, String> =
        pairs.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect();
    assert_eq!(all.len(), pairs.len(), "a key is there twice: {pairs:?}");
    all
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()).unwrap() {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::DoubleValue(number) => format!("{number:?}"),
        any_value::Value::BoolValue(flag) => flag.to_string(),
        any_value::Value::ArrayValue(list) => {
            list.values.iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(",")
        }
        other => panic!("{other:?}"),
    }
}

/// A histogram's only point: its count, its sum, its bounds, the counts of its buckets.
pub(crate) fn histogram(metric: &Metric) -> (u64, f64, Vec<f64>, Vec<u64>) {
    let Some(metric::Data::Histogram(histogram)) = &metric.data else { panic!("{metric:?}") };
    assert_eq!(histogram.aggregation_temporality, 2);
    let point = &histogram.data_points[0];
    (point.count, point.sum.unwrap(), point.explicit_bounds.clone(), point.bucket_counts.clone())
}
