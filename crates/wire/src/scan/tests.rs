use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

fn is_taken(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.skip().is_some() && scan.is_at_end()
}

/// What is taken, `serde_json` takes; and what is usual is taken.
fn check(text: &str) {
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    assert!(is_json || !is_taken(text), "taken, though it is no JSON: {text:?}");
}

#[test]
fn values_are_taken_as_serde_json_takes_them() {
    let numbers = ["0", "-0", "10", "-1.5", "1e5", "1E+5", "1.25e-7", "123456789012345678901234567890"];
    let others =
        ["null", "true", "false", "\"\"", "\"a\\u00e4\\/\\n\"", "[]", "{}", " [ 1 , {\"a\" : [ ] } ] \r\n\t"];
    for text in numbers.iter().chain(&others) {
        assert!(is_taken(text), "{text}");
        check(text);
    }
    let broken = [
        "",
        "-",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "1 2",
        "nul",
        "nulll",
        "tru",
        "[1,]",
        "[,]",
        "[1",
        "{\"a\":}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":1,}",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\u{0}\"",
        "]",
        "}",
        "1e+",
        "--1",
        "\"a\"b",
        "{\"a\":1 \"b\":2}",
    ];
    for text in broken {
        assert!(!is_taken(text), "{text}");
        check(text);
    }
}

#[test]
fn counts_are_whole_numbers() {
    let count = |text: &str| Scan::new(text).count();
    assert_eq!(
        [count("0"), count(" 17,"), count("18446744073709551615")],
        [Some(0), Some(17), Some(u64::MAX)]
    );
    for text in ["", "-1", "1.0", "1e3", "18446744073709551616", "\"1\"", "x", "01"] {
        assert_eq!(count(text), None, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_taken(&nested(usize::from(MAX_DEPTH))));
    assert!(!is_taken(&nested(usize::from(MAX_DEPTH) + 1)));
    assert!(!is_taken(&"[".repeat(1 << 20)));
}

#[test]
fn what_ends_a_string_is_found_wherever_it_stands() {
    for special in [b'"', b'\\', 0, 0x1F] {
        for length in 0..100 {
            let mut bytes = "ä! [~\u{7f}".repeat(20).into_bytes();
            bytes[length] = special;
            for from in 0..=length {
                assert_eq!(next_special(&bytes, from), length, "{special} at {length} from {from}");
            }
        }
    }
    assert_eq!(next_special(b"without", 0), 7);
}

#[test]
fn only_wanted_members_are_parsed() {
    const WANTED: &[Wanted] = &[
        Wanted { name: "a", within: &[] },
        Wanted { name: "b", within: &[Wanted { name: "c", within: &[] }] },
    ];
    let text = r#"{"a":1,"x":{"a":[]},"a":{"z":"\ud83d\ude00"},"b":[{"c":null,"d":2},{},7]}"#;
    let members = wanted_members(text, WANTED).map(Value::Object);
    assert_eq!(members, Some(serde_json::json!({ "a": { "z": "😀" }, "b": [{ "c": null }, {}, 7] })));
    assert_eq!(wanted_members("[]", WANTED), None);
    assert_eq!(wanted_members("{} 1", WANTED), None);
}

/// JSON as it may be, with pieces that are none.
fn odd_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[\\[\\]{},:\" \\n\\\\]",
        2 => "(null|true|false|-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?)",
        2 => "\"(a|ä|\\\\n|\\\\u00e4|\\\\ud83d|\\\\/|\\\\\"| ){0,40}\"",
        1 => "\\PC",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((".{0,12}", inner), 0..4)
                .prop_map(|members| { Value::Object(members.into_iter().collect()) }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_is_taken_that_is_no_json(text in odd_json()) {
        check(&text);
    }

    #[test]
    fn what_is_damaged_is_taken_only_if_it_is_json(value in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let text = value.to_string();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(damaged) = str::from_utf8(&bytes) {
            check(damaged);
        }
        check(&text[..(0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)]);
    }

    #[test]
    fn a_value_is_pointed_at_whole(value in json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let within = format!(" {text} ,");
            let Some(pointed) = Scan::new(&within).value() else {
                // A key with escapes.
                prop_assert!(text.contains('\\'));
                continue;
            };
            prop_assert_eq!(pointed, &text[..]);
        }
    }

    #[test]
    fn a_string_reads_as_serde_json_reads_it(text in "(\\PC|[\\x00-\\x1f\"\\\\/]){0,60}", escapes in any::<bool>()) {
        let written = Value::from(text.as_str()).to_string();
        let written = if escapes { written.replace('/', "\\/").replace('z', "\\u007A") } else { written };
        let mut scan = Scan::new(&written);
        let literal = scan.string().unwrap();
        prop_assert!(scan.is_at_end());
        prop_assert_eq!(literal.quoted(), Some(Quoted::of(&text)));
        prop_assert_eq!(literal.plain().is_some(), !written.contains('\\'));
    }
}
