//! Chaos as a command line takes it and a log shows it: `rate=0.1,seed=42,faults=429+cut`.

use std::fmt;
use std::str::FromStr;

use crate::fault::FormError;
use crate::fault::suggestion::{advice, nearest};
use crate::script::Chaos;

const SETTINGS: [&str; 3] = ["rate", "seed", "faults"];

/// Why a text says nothing about chaos.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChaosFormError {
    /// There is no rate.
    #[error("the rate is missing; say which share of the requests meets a fault, like rate=0.1")]
    NoRate,
    /// The rate is none.
    #[error("`rate={0}` is no share of the requests; use a number from 0 to 1, like rate=0.1")]
    Rate(String),
    /// The seed is none.
    #[error("`seed={0}` is no seed; use a whole number from 0, like seed=42")]
    Seed(String),
    /// A setting has no value.
    #[error("`{0}` has no value; write it like rate=0.1,seed=42,faults=429+cut")]
    NoValue(String),
    /// A setting stands there twice.
    #[error("`{0}` stands there twice; say it once")]
    Repeated(String),
    /// A setting is unknown.
    #[error("there is no setting `{name}`; {}", advice(*meant, "rate, seed and faults"))]
    Setting {
        /// What was written.
        name: String,
        /// What may have been meant.
        meant: Option<&'static str>,
    },
    /// One of the faults is none.
    #[error(transparent)]
    Fault(#[from] FormError),
}

/// Reads `rate=`, `seed=` and `faults=`, with commas between them and `+` between faults.
///
/// ```
/// use playhouse_mock::script::Chaos;
///
/// let chaos: Chaos = "rate=0.1,seed=42,faults=429+cut:after_events=3".parse().unwrap();
/// assert_eq!((chaos.rate, chaos.seed, chaos.faults.len()), (0.1, 42, 2));
/// ```
impl FromStr for Chaos {
    type Err = ChaosFormError;

    fn from_str(form: &str) -> Result<Self, ChaosFormError> {
        let mut chaos = Self { rate: f64::NAN, ..Self::default() };
        let mut said = Vec::new();
        for setting in form.split(',').map(str::trim) {
            let (key, value) =
                setting.split_once('=').ok_or_else(|| ChaosFormError::NoValue(setting.to_owned()))?;
            if said.contains(&key) {
                return Err(ChaosFormError::Repeated(key.to_owned()));
            }
            said.push(key);
            set(&mut chaos, key, value)?;
        }
        if said.contains(&"rate") { Ok(chaos) } else { Err(ChaosFormError::NoRate) }
    }
}

fn set(chaos: &mut Chaos, key: &str, value: &str) -> Result<(), ChaosFormError> {
    match key {
        "rate" => chaos.rate = rate(value)?,
        "seed" => chaos.seed = value.parse().map_err(|_| ChaosFormError::Seed(value.to_owned()))?,
        "faults" => chaos.faults = value.split('+').map(str::parse).collect::<Result<_, _>>()?,
        _ => {
            let meant = nearest(key, SETTINGS.into_iter());
            return Err(ChaosFormError::Setting { name: key.to_owned(), meant });
        }
    }
    Ok(())
}

fn rate(value: &str) -> Result<f64, ChaosFormError> {
    let rate = value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| ChaosFormError::Rate(value.to_owned()))
}

/// The form that gives exactly these faults again, but for headers of refusals.
impl fmt::Display for Chaos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rate={},seed={}", self.rate, self.seed)?;
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        if faults.is_empty() { Ok(()) } else { write!(formatter, ",faults={}", faults.join("+")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chaos_reads_as_it_is_shown() {
        for form in [
            "rate=0.1,seed=42",
            "rate=1,seed=0,faults=429+reset_before_headers",
            "rate=0.05,seed=18446744073709551615,faults=stall:stall_ms=500+429:message=1%2B1",
        ] {
            assert_eq!(form.parse::<Chaos>().unwrap().to_string(), form);
        }
        assert_eq!("rate=0.5".parse::<Chaos>().unwrap().to_string(), "rate=0.5,seed=0");
        assert_eq!(
            " faults=cut, rate=0.5".parse::<Chaos>().unwrap().to_string(),
            "rate=0.5,seed=0,faults=cut"
        );
    }

    #[test]
    fn what_says_nothing_is_told() {
        let forms = [
            "",
            "0.1",
            "seed=1",
            "rate=2",
            "rate=ten",
            "rate=NaN",
            "rate=1,seed=-1",
            "rate=1,sede=1",
            "rate=1,kinds=cut",
            "rate=1,rate=1",
            "rate=1,faults=",
            "rate=1,faults=cut,stall",
        ];
        let errors: Vec<String> = forms.map(|form| form.parse::<Chaos>().unwrap_err().to_string()).into();
        insta::assert_snapshot!(errors.join("\n"));
    }
}
