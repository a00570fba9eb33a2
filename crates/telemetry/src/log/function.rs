//! Macros that log with the name of the function they stand in.

/// Logs an error, with the enclosing function's name. Written as `tracing::error!`.
///
/// ```
/// let failure = std::io::Error::other("disk full");
/// playhouse_telemetry::error!(
///     path = "calls.db",
///     error = &failure as &dyn std::error::Error,
///     "Could not write the call records"
/// );
/// ```
#[macro_export]
macro_rules! error {
    ($($event:tt)+) => { $crate::__event!(ERROR, $($event)+) };
}

/// Logs a warning, with the enclosing function's name. Written as `tracing::warn!`.
#[macro_export]
macro_rules! warn {
    ($($event:tt)+) => { $crate::__event!(WARN, $($event)+) };
}

/// Logs what happened, with the enclosing function's name. Written as `tracing::info!`.
///
/// ```
/// playhouse_telemetry::info!(address = "127.0.0.1:8000", "Listening");
/// ```
#[macro_export]
macro_rules! info {
    ($($event:tt)+) => { $crate::__event!(INFO, $($event)+) };
}

/// Logs a detail, with the enclosing function's name. Written as `tracing::debug!`.
#[macro_export]
macro_rules! debug {
    ($($event:tt)+) => { $crate::__event!(DEBUG, $($event)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    ($level:ident, target: $target:expr, $($event:tt)+) => {
        $crate::__tracing::event!(
            target: $target,
            $crate::__tracing::Level::$level,
            log.function = $crate::__enclosing_function!(),
            $($event)+
        )
    };
    ($level:ident, $($event:tt)+) => {
        $crate::__tracing::event!(
            $crate::__tracing::Level::$level,
            log.function = $crate::__enclosing_function!(),
            $($event)+
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __enclosing_function {
    () => {{
        fn here() {}
        // Looked for once: the name stays, even where types change what stands around it.
        static NAME: ::std::sync::OnceLock<&str> = ::std::sync::OnceLock::new();
        *NAME.get_or_init(|| $crate::log::enclosing_function(::std::any::type_name_of_val(&here)))
    }};
}

/// The function in whose body an item of this path stands: `a::b::run::{{closure}}::here` → `run`.
#[doc(hidden)]
pub fn enclosing_function(item_path: &'static str) -> &'static str {
    let mut path = item_path.strip_suffix("::here").unwrap_or(item_path);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    last_segment(path)
}

/// The last name of a path: `a::b` → `b`.
pub(super) fn last_segment(path: &str) -> &str {
    path.rfind(':').map_or(path, |colon| &path[colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Speaker<T>(T);

    trait Speak {
        fn speak(&self) -> &'static str;
    }

    impl<T> Speak for Speaker<T> {
        fn speak(&self) -> &'static str {
            __enclosing_function!()
        }
    }

    #[test]
    fn closures_and_impls_are_seen_through() {
        let inside = || {
            let deeper = || __enclosing_function!();
            deeper()
        };
        assert_eq!(inside(), "closures_and_impls_are_seen_through");
        assert_eq!(Speaker(vec![1]).speak(), "speak");
    }

    #[tokio::test]
    async fn async_functions_keep_their_name() {
        assert_eq!(async { __enclosing_function!() }.await, "async_functions_keep_their_name");
    }

    #[test]
    fn a_path_without_colons_is_its_own_last_segment() {
        assert_eq!(last_segment("main"), "main");
        assert_eq!(last_segment("hyper::proto::h1"), "h1");
    }
}
