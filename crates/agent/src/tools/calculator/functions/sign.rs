//! The sign of a number.

use super::super::arithmetic::{Arithmetic, Outcome};
use super::super::number::Number;

pub(super) fn abs(_: &mut Arithmetic, number: &Number) -> Outcome {
    let number = number.clone();
    Ok(if number.is_negative() { number.negated() } else { number })
}

pub(super) fn sign(_: &mut Arithmetic, number: &Number) -> Outcome {
    Ok(Number::whole(match number {
        number if number.is_zero() => 0,
        number if number.is_negative() => -1,
        _ => 1,
    }))
}
