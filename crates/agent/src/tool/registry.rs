//! The tools an agent has.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use indexmap::IndexMap;
use jsonschema::Validator;
use playhouse_llm::{Extra, ToolCall, ToolSpec};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{RegistryError, Tool, ToolLimits, ToolResult, arguments};

/// The tools an agent has, by name, in the order they were registered.
///
/// Whatever goes wrong with a call (no such tool, arguments that do not fit, a panic, a timeout, too
/// much output) becomes a result that a model can read.
#[derive(Clone, Default)]
pub struct ToolRegistry {
    tools: IndexMap<String, Registered>,
}

#[derive(Clone)]
struct Registered {
    tool: Arc<dyn Tool>,
    validator: Arc<Validator>,
}

impl ToolRegistry {
    /// A registry without tools.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same registry with one tool more.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn with(mut self, tool: impl Tool + 'static) -> Result<Self, RegistryError> {
        self.register(Arc::new(tool))?;
        Ok(self)
    }

    /// Registers a tool.
    ///
    /// # Errors
    /// When its name is none or is taken, or its schema is none.
    pub fn register(&mut self, tool: Arc<dyn Tool>) -> Result<(), RegistryError> {
        let name = tool.name().to_owned();
        if !is_name(&name) {
            return Err(RegistryError::BadName(name));
        }
        if self.tools.contains_key(&name) {
            return Err(RegistryError::Duplicate(name));
        }
        let validator = jsonschema::validator_for(tool.input_schema())
            .map_err(|error| RegistryError::BadSchema { tool: name.clone(), reason: error.to_string() })?;
        self.tools.insert(name, Registered { tool, validator: Arc::new(validator) });
        Ok(())
    }

    /// The tool of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Tool>> {
        Some(&self.tools.get(name)?.tool)
    }

    /// The tools, in the order they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Tool>> {
        self.tools.values().map(|registered| &registered.tool)
    }

    /// How many tools there are.
    pub fn len(&self) -> usize {
        self.tools.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Whether every tool may be called twice without harm.
    pub fn is_idempotent(&self) -> bool {
        self.iter().all(|tool| tool.is_idempotent())
    }

    /// The tools as a model is told of them.
    pub fn specs(&self) -> Vec<ToolSpec> {
        let specs = self.iter().map(|tool| ToolSpec {
            strict: None,
            name: tool.name().to_owned(),
            description: Some(tool.description().to_owned()).filter(|text| !text.is_empty()),
            parameters: Some(tool.input_schema().clone()),
            extra: Extra::new(),
        });
        specs.collect()
    }

    /// Runs a tool within the default limits.
    pub async fn execute(&self, name: &str, arguments: Value) -> ToolResult {
        self.execute_within(name, arguments, ToolLimits::default()).await
    }

    /// Runs the tool that a model calls, with the arguments as the model wrote them.
    pub async fn execute_call(&self, call: &ToolCall, limits: ToolLimits) -> ToolResult {
        match arguments::parse_arguments(&call.arguments) {
            Ok(arguments) => self.execute_within(&call.name, arguments, limits).await,
            // A tool that does not exist is worse news than arguments that are not JSON.
            Err(_) if !self.tools.contains_key(&call.name) => ToolResult::failure(self.unknown(&call.name)),
            Err(mistake) => ToolResult::failure(mistake),
        }
    }

    /// Runs a tool within limits.
    pub async fn execute_within(&self, name: &str, arguments: Value, limits: ToolLimits) -> ToolResult {
        let Some(Registered { tool, validator }) = self.tools.get(name) else {
            return ToolResult::failure(self.unknown(name));
        };
        if let Err(mistakes) = arguments::check(validator, &arguments) {
            return ToolResult::failure(mistakes);
        }
        run(&**tool, arguments, limits).await.within(limits.max_output_bytes)
    }

    fn unknown(&self, name: &str) -> String {
        if self.is_empty() {
            return format!("there is no tool '{name}'; there are none");
        }
        let names: Vec<&str> = self.tools.keys().map(String::as_str).collect();
        format!("there is no tool '{name}'; there are: {}", names.join(", "))
    }
}

async fn run(tool: &dyn Tool, arguments: Value, limits: ToolLimits) -> ToolResult {
    let deadline = Instant::now() + limits.timeout;
    // What a tool has half done when it panics is its own; nothing of ours is shared with it.
    let guarded = AssertUnwindSafe(async { tool.call(arguments, deadline).await }).catch_unwind();
    match timeout_at(deadline, guarded).await {
        Ok(Ok(Ok(output))) => ToolResult::ok(output),
        Ok(Ok(Err(error))) => ToolResult::failure(error.to_string()),
        Ok(Err(_panic)) => ToolResult::failure(format!("the tool '{}' broke down", tool.name())),
        Err(_elapsed) => {
            let waited_s = limits.timeout.as_secs_f64();
            ToolResult::failure(format!("the tool '{}' took longer than {waited_s} s", tool.name()))
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(is_fit)
}
