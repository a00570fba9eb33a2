//! The `[telemetry]` section.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What is exported over OTLP, and where to. Without an endpoint, nothing is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Where traces and metrics go: `/v1/traces` and `/v1/metrics` below this address.
    pub endpoint: Option<String>,
    /// Where traces go: exactly this address.
    pub traces_endpoint: Option<String>,
    /// Where metrics go: exactly this address.
    pub metrics_endpoint: Option<String>,
    /// Headers of every export, such as an API key.
    #[serde(skip_serializing)]
    pub headers: BTreeMap<String, SecretString>,
    /// How exports are written; there is one way.
    pub protocol: OtlpProtocol,
    /// How long one attempt to export may take.
    pub timeout_ms: u64,
    /// What this service is called (`service.name`). Default: `playhouse`.
    pub service_name: Option<String>,
    /// What else is said of it, by OpenTelemetry's names.
    pub resource_attributes: BTreeMap<String, String>,
    /// Which traces are recorded.
    pub sampler: SamplerKind,
    /// The share of traces that the ratio samplers record, from 0 to 1.
    pub sampler_arg: f64,
    /// Whether prompts, answers, and what tools are called with are part of the spans. Default: not.
    pub capture_content: ContentCapture,
    /// The longest time a span waits before it is sent.
    pub traces_interval_ms: u64,
    /// How often metrics are sent.
    pub metrics_interval_ms: u64,
    /// Switches all of it off.
    pub disabled: bool,
}

/// How exports are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtlpProtocol {
    /// Protocol buffers over HTTP.
    #[default]
    #[serde(rename = "http/protobuf")]
    HttpProtobuf,
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplerKind {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share of them, whatever the caller does.
    #[serde(rename = "traceidratio")]
    TraceIdRatio,
    /// Those the caller records; all that begin here.
    #[default]
    #[serde(rename = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// Those the caller records; none that begin here.
    #[serde(rename = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// Those the caller records; a share of those that begin here.
    #[serde(rename = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

/// Whether spans hold what was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentCapture {
    /// They do not.
    #[default]
    #[serde(alias = "false")]
    NoContent,
    /// They do.
    #[serde(alias = "true")]
    SpanOnly,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            traces_endpoint: None,
            metrics_endpoint: None,
            headers: BTreeMap::new(),
            protocol: OtlpProtocol::default(),
            timeout_ms: 10_000,
            service_name: None,
            resource_attributes: BTreeMap::new(),
            sampler: SamplerKind::default(),
            sampler_arg: 1.0,
            capture_content: ContentCapture::default(),
            traces_interval_ms: 5_000,
            metrics_interval_ms: 60_000,
            disabled: false,
        }
    }
}

impl TelemetryConfig {
    /// Where traces go, if anywhere.
    pub fn traces_url(&self) -> Option<String> {
        self.url(self.traces_endpoint.as_ref(), "/v1/traces")
    }

    /// Where metrics go, if anywhere.
    pub fn metrics_url(&self) -> Option<String> {
        self.url(self.metrics_endpoint.as_ref(), "/v1/metrics")
    }

    fn url(&self, own: Option<&String>, path: &str) -> Option<String> {
        if self.disabled {
            return None;
        }
        let below = || Some(format!("{}{path}", self.endpoint.as_ref()?.trim_end_matches('/')));
        own.cloned().or_else(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_go_below_the_endpoint_or_to_their_own() {
        let config = TelemetryConfig {
            endpoint: Some("http://collector:4318/".to_owned()),
            metrics_endpoint: Some("http://other/metrics".to_owned()),
            ..TelemetryConfig::default()
        };
        assert_eq!(config.traces_url().as_deref(), Some("http://collector:4318/v1/traces"));
        assert_eq!(config.metrics_url().as_deref(), Some("http://other/metrics"));
    }

    #[test]
    fn nothing_goes_anywhere_unless_asked() {
        assert_eq!(TelemetryConfig::default().traces_url(), None);
        let endpoint = Some("http://collector:4318".to_owned());
        let disabled = TelemetryConfig { endpoint, disabled: true, ..TelemetryConfig::default() };
        assert_eq!((disabled.traces_url(), disabled.metrics_url()), (None, None));
    }
}
