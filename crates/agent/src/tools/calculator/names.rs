//! What names mean.

use super::functions::{FUNCTIONS, Function};
use super::mistake::Failure;

/// The constants, with what they are also called.
const CONSTANTS: [(&str, f64); 5] = [
    ("pi", std::f64::consts::PI),
    ("e", std::f64::consts::E),
    ("tau", std::f64::consts::TAU),
    ("π", std::f64::consts::PI),
    ("τ", std::f64::consts::TAU),
];

/// How many letters a name may be away from the one that was meant.
const MAX_SLIPS: usize = 2;

/// What a name stands for.
pub(super) enum Meaning {
    Constant(f64),
    Function(&'static Function),
}

/// What a name means where it is called, or where it is not.
pub(super) fn meaning(name: &str, is_call: bool) -> Result<Meaning, Failure> {
    let constant = CONSTANTS.iter().find(|(known, _)| *known == name);
    let function = FUNCTIONS.iter().find(|function| function.name == name);
    match (constant, function) {
        (Some((_, value)), _) => Ok(Meaning::Constant(*value)),
        (None, Some(function)) if is_call => Ok(Meaning::Function(function)),
        (None, Some(_)) => Err(uncalled(name)),
        (None, None) => Err(unknown(name, is_call)),
    }
}

fn uncalled(name: &str) -> Failure {
    Failure::new(format!("the function '{name}' stands without its arguments"))
        .hint(format!("write them in brackets: {name}(…)"))
}

/// What to write for a name that stands where an operator must.
pub(super) fn operator_hint(name: &str) -> &'static str {
    match name {
        "x" | "times" | "of" => "write * to multiply",
        "mod" => "write mod(a, b) or a % b",
        _ => "write an operator before it, such as *",
    }
}

fn unknown(name: &str, is_call: bool) -> Failure {
    let shown: String = name.chars().take(40).collect();
    let kind = if is_call { "function" } else { "name" };
    let failure = Failure::new(format!("unknown {kind} '{shown}'"));
    match similar(name) {
        _ if name == "of" => failure.hint("write 15% * 80 for 15% of 80"),
        Some(known) => failure.hint(format!("did you mean '{known}'?")),
        None if is_call => failure.hint(format!("there are {}", function_names())),
        None => failure.hint("there are numbers, pi, e and tau; no variables, no units, no words"),
    }
}

/// All functions, for a model to choose from.
pub(super) fn function_names() -> String {
    let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    names.join(" ")
}

fn similar(name: &str) -> Option<&'static str> {
    if name.len() > 20 {
        return None;
    }
    let known = FUNCTIONS.iter().map(|function| function.name).chain(CONSTANTS.map(|(known, _)| known));
    let slips = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    // Of a short name nothing would be left with as many slips.
    let allowed = MAX_SLIPS.min(name.chars().count() / 2);
    slips.filter(|(slips, _)| *slips <= allowed).min().map(|(_, known)| known)
}
