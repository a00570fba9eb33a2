//! Inbound: any provider, exposed over every protocol.
//!
//! What it is: the routes of the compatible protocols ([`router`]), request bodies within bounds,
//! answers whole or as server-sent events, and errors as HTTP: in the protocol's own shape, or as
//! problem details for native routes.
//! What it does not do: it knows no sessions, keys or metrics, and names no protocol's fields.
//! Whom it depends on: `playhouse-llm`, `playhouse-wire`, and `playhouse-telemetry` for the trace.
//!
//! In reading order: [`identity`] → [`intake`] → [`router`] → [`stream`] → [`failure`] → [`problem`].

pub mod failure;
pub mod identity;
pub mod intake;
pub mod problem;
pub mod router;
pub mod stream;

pub use failure::{protocol_response, status_of};
pub use identity::Identity;
pub use intake::BodyLimits;
pub use problem::Problem;
pub use router::{
    Edge, MODEL_ROUTE, MODELS_ROUTE, answer, codec_of, counting_routes, gather, read_incoming, router,
};
pub use stream::{EVENT_STREAM_HEADERS, ProtocolStream};
