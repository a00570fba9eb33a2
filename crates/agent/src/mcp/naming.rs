//! The names that models know tools by.

use std::collections::HashSet;

/// Vendors take no longer names.
const MAX_NAME: usize = 64;

/// A name for each tool, in order: its own where vendors take that, else one like it.
///
/// Vendors take letters, digits, `_` and `-`, 64 at most. What differs from a tool's own name ends with
/// a mark made of it where it would be cut or be that of another tool, so that the same tools have the
/// same names in any order.
pub(super) fn names(tools: &[&str]) -> Vec<String> {
    let own: HashSet<&str> = tools.iter().copied().filter(|tool| is_name(tool)).collect();
    let plain: Vec<String> = tools.iter().map(|tool| with_fit_characters(tool)).collect();
    let is_single = |name: &str| plain.iter().filter(|other| *other == name).count() == 1;
    let name = |(tool, plain): (&&str, &String)| match plain.as_str() {
        _ if is_name(tool) => (*tool).to_owned(),
        name if name.len() <= MAX_NAME && is_single(name) && !own.contains(name) => name.to_owned(),
        name => marked(name, tool),
    };
    tools.iter().zip(&plain).map(name).collect()
}

/// The name of a tool when its plain one is taken: the server's before it.
pub(super) fn prefixed(server: &str, tool: &str) -> String {
    let whole = format!("{server}_{tool}");
    let plain = with_fit_characters(&whole);
    if plain.len() <= MAX_NAME { plain } else { marked(&plain, &whole) }
}

fn is_fit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_fit)
}

fn with_fit_characters(name: &str) -> String {
    let fit = |letter: char| if letter.is_ascii() && is_fit(letter as u8) { letter } else { '_' };
    if name.is_empty() { "tool".to_owned() } else { name.chars().map(fit).collect() }
}

/// A name that ends with a mark of what it was made of.
fn marked(name: &str, origin: &str) -> String {
    let mark = format!("_{:08x}", fnv1a(origin));
    let room = MAX_NAME - mark.len();
    // Only ASCII is left in it.
    format!("{}{mark}", &name[..name.len().min(room)])
}

/// The FNV-1a hash, which is the same on every machine and in every version.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_vendors_take_are_left_alone() {
        assert_eq!(names(&["get-sum", "read_file", "A1"]), ["get-sum", "read_file", "A1"]);
    }

    #[test]
    fn other_characters_are_replaced() {
        assert_eq!(names(&["files.read", "größe", "a b/c"]), ["files_read", "gr__e", "a_b_c"]);
        assert_eq!(names(&[""]), ["tool"]);
    }

    #[test]
    fn tools_whose_names_would_be_the_same_are_told_apart_in_any_order() {
        let [dot, slash, own] = ["a.b", "a/b", "a_b"];
        let there = names(&[dot, slash, own]);
        let mut back = names(&[own, slash, dot]);
        back.reverse();
        assert_eq!(there, back);
        assert_eq!(there[2], "a_b");
        assert!(there[0].starts_with("a_b_") && there[1].starts_with("a_b_"), "{there:?}");
        assert_ne!(there[0], there[1]);
        assert!(there.iter().all(|name| is_name(name)), "{there:?}");
    }

    #[test]
    fn long_names_are_cut_and_told_apart() {
        let long = [format!("{}x", "a".repeat(80)), format!("{}y", "a".repeat(80))];
        let cut = names(&[&long[0], &long[1]]);
        assert!(cut.iter().all(|name| name.len() == MAX_NAME), "{cut:?}");
        assert_ne!(cut[0], cut[1]);
    }

    #[test]
    fn the_server_is_put_before_a_name_that_is_taken() {
        assert_eq!(prefixed("my.files", "read"), "my_files_read");
        let long = prefixed("files", &"a".repeat(64));
        assert!(is_name(&long) && long.starts_with("files_aaa"), "{long}");
    }
}
