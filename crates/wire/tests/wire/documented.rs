//! The page on protocols says what the code does.

use std::collections::BTreeSet;

use playhouse_wire::anthropic::messages;
use playhouse_wire::openai::{chat, responses};

const PAGE: &str = include_str!("../../../../docs/protocols.md");

/// The names in the first column of the table that follows this line.
fn listed(before: &str) -> BTreeSet<&'static str> {
    let (_, rest) = PAGE.split_once(before).unwrap_or_else(|| panic!("the page has no line {before:?}"));
    let rows =
        rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let names = rows.skip(2).filter_map(|row| row.split('|').nth(1));
    names.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

fn known(lists: [&[&'static str]; 2]) -> BTreeSet<&'static str> {
    lists.concat().into_iter().collect()
}

#[test]
fn what_is_dropped_is_what_the_page_says() {
    let of_chat = known([&chat::DROPPED, &chat::DROPPED_OF_MESSAGE]);
    assert_eq!(listed("Of a chat completions request:"), of_chat);
    let of_messages = known([&messages::DROPPED, &messages::DROPPED_OF_BLOCK]);
    assert_eq!(listed("Of a Messages request:"), of_messages);
    let of_responses = known([&responses::DROPPED, &responses::DROPPED_OF_ITEM]);
    assert_eq!(listed("Of a Responses request:"), of_responses);
}
