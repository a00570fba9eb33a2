use super::*;

fn shown(text: &str) -> String {
    fn show(node: &Node) -> String {
        match &node.value {
            Value::Map(entries) => {
                let entries =
                    entries.iter().map(|entry| format!("{}: {}", entry.key.text, show(&entry.node)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            bare => format!("{bare:?}"),
        }
    }
    read(text).map_or_else(|finding| finding.to_string(), |node| show(&node))
}

#[test]
fn values_stand_where_they_are_written() {
    let text = "é: [ü, 'x']\nkey: |\n  block\nlast: {a: 1}\n";
    let root = read(text).unwrap();
    let places: Vec<&str> = root.entries().iter().map(|entry| &text[entry.node.span.range()]).collect();
    assert_eq!(places, ["[ü, 'x']", "block\n", "{a: 1}"]);
    let keys: Vec<&str> = root.entries().iter().map(|entry| &text[entry.key.span.range()]).collect();
    assert_eq!(keys, ["é", "key", "last"]);
}

#[test]
fn aliases_repeat_and_merges_fill_in() {
    let text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4}]}\n";
    assert_eq!(shown(text), "{a: {x: 1, y: 2}, b: {x: 1, y: 2}, c: {y: 3, x: 1}, d: {x: 1, y: 2, z: 4}}");
    assert_eq!(shown("&a [*a]"), "this alias stands inside of what it repeats");
    assert_eq!(shown("{<<: 3}"), "`<<` takes maps only");
}

#[test]
fn aliases_of_aliases_cannot_fill_the_memory() {
    let lines =
        (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10)));
    let text = format!("a0: &a0 [x]\n{}", lines.collect::<String>());
    assert_eq!(shown(&text), "the script has more than 2000000 values");
}

#[test]
fn nesting_has_an_end() {
    for text in [format!("{}{}", "[".repeat(100), "]".repeat(100)), format!("{}a", "- ".repeat(100))] {
        assert_eq!(shown(&text), "the script is nested deeper than 64 levels");
    }
    let deep = "[".repeat(50);
    let text = format!("a: &a {deep}1{0}\nb: {deep}*a{0}", "]".repeat(50));
    assert_eq!(shown(&text), "the script is nested deeper than 64 levels");
}

#[test]
fn tags_are_understood_or_refused() {
    assert_eq!(shown("!!str 3"), "\"3\"");
    assert_eq!(shown("!!int '3'"), "3");
    assert_eq!(shown("!include x.yaml"), "the tag !include is not known");
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(shown(""), "Null");
    assert_eq!(shown("# only a comment\n"), "Null");
    assert_eq!(shown("---\n---\n"), "a script is one document; here begins a second");
}
