//! The metrics as OTLP writes them: what Prometheus is told, told otherwise.
//!
//! Nothing is measured twice. Sums and histograms are cumulative since the process began.

use std::sync::Arc;

use bytes::Bytes;
use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::instruments::{Instrument, NUMBERS, attribute};
use super::protobuf::{Message, Value};
use super::span::unix_ns;
use crate::metrics::Metrics;

/// Metrics to be exported.
#[derive(Debug)]
pub(super) struct MetricsExport {
    metrics: Arc<Metrics>,
    started_ns: u64,
}

/// Between which times something was counted.
#[derive(Clone, Copy)]
struct Span {
    started_ns: u64,
    now_ns: u64,
}

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u64 = 2;

/// The field of `ScopeMetrics` that holds a metric.
const METRICS_FIELD: u32 = 2;

impl MetricsExport {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, started_ns: unix_ns() }
    }

    /// All metrics, as the fields of the message they are sent in.
    pub(super) fn encode(&self) -> Bytes {
        let span = Span { started_ns: self.started_ns, now_ns: unix_ns() };
        let mut fields = Message::default();
        for family in self.metrics.gather() {
            fields.message(METRICS_FIELD, |metric| write_metric(metric, &family, span));
        }
        fields.into_bytes().into()
    }
}

fn write_metric(out: &mut Message, family: &MetricFamily, span: Span) {
    let instrument = Instrument::of(family.name());
    out.text(1, &instrument.name);
    out.text(2, family.help());
    out.text(3, instrument.unit);
    let points = family.get_metric();
    match family.get_field_type() {
        MetricType::HISTOGRAM => out.message(9, |histogram| {
            points.iter().for_each(|point| write_histogram(histogram, point, &instrument, span));
            histogram.varint(2, CUMULATIVE);
        }),
        MetricType::COUNTER => out.message(7, |sum| {
            let value = |point: &Metric| point.get_counter().get_value();
            points.iter().for_each(|point| write_number(sum, point, value(point), &instrument, span));
            sum.varint(2, CUMULATIVE);
            sum.varint(3, 1);
        }),
        MetricType::GAUGE if instrument.is_up_down => out.message(7, |sum| {
            let value = |point: &Metric| point.get_gauge().get_value();
            points.iter().for_each(|point| write_number(sum, point, value(point), &instrument, span));
            sum.varint(2, CUMULATIVE);
        }),
        // There are no others here.
        _ => out.message(5, |gauge| {
            let value = |point: &Metric| point.get_gauge().get_value();
            points.iter().for_each(|point| write_number(gauge, point, value(point), &instrument, span));
        }),
    }
}

fn write_number(out: &mut Message, point: &Metric, value: f64, instrument: &Instrument, span: Span) {
    out.message(1, |number| {
        number.fixed64(2, span.started_ns);
        number.fixed64(3, span.now_ns);
        match is_measured(instrument) {
            true => number.double(4, value),
            false => number.fixed64(6, (value as i64).cast_unsigned()),
        }
        write_attributes(number, 7, point);
    });
}

/// Whether values have parts; counts have none.
fn is_measured(instrument: &Instrument) -> bool {
    matches!(instrument.unit, "s" | "1" | "{USD}")
}

fn write_histogram(out: &mut Message, point: &Metric, instrument: &Instrument, span: Span) {
    let histogram = point.get_histogram();
    let buckets = histogram.get_bucket().iter();
    let within: Vec<(f64, u64)> = buckets
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
        .filter(|(bound, _)| bound.is_finite() && *bound <= instrument.highest_bound)
        .collect();
    let count = histogram.get_sample_count();
    let cumulative = within.iter().map(|(_, below)| *below).chain([count]);
    let mut last = 0;
    let counts: Vec<u64> =
        cumulative.map(|below| below.saturating_sub(std::mem::replace(&mut last, below))).collect();
    out.message(1, |out| {
        out.fixed64(2, span.started_ns);
        out.fixed64(3, span.now_ns);
        // The count and the buckets are read one after the other: the sum of the buckets holds.
        out.fixed64(4, counts.iter().sum());
        out.double(5, histogram.get_sample_sum());
        out.packed64(6, counts.iter().copied());
        out.packed64(7, within.iter().map(|(bound, _)| bound.to_bits()));
        write_attributes(out, 9, point);
    });
}

/// A label without a value says nothing.
fn write_attributes(out: &mut Message, field: u32, point: &Metric) {
    for label in point.get_label().iter().filter(|label| !label.value().is_empty()) {
        let key = attribute(label.name());
        let number = label.value().parse().ok().filter(|_| NUMBERS.contains(&key));
        let value = number.map_or(Value::Text(label.value()), Value::Int);
        out.attribute(field, key, value);
    }
}
