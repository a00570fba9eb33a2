//! Panics as log lines.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::panic::{self, PanicHookInfo};
use std::thread;

/// Logs every panic from now on, instead of printing it, and calls `and_then`: the panic may be
/// the last thing the process does.
pub fn log_panics(and_then: impl Fn() + Send + Sync + 'static) {
    panic::set_hook(Box::new(move |info| {
        log_panic(info);
        and_then();
    }));
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let message = without_content(info.payload_as_str().unwrap_or("no message"));
    let thread = thread::current();
    let (file, line) = info.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    tracing::event!(
        target: "playhouse::panic",
        tracing::Level::ERROR,
        log.module_path = file,
        log.function = "panic",
        log.line = u64::from(line),
        exception = format!("panicked at {file}:{line}: {message}{}", backtrace()),
        thread = thread.name(),
        "Panicked"
    );
}

/// The message without the text that a failed slice quotes: it could be somebody's prompt.
fn without_content(message: &str) -> Cow<'_, str> {
    match message.split_once(" of `") {
        Some((said, _)) => Cow::Owned(format!("{said} of a text")),
        None => Cow::Borrowed(message),
    }
}

/// Where it came from, if the standard library was told to look (`RUST_BACKTRACE`).
fn backtrace() -> String {
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_slice_does_not_quote_its_text() {
        let prompt = String::from("my sécret");
        let panic = panic::catch_unwind(|| prompt[..5].len()).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("cret"), "the library quotes the text: {message}");
        assert!(!without_content(message).contains("cret"), "{}", without_content(message));
    }

    #[test]
    fn other_messages_stay() {
        assert_eq!(without_content("called `Option::unwrap()` on a `None` value").len(), 43);
    }
}
