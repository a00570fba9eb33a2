//! What environment variables say: `PLAYHOUSE_<SECTION>__<KEY>` for every key, and the short names.

use secrecy::{ExposeSecret, SecretString};

use super::Config;
use super::explain::Schema;
use super::problem::{Mark, Problem};
use super::secret_file;
use super::suggest;
use super::tree::{Node, Origin, is_secret};
use crate::environment::Environment;

const PREFIX: &str = "PLAYHOUSE_";

/// Short names of keys that are often set.
const SHORT: &[(&str, [&str; 2])] = &[
    ("PLAYHOUSE_LISTEN", ["server", "listen"]),
    ("PLAYHOUSE_DATA_DIR", ["server", "data_dir"]),
    ("PLAYHOUSE_API_KEYS", ["auth", "api_keys"]),
    ("REDIS_URL", ["redis", "url"]),
    ("DATABASE_URL", ["store", "database_url"]),
    ("LOG_LEVEL", ["logging", "level"]),
    ("LOG_FORMAT", ["logging", "format"]),
];

/// Names with the prefix that are read elsewhere in this program.
const OTHERS: &[&str] =
    &["PLAYHOUSE_CONFIG", "PLAYHOUSE_API_KEYS_FILE", "PLAYHOUSE_URL", "PLAYHOUSE_API_KEY"];

/// Puts what the variables say into the tree, over what is there.
///
/// The long name of a key goes before its short one.
pub(crate) fn apply(tree: &mut Node, environment: &Environment, problems: &mut Vec<Problem>) {
    for (name, value) in environment.iter() {
        match name.strip_prefix(PREFIX) {
            Some(rest) if rest.contains("__") => long(tree, environment, name, value, problems),
            Some(_) => problems.extend(misspelt(name)),
            None => {}
        }
    }
    for (name, path) in SHORT {
        short(tree, environment, name, path, problems);
    }
}

/// Puts the value of a variable, or of the file that `<variable>_FILE` names, at a path, unless
/// another variable has said something there.
pub(crate) fn short(
    tree: &mut Node,
    environment: &Environment,
    name: &str,
    path: &[impl AsRef<str>],
    problems: &mut Vec<Problem>,
) {
    let said = tree.get(path).is_some_and(|node| matches!(node.origin, Origin::Variable(_)));
    match value_of(environment, name, is_secret(path)) {
        Ok(Some((origin, value))) if !said => {
            // A value in the way that is no section is told of when the tree gets its types.
            tree.set(path, Node::plain(origin, value));
        }
        Ok(_) => {}
        Err(problem) => problems.push(problem.concerning(path)),
    }
}

/// What a variable says, or, for a secret, the file that `<variable>_FILE` names.
fn value_of(
    environment: &Environment,
    name: &str,
    is_secret: bool,
) -> Result<Option<(Origin, SecretString)>, Problem> {
    let file_name = format!("{name}_FILE");
    let file = environment.get(&file_name).filter(|_| is_secret);
    let direct = environment.get(name);
    match (direct, file) {
        (Some(_), Some(_)) => Err(set_twice(name, &file_name)),
        (Some(value), None) => Ok(Some((Origin::Variable(name.to_owned()), value.clone()))),
        (None, Some(path)) => {
            let value = secret_file::read(&file_name, path.expose_secret())?;
            Ok(Some((Origin::Variable(file_name), value)))
        }
        (None, None) => Ok(None),
    }
}

/// Whether a variable, or the file that holds its secret, is set.
pub(crate) fn is_set(environment: &Environment, name: &str) -> bool {
    environment.get(name).is_some() || environment.get(&format!("{name}_FILE")).is_some()
}

fn long(
    tree: &mut Node,
    environment: &Environment,
    name: &str,
    value: &SecretString,
    problems: &mut Vec<Problem>,
) {
    let base = name.strip_suffix("_FILE").filter(|base| is_secret(&keys_of(tree, base)));
    let keys = keys_of(tree, base.unwrap_or(name));
    let said = match base {
        Some(base) => value_of(environment, base, true),
        None => Ok(Some((Origin::Variable(name.to_owned()), value.clone()))),
    };
    match said {
        Ok(Some((origin, value))) => {
            if !tree.set(&keys, Node::plain(origin, value)) {
                problems.push(no_such_key(name));
            }
        }
        Ok(None) => {}
        Err(problem) => problems.push(problem.concerning(&keys)),
    }
}

/// The keys that a long name stands for.
///
/// A name cannot tell `my-lab` from `my_lab`, so a key that is in the tree already goes first.
fn keys_of(tree: &Node, name: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for segment in name.trim_start_matches(PREFIX).split("__") {
        let entries = tree.get(&keys).and_then(Node::entries);
        let there = entries.and_then(|entries| entries.keys().find(|key| as_segment(key) == *segment));
        let made = || match keys.last().map(String::as_str) {
            Some("headers") => segment.to_lowercase().replace('_', "-"),
            // The names of variables are written in capitals.
            Some("env") => segment.to_owned(),
            _ => segment.to_lowercase(),
        };
        let key = there.cloned().unwrap_or_else(made);
        keys.push(key);
    }
    keys
}

/// A key as it stands in the name of a variable.
pub(crate) fn as_segment(key: &str) -> String {
    let letter =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    key.chars().map(letter).collect()
}

/// The name of the variable for a path of keys.
pub(crate) fn name_of<S: AsRef<str>>(path: &[S]) -> String {
    let segments: Vec<String> = path.iter().map(|key| as_segment(key.as_ref())).collect();
    format!("{PREFIX}{}", segments.join("__"))
}

/// A name with the prefix that is nobody's, and so near to somebody's that it must be meant.
fn misspelt(name: &str) -> Option<Problem> {
    let short = SHORT.iter().map(|(name, _)| *name).filter(|name| name.starts_with(PREFIX));
    let short: Vec<&str> = short.chain(OTHERS.iter().copied()).collect();
    if short.contains(&name) {
        return None;
    }
    let long = Schema::of(&Config::default()).paths().map(|path| name_of(&path)).collect::<Vec<_>>();
    let known = short.into_iter().chain(long.iter().map(String::as_str));
    let meant =
        suggest::nearest(name, known).filter(|meant| strsim::damerau_levenshtein(name, meant) <= 2)?;
    let problem = Problem::new(format!("unknown variable {name}"))
        .pointing(Origin::Variable(name.to_owned()), Mark::Key)
        .label(format!("did you mean {meant}?"));
    Some(problem)
}

fn no_such_key(name: &str) -> Problem {
    Problem::new(format!("{name} stands for no key"))
        .pointing(Origin::Variable(name.to_owned()), Mark::Key)
        .label("a part of this is a key already, and has none below it")
}

fn set_twice(name: &str, file_name: &str) -> Problem {
    Problem::new(format!("{name} and {file_name} are both set"))
        .pointing(Origin::Variable(file_name.to_owned()), Mark::Key)
        .label("which of the two is meant?")
        .help(format!("unset {name} or {file_name}"))
}
