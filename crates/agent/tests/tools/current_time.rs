//! The time, by a clock that stands still.

use std::time::{Duration, SystemTime};

use playhouse_agent::tools::CurrentTime;
use playhouse_agent::{ToolRegistry, ToolResult};
use serde_json::{Value, json};

/// Friday, 27 November 2026, 23:30:05.999 in UTC.
fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_822_205_999)
}

async fn ask(input: Value) -> ToolResult {
    let tools = ToolRegistry::new().with(CurrentTime::with_clock(clock)).unwrap();
    tools.execute("current_time", input).await
}

async fn time_in(timezone: &str) -> String {
    ask(json!({"timezone": timezone})).await.text()
}

#[tokio::test]
async fn without_a_time_zone_it_is_utc() {
    let utc = "2026-11-27T23:30:05+00:00 (Friday, UTC)";
    for input in [json!({}), json!({"timezone": null}), json!({"timezone": ""})] {
        assert_eq!(ask(input).await, ToolResult::ok(utc));
    }
    for name in ["UTC", "utc", "Z"] {
        assert_eq!(time_in(name).await, utc, "{name}");
    }
}

#[tokio::test]
async fn the_day_is_the_one_there() {
    assert_eq!(time_in("Europe/Berlin").await, "2026-11-28T00:30:05+01:00 (Saturday, Europe/Berlin)");
    assert_eq!(time_in("america/new_york").await, "2026-11-27T18:30:05-05:00 (Friday, America/New_York)");
    assert_eq!(time_in("Asia/Kathmandu").await, "2026-11-28T05:15:05+05:45 (Saturday, Asia/Kathmandu)");
}

#[tokio::test]
async fn an_offset_is_a_time_zone() {
    assert_eq!(time_in("+02:00").await, "2026-11-28T01:30:05+02:00 (Saturday, UTC+02:00)");
    assert_eq!(time_in("UTC-3:30").await, "2026-11-27T20:00:05-03:30 (Friday, UTC-03:30)");
}

#[tokio::test]
async fn an_unknown_time_zone_is_refused_with_what_may_be_meant() {
    for (name, error) in [
        ("Berlin", "unknown time zone 'Berlin'; did you mean 'Europe/Berlin'?"),
        ("new york", "unknown time zone 'new york'; did you mean 'America/New_York'?"),
        ("Europe/Berlni", "unknown time zone 'Europe/Berlni'; did you mean 'Europe/Berlin'?"),
        (
            "Middle-earth",
            "unknown time zone 'Middle-earth'; write an IANA name such as Europe/Berlin, or an offset such as +02:00",
        ),
        (
            "../../../etc/passwd",
            "unknown time zone '../../../etc/passwd'; write an IANA name such as Europe/Berlin, or an offset such as +02:00",
        ),
    ] {
        assert_eq!(ask(json!({"timezone": name})).await, ToolResult::failure(error));
    }
    let long = ask(json!({"timezone": "x".repeat(65)})).await;
    assert_eq!(
        long,
        ToolResult::failure("the name of the time zone is too long; write one such as Europe/Berlin")
    );
}

#[tokio::test]
async fn it_may_be_called_twice() {
    assert!(ToolRegistry::new().with(CurrentTime::new()).unwrap().is_idempotent());
}

#[tokio::test]
async fn the_machine_has_a_clock() {
    let tools = ToolRegistry::new().with(CurrentTime::default()).unwrap();
    let time = tools.execute("current_time", json!({})).await;
    assert!(time.success && time.output.starts_with("20"), "{time:?}");
}
