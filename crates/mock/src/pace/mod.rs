//! When each piece of an answer comes.
//!
//! In reading order: [`profile`] (named vendors) → this (the waits of an answer) → `draw`.

pub(crate) mod draw;
pub mod profile;

use std::time::Duration;

use crate::script::{PaceSpec, Wait};
use draw::Draw;
use profile::Profile;

/// The waits of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// From the request to the first output.
    pub first_token: Wait,
    /// Between two outputs.
    pub token: Wait,
    /// What varying waits are drawn from.
    pub seed: u64,
}

impl Pace {
    /// The same wait before every piece.
    pub fn constant(wait: Duration) -> Self {
        let wait = Wait { mean: wait.as_secs_f64() * 1000.0, stddev: 0.0 };
        Self { first_token: wait, token: wait, seed: 0 }
    }

    /// The pace of an answer of this rule: what the rule leaves open is as the script says, and
    /// what nobody says is not waited for. `fast` removes all waits.
    ///
    /// ```
    /// # fn main() -> Result<(), serde_json::Error> {
    /// use playhouse_mock::pace::Pace;
    /// use playhouse_mock::script::PaceSpec;
    ///
    /// let rule: PaceSpec = serde_json::from_str(r#"{"token_ms": 20}"#)?;
    /// let script: PaceSpec = serde_json::from_str(r#"{"first_token_ms": 300, "token_ms": 50}"#)?;
    /// let pace = Pace::resolve(Some(&rule), Some(&script), 0, false);
    /// assert_eq!((pace.first_token.mean, pace.token.mean), (300.0, 20.0));
    /// assert!(Pace::resolve(Some(&rule), Some(&script), 0, true).is_instant());
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(rule: Option<&PaceSpec>, script: Option<&PaceSpec>, seed: u64, fast: bool) -> Self {
        if fast {
            return Self::default();
        }
        let said = || [rule, script].into_iter().flatten();
        Self {
            first_token: said().find_map(first_token).unwrap_or_default(),
            token: said().find_map(token).unwrap_or_default(),
            seed,
        }
    }

    /// Whether nothing is waited for.
    pub fn is_instant(&self) -> bool {
        let is_zero = |wait: &Wait| wait.mean == 0.0 && wait.stddev == 0.0;
        is_zero(&self.first_token) && is_zero(&self.token)
    }

    /// The wait before each output, without end: the first, and then those between two. The same
    /// pace always has the same waits.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use playhouse_mock::pace::Pace;
    ///
    /// let waits = Pace::constant(Duration::from_millis(5)).waits();
    /// assert_eq!(waits.take(3).sum::<Duration>(), Duration::from_millis(15));
    /// ```
    pub fn waits(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let (first, token) = (self.first_token, self.token);
        let mut draw = Draw::new(self.seed);
        std::iter::once(first).chain(std::iter::repeat(token)).map(move |wait| drawn(wait, &mut draw))
    }

    /// The wait before an answer that comes whole: until the last of its outputs is there.
    pub fn whole(&self, outputs: usize) -> Duration {
        self.waits().take(outputs.max(1)).fold(Duration::ZERO, Duration::saturating_add)
    }
}

fn first_token(spec: &PaceSpec) -> Option<Wait> {
    spec.first_token_ms.or_else(|| Some(profile_of(spec)?.first_token()))
}

fn token(spec: &PaceSpec) -> Option<Wait> {
    spec.token_ms.or_else(|| Some(profile_of(spec)?.token()))
}

fn profile_of(spec: &PaceSpec) -> Option<&'static Profile> {
    Profile::named(spec.profile.as_deref()?)
}

/// A wait that varies is drawn; below zero is zero.
fn drawn(wait: Wait, draw: &mut Draw) -> Duration {
    let ms = match wait.stddev {
        0.0 => wait.mean,
        stddev => stddev.mul_add(draw.normal(), wait.mean),
    };
    Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> PaceSpec {
        serde_json::from_str(json).unwrap()
    }

    fn waits(pace: Pace) -> Vec<Duration> {
        pace.waits().take(200).collect()
    }

    #[test]
    fn the_same_seed_has_the_same_waits_and_another_has_others() {
        let varying =
            spec(r#"{"first_token_ms": {"mean": 200, "stddev": 50}, "token_ms": {"mean": 20, "stddev": 5}}"#);
        let paced = |seed| waits(Pace::resolve(Some(&varying), None, seed, false));
        assert_eq!(paced(1), paced(1));
        assert_ne!(paced(1), paced(2));
    }

    #[test]
    fn waits_follow_the_distribution_and_never_go_below_zero() {
        let wide = spec(r#"{"token_ms": {"mean": 10, "stddev": 10}}"#);
        let waits = waits(Pace::resolve(Some(&wide), None, 7, false));
        assert_eq!(waits[0], Duration::ZERO, "no time to the first token is said");
        let tokens = &waits[1..];
        assert!(tokens.contains(&Duration::ZERO), "some are cut off at zero");
        let mean = tokens.iter().sum::<Duration>() / u32::try_from(tokens.len()).unwrap();
        assert!((Duration::from_millis(8)..Duration::from_millis(14)).contains(&mean), "{mean:?}");
    }

    #[test]
    fn what_is_said_stands_before_the_profile_and_the_script() {
        let rule = spec(r#"{"profile": "gpt-4o", "first_token_ms": 5}"#);
        let script = spec(r#"{"first_token_ms": 900, "token_ms": 90}"#);
        let pace = Pace::resolve(Some(&rule), Some(&script), 0, false);
        assert_eq!(pace.first_token, Wait { mean: 5.0, stddev: 0.0 });
        assert_eq!(pace.token, Profile::named("gpt-4o").unwrap().token());
        assert_eq!(Pace::resolve(None, Some(&script), 0, false).token.mean, 90.0);
        assert!(Pace::resolve(None, None, 0, false).is_instant());
    }

    #[test]
    fn a_wait_without_measure_is_no_panic() {
        let huge = Wait { mean: f64::MAX, stddev: 0.0 };
        let pace = Pace { token: huge, ..Pace::default() };
        assert_eq!(pace.waits().nth(1), Some(Duration::MAX));
        assert_eq!(pace.whole(3), Duration::MAX);
    }

    #[test]
    fn a_profile_that_is_none_is_named_with_those_that_are() {
        let error = serde_json::from_str::<PaceSpec>(r#""gpt-4oo""#).unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `gpt-4oo`, expected one of `gpt-4o`, "), "{error}");
        assert!(serde_json::from_str::<PaceSpec>(r#"{"profile": "gpt-9"}"#).is_err());
        assert_eq!(spec(r#""groq""#).profile.as_deref(), Some("groq"));
    }
}
