//! What is told of an agent's run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use playhouse_llm::Usage;
use playhouse_telemetry::log::capture;
use playhouse_telemetry::{LoggingConfig, RunLine, RunSpans, StepLine, ToolCallLine};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

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

/// A span as a layer sees it.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, Seen>>>);

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: tracing::Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).unwrap().parent().map(|parent| parent.name());
        let mut seen = Seen { name: attributes.metadata().name(), parent, ..Seen::default() };
        attributes.record(&mut Fields(&mut seen.fields));
        self.0.lock().unwrap().insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _context: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        values.record(&mut Fields(&mut spans.get_mut(&id.into_u64()).unwrap().fields));
    }

    fn on_close(&self, id: Id, _context: Context<'_, S>) {
        self.0.lock().unwrap().get_mut(&id.into_u64()).unwrap().closed = true;
    }
}

#[test]
fn a_run_is_a_span_with_its_steps_and_tools_in_it() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let mut run = RunSpans::begin("math", "run_1", Some("ada"));
    run.begin_step("gpt-4o");
    run.end_step("gpt-4o-2024", Some(&Usage::new(10, 5)));
    run.begin_tool("calculator", "c1");
    run.end_tool("c1", false);
    run.end(&Usage::new(20, 9), Some("step_limit"));

    let seen: Vec<Seen> = spans.0.lock().unwrap().values().cloned().collect();
    assert!(seen.iter().all(|span| span.closed), "{seen:?}");
    let named = |name: &str| seen.iter().find(|span| span.name == name).unwrap();
    let [run, chat, tool] = ["invoke_agent", "chat", "execute_tool"].map(named);
    assert_eq!((chat.parent, tool.parent), (Some("invoke_agent"), Some("invoke_agent")));
    assert_eq!(run.fields["otel.name"], "invoke_agent math");
    assert_eq!(run.fields["gen_ai.agent.name"], "math");
    assert_eq!(run.fields["gen_ai.conversation.id"], "ada");
    assert_eq!(run.fields["gen_ai.usage.input_tokens"], "20");
    assert_eq!(run.fields["error.type"], "step_limit");
    assert_eq!(chat.fields["otel.name"], "chat gpt-4o");
    assert_eq!(chat.fields["gen_ai.response.model"], "gpt-4o-2024");
    assert_eq!(chat.fields["gen_ai.usage.output_tokens"], "5");
    assert_eq!(tool.fields["gen_ai.operation.name"], "execute_tool");
    assert_eq!(tool.fields["gen_ai.tool.name"], "calculator");
    assert_eq!(tool.fields["gen_ai.tool.type"], "function");
    assert_eq!(tool.fields["error.type"], "tool_error");
}
