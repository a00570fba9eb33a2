//! Which events become lines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What the targets of our own crates begin with.
const OWN_TARGETS: &str = "playhouse";

/// How much is logged, as a person writes it: `debug`, or `info,hyper=debug`.
///
/// A level alone holds for Playhouse itself; libraries stay at warnings and errors unless they are
/// named. Python's `WARNING` and `CRITICAL` are understood.
///
/// ```
/// use playhouse_telemetry::LogFilter;
///
/// let filter: LogFilter = "info,hyper=debug".parse()?;
/// assert_eq!(filter.to_string(), "info,hyper=debug");
/// assert!("loud".parse::<LogFilter>().is_err());
/// # Ok::<(), playhouse_telemetry::log::LogFilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogFilter {
    spec: String,
    level: LevelFilter,
    per_target: Vec<(String, LevelFilter)>,
}

/// A log level nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown log level '{level}' in '{spec}': write error, warn, info, debug, trace or off, \
     alone or for one library as in 'info,hyper=debug'"
)]
pub struct LogFilterError {
    level: String,
    spec: String,
}

impl LogFilter {
    pub(super) fn targets(&self) -> Targets {
        Targets::new()
            .with_default(self.level.min(LevelFilter::WARN))
            .with_target(OWN_TARGETS, self.level)
            .with_targets(self.per_target.iter().cloned())
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { spec: "info".to_owned(), level: LevelFilter::INFO, per_target: Vec::new() }
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(spec: &str) -> Result<Self, LogFilterError> {
        let mut filter = Self { spec: spec.to_owned(), ..Self::default() };
        for part in spec.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (target, level) = part.rsplit_once('=').unwrap_or(("", part));
            let level = level.trim();
            let parsed = parse_level(level)
                .ok_or_else(|| LogFilterError { level: level.to_owned(), spec: spec.to_owned() })?;
            match target.trim() {
                "" => filter.level = parsed,
                target => filter.per_target.push((target.to_owned(), parsed)),
            }
        }
        Ok(filter)
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterError;

    fn try_from(spec: String) -> Result<Self, LogFilterError> {
        spec.parse()
    }
}

impl From<LogFilter> for String {
    fn from(filter: LogFilter) -> Self {
        filter.spec
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.spec)
    }
}

fn parse_level(text: &str) -> Option<LevelFilter> {
    match text.to_ascii_lowercase().as_str() {
        "off" => Some(LevelFilter::OFF),
        "error" | "critical" | "fatal" => Some(LevelFilter::ERROR),
        "warn" | "warning" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    fn enabled(spec: &str, target: &str) -> Vec<Level> {
        let targets = spec.parse::<LogFilter>().unwrap().targets();
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        levels.into_iter().filter(|level| targets.would_enable(target, level)).collect()
    }

    #[test]
    fn a_level_alone_is_for_our_own_crates() {
        assert_eq!(enabled("debug", "playhouse_server::chat").len(), 4);
        assert_eq!(enabled("debug", "playhouse").len(), 4);
        assert_eq!(enabled("debug", "hyper::proto"), [Level::ERROR, Level::WARN]);
        assert_eq!(enabled("error", "hyper::proto"), [Level::ERROR]);
        assert_eq!(enabled("OFF", "hyper").len(), 0);
    }

    #[test]
    fn a_target_can_be_named() {
        assert_eq!(enabled("info, hyper=debug", "hyper::proto").len(), 4);
        assert_eq!(enabled("info,hyper=debug", "h2").len(), 2);
        assert_eq!(enabled("info,playhouse_store=trace", "playhouse_store::calls").len(), 5);
        assert_eq!(enabled("hyper=trace", "playhouse").len(), 3);
    }

    #[test]
    fn python_names_are_understood() {
        assert_eq!(enabled("WARNING", "playhouse").len(), 2);
        assert_eq!(enabled("Critical", "playhouse").len(), 1);
    }

    #[test]
    fn an_unknown_level_is_named() {
        let error = "info,hyper=loud".parse::<LogFilter>().unwrap_err();
        assert!(error.to_string().starts_with("unknown log level 'loud' in 'info,hyper=loud'"), "{error}");
    }
}
