//! The example in Rust of the page about the double, as it stands there.

const PAGE: &str = include_str!("../../../../docs/mock.md");
const HERE: &str = include_str!("documented.rs");

#[rustfmt::skip]
async fn example() -> std::io::Result<playhouse_mock::MockServer> {
    // The page's:
    use playhouse_mock::MockServer;
    use playhouse_mock::script::{Rule, Script, When};

    let script = Script::default().rule(Rule::reply("It is sunny.").when(When::user("weather")));
    let server = MockServer::start(script).await?;
    // Until here.
    Ok(server)
}

#[tokio::test]
async fn the_example_is_the_pages_and_answers() {
    let (_, rest) = HERE.split_once("    // The page's:\n").unwrap();
    let (lines, _) = rest.split_once("    // Until here.\n").unwrap();
    let lines: Vec<&str> = lines.lines().map(str::trim_start).collect();
    assert!(PAGE.contains(&lines.join("\n")), "the page has another example");
    let server = example().await.unwrap();
    assert_eq!(crate::ask::chat(&server, "the weather").await.content(), "It is sunny.");
}
