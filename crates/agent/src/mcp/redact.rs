//! Secrets taken out of what others say.

use secrecy::{ExposeSecret, SecretString};

/// Shorter ones would take ordinary words out.
const MIN_LENGTH: usize = 6;
/// What stands for a secret.
const HIDDEN: &str = "***";

/// The text without these secrets, and without the last word of each (`Bearer <secret>`).
pub(super) fn without(text: &str, secrets: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        let whole = secret.expose_secret();
        let last_word = whole.split_whitespace().next_back().unwrap_or_default();
        for part in [whole, last_word] {
            if part.len() >= MIN_LENGTH {
                text = text.replace(part, HIDDEN);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_whole_and_by_their_last_word() {
        let secrets = ["Bearer sk-123456".into(), "no".into()];
        assert_eq!(without("invalid: Bearer sk-123456", &secrets), "invalid: ***");
        assert_eq!(without("invalid: sk-123456, no", &secrets), "invalid: ***, no");
    }
}
