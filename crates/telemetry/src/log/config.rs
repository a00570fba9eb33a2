//! The `[logging]` section.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LogFilter;

/// What is logged, and how it looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoggingConfig {
    /// How much is logged: `info`, or per target: `info,hyper=debug`.
    pub level: LogFilter,
    /// `json` for machines, `text` for people.
    pub format: LogFormat,
    /// Whether what tools are called with, and what they answer, is logged. Default: false.
    pub capture: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// One short line for people.
    Text,
}

/// A log format nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log format '{0}': write json or text")]
pub struct LogFormatError(String);

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(name: &str) -> Result<Self, LogFormatError> {
        match name {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(LogFormatError(name.to_owned())),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}
