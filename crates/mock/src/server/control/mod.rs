//! The control API: what a test in any language tells the double, and asks it.
//!
//! | route, under `/__playhouse` | what |
//! |---|---|
//! | `GET /` | a page that shows the calls as they come |
//! | `GET /health` | whether it is ready |
//! | `GET`, `PUT /script` | the script of every namespace without one of its own |
//! | `POST /reset` | begins anew, everywhere |
//! | `GET /namespaces` | the namespaces there are |
//! | `DELETE /namespaces/{ns}` | forgets a namespace |
//! | `GET`, `PUT /namespaces/{ns}/script` | the script of a namespace |
//! | `POST /namespaces/{ns}/rules` | adds rules behind those that are there |
//! | `GET /namespaces/{ns}/calls` | its journal; with `since` and `wait_ms`, as calls come |
//! | `GET /namespaces/{ns}/calls/{id}` | one call |
//! | `POST /namespaces/{ns}/verify` | holds expectations against its journal |
//! | `POST /namespaces/{ns}/reset` | begins it anew |
//!
//! A namespace that nobody has used yet is empty, and not an error: a test may wait for its first
//! call. Failures are problem details (RFC 9457).
//!
//! In reading order: `engine` → `route` → `request` → `response` → one file for each resource.

mod calls;
mod engine;
mod namespaces;
mod request;
mod reset;
mod response;
mod route;
mod script;
mod verification;

use bytes::Bytes;
use http::{Method, Response};
use playhouse_llm::{Error, ErrorKind};

use self::request::refuse_cross_site;
use self::response::{Answered, failure, html, json, not_allowed};
use self::route::Route;
use super::page;

pub use engine::{
    Control, NamespaceState, Origin, Scope, ScriptAccepted, ScriptInfo, ScriptRefused, ScriptSource,
};
pub use request::ControlRequest;
pub use reset::Reset;

/// Where the control API is; no vendor has such a path.
pub const PREFIX: &str = "/__playhouse";

/// Whether a path belongs to the control API.
pub fn claims(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request whose path the control API [`claims`].
pub async fn answer(control: &dyn Control, request: ControlRequest<'_>) -> Response<Bytes> {
    let Some(route) = Route::of(request.uri.path()) else {
        return failure(&unknown(request.uri.path()));
    };
    if !route.methods().contains(&request.method()) {
        return not_allowed(request.uri.path(), route.methods());
    }
    let answered = match refuse_cross_site(&request) {
        Ok(()) => dispatch(control, &route, &request).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| failure(&error))
}

async fn dispatch(control: &dyn Control, route: &Route, request: &ControlRequest<'_>) -> Answered {
    let method = request.method();
    match route {
        Route::Bare => Ok(response::moved(&format!("{PREFIX}/"))),
        Route::Page => Ok(html(page::PAGE)),
        Route::Health => namespaces::health(control),
        Route::Script(scope) if method == Method::PUT => script::put(control, scope.borrowed(), request),
        Route::Script(scope) => script::get(control, scope.borrowed()),
        Route::Rules(namespace) => script::add(control, namespace, request),
        Route::Reset(scope) => reset::reset(control, scope.borrowed(), request),
        Route::Namespaces => namespaces::list(control).and_then(|list| json(&list)),
        Route::Namespace(namespace) => namespaces::delete(control, namespace),
        Route::Calls(namespace) => calls::list(control, namespace, request).await,
        Route::Call(namespace, id) => calls::one(control, namespace, id),
        Route::Verify(namespace) => verification::verify(control, namespace, request).await,
    }
}

fn unknown(path: &str) -> Error {
    let message = format!(
        "there is no '{path}' in the control API; below {PREFIX} there is: script, reset, health, \
         namespaces, namespaces/NAME, and below that script, rules, calls, verify, reset"
    );
    Error::new(ErrorKind::NotFound, message)
}
