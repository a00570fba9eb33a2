//! The line a problem is about, with everything on it hidden that might be a secret.

use std::fmt::{self, Write as _};
use std::ops::Range;

use super::problem::Mark;
use super::source::Source;
use crate::style::Style;

const MAX_LINE_CHARS: usize = 160;

/// A line with a marked part, ready to be written.
pub(crate) struct Excerpt {
    /// The file with line and column, or what else it is from.
    pub(crate) place: String,
    /// The line's number, or blanks where there is none.
    pub(crate) number: String,
    pub(crate) line: String,
    /// The marked part, in characters.
    pub(crate) marked: Range<usize>,
}

impl Excerpt {
    pub(crate) fn write(&self, out: &mut String, label: &str, style: Style) -> fmt::Result {
        let blank = " ".repeat(self.number.len());
        let line: String = self.line.chars().take(MAX_LINE_CHARS).collect();
        let cut = if line.len() < self.line.len() { "…" } else { "" };
        let start = self.marked.start.min(MAX_LINE_CHARS);
        let carets = "^".repeat(self.marked.end.clamp(start + 1, MAX_LINE_CHARS + 1) - start);
        let pointer = format!("{carets} {label}");
        writeln!(out, "{blank} {} {}", style.dim("-->"), self.place)?;
        writeln!(out, "{blank} {}", style.dim("|"))?;
        writeln!(out, "{} {line}{cut}", style.dim(&format!("{} |", self.number)))?;
        writeln!(out, "{blank} {} {}{}", style.dim("|"), " ".repeat(start), style.error(pointer.trim_end()))
    }
}

/// The line of the file at which a range begins.
pub(crate) fn excerpt(file: &Source, range: &Range<usize>, mark: Mark) -> Excerpt {
    let (number, line) = file.line_at(range.start);
    let start = range.start.clamp(line.start, line.end);
    let end = range.end.clamp(start, line.end);
    let part = |range: Range<usize>| file.text.get(range).unwrap_or_default().trim_end_matches('\r');
    let (before, marked, after) = match mark {
        Mark::Broken => (key_of(part(line.clone())), "…", String::new()),
        Mark::Secret => (hide_strings(part(line.start..start)), "…", hide_strings(part(end..line.end))),
        Mark::Key | Mark::Value => {
            (hide_strings(part(line.start..start)), part(start..end), hide_strings(part(end..line.end)))
        }
    };
    let marked_from = before.chars().count();
    let column = part(line.start..start).chars().count() + 1;
    Excerpt {
        place: format!("{}:{number}:{column}", file.name),
        number: number.to_string(),
        marked: marked_from..marked_from + marked.chars().count(),
        line: format!("{before}{marked}{after}").replace('\t', " "),
    }
}

/// A line up to where its first value begins.
fn key_of(line: &str) -> String {
    line.split_once('=').map_or_else(String::new, |(key, _)| format!("{key}= "))
}

/// The same text with the content of every string replaced.
fn hide_strings(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut quote = None;
    let mut is_escaped = false;
    for letter in text.chars() {
        match quote {
            None => {
                hidden.push(letter);
                if letter == '"' || letter == '\'' {
                    quote = Some(letter);
                    hidden.push('…');
                }
            }
            Some(open) if letter == open && !is_escaped => {
                hidden.push(letter);
                quote = None;
            }
            Some(open) => is_escaped = open == '"' && letter == '\\' && !is_escaped,
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_hidden_and_the_rest_is_not() {
        let cases = [
            (r#"retries = 3"#, r#"retries = 3"#),
            (r#"a = { key = "sk-1", b = 'sk-2' }"#, r#"a = { key = "…", b = '…' }"#),
            (r#"a = "say \"sk-3\" twice" # no"#, r#"a = "…" # no"#),
            (r#"a = "sk-4"#, r#"a = "…"#),
        ];
        for (line, shown) in cases {
            assert_eq!(hide_strings(line), shown);
        }
    }

    #[test]
    fn a_secret_is_not_shown_even_where_it_is_marked() {
        let file = Source { name: "p.toml".to_owned(), text: "x = 1\napi_key = 12345\n".to_owned() };
        let shown = excerpt(&file, &(16..21), Mark::Secret);
        assert_eq!(shown.line, "api_key = …");
        assert_eq!(shown.place, "p.toml:2:11");
    }
}
