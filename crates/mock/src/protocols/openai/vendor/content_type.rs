//! The form a body says it has.

use http::{HeaderMap, header};

use crate::protocols::Violation;
use crate::protocols::openai::strict::complaint::Complaint;

/// Refuses what says that it is not JSON; what says nothing is read as JSON.
pub(super) fn check(headers: &HeaderMap) -> Option<Violation> {
    let said = headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or("?");
    let media_type = said.split(';').next().unwrap_or(said).trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return None;
    }
    match media_type.to_ascii_lowercase().as_str() {
        "" => None,
        form if form.ends_with("+json") => None,
        // What curl sends unasked is read as a form, in which there is no model.
        "application/x-www-form-urlencoded" => {
            Some(Complaint::new("you must provide a model parameter").under(RULE))
        }
        form => Some(unsupported(form, said)),
    }
}

const RULE: &str = "openai/content-type";

fn unsupported(media_type: &str, said: &str) -> Violation {
    let message = format!(
        "Unsupported content type: '{media_type}'. This API method only accepts 'application/json' requests, but you specified the header 'Content-Type: {said}'. Please try again with a supported content type."
    );
    Complaint::new(message).code("unsupported_content_type").under(RULE)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refused(content_type: &'static str) -> Option<String> {
        let value = HeaderValue::from_static(content_type);
        check(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)])).map(|refused| refused.message)
    }

    #[test]
    fn only_json_is_taken() {
        assert_eq!(check(&HeaderMap::new()), None);
        for taken in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"] {
            assert_eq!(refused(taken), None, "{taken}");
        }
        assert_eq!(
            refused("application/x-www-form-urlencoded").as_deref(),
            Some("you must provide a model parameter")
        );
        assert!(refused("text/plain; charset=utf-8").is_some_and(|message| {
            message.starts_with("Unsupported content type: 'text/plain'.")
                && message.contains("'Content-Type: text/plain; charset=utf-8'")
        }));
    }
}
