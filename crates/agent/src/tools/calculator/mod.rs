//! Arithmetic.

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::tool::{Tool, ToolError};

/// Calculates.
pub struct Calculator {
    schema: Value,
}

impl Calculator {
    /// The calculator.
    #[expect(clippy::new_without_default, reason = "placeholder")]
    pub fn new() -> Self {
        Self {
            schema: json!({"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}),
        }
    }
}

#[async_trait]
impl Tool for Calculator {
    fn name(&self) -> &str {
        "calculator"
    }
    fn description(&self) -> &str {
        "Calculates."
    }
    fn input_schema(&self) -> &Value {
        &self.schema
    }
    fn is_idempotent(&self) -> bool {
        true
    }
    async fn call(&self, _arguments: Value, _deadline: Instant) -> Result<String, ToolError> {
        Ok("4".to_owned())
    }
}
