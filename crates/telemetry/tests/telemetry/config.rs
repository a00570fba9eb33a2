//! The `[logging]` section.

use playhouse_telemetry::{LogFormat, LoggingConfig};

fn parse(json: &str) -> Result<LoggingConfig, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn everything_has_a_default() {
    let config = parse("{}").unwrap();
    assert_eq!(config, LoggingConfig::default());
    assert_eq!((config.level.to_string().as_str(), config.format), ("info", LogFormat::Json));
}

#[test]
fn a_config_comes_back() {
    let config = parse(r#"{"level": "debug,hyper=info", "format": "text"}"#).unwrap();
    assert_eq!(parse(&serde_json::to_string(&config).unwrap()).unwrap(), config);
}

#[test]
fn mistakes_are_named() {
    assert!(parse(r#"{"levle": "info"}"#).unwrap_err().contains("levle"));
    assert!(parse(r#"{"level": "loud"}"#).unwrap_err().contains("unknown log level 'loud'"));
    assert!(parse(r#"{"format": "xml"}"#).unwrap_err().contains("xml"));
}

#[test]
fn a_format_can_be_a_flag() {
    let formats = [LogFormat::Json, LogFormat::Text];
    assert_eq!(formats.map(|format| format.to_string().parse()), formats.map(Ok));
    let error = "xml".parse::<LogFormat>().unwrap_err();
    assert_eq!(error.to_string(), "unknown log format 'xml': write json or text");
}
