//! Bytes that are cut off or changed.

use super::*;
use crate::ledger::reader::{Frames, Item, decode};

/// What is read of some bytes: the records' ids, and how many places were damaged or torn.
fn read(bytes: &[u8]) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    let mut faults = 0;
    for item in Frames::new(bytes, 0) {
        match item {
            Item::Record(payload) => ids.push(decode(payload).unwrap().id.to_string()),
            Item::Damage | Item::TornTail => faults += 1,
        }
    }
    (ids, faults)
}

#[test]
fn a_tail_that_is_cut_anywhere_costs_the_last_record_alone() {
    let frames: Vec<u8> = (0..3).flat_map(|number| frame_of(&record(&id(number)))).collect();
    let last = frames.len() - frame_of(&record(&id(2))).len();
    for end in last..frames.len() {
        assert_eq!(read(&frames[..end]), (ids(0..2), usize::from(end > last)), "cut at {end}");
    }
    assert_eq!(read(&frames), (ids(0..3), 0));
}

#[test]
fn a_bit_that_flips_costs_the_record_it_is_in_alone() {
    let frames: Vec<Vec<u8>> = (0..3).map(|number| frame_of(&record(&id(number)))).collect();
    let whole = frames.concat();
    for place in 0..whole.len() {
        let hit = place / frames[0].len();
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << bit;
            let others = ids((0..3).filter(|number| *number != hit));
            assert_eq!(read(&flipped), (others, 1), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn bytes_that_are_no_frames_at_all_are_passed_over() {
    for junk in [vec![0; 4_096], vec![0xF5; 4_096], [0xF5, 0xC1, b'c', b'r'].repeat(1_000)] {
        assert_eq!(read(&junk), (Vec::new(), 1));
        let record = frame_of(&record(&id(7)));
        assert_eq!(read(&[junk, record].concat()), (ids([7]), 1));
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let full = CallRecord {
        session_id: Some("Ada \u{1F680}\n".into()),
        outcome: Outcome::Cancelled,
        status: Some(499),
        ttft_ms: Some(0.1),
        usage: Some(playhouse_llm::Usage { cached_tokens: Some(3), ..playhouse_llm::Usage::new(1, 2) }),
        cost_usd: Some(0.000_000_1),
        ..record("full")
    };
    let frame = frame_of(&full);
    assert_eq!(decode(&frame[frame::HEAD..]).unwrap(), full);
}

/// Records that between them have every field filled, and left empty where it may be.
fn all_kinds() -> [CallRecord; 4] {
    let usage = playhouse_llm::Usage {
        cached_tokens: Some(0),
        cache_write_tokens: Some(u64::MAX),
        reasoning_tokens: Some(7),
        ..playhouse_llm::Usage::new(1, 2)
    };
    let texts = |text: &str| CallRecord {
        request_id: text.into(),
        session_id: Some(text.into()),
        turn_id: Some(text.into()),
        run_id: Some(text.into()),
        key_id: Some(text.into()),
        model: text.into(),
        model_served: Some(text.into()),
        provider: Some(text.into()),
        error: Some(text.into()),
        finish_reason: Some(text.into()),
        upstream_request_id: Some(text.into()),
        ..record(text)
    };
    let awkward = CallRecord {
        started_at_us: i64::MIN,
        operation: playhouse_llm::Operation::Embeddings,
        stream: true,
        outcome: Outcome::Error,
        status: Some(u16::MAX),
        attempts: u32::MAX,
        ttft_ms: Some(1e-7),
        duration_ms: 1e21,
        usage: Some(usage),
        cost_usd: Some(0.1),
        ..texts("\"\\/\u{0}\u{1f}\n\u{7f}\u{2028}é\u{1F680}")
    };
    let usual =
        CallRecord { usage: Some(playhouse_llm::Usage::new(3, 4)), ..texts("as it is, and a bit longer") };
    [record("bare"), CallRecord { outcome: Outcome::Cancelled, ..texts("") }, usual, awkward]
}

#[test]
fn a_record_is_written_as_it_would_be_by_itself_without_what_is_empty() {
    for record in all_kinds() {
        let frame = frame_of(&record);
        let written: serde_json::Value = serde_json::from_slice(&frame[frame::HEAD..]).unwrap();
        let mut by_itself = serde_json::to_value(&record).unwrap();
        by_itself.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(written, by_itself);
        assert_eq!(decode(&frame[frame::HEAD..]).unwrap(), record);
    }
}

#[test]
fn what_is_empty_may_be_written_too() {
    for record in all_kinds() {
        assert_eq!(decode(&serde_json::to_vec(&record).unwrap()).unwrap(), record);
    }
}

#[test]
fn what_other_versions_write_is_read() {
    let earlier = r#"{"id":"a","request_id":"r","started_at_us":1,"model":"m","stream":false,"outcome":"ok","attempts":1,"duration_ms":2}"#;
    assert_eq!(decode(earlier.as_bytes()).unwrap().session_id, None);
    let later = earlier.replacen('{', r#"{"of_a_later_version":{"x":[1]},"#, 1);
    assert_eq!(decode(later.as_bytes()).unwrap().duration_ms, 2.0);
}

#[test]
fn a_record_that_is_too_long_is_no_frame() {
    let mut buffer = Vec::new();
    let long = "x".repeat(frame::MAX_PAYLOAD);
    assert!(!frame::encode(&record(&long), &mut buffer));
    assert!(frame::encode(&record("short"), &mut buffer));
}
