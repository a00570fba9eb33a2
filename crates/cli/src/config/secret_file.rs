//! A secret that a variable names the file of (`OPENAI_API_KEY_FILE`).

use std::fs::File;
use std::io::Read;

use secrecy::SecretString;

use super::problem::{Mark, Problem};
use super::tree::Origin;
use crate::failure::plain_reason;

/// No sensible secret is larger.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// Reads the secret in this file, which this variable names; a list has one item a line.
pub(crate) fn read(variable: &str, path: &str) -> Result<SecretString, Problem> {
    let fail = |reason: String| {
        let problem = Problem::new(format!("cannot read the secret file {path}: {reason}"));
        problem.pointing(Origin::Variable(variable.to_owned()), Mark::Key).label("names this file")
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| fail(plain_reason(&error)))?;
    file.take(MAX_SECRET_BYTES + 1).read_to_string(&mut text).map_err(|error| fail(plain_reason(&error)))?;
    if text.len() as u64 > MAX_SECRET_BYTES {
        return Err(fail(format!("it is larger than {MAX_SECRET_BYTES} bytes")));
    }
    match text.trim() {
        "" => Err(fail("it is empty".to_owned())),
        secret => Ok(secret.into()),
    }
}
