//! Calling an app without a socket, as tests do.

use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;

use crate::App;

/// The response of an app that was called without a socket.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl App {
    /// Posts a JSON body to a route and takes the whole response in.
    pub async fn post(&self, path: &str, json: impl Into<String>) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.call(request.body(Body::from(json.into())).unwrap_or_default()).await
    }

    /// Gets a route and takes the whole response in.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap_or_default()).await
    }

    /// Deletes what is at a route and takes the whole response in.
    pub async fn delete(&self, path: &str) -> Answer {
        let request = Request::builder().method(Method::DELETE).uri(path);
        self.call(request.body(Body::empty()).unwrap_or_default()).await
    }

    /// Answers a request and takes the whole response in.
    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.front().answer(request).await;
        let (head, body) = response.into_parts();
        // What arrived before a body broke off is what a client would have, too.
        let body = body.collect().await.map(|whole| whole.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body }
    }
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
