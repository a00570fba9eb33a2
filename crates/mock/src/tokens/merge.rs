//! Turning one word into tokens: byte-pair merging.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::Vocabulary;

/// How many tokens a word has.
pub(super) fn token_count(vocabulary: &Vocabulary, word: &[u8]) -> usize {
    if vocabulary.rank(word).is_some() { 1 } else { merged(vocabulary, word).len() }
}

/// Where the tokens of a word end.
pub(super) fn token_ends(vocabulary: &Vocabulary, word: &[u8]) -> Vec<usize> {
    if vocabulary.rank(word).is_some() { vec![word.len()] } else { merged(vocabulary, word) }
}

/// Of all neighbours that make a token together, those whose token has the lowest rank are merged
/// first, the leftmost of several; a heap of them keeps a word of a megabyte from taking for ever.
fn merged(vocabulary: &Vocabulary, word: &[u8]) -> Vec<usize> {
    let mut parts = Parts::single_bytes(word.len());
    let mut merges = BinaryHeap::new();
    let offer = |merges: &mut BinaryHeap<_>, left: usize, right: usize| {
        merges.extend(vocabulary.rank(&word[left..right]).map(|rank| Reverse((rank, left, right))));
    };
    (2..=word.len()).for_each(|end| offer(&mut merges, end - 2, end));
    while let Some(Reverse((_, left, right))) = merges.pop() {
        if !parts.join(left, right) {
            continue;
        }
        if let Some(before) = parts.start_before(left) {
            offer(&mut merges, before, right);
        }
        if let Some(after) = parts.end_after(right) {
            offer(&mut merges, left, after);
        }
    }
    parts.ends()
}

/// The parts that a word is in so far.
struct Parts {
    /// Where the part that starts here ends; 0 where none starts.
    ends: Vec<usize>,
    /// Where the part that ends here starts.
    starts: Vec<usize>,
}

impl Parts {
    fn single_bytes(length: usize) -> Self {
        let starts = (0..=length).map(|end| end.saturating_sub(1)).collect();
        Self { ends: (1..=length).collect(), starts }
    }

    /// Joins the two parts that lie between these places; `false` where there are no such two.
    fn join(&mut self, left: usize, right: usize) -> bool {
        let middle = self.ends[left];
        if middle == 0 || self.ends.get(middle) != Some(&right) {
            return false;
        }
        self.ends[left] = right;
        self.ends[middle] = 0;
        self.starts[right] = left;
        true
    }

    fn start_before(&self, end: usize) -> Option<usize> {
        (end > 0).then(|| self.starts[end])
    }

    fn end_after(&self, start: usize) -> Option<usize> {
        self.ends.get(start).copied()
    }

    fn ends(&self) -> Vec<usize> {
        let next = |start: &usize| self.ends.get(*start).copied();
        std::iter::successors(next(&0), next).collect()
    }
}
