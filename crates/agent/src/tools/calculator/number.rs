//! Numbers: exact ones as long as they are, floats where they cannot be.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::bounds::MAX_BITS;
use super::mistake::Failure;

/// A number. A float is always finite.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Exact(BigRational),
    Float(f64),
}

impl Number {
    pub(super) fn whole(number: i64) -> Self {
        Self::Exact(BigRational::from_integer(number.into()))
    }

    /// What a calculation with floats came to.
    pub(super) fn float(number: f64) -> Result<Self, Failure> {
        if number.is_nan() {
            return Err(Failure::not_real());
        }
        if number.is_infinite() {
            return Err(Failure::too_large());
        }
        Ok(Self::Float(number))
    }

    /// What a calculation with floats came to that is not zero: if it is, it was too small to be told.
    pub(super) fn nonzero_float(number: f64) -> Result<Self, Failure> {
        if number == 0.0 { Err(Failure::too_small()) } else { Self::float(number) }
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> Result<f64, Failure> {
        let exact = match self {
            Self::Float(number) => return Ok(*number),
            Self::Exact(number) => number,
        };
        match exact.to_f64() {
            Some(0.0) if !exact.is_zero() => Err(Failure::too_small()),
            Some(number) if number.is_finite() => Ok(number),
            _ => Err(Failure::too_large()),
        }
    }

    /// The fraction that it is; of a float, the one it stands for to the last bit.
    pub(super) fn to_exact(&self) -> BigRational {
        match self {
            Self::Exact(number) => number.clone(),
            Self::Float(number) => BigRational::from_float(*number).unwrap_or_else(BigRational::zero),
        }
    }

    /// The whole number that it is, if it is one and exact.
    pub(super) fn as_whole(&self) -> Option<&BigInt> {
        match self {
            Self::Exact(number) if number.is_integer() => Some(number.numer()),
            _ => None,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Exact(number) => number.is_zero(),
            Self::Float(number) => *number == 0.0,
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Self::Exact(number) => number.is_negative(),
            Self::Float(number) => *number < 0.0,
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Exact(number) => Self::Exact(-number),
            Self::Float(number) => Self::Float(-number),
        }
    }
}

/// An exact number, unless it has grown out of bounds.
pub(super) fn within_bounds(number: BigRational) -> Option<BigRational> {
    (bits(&number) <= MAX_BITS).then_some(number)
}

/// How large an exact number is: the longer one of its two parts.
pub(super) fn bits(number: &BigRational) -> u64 {
    number.numer().bits().max(number.denom().bits())
}
