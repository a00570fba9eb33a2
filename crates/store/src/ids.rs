//! Ids as they are kept: the 16 bytes of a UUID.

use uuid::Uuid;

use crate::StoreError;
use crate::session::MAX_SESSION_ID_BYTES;

/// A turn's id as it is kept.
pub(crate) type TurnId = [u8; 16];
/// A run's id as it is kept.
pub(crate) type RunId = [u8; 16];
/// A response's id as it is kept.
pub(crate) type ResponseId = [u8; 16];
/// A call's id as it is kept.
pub(crate) type CallId = [u8; 16];

/// The bytes of a turn's id.
///
/// # Errors
/// [`StoreError::Invalid`] when it is no UUID.
pub(crate) fn turn_id(id: &str) -> Result<TurnId, StoreError> {
    let uuid = Uuid::try_parse(id);
    uuid.map(Uuid::into_bytes)
        .map_err(|_| StoreError::invalid(format!("'{id}' is no turn id: a turn id is a UUID")))
}

/// The bytes of a run's id.
///
/// # Errors
/// [`StoreError::Invalid`] when it is no UUIDv7: old runs are found by the time in their ids.
pub(crate) fn run_id(id: &str) -> Result<RunId, StoreError> {
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.get_version_num() == 7);
    uuid.map(Uuid::into_bytes)
        .ok_or_else(|| StoreError::invalid(format!("'{id}' is no run id: a run id is a UUIDv7")))
}

/// The bytes of an id that a run should have; an id of another form is no run's.
///
/// # Errors
/// [`StoreError::RunNotFound`].
pub(crate) fn known_run(id: &str) -> Result<RunId, StoreError> {
    run_id(id).map_err(|_| StoreError::RunNotFound { run_id: id.into() })
}

/// The bytes of a response's id.
///
/// # Errors
/// [`StoreError::Invalid`] when it is no UUIDv7: old responses are found by the time in their ids.
pub(crate) fn response_id(id: &str) -> Result<ResponseId, StoreError> {
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.get_version_num() == 7);
    uuid.map(Uuid::into_bytes)
        .ok_or_else(|| StoreError::invalid(format!("'{id}' is no response id: a response id is a UUIDv7")))
}

/// The bytes of a call's id.
pub(crate) fn call_id(id: &str) -> Result<CallId, StoreError> {
    let uuid = Uuid::try_parse(id);
    uuid.map(Uuid::into_bytes)
        .map_err(|_| StoreError::invalid(format!("'{id}' is no call id: a call id is a UUIDv7")))
}

/// The lowest id of a moment: a UUIDv7 begins with its Unix milliseconds.
pub(crate) fn first_id_at(time_us: i64) -> CallId {
    let time_ms = u64::try_from(time_us / 1_000).unwrap_or_default();
    let mut id = CallId::default();
    id[..6].copy_from_slice(&time_ms.to_be_bytes()[2..]);
    id
}

/// Refuses session ids that are not worth keeping.
pub(crate) fn check_session_id(id: &str) -> Result<(), StoreError> {
    match id.len() {
        0 => Err(StoreError::invalid("a session id must not be empty: leave it out to start a session")),
        // PostgreSQL has no form for it, and nobody sees it.
        _ if id.contains('\0') => Err(StoreError::invalid("a session id must not hold a NUL character")),
        1..=MAX_SESSION_ID_BYTES => Ok(()),
        length => Err(StoreError::invalid(format!(
            "a session id takes at most {MAX_SESSION_ID_BYTES} bytes, this one has {length}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moments_first_id_is_not_above_any_id_of_that_moment() {
        let id = call_id("0190b6e4-7a3c-7000-8000-000000000000").unwrap();
        let time_us = 0x0190_b6e4_7a3c * 1_000;
        assert!(first_id_at(time_us) < id);
        assert!(first_id_at(time_us + 999) < id);
        assert!(first_id_at(time_us + 1_000) > id);
        assert_eq!(first_id_at(-1), CallId::default());
    }
}
