//! Recorded traffic that was damaged: cut, flipped, spliced with another exchange. Nothing may panic.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::{recorded, shown};

/// Larger bodies hold more of the same.
const MAX_BYTES: usize = 16 << 10;

/// A recorded body.
type Body = Vec<u8>;

/// All that was recorded: bodies of requests and of answers.
fn bodies() -> &'static [Body] {
    static BODIES: OnceLock<Vec<Body>> = OnceLock::new();
    BODIES.get_or_init(|| {
        let mut bodies = Vec::new();
        recorded::folder().iter().for_each(|folder| gather(folder, &mut bodies));
        assert!(recorded::skipped() || bodies.len() > 400, "only {} bodies", bodies.len());
        // In an order that is the same everywhere.
        bodies.sort();
        bodies
    })
}

fn gather(folder: &Path, bodies: &mut Vec<Body>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            gather(&path, bodies);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let exchange: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let sides = [&exchange["request"]["body"], &exchange["response"]["body"]];
            let texts = sides.into_iter().filter_map(Value::as_str).map(|text| text.as_bytes().to_vec());
            bodies.extend(texts.filter(|body| !body.is_empty() && body.len() <= MAX_BYTES));
        }
    }
}

/// What happens to a body on its way.
#[derive(Clone, Debug)]
enum Damage {
    /// It breaks off.
    Cut(Index),
    /// Some of it is missing.
    Lose(Index, Index),
    /// Some of it comes twice.
    Repeat(Index, Index),
    /// A byte is another.
    Change(Index, u8),
    /// It goes on with another body, from a place in that.
    Splice(Index, Index, Index),
    /// A byte that means something to a parser comes in between.
    Insert(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    let meaningful = proptest::sample::select(b"{}[]\",:\\\r\n0e-\xFF\x00ud".to_vec());
    prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), place()).prop_map(|(one, other)| Damage::Lose(one, other)),
        (place(), place()).prop_map(|(one, other)| Damage::Repeat(one, other)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Change(at, byte)),
        (place(), place(), place()).prop_map(|(at, other, from)| Damage::Splice(at, other, from)),
        (place(), meaningful).prop_map(|(at, byte)| Damage::Insert(at, byte)),
    ]
}

fn damaged(mut body: Body, damages: &[Damage]) -> Body {
    for damage in damages {
        let at = |place: &Index, body: &Body| place.index(body.len() + 1);
        match damage {
            Damage::Cut(place) => body.truncate(at(place, &body)),
            Damage::Lose(one, other) => drop(body.drain(between(one, other, &body))),
            Damage::Repeat(one, other) => body.extend_from_within(between(one, other, &body)),
            Damage::Change(place, byte) => {
                let place = at(place, &body);
                body.iter_mut().skip(place).take(1).for_each(|known| *known = *byte);
            }
            Damage::Splice(place, other, from) => {
                body.truncate(at(place, &body));
                let other = other.get(bodies());
                body.extend_from_slice(&other[at(from, other)..]);
            }
            Damage::Insert(place, byte) => body.insert(at(place, &body), *byte),
        }
    }
    body
}

fn between(one: &Index, other: &Index, body: &Body) -> std::ops::Range<usize> {
    let (one, other) = (one.index(body.len() + 1), other.index(body.len() + 1));
    one.min(other)..one.max(other)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_anyone_panic(
        seed in any::<Index>(),
        damages in proptest::collection::vec(damage(), 0..4),
    ) {
        // Without recordings there is nothing to damage; the laws show what is made up.
        if !bodies().is_empty() {
            let seed = seed.get(bodies()).clone();
            shown::everything(&damaged(seed, &damages));
        }
    }
}
