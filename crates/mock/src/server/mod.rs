//! The double behind a port: every protocol, the control API, a page.
//!
//! In reading order: `front` (where a request goes) → `target` (whose it is) → `exchange` (its
//! answer; `stencils` has those given before) → `body` and `listen` (the answer on the wire) → `control` (what tests tell the double).

pub mod body;
mod call_line;
pub mod control;
mod exchange;
mod front;
pub mod listen;
mod noted;
pub(crate) mod page;
mod running;
mod steering;
mod stencil;
mod stencils;
mod target;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use playhouse_edge::BodyLimits;

pub use call_line::CallLines;
pub use running::{IntoEngine, MockServer};
pub use target::{NAMESPACE_HEADER, split_path};

use crate::engine::{Engine, Memo};
use listen::{ConnectionLimits, Listener, Serving};
use stencils::Stencils;

/// A double, ready to be put behind a port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Double(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    engine: Arc<Engine>,
    memo: Memo,
    stencils: Stencils,
    limits: BodyLimits,
    lines: CallLines,
}

impl Double {
    /// A double that answers as this engine decides.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self::logging(engine, CallLines::default())
    }

    /// The same, whose log is for these readers.
    pub fn logging(engine: Arc<Engine>, lines: CallLines) -> Self {
        let (memo, stencils, limits) = (Memo::default(), Stencils::default(), BodyLimits::default());
        Self(Arc::new(Parts { engine, memo, stencils, limits, lines }))
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.0.engine
    }

    fn memo(&self) -> &Memo {
        &self.0.memo
    }

    fn stencils(&self) -> &Stencils {
        &self.0.stencils
    }

    fn limits(&self) -> BodyLimits {
        self.0.limits
    }

    fn lines(&self) -> CallLines {
        self.0.lines
    }
}

impl Double {
    /// Answers on this port until `shutdown` is ready; answers that are under way then may finish
    /// within the limits' grace time. Returns whether they did.
    pub async fn serve(
        self,
        listener: Listener,
        limits: ConnectionLimits,
        shutdown: impl Future<Output = ()>,
    ) -> bool {
        listener.serve(limits, move |request, control| answer(self.clone(), request, control), shutdown).await
    }

    /// Answers on this port in a task of its own.
    fn spawn(self, listener: Listener, limits: ConnectionLimits) -> Serving {
        listener.spawn(limits, move |request, control| answer(self.clone(), request, control))
    }
}

async fn answer(double: Double, request: Request<Incoming>, control: listen::ConnectionControl) -> Response {
    front::answer(&double, request.map(Body::new), control).await
}
