//! A fault in one word, as a command line takes it and a log shows it: `429`, `cut:after_events=3`.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde_json::{Map, Value};

use super::suggestion::{advice, nearest};
use crate::script::{FaultKind, FaultSpec};

/// Characters that mean something in the form, and the one that stands for them.
const RESERVED: [char; 4] = ['%', ':', ',', '+'];
/// Settings that are texts even where they look like numbers.
const TEXTS: [&str; 4] = ["message", "type", "code", "content_type"];

/// Why a text names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It begins with a status that no refusal has.
    #[error("{0} is no status of a refusal; use 400 to 599")]
    Status(String),
    /// It begins with neither a status nor a kind.
    #[error("there is no fault `{name}`; {}", advice(*meant, &kinds()))]
    Kind {
        /// What was written.
        name: String,
        /// What may have been meant.
        meant: Option<&'static str>,
    },
    /// One of its settings has no value.
    #[error("`{0}` of the fault has no value; write it like cut:after_events=3")]
    NoValue(String),
    /// One of its settings is unknown, or its value of another kind.
    #[error("the fault `{form}` cannot be used: {reason}")]
    Setting {
        /// The fault.
        form: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads `KIND` or `STATUS`, and any settings of the fault behind it, each with a colon.
///
/// `%` and two hexadecimal digits stand for a character that means something here. Headers cannot
/// be said this way.
///
/// ```
/// use playhouse_mock::script::FaultSpec;
///
/// let fault: FaultSpec = "429:retry_after_s=2:message=Slow down%2C please".parse().unwrap();
/// assert_eq!((fault.status, fault.retry_after_s), (Some(429), Some(2.0)));
/// assert_eq!(fault.message.as_deref(), Some("Slow down, please"));
/// assert_eq!(fault.to_string(), "429:retry_after_s=2:message=Slow down%2C please");
/// ```
impl FromStr for FaultSpec {
    type Err = FormError;

    fn from_str(form: &str) -> Result<Self, FormError> {
        let mut parts = form.trim().split(':');
        let mut fields = Map::from_iter([head(parts.next().unwrap_or_default())?]);
        for setting in parts {
            let (key, value) =
                setting.split_once('=').ok_or_else(|| FormError::NoValue(setting.to_owned()))?;
            fields.insert(key.to_owned(), value_of(key, value));
        }
        let setting = |reason: serde_json::Error| FormError::Setting {
            form: form.to_owned(),
            reason: reason.to_string(),
        };
        serde_json::from_value(Value::Object(fields)).map_err(setting)
    }
}

fn head(name: &str) -> Result<(String, Value), FormError> {
    if name.parse::<i64>().is_ok() {
        let status = name.parse().ok().filter(|status: &u16| (400..600).contains(status));
        let status = status.ok_or_else(|| FormError::Status(name.to_owned()))?;
        return Ok(("status".to_owned(), status.into()));
    }
    match FaultKind::from_name(name) {
        Some(kind) => Ok(("kind".to_owned(), kind.as_str().into())),
        None => Err(FormError::Kind { name: name.to_owned(), meant: nearest_kind(name) }),
    }
}

fn value_of(key: &str, value: &str) -> Value {
    let number = || value.parse().ok().map(Value::Number);
    let as_text = || Value::String(unescaped(value));
    if TEXTS.contains(&key) { as_text() } else { number().unwrap_or_else(as_text) }
}

fn nearest_kind(name: &str) -> Option<&'static str> {
    let names = FaultKind::ALL.iter().map(|kind| kind.as_str());
    nearest(name, names)
}

fn kinds() -> String {
    let names: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.as_str()).collect();
    format!("a status, or one of {}", names.join(", "))
}

/// The form that gives exactly this fault again, but for its headers.
impl fmt::Display for FaultSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map(|status| status.to_string());
        let is_status = self.kind().is_none_or(|kind| kind == FaultKind::Status);
        match (&status, self.kind) {
            (Some(status), _) if is_status => formatter.write_str(status)?,
            (_, kind) => formatter.write_str(kind.unwrap_or(FaultKind::Status).as_str())?,
        }
        let settings: [(&str, Option<String>); 12] = [
            ("status", status.filter(|_| !is_status)),
            ("times", shown(&self.times)),
            ("retry_after_s", shown(&self.retry_after_s)),
            ("after_events", shown(&self.after_events)),
            ("after_bytes", shown(&self.after_bytes)),
            ("stall_ms", shown(&self.stall_ms)),
            ("bytes", shown(&self.bytes)),
            ("every_ms", shown(&self.every_ms)),
            ("message", self.message.as_deref().map(escaped)),
            ("type", self.r#type.as_deref().map(escaped)),
            ("code", self.code.as_deref().map(escaped)),
            ("content_type", self.content_type.as_deref().map(escaped)),
        ];
        let said = settings.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        said.into_iter().try_for_each(|(key, value)| write!(formatter, ":{key}={value}"))
    }
}

fn shown(number: &Option<impl ToString>) -> Option<String> {
    number.as_ref().map(ToString::to_string)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        // A `String` takes everything that is written to it.
        let _ = match char {
            char if RESERVED.contains(&char) => write!(escaped, "%{:02X}", u32::from(char)),
            char => escaped.write_char(char),
        };
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut unescaped = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(u8::is_ascii) {
            Some(byte) => {
                unescaped.push(char::from(byte));
                unescaped.push_str(&piece[2..]);
            }
            None => {
                unescaped.push('%');
                unescaped.push_str(piece);
            }
        }
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(form: &str) -> String {
        form.parse::<FaultSpec>().unwrap().to_string()
    }

    #[test]
    fn every_kind_and_setting_reads_as_it_is_shown() {
        for kind in FaultKind::ALL {
            let spec = FaultSpec { kind: Some(*kind), ..FaultSpec::default() };
            assert_eq!(spec.to_string().parse(), Ok(spec));
        }
        for form in [
            "429",
            "503:times=2",
            "429:retry_after_s=0.25:message=wait%3A 1%25 more:type=tokens:code=429",
            "cut:after_bytes=700",
            "stall:after_events=0:stall_ms=500",
            "drip:bytes=1:every_ms=10",
            "wrong_content_type:content_type=text/html; charset=utf-8",
        ] {
            assert_eq!(again(form), form);
        }
    }

    #[test]
    fn a_text_stays_a_text() {
        let spec: FaultSpec = "400:code=1234:message=100%".parse().unwrap();
        assert_eq!((spec.code.as_deref(), spec.message.as_deref()), (Some("1234"), Some("100%")));
    }

    #[test]
    fn what_names_no_fault_is_told() {
        let errors: Vec<String> = [
            "resett_before_headers",
            "teapot",
            "",
            "200",
            "cut:3",
            "cut:after_event=3",
            "cut:after_events=x",
        ]
        .map(|form| form.parse::<FaultSpec>().unwrap_err().to_string())
        .into();
        insta::assert_snapshot!(errors.join("\n"));
    }
}
