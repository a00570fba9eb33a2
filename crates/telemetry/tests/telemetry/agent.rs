//! What is told of an agent's run.

use playhouse_telemetry::log::capture;
use playhouse_telemetry::{LoggingConfig, RunLine, StepLine, ToolCallLine};
use serde_json::json;

fn tool_call<'a>(arguments: Option<&'a str>) -> ToolCallLine<'a> {
    ToolCallLine {
        run_id: "run_1",
        agent: "math",
        step: 1,
        tool: "calculator",
        call_id: "c1",
        duration_ms: 0.1234,
        success: true,
        arguments,
        result: None,
    }
}

#[test]
fn a_tool_call_line_holds_arguments_only_where_they_are_given() {
    let (lines, _guard) = capture(&LoggingConfig::default());
    tool_call(None).log();
    tool_call(Some("{}")).log();
    let lines = lines.json();
    assert_eq!(lines[0]["message"], "Tool call completed");
    assert_eq!(lines[0]["duration_ms"], 0.123);
    assert_eq!(lines[0]["success"], true);
    assert!(lines[0].get("arguments").is_none());
    assert_eq!(lines[1]["arguments"], "{}");
}

#[test]
fn a_step_and_a_run_have_a_line() {
    let (lines, _guard) = capture(&LoggingConfig::default());
    let step = StepLine {
        run_id: "run_1",
        agent: "math",
        step: 2,
        model: "gpt-4o",
        tool_calls: 1,
        duration_ms: 10.0,
        total_tokens: Some(15),
        cost_usd: None,
    };
    step.log();
    let run = RunLine {
        run_id: "run_1",
        agent: "math",
        status: "step_limit",
        steps: 2,
        duration_ms: 20.0,
        total_tokens: 30,
        cost_usd: Some(0.5),
        error: None,
    };
    run.log();
    let lines = lines.json();
    assert_eq!((&lines[0]["step"], &lines[0]["run_id"]), (&json!(2), &json!("run_1")));
    assert_eq!((&lines[1]["level"], &lines[1]["status"]), (&json!("WARN"), &json!("step_limit")));
}
