//! The time, which models do not know.

mod zone;

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::tool::{Tool, ToolError, input_schema};

/// The tool `current_time`: the date, the time and the day of the week, anywhere.
///
/// It takes `{"timezone": "..."}`, an IANA name or an offset; without one it answers for UTC. Time zones
/// are the machine's, and where it has none those that are built in.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use playhouse_agent::{ToolRegistry, tools::CurrentTime};
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
/// let tools = ToolRegistry::new().with(CurrentTime::with_clock(clock)).unwrap();
/// let time = tools.execute("current_time", json!({"timezone": "Europe/Berlin"})).await;
/// assert_eq!(time.output, "2026-09-21T16:13:20+02:00 (Monday, Europe/Berlin)");
/// # });
/// ```
pub struct CurrentTime {
    schema: Value,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// An IANA time zone such as `Europe/Berlin`, or an offset such as `+02:00`. Without one: UTC.
    timezone: Option<String>,
}

impl CurrentTime {
    /// The time by the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(SystemTime::now)
    }

    /// The time by this clock.
    pub fn with_clock(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { schema: input_schema::<Input>(), clock: Arc::new(clock) }
    }

    fn now(&self, zone: TimeZone) -> Result<String, ToolError> {
        let now = Timestamp::try_from((self.clock)())
            .map_err(|error| ToolError::new(format!("the machine's clock cannot be used: {error}")))?;
        let now = now.to_zoned(zone);
        let zone = match now.time_zone().iana_name() {
            Some(name) => name.to_owned(),
            None => now.strftime("UTC%:z").to_string(),
        };
        Ok(format!("{} ({}, {zone})", now.strftime("%Y-%m-%dT%H:%M:%S%:z"), now.strftime("%A")))
    }
}

impl Default for CurrentTime {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Tool for CurrentTime {
    fn name(&self) -> &str {
        "current_time"
    }

    fn description(&self) -> &str {
        "Tells the current date, time and day of the week, in UTC or in a time zone."
    }

    fn input_schema(&self) -> &Value {
        &self.schema
    }

    /// Calling it twice does no harm.
    fn is_idempotent(&self) -> bool {
        true
    }

    async fn call(&self, arguments: Value, _deadline: tokio::time::Instant) -> Result<String, ToolError> {
        let Input { timezone } = serde_json::from_value(arguments)
            .map_err(|error| ToolError::new(format!("the arguments do not fit: {error}")))?;
        self.now(timezone.as_deref().map_or(Ok(TimeZone::UTC), zone::time_zone)?)
    }
}
