//! Rounding. What is rounded is exact from then on.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Pow, ToPrimitive};

use super::super::arithmetic::{Arithmetic, Outcome, fraction_work};
use super::super::bounds::MAX_ROUNDING;
use super::super::mistake::Failure;
use super::super::number::Number;

/// To the nearest number of so many decimals; a half goes away from zero.
pub(super) fn round(arithmetic: &mut Arithmetic, number: &Number, decimals: Option<&Number>) -> Outcome {
    let decimals = decimals.map_or(Ok(0), whole_decimals)?;
    let scale = BigRational::from_integer(Pow::pow(BigInt::from(10), decimals.unsigned_abs()));
    let scale = if decimals < 0 { scale.recip() } else { scale };
    let number = number.to_exact();
    arithmetic.charge(2 * fraction_work(&number, &scale))?;
    Ok(Number::Exact((number * &scale).round() / scale))
}

pub(super) fn floor(_: &mut Arithmetic, number: &Number) -> Outcome {
    Ok(Number::Exact(number.to_exact().floor()))
}

pub(super) fn ceil(_: &mut Arithmetic, number: &Number) -> Outcome {
    Ok(Number::Exact(number.to_exact().ceil()))
}

pub(super) fn trunc(_: &mut Arithmetic, number: &Number) -> Outcome {
    Ok(Number::Exact(number.to_exact().trunc()))
}

fn whole_decimals(number: &Number) -> Result<i32, Failure> {
    let decimals = number.as_whole().and_then(ToPrimitive::to_i32);
    decimals.filter(|decimals| decimals.abs() <= MAX_ROUNDING).ok_or_else(|| {
        Failure::new("the number of decimals to round to cannot be used")
            .hint(format!("it is a whole number from -{MAX_ROUNDING} to {MAX_ROUNDING}"))
    })
}
