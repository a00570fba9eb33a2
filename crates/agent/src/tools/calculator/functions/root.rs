//! Roots: exact where they are fractions.

use num_bigint::BigInt;

use super::super::arithmetic::{Arithmetic, Outcome};
use super::super::mistake::Failure;
use super::super::number::Number;

pub(super) fn sqrt(arithmetic: &mut Arithmetic, number: &Number) -> Outcome {
    if number.is_negative() {
        return Err(Failure::new("the square root of a negative number is not real"));
    }
    root(arithmetic, number, 2, f64::sqrt)
}

pub(super) fn cbrt(arithmetic: &mut Arithmetic, number: &Number) -> Outcome {
    if number.is_negative() {
        return Ok(root(arithmetic, &number.clone().negated(), 3, f64::cbrt)?.negated());
    }
    root(arithmetic, number, 3, f64::cbrt)
}

/// The long side of a right triangle.
pub(super) fn hypot(arithmetic: &mut Arithmetic, one: &Number, other: &Number) -> Outcome {
    let one = arithmetic.multiply(one, one)?;
    let other = arithmetic.multiply(other, other)?;
    let sum = arithmetic.add(&one, &other)?;
    root(arithmetic, &sum, 2, f64::sqrt)
}

fn root(arithmetic: &mut Arithmetic, number: &Number, degree: u8, float: fn(f64) -> f64) -> Outcome {
    if let Number::Exact(exact) = number
        && let Some(root) = arithmetic.exact_root(exact, &BigInt::from(degree))?
    {
        return Ok(Number::Exact(root));
    }
    Number::float(float(number.to_float()?))
}
