//! The spans of an agent's run.

use std::collections::HashMap;

use playhouse_llm::{Context, TraceContext, Usage};

use crate::otlp::{Kind, Name, Span, Tracer};

/// The spans of a run, under the names of OpenTelemetry's GenAI conventions: `invoke_agent`, and in it
/// `execute_tool` for each tool call. The `chat` spans in it are the attempts to have a model answer, which
/// are begun where the model is asked.
///
/// A span lasts from where it is begun to where it is ended; what still lasts ends with the run.
///
/// Source: <https://github.com/open-telemetry/semantic-conventions-genai>.
#[derive(Debug)]
pub struct RunSpans {
    tracer: Tracer,
    run: Span,
    trace: TraceContext,
    tools: HashMap<String, Span>,
}

impl RunSpans {
    /// Begins the span of a run, within the span of this context; `None` where the tracer is off.
    pub fn begin(tracer: &Tracer, context: &Context, agent: &str, run_id: &str, model: &str) -> Option<Self> {
        if !tracer.is_on() {
            return None;
        }
        let mut run = tracer.begin(context.trace.as_ref(), Kind::Internal)?;
        run.say_name(Name { verb: "invoke_agent", object: Some(agent) });
        run.say_text("gen_ai.operation.name", "invoke_agent");
        run.say_text("gen_ai.agent.name", agent);
        run.say_text("gen_ai.request.model", model);
        context.session_id.iter().for_each(|id| run.say_text("gen_ai.conversation.id", id));
        run.say_text("playhouse.run.id", run_id);
        let trace = run.trace();
        Some(Self { tracer: tracer.clone(), run, trace, tools: HashMap::new() })
    }

    /// The run's span, for what is done in it.
    pub fn trace(&self) -> TraceContext {
        self.trace.clone()
    }

    /// Begins the span of a tool call.
    pub fn begin_tool(&mut self, tool: &str, call_id: &str, arguments: &str) {
        if !self.run.is_recording() {
            return;
        }
        let Some(mut span) = self.tracer.begin(Some(&self.trace), Kind::Internal) else { return };
        span.say_name(Name { verb: "execute_tool", object: Some(tool) });
        span.say_text("gen_ai.operation.name", "execute_tool");
        span.say_text("gen_ai.tool.name", tool);
        span.say_text("gen_ai.tool.call.id", call_id);
        span.say_text("gen_ai.tool.type", "function");
        if self.tracer.captures_content() {
            crate::otlp::say_arguments(&mut span, arguments);
        }
        self.tools.insert(call_id.to_owned(), span);
    }

    /// Ends the span of a tool call; `result` is asked for where what came of it may be told.
    pub fn end_tool(&mut self, call_id: &str, success: bool, result: impl FnOnce() -> String) {
        let Some(mut span) = self.tools.remove(call_id) else { return };
        if self.tracer.captures_content() {
            crate::otlp::say_result(&mut span, &result());
        }
        if !success {
            span.said().iter_mut().for_each(|said| said.failure("tool_error"));
        }
    }

    /// Ends the span of the run; `error` is how it ended, if not well.
    pub fn end(mut self, usage: &Usage, error: Option<&str>) {
        let Some(mut said) = self.run.said() else { return };
        crate::otlp::say_usage(&mut said, usage);
        match error {
            Some("cancelled") => said.text("error.type", "cancelled"),
            Some(error) => said.failure(error),
            None => {}
        }
    }
}
