//! What looks like a credential is not shown, even in a line of a script.

/// Keys of the double's own tests are no secret.
const OWN: &str = "sk-test-";

/// How long a key is at least, so that words that begin alike are not taken for one.
const MIN_KEY_BYTES: usize = 20;

/// The same line, as long as before, with what looks like a key replaced.
pub(super) fn hidden(line: &str) -> String {
    let is_of_word = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let mut is_credential = false;
    let hide = |part: &str| {
        let word = part.trim_end_matches(|char| !is_of_word(char));
        let is_hidden = is_key(word) || (is_credential && !word.is_empty());
        is_credential = word.eq_ignore_ascii_case("bearer") || (is_credential && word.is_empty());
        let shown = if is_hidden { "…".repeat(word.len()) } else { word.to_owned() };
        shown + &part[word.len()..]
    };
    line.split_inclusive(|char| !is_of_word(char)).map(hide).collect()
}

fn is_key(word: &str) -> bool {
    word.starts_with("sk-") && !word.starts_with(OWN) && word.len() >= MIN_KEY_BYTES
}

#[cfg(test)]
mod tests {
    use super::hidden;

    #[test]
    fn keys_are_hidden_and_the_rest_is_not() {
        let cases = [
            ("keys: [sk-proj-0123456789ab]", "keys: [……………………………………………………]"),
            ("[sk-test-one, sk-test-of-a-long-namespace]", "[sk-test-one, sk-test-of-a-long-namespace]"),
            ("authorization: 'Bearer  abc' # x", "authorization: 'Bearer  ………' # x"),
            ("text: a sk-ill é of mine, bearer", "text: a sk-ill é of mine, bearer"),
        ];
        for (line, shown) in cases {
            assert_eq!(hidden(line), shown);
            assert_eq!(hidden(line).chars().count(), line.chars().count());
        }
    }
}
