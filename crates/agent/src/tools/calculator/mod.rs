//! A calculator: arithmetic for models, which are bad at it.
//!
//! An expression goes one way: `lexer` (words) → `parser` (a program, flat) → `evaluate` (a number) →
//! `format` (text). Numbers are fractions as long as they can be, and floats from there on. What bounds
//! it all is in `bounds`; nothing here reads, writes or waits.

mod arithmetic;
mod bounds;
mod evaluate;
mod format;
mod functions;
mod lexer;
mod literal;
mod mistake;
mod names;
mod number;
mod parser;
mod power;
mod program;
mod token;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::tool::{Tool, ToolError, input_schema};

/// The tool `calculator`: arithmetic, exact where whole numbers and decimals allow.
///
/// It takes `{"expression": "..."}`. It never runs code, and whatever it is given, it ends soon.
///
/// ```
/// use playhouse_agent::{ToolRegistry, tools::Calculator};
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let tools = ToolRegistry::new().with(Calculator::new()).unwrap();
/// let result = tools.execute("calculator", json!({"expression": "10 * 5"})).await;
/// assert_eq!(result.output, "50");
/// # });
/// ```
pub struct Calculator {
    description: String,
    schema: Value,
}

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// The expression, such as `2 * (3 + 4)^2` or `round(19.99 * 1.19, 2)`.
    expression: String,
}

impl Calculator {
    /// The calculator.
    pub fn new() -> Self {
        Self { description: description(), schema: input_schema::<Input>() }
    }

    /// The value of an expression, in plain digits.
    ///
    /// ```
    /// use playhouse_agent::tools::Calculator;
    ///
    /// assert_eq!(Calculator::calculate("0.1 + 0.2").unwrap(), "0.3");
    /// assert_eq!(Calculator::calculate("1/3 * 3").unwrap(), "1");
    /// assert_eq!(Calculator::calculate("2^100").unwrap(), "1267650600228229401496703205376");
    /// assert_eq!(
    ///     Calculator::calculate("2 + * 3").unwrap_err().to_string(),
    ///     "unexpected '*' at character 5, after '2 + '; a number, a name or '(' must stand there",
    /// );
    /// ```
    ///
    /// # Errors
    /// What is wrong with the expression, and where, for a model to read.
    pub fn calculate(expression: &str) -> Result<String, ToolError> {
        let program = parser::program(expression);
        let number = program.and_then(evaluate::value);
        number
            .map(|number| format::plain(&number))
            .map_err(|mistake| ToolError::new(mistake.told(expression)))
    }
}

impl Default for Calculator {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Tool for Calculator {
    fn name(&self) -> &str {
        "calculator"
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn input_schema(&self) -> &Value {
        &self.schema
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    async fn call(&self, arguments: Value, _deadline: Instant) -> Result<String, ToolError> {
        let Input { expression } = serde_json::from_value(arguments)
            .map_err(|error| ToolError::new(format!("the arguments do not fit: {error}")))?;
        Self::calculate(&expression)
    }
}

fn description() -> String {
    format!(
        "Calculates an arithmetic expression and returns the number, exactly where that is possible. \
         Operators: + - * / ^ (power) % (remainder; per cent where no number follows: 15% * 80) ! (factorial) \
         and brackets. Functions: {}. Constants: pi e tau. Angles are in radians; log(x) has base 10, \
         log(x, b) base b, ln(x) base e; round(x, n) rounds to n decimals. No variables, no units.",
        names::function_names()
    )
}
