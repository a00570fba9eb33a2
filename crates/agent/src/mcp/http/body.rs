//! Bodies read within a bound.

use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::HttpFailure;

/// The whole body.
///
/// # Errors
/// When it is larger than this or breaks off.
pub(super) async fn whole(mut body: Incoming, max: usize) -> Result<Vec<u8>, HttpFailure> {
    let mut held = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpFailure::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if held.len() + data.len() > max {
            return Err(HttpFailure::TooLarge(max));
        }
        held.extend_from_slice(&data);
    }
    Ok(held)
}

/// The beginning of a body, as far as it comes.
pub(super) async fn beginning(mut body: Incoming, max: usize) -> Vec<u8> {
    let mut held = Vec::new();
    while held.len() < max {
        let Some(Ok(frame)) = body.frame().await else { break };
        let Ok(data) = frame.into_data() else { continue };
        held.extend_from_slice(&data[..data.len().min(max - held.len())]);
    }
    held
}
