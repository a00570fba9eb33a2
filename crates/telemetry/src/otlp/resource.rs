//! Who exports: the resource, and the scope that everything is measured in.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::config::TelemetryConfig;
use super::export::Export;
use super::protobuf::{Message, Value, field_length};
use crate::trace::TraceId;

const SERVICE_NAME: &str = "playhouse";
const SCOPE: &str = "playhouse";

/// What every export begins with, written once.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// A `Resource` message.
    resource: Message,
    /// An `InstrumentationScope` message.
    scope: Message,
}

impl Resource {
    pub(super) fn new(config: &TelemetryConfig, version: &str) -> Self {
        let mut resource = Message::default();
        for (key, value) in attributes(config, version) {
            resource.attribute(1, &key, Value::Text(&value));
        }
        let mut scope = Message::default();
        scope.text(1, SCOPE);
        scope.text(2, version);
        Self { resource, scope }
    }

    /// What an export of traces or metrics begins with, which are framed alike: the fields of the scope's part, so
    /// many bytes, must follow.
    fn head(&self, fields_bytes: usize) -> Vec<u8> {
        let (resource, scope) = (self.resource.as_bytes(), self.scope.as_bytes());
        let of_scope = field_length(scope.len()) + fields_bytes;
        let mut head = Message::with_capacity(resource.len() + scope.len() + 64);
        head.begin(1, field_length(resource.len()) + field_length(of_scope));
        head.bytes(1, resource);
        head.begin(2, of_scope);
        head.bytes(1, scope);
        head.into_bytes()
    }

    /// An export of these fields, which may be in several pieces.
    pub(super) fn frame(&self, fields: &[Bytes]) -> Export {
        let head = self.head(fields.iter().map(Bytes::len).sum());
        [head.into()].into_iter().chain(fields.iter().cloned()).collect()
    }
}

fn attributes(config: &TelemetryConfig, version: &str) -> BTreeMap<String, String> {
    let instance = TraceId::random().to_string();
    let ours = [
        ("service.name", SERVICE_NAME),
        ("service.version", version),
        ("service.instance.id", &instance),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.name", SCOPE),
        ("telemetry.sdk.version", version),
    ];
    let mut all: BTreeMap<String, String> =
        ours.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    all.extend(config.resource_attributes.clone());
    if let Some(name) = &config.service_name {
        all.insert("service.name".to_owned(), name.clone());
    }
    all
}
