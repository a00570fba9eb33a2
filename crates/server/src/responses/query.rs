//! What the routes of responses are asked with.

use axum::extract::Query;
use http::Uri;
use playhouse_llm::Error;
use playhouse_wire::openai::responses::state::refusals;

const USUAL_ITEMS: usize = 20;
const MOST_ITEMS: usize = 100;

/// From where a response is to be told; `None` where it is not to be told in pieces.
pub(super) fn told_after(uri: &Uri) -> Result<Option<u64>, Error> {
    let number = value(uri, "starting_after").map(|number| event_number(&number)).transpose()?;
    match value(uri, "stream").as_deref() {
        None | Some("false") => Ok(None),
        // The first event has the number 0: whoever has it has had one.
        Some("true") => Ok(Some(number.map_or(0, |number| number + 1))),
        Some(_) => Err(refusals::query("stream", "true or false")),
    }
}

fn event_number(text: &str) -> Result<u64, Error> {
    let number: Option<u64> = text.parse().ok().filter(|number| *number < i64::MAX.unsigned_abs());
    number.ok_or_else(|| refusals::query("starting_after", "the number of an event"))
}

/// Which part of a list is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    pub(super) limit: usize,
    pub(super) is_ascending: bool,
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
}

impl ListQuery {
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let limit = value(uri, "limit").map_or(Some(USUAL_ITEMS), |limit| limit.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST_ITEMS).contains(limit));
        let is_ascending = match value(uri, "order").as_deref() {
            Some("asc") => true,
            None | Some("desc") => false,
            Some(_) => return Err(refusals::query("order", "asc or desc")),
        };
        Ok(Self {
            limit: limit.ok_or_else(|| refusals::query("limit", "1 to 100"))?,
            is_ascending,
            after: value(uri, "after"),
            before: value(uri, "before"),
        })
    }
}

/// The value of a parameter; what the routes have no use for is not looked at.
fn value(uri: &Uri, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(query: &str) -> Uri {
        format!("/v1/responses/resp_1?{query}").parse().unwrap()
    }

    #[test]
    fn a_response_is_told_after_the_event_that_is_named() {
        for (query, after) in [
            ("", None),
            ("stream=false&starting_after=3", None),
            ("stream=true", Some(0)),
            ("include%5B%5D=x&stream=true&starting_after=0", Some(1)),
            ("starting_after=41&stream=true", Some(42)),
        ] {
            assert_eq!(told_after(&uri(query)).unwrap(), after, "{query}");
        }
        for (query, param) in [
            ("stream=yes", "stream"),
            ("stream=true&starting_after=-1", "starting_after"),
            ("starting_after=9223372036854775808", "starting_after"),
        ] {
            assert_eq!(told_after(&uri(query)).unwrap_err().param.as_deref(), Some(param), "{query}");
        }
    }

    #[test]
    fn a_list_is_newest_first_unless_told_otherwise() {
        let usual = ListQuery { limit: 20, is_ascending: false, after: None, before: None };
        assert_eq!(ListQuery::of(&uri("")).unwrap(), usual);
        let query = ListQuery::of(&uri("limit=100&order=asc&after=msg_1")).unwrap();
        assert_eq!((query.limit, query.is_ascending, query.after.as_deref()), (100, true, Some("msg_1")));
        for query in ["limit=0", "limit=101", "limit=x", "order=up"] {
            assert!(ListQuery::of(&uri(query)).is_err(), "{query}");
        }
    }
}
