//! Texts cut to fit a line.

/// A text on one line of at most so many characters; line breaks and control characters, which
/// could play tricks with a terminal, become spaces.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    for word in
        text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(max_chars + 1));
        if line.chars().count() > max_chars {
            return cut(&line, max_chars);
        }
    }
    line
}

fn cut(line: &str, max_chars: usize) -> String {
    let head: String = line.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn texts_become_one_line() {
        assert_eq!(one_line("What is\n the\tweather?", 40), "What is the weather?");
        assert_eq!(one_line("red \u{1b}[31malert", 40), "red [31malert");
        assert_eq!(one_line("", 5), "");
    }

    #[test]
    fn long_texts_are_cut_within_the_bound() {
        assert_eq!(one_line("What is the weather in Paris?", 12), "What is the…");
        assert_eq!(one_line("Grüße", 4), "Grü…");
        assert_eq!(one_line("Grüße", 5), "Grüße");
        assert!(one_line("one two three four", 9).chars().count() <= 9);
    }
}
