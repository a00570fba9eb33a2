//! Who exports: the resource, and the scope that everything is measured in.

use std::collections::BTreeMap;

use super::config::TelemetryConfig;
use super::protobuf::{Message, Value};
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

    /// An export of traces or metrics: both are framed alike. `fields` are those of the scope's part.
    pub(super) fn frame(&self, fields: &Message) -> Vec<u8> {
        let length = fields.as_bytes().len() + self.resource.as_bytes().len() + 128;
        let mut export = Message::with_capacity(length);
        export.message(1, |of_resource| {
            of_resource.bytes(1, self.resource.as_bytes());
            of_resource.message(2, |of_scope| {
                of_scope.bytes(1, self.scope.as_bytes());
                of_scope.extend(fields);
            });
        });
        export.into_bytes()
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
