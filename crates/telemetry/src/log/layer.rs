//! The layer that turns events into lines.

use std::cell::RefCell;
use std::sync::Arc;

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::{EventFields, FieldVisitor};
use super::json::JsonStyle;
use super::layout::Layouts;
use super::stamp::Stamp;
use super::style::{Head, Style};
use super::text::TextStyle;
use super::{CapturedLines, LineQueue, LogFormat, LoggingConfig};
use crate::scope::RequestScope;

/// Where lines go.
#[derive(Clone, Debug)]
pub enum Sink {
    /// To a queue that a thread of its own writes out.
    Queue(Arc<LineQueue>),
    /// Into memory, for tests.
    Memory(CapturedLines),
}

/// A layer that writes each event as one line. It brings its own filter, so that other layers of
/// the same subscriber see what they choose.
pub fn log_layer<S>(config: &LoggingConfig, color: bool, sink: Sink) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer: Box<dyn Layer<S> + Send + Sync> = match config.format {
        LogFormat::Json => Box::new(LogLayer { style: JsonStyle, sink }),
        LogFormat::Text => Box::new(LogLayer { style: TextStyle { color }, sink }),
    };
    layer.with_filter(config.level.targets())
}

struct LogLayer<T> {
    style: T,
    sink: Sink,
}

impl<S: Subscriber, T: Style + 'static> Layer<S> for LogLayer<T> {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let written = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => self.write(event, &mut scratch),
            // A value that logs while it is being logged.
            Err(_) => self.write(event, &mut Scratch::default()),
        });
        if written.is_err() {
            // The thread is ending, and its locals are gone.
            self.write(event, &mut Scratch::default());
        }
    }
}

impl<T: Style> LogLayer<T> {
    fn write(&self, event: &Event<'_>, scratch: &mut Scratch) {
        let Scratch { stamp, layouts, fields, line } = scratch;
        fields.clear();
        line.clear();
        let layout = layouts.of(event.metadata());
        event.record(&mut FieldVisitor { style: &self.style, layout, fields });
        let head = Head { timestamp: stamp.now(), layout, origin: &fields.origin };
        RequestScope::with_current(|scope| self.style.compose(line, &head, fields, scope));
        self.sink.write(line);
        if line.capacity() > Scratch::KEPT_BYTES {
            *fields = EventFields::default();
            *line = Vec::new();
        }
    }
}

impl Sink {
    fn write(&self, line: &[u8]) {
        match self {
            Self::Queue(queue) => queue.push(line),
            Self::Memory(lines) => lines.push(line),
        }
    }
}

/// Buffers that a thread keeps from line to line.
#[derive(Default)]
struct Scratch {
    stamp: Stamp,
    layouts: Layouts,
    fields: EventFields,
    line: Vec<u8>,
}

impl Scratch {
    /// Buffers that one long line has blown up are let go.
    const KEPT_BYTES: usize = 64 * 1024;
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}
