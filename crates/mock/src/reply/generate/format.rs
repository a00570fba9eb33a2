//! Strings of the formats that JSON Schema names.

use crate::pace::draw::Draw;

/// A string of this format; `None` for one that is not known, which asserts nothing.
pub(super) fn formatted(format: &str, draw: &mut Draw) -> Option<String> {
    let name = ["amber", "birch", "cedar", "delta"][draw.below(4) as usize];
    Some(match format {
        "date-time" => format!("{}T{}Z", date(draw), time(draw)),
        "date" => date(draw),
        "time" => format!("{}Z", time(draw)),
        "duration" => format!("P{}D", 1 + draw.below(30)),
        "email" | "idn-email" => format!("{name}@example.com"),
        "hostname" | "idn-hostname" => format!("{name}.example.com"),
        "ipv4" => format!("192.0.2.{}", 1 + draw.below(254)),
        "ipv6" => format!("2001:db8::{:x}", 1 + draw.below(0xffff)),
        "uri" | "iri" | "url" => format!("https://example.com/{name}"),
        "uri-reference" | "iri-reference" | "json-pointer" => format!("/{name}"),
        "uuid" => uuid(draw),
        "regex" => format!("^{name}$"),
        _ => return None,
    })
}

fn date(draw: &mut Draw) -> String {
    format!("20{:02}-{:02}-{:02}", 20 + draw.below(10), 1 + draw.below(12), 1 + draw.below(28))
}

fn time(draw: &mut Draw) -> String {
    format!("{:02}:{:02}:{:02}", draw.below(24), draw.below(60), draw.below(60))
}

/// Version 4, as if it were random.
fn uuid(draw: &mut Draw) -> String {
    let (high, low) = (draw.number(), draw.number());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48) & 0x3fff,
        low & 0xffff_ffff_ffff
    )
}
