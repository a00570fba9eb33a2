//! The double behind a port: every protocol, the control API, a page.
//!
//! In reading order: `front` (where a request goes) → `target` (whose it is) → `exchange` (its
//! answer; `stencils` has those given before) → `body` and `listen` (the answer on the wire) → `control` (what tests tell the double).

mod body;
mod call_line;
pub mod control;
mod exchange;
mod front;
mod listen;
pub(crate) mod page;
mod running;
mod stencil;
mod stencils;
mod steering;
mod target;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use playhouse_edge::BodyLimits;

pub use listen::Listener;
pub use running::MockServer;
pub use target::{NAMESPACE_HEADER, split_path};

use crate::engine::{Engine, Memo};
use listen::{Answerer, ConnectionControl};
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
}

impl Double {
    /// A double that answers as this engine decides.
    pub fn new(engine: Arc<Engine>) -> Self {
        let (memo, stencils, limits) = (Memo::default(), Stencils::default(), BodyLimits::default());
        Self(Arc::new(Parts { engine, memo, stencils, limits }))
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
}

impl Answerer for Double {
    async fn answer(&self, request: Request<Body>, control: ConnectionControl) -> Response {
        front::answer(self, request, control).await
    }
}

impl Listener {
    /// Puts a double behind this port until `shutdown` is ready; answers that are under way then may
    /// take this much longer.
    pub async fn serve(self, double: Double, grace: Duration, shutdown: impl Future<Output = ()>) {
        self.accept(double, grace, shutdown).await;
    }
}
