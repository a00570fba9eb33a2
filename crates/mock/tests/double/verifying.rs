//! What a `MockServer` says when it is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_mock::MockServer;
use playhouse_mock::script::When;
use playhouse_mock::verify::Expectations;

use crate::ask::{chat, start};

/// What the test fails with, if it does.
fn dropped(server: MockServer) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(move || drop(server))).err()?;
    Some(failed.downcast_ref::<String>().unwrap().clone())
}

#[tokio::test]
async fn who_was_used_as_expected_says_nothing() {
    let mut server = start("rules: [{when: {user: weather}, reply: sunny}]").await;
    chat(&server, "the weather").await;
    server.expect(Expectations::default().called(When::user("weather"), 1).total(1).script_consumed());
    assert_eq!(dropped(server), None);
}

#[tokio::test]
async fn a_miss_fails_the_test_and_tells_the_exchange() {
    let server = start("rules: [{name: weather, when: {user: weather}, reply: sunny}]").await;
    chat(&server, "the weather").await;
    chat(&server, "the time").await;
    insta::assert_snapshot!(dropped(server).unwrap(), @r#"
    the mock was not used as expected:
    1 expectation is not met

    no_misses
      expected: every call to match a rule
      actual:   no rule matched #2
        #2 POST chat gpt-4o "the time" → NO RULE (nearest rule 'weather')
          no rule matched; rule 'weather' came nearest
            user: expected to contain "weather", the last user message is "the time"

    the 2 calls that came:
      #1 POST chat gpt-4o "the weather" → rule 'weather'
      #2 POST chat gpt-4o "the time" → NO RULE (nearest rule 'weather')
    "#);
}

#[tokio::test]
async fn what_did_not_happen_fails_the_test() {
    let mut server = start("rules: [{reply: Hi}]").await;
    chat(&server, "the weather in Oslo").await;
    server.expect(
        Expectations::default().called(When::user("the weather in Rome"), 1).never_called(When::user("Oslo")),
    );
    insta::assert_snapshot!(dropped(server).unwrap(), @r#"
    the mock was not used as expected:
    2 expectations are not met

    calls[0]
      expected: 1 call where user contains "the weather in Rome"
      actual:   no call
      nearest:  #1 POST chat gpt-4o "the weather in Oslo" → rule 1
        user: expected to contain "the weather in Rome", the last user message is "the weather in Oslo"
      its messages (- expected, + actual):
        - user       contains "the weather in Rome"
        + user       the weather in Oslo
        ?            the weather in [-Rome-]{+Oslo+}

    calls[1]
      expected: no call where user contains "Oslo"
      actual:   1 call: #1
        #1 POST chat gpt-4o "the weather in Oslo" → rule 1
          user       the weather in Oslo

    the call that came:
      #1 POST chat gpt-4o "the weather in Oslo" → rule 1
    "#);
}

#[tokio::test]
async fn namespaces_are_verified_by_name() {
    let server = start("rules: [{reply: Hi}]").await;
    let other = server.engine().namespace("other").unwrap();
    let expected = Expectations::default().total(1);
    assert!(!server.engine().verify(&other, &expected).unwrap().ok);
    chat(&server, "Hi").await;
    assert!(server.verify(&expected).ok);
}
