//! Functions of whole numbers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;

use super::super::arithmetic::{Arithmetic, Outcome, words};
use super::super::bounds::MAX_BITS;
use super::super::mistake::Failure;
use super::super::number::Number;

/// The greatest common divisor.
pub(super) fn gcd(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    fold(arithmetic, first, others, |one, other| one.gcd(other))
}

/// The least common multiple.
pub(super) fn lcm(arithmetic: &mut Arithmetic, first: &Number, others: &[Number]) -> Outcome {
    fold(arithmetic, first, others, |one, other| one.lcm(other))
}

fn fold(
    arithmetic: &mut Arithmetic,
    first: &Number,
    others: &[Number],
    run: fn(&BigInt, &BigInt) -> BigInt,
) -> Outcome {
    // The function of a number with itself is its amount, for both.
    let mut result = run(whole(first)?, whole(first)?);
    for number in others {
        let number = whole(number)?;
        let words = words(&result) + words(number);
        arithmetic.charge(64 * words * words)?;
        result = run(&result, number);
        if result.bits() > MAX_BITS {
            return Err(Failure::too_large());
        }
    }
    Ok(Number::Exact(BigRational::from_integer(result)))
}

fn whole(number: &Number) -> Result<&BigInt, Failure> {
    number.as_whole().ok_or_else(|| {
        Failure::new("an argument is not a whole number")
            .hint("round(x), floor(x) and ceil(x) make whole numbers")
    })
}
