//! What cannot be done with an answer that is kept, in OpenAI's words.

use playhouse_llm::{Error, ErrorKind, Malformed};

/// There is no answer of this id, or not for this caller.
pub fn not_found(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Response with id '{id}' not found."))
}

/// There is no item of this id among what was kept.
pub fn item_not_found(id: &str) -> Error {
    let mut error = Error::new(ErrorKind::NotFound, format!("Item with id '{id}' not found."));
    error.param = Some("input".to_owned());
    error
}

/// There is no answer of this id to go on from.
pub fn previous_not_found(id: &str) -> Error {
    at("previous_response_id", format!("Previous response with id '{id}' not found."))
}

/// The answer to go on from is not there yet.
pub fn previous_in_progress(id: &str) -> Error {
    let message = format!(
        "The previous response '{id}' is still in progress: wait until it has ended, or cancel it, and go on from it then."
    );
    at("previous_response_id", message)
}

/// What was said before is more than is taken in at once.
pub fn chain_too_large(id: &str, max_responses: u32, max_bytes: u64) -> Error {
    let message = format!(
        "What was said up to the previous response '{id}' is more than {max_responses} responses or {max_bytes} bytes: \
         begin anew with what matters of it."
    );
    at("previous_response_id", message)
}

/// What goes on without its caller has to be kept.
pub fn background_without_store() -> Error {
    at("background", "Background mode requires 'store' to be true.")
}

/// A conversation is not something that is kept here.
pub fn conversation() -> Error {
    at("conversation", "Conversations are not kept here: go on from a response by 'previous_response_id'.")
}

/// An answer that was waited for is cancelled by leaving.
pub fn cancel_synchronous() -> Error {
    at("response_id", "Cannot cancel a synchronous response.")
}

/// An answer that has ended by itself cannot be cancelled.
pub fn cancel_ended(status: &str) -> Error {
    let message = match status {
        "completed" | "failed" => format!("Cannot cancel a {status} response."),
        _ => "Cannot cancel a response in terminal state.".to_owned(),
    };
    at("response_id", message)
}

/// An answer that runs cannot be deleted.
pub fn delete_in_flight() -> Error {
    at("response_id", "Cannot delete an in-flight response.")
}

/// The events of an answer that was waited for are gone.
pub fn stream_synchronous() -> Error {
    at("stream", "This response cannot be streamed because it was not created with background=true.")
}

/// An answer that was not to be told in pieces has no events.
pub fn stream_whole() -> Error {
    at("stream", "This response cannot be streamed because it was not created with stream=true.")
}

/// A parameter of the address that is none.
pub fn query(param: &str, wanted: &str) -> Error {
    at(param, format!("Invalid value for '{param}': it takes {wanted}."))
}

fn at(param: &str, message: impl Into<String>) -> Error {
    Error::invalid_request(Malformed::at(param, message))
}
