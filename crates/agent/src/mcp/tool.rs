//! A server's tool as a tool of ours.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;

use super::McpServer;
use super::definition::Definition;
use crate::tool::{Tool, ToolError};

/// A tool that a server runs.
pub(super) struct McpTool {
    server: Arc<McpServer>,
    name: String,
    definition: Arc<Definition>,
}

impl McpTool {
    /// The tool with this definition under a name that models know it by.
    pub(super) fn new(server: Arc<McpServer>, name: String, definition: Arc<Definition>) -> Self {
        Self { server, name, definition }
    }
}

#[async_trait]
impl Tool for McpTool {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &str {
        &self.definition.description
    }

    fn input_schema(&self) -> &Value {
        &self.definition.schema
    }

    fn is_idempotent(&self) -> bool {
        self.definition.is_idempotent
    }

    async fn call(&self, arguments: Value, deadline: Instant) -> Result<String, ToolError> {
        self.server.call(&self.definition.own_name, arguments, deadline).await
    }
}
