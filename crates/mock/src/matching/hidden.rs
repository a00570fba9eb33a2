//! Finding rules that can never match, because an earlier one answers all that they would.

use super::Ready;
use super::condition::Condition;
use super::index::{Bits, Index};

/// How many earlier rules a rule is compared with.
const MAX_COMPARED: usize = 64;

/// Rules that can never match, each with the earlier rule that answers in its place.
///
/// An earlier rule hides another if it has no limit (`call`, `times`, a sequence that fails, a state
/// that passes, a closure that nobody can look into) and each of its conditions holds whenever one
/// of the other's does.
pub(super) fn hidden(rules: &[Ready], index: &Index) -> Vec<(usize, usize)> {
    let unlimited = Bits::of(rules.len(), (0..rules.len()).filter(|at| rules[*at].is_unlimited()));
    let hidden_by = |at: usize| {
        let earlier = index.implied_by(&rules[at].conditions).both(&unlimited);
        let compared = earlier.iter().take_while(|earlier| *earlier < at).take(MAX_COMPARED);
        compared.into_iter().find(|earlier| answers_all_of(&rules[*earlier], &rules[at]))
    };
    (0..rules.len()).filter_map(|at| Some((at, hidden_by(at)?))).collect()
}

fn answers_all_of(earlier: &Ready, later: &Ready) -> bool {
    let follows = |wide: &Condition| later.conditions.iter().any(|narrow| wide.follows_from(narrow));
    earlier.conditions.iter().all(follows)
}

impl Ready {
    /// Whether it answers whenever its conditions hold, and these depend on the request alone.
    fn is_unlimited(&self) -> bool {
        let passes =
            |condition: &Condition| matches!(condition, Condition::State(_) | Condition::Predicate(_));
        self.limit.is_none() && !self.conditions.iter().any(passes)
    }
}
