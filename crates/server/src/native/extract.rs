//! What native handlers take in, and how it is refused: as problem details.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use playhouse_edge::{Identity, Problem, intake};
use playhouse_llm::{Context, Error, ErrorKind, Malformed};
use playhouse_store::Scope;
use serde::de::DeserializeOwned;

use super::idempotency::TAKEN;
use crate::app::App;

/// A failure of a native route, with the request it is of.
pub(crate) struct Failure {
    cause: Cause,
    identity: Identity,
}

/// What is told of a failure.
enum Cause {
    Error(Error),
    Problem(Problem),
}

impl Failure {
    pub(crate) fn new(error: Error, identity: &Identity) -> Self {
        Self { cause: Cause::Error(error), identity: identity.clone() }
    }

    /// A failure that no error of a call has a name for.
    pub(crate) fn problem(problem: Problem, identity: &Identity) -> Self {
        Self { cause: Cause::Problem(problem), identity: identity.clone() }
    }

    /// An idempotency key came with another request before.
    pub(crate) fn key_taken(identity: &Identity) -> Self {
        let problem = Problem {
            kind: "about:blank",
            title: "Unprocessable Content",
            status: 422,
            detail: TAKEN.to_owned(),
            code: "idempotency_key_reused",
            param: Some("Idempotency-Key".to_owned()),
            request_id: None,
        };
        Self::problem(problem, identity)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let request_id = &self.identity.request_id;
        match self.cause {
            Cause::Error(error) => Problem::response(&error, request_id),
            Cause::Problem(problem) => problem.of_request(request_id).into_response(),
        }
    }
}

/// A JSON body of this type.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let identity = identity(request.extensions());
        let refuse = |error: Error| Failure::new(error, &identity);
        let is_json = intake::require_json(request.headers());
        let body = intake::read(request.into_body(), app.body_limits()).await.map_err(refuse)?;
        is_json.map_err(refuse)?;
        parse(&body).map(Self).map_err(refuse)
    }
}

/// A JSON body as this type.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Error {
    let what = if error.is_data() { "the body does not fit" } else { "the body is not JSON" };
    Error::invalid_request(Malformed::new(format!("{what}: {error}")))
}

/// Query parameters of this type; unknown or unfit ones are refused by name.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(value)| Self(value)).map_err(|rejection| {
            let error = Error::invalid_request(Malformed::new(rejection.body_text()));
            Failure::new(error, &identity(&parts.extensions))
        })
    }
}

/// The id in a route's path.
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|rejection| {
            let error = Error::new(ErrorKind::NotFound, rejection.body_text());
            Failure::new(error, &identity(&parts.extensions))
        })
    }
}

/// The identity that the front gave the request.
pub(crate) struct Who(pub(crate) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(identity(&parts.extensions)))
    }
}

/// Whose things the request may see: those of its key, or everything where an operator asks.
pub(crate) struct Within(Scope);

impl Within {
    /// The scope.
    pub(crate) fn scope(self) -> Scope {
        self.0
    }

    /// The scope, of one key where an operator names it. Another key's things are no caller's but an
    /// operator's to ask for.
    pub(crate) fn narrowed(self, key_id: Option<String>) -> Result<Scope, Error> {
        match (self.0, key_id) {
            (scope, None) => Ok(scope),
            (Scope::Everything, Some(id)) => Ok(Scope::Key(id.into())),
            (Scope::Key(own), Some(id)) if *own == *id => Ok(Scope::Key(own)),
            (Scope::Key(_), Some(_)) => {
                let message = "key_id names another key than the one that was sent; leave it out";
                Err(Error::new(ErrorKind::PermissionDenied, message))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Within {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Scope::of(key_id(&parts.extensions).as_ref())))
    }
}

/// The id of the stored key that a request came with, if it did.
pub(super) fn key_id(extensions: &http::Extensions) -> Option<Arc<str>> {
    // The front gives every request its context before any route is asked.
    extensions.get::<Arc<Context>>()?.key_id.clone()
}

pub(super) fn identity(extensions: &http::Extensions) -> Identity {
    let known = extensions.get::<Identity>().cloned();
    known.unwrap_or_else(|| Identity::from_headers(&http::HeaderMap::new()))
}
