//! Logarithms: exact where they are whole, also of numbers that no float can hold.

use std::f64::consts::LN_2;

use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{FromPrimitive, One, ToPrimitive, Zero};

use super::super::arithmetic::{Arithmetic, Outcome};
use super::super::mistake::Failure;
use super::super::number::Number;

pub(super) fn exp(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::nonzero_float(number.to_float()?.exp())
}

pub(super) fn ln(_: &mut Arithmetic, number: &Number) -> Outcome {
    Number::float(natural(number)?)
}

pub(super) fn log(arithmetic: &mut Arithmetic, number: &Number, base: Option<&Number>) -> Outcome {
    let Some(base) = base else { return log10(arithmetic, number) };
    match base.as_whole().and_then(ToPrimitive::to_u8) {
        Some(2) => return log2(arithmetic, number),
        Some(10) => return log10(arithmetic, number),
        _ => {}
    }
    to_base(arithmetic, number, base, || {
        let divisor = natural(base)?;
        if divisor == 0.0 {
            return Err(Failure::new("the base of a logarithm is 1").hint("it must be another number"));
        }
        Ok(natural(number)? / divisor)
    })
}

pub(super) fn log10(arithmetic: &mut Arithmetic, number: &Number) -> Outcome {
    to_base(arithmetic, number, &Number::whole(10), || match number.to_float() {
        Ok(float) if float > 0.0 => Ok(float.log10()),
        _ => Ok(natural(number)? / std::f64::consts::LN_10),
    })
}

pub(super) fn log2(arithmetic: &mut Arithmetic, number: &Number) -> Outcome {
    to_base(arithmetic, number, &Number::whole(2), || match number.to_float() {
        Ok(float) if float > 0.0 => Ok(float.log2()),
        _ => Ok(natural(number)? / LN_2),
    })
}

/// The logarithm that a float comes near to, exact if it is whole.
fn to_base(
    arithmetic: &mut Arithmetic,
    number: &Number,
    base: &Number,
    float: impl Fn() -> Result<f64, Failure>,
) -> Outcome {
    let float = float()?;
    if let (Number::Exact(number), Number::Exact(base)) = (number, base)
        && let Some(exponent) = BigInt::from_f64(float.round())
        && is_power(arithmetic, number, base, &exponent)?
    {
        return Ok(Number::Exact(BigRational::from_integer(exponent)));
    }
    Number::float(float)
}

fn is_power(
    arithmetic: &mut Arithmetic,
    number: &BigRational,
    base: &BigRational,
    exponent: &BigInt,
) -> Result<bool, Failure> {
    if exponent.is_zero() {
        return Ok(number.is_one());
    }
    let power = arithmetic.raise(base, exponent)?;
    Ok(power.is_some_and(|power| power.numer() == number.numer() && power.denom() == number.denom()))
}

/// The natural logarithm.
fn natural(number: &Number) -> Result<f64, Failure> {
    if number.is_negative() || number.is_zero() {
        return Err(Failure::new("there is no logarithm of zero or a negative number"));
    }
    match (number.to_float(), number) {
        (Ok(float), _) => Ok(float.ln()),
        (Err(_), Number::Exact(number)) => {
            Ok(natural_of_long(number.numer().magnitude()) - natural_of_long(number.denom().magnitude()))
        }
        (Err(failure), Number::Float(_)) => Err(failure),
    }
}

/// The natural logarithm of a number that may be too long for a float.
fn natural_of_long(number: &BigUint) -> f64 {
    let shift = number.bits().saturating_sub(64);
    let leading = (number >> shift).to_f64().unwrap_or(f64::INFINITY);
    leading.ln() + shift.to_f64().unwrap_or(f64::INFINITY) * LN_2
}
