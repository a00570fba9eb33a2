//! A request to the control API, and reading what it says.

use axum::extract::Query;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use playhouse_llm::{Error, ErrorKind, Malformed};
use serde::de::DeserializeOwned;

/// A request to the control API.
#[derive(Clone, Debug)]
pub struct ControlRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path and query.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body; the one who took it in has bounded it.
    pub body: Bytes,
}

impl ControlRequest<'_> {
    /// The method; who asks for the head alone is answered as if for all.
    pub(super) fn method(&self) -> Method {
        if *self.method == Method::HEAD { Method::GET } else { self.method.clone() }
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The query's parameters; unknown and unfit ones are refused by name.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let query = Query::<T>::try_from_uri(self.uri);
        query.map(|Query(values)| values).map_err(|rejection| {
            let text = rejection.body_text();
            let detail = text.split_once("query string: ").map_or(&*text, |(_, detail)| detail);
            invalid(format!("the query does not fit: {detail}"))
        })
    }

    /// The body, which is a JSON object; without one, the default.
    pub(super) fn json<T: DeserializeOwned + Default>(&self) -> Result<T, Error> {
        match self.body.trim_ascii().first() {
            None => Ok(T::default()),
            // Structs would also be read from a list, field by field, which nobody means.
            Some(b'[') => Err(invalid("the body does not fit: it is a list and must be an object")),
            Some(_) => serde_json::from_slice(&self.body).map_err(|error| unfit(&error)),
        }
    }

    pub(super) fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|error| invalid(format!("the body is no text: {error}")))
    }
}

/// A page of another site must not change anything here through the browser of its reader.
pub(super) fn refuse_cross_site(request: &ControlRequest<'_>) -> Result<(), Error> {
    let is_cross_site = request.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if is_cross_site && request.method() != Method::GET {
        let message = "a page of another site may not change anything here; ask from outside a browser";
        return Err(Error::new(ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

fn unfit(error: &serde_json::Error) -> Error {
    let what = if error.is_data() { "the body does not fit" } else { "the body is not JSON" };
    invalid(format!("{what}: {error}"))
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::invalid_request(Malformed::new(message))
}

/// Refuses a parameter that is out of bounds.
pub(super) fn bounded(name: &str, value: u64, least: u64, most: u64) -> Result<u64, Error> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Error::invalid_request(Malformed::at(
        name,
        format!("{name} is {value}; it must be {least} to {most}"),
    )))
}
