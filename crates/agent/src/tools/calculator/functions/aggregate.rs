//! One number of many.

use std::cmp::Ordering;

use super::super::arithmetic::{Arithmetic, Outcome};
use super::super::number::Number;

pub(super) fn min(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    outermost(arithmetic, first, others, Ordering::Less)
}

pub(super) fn max(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    outermost(arithmetic, first, others, Ordering::Greater)
}

pub(super) fn sum(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    others.iter().try_fold(first.clone(), |sum, number| arithmetic.add(&sum, number))
}

pub(super) fn mean(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    let sum = sum(arithmetic, first, others)?;
    let count = i64::try_from(others.len() + 1).unwrap_or(i64::MAX);
    arithmetic.divide(&sum, &Number::whole(count))
}

fn outermost(arithmetic: &mut Arithmetic, first: &Number, others: &[Number], side: Ordering) -> Outcome {
    let mut outermost = first;
    for number in others {
        if arithmetic.compare(number, outermost)? == side {
            outermost = number;
        }
    }
    Ok(outermost.clone())
}
