//! The basic operations: exact on exact numbers, within bounds.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::One;

use super::bounds::{MAX_FACTORIAL, MAX_WORK};
use super::mistake::Failure;
use super::number::{Number, within_bounds};

/// What came of an operation.
pub(super) type Outcome = Result<Number, Failure>;

/// Operates on numbers, as long as there is work left for it to do.
pub(super) struct Arithmetic {
    work_left: u64,
}

impl Default for Arithmetic {
    fn default() -> Self {
        Self { work_left: MAX_WORK }
    }
}

impl Arithmetic {
    pub(super) fn add(&mut self, left: &Number, right: &Number) -> Outcome {
        match self.exact(left, right, |a, b| a + b, |a, b| a + b)? {
            Some(sum) => Ok(sum),
            None => Number::float(left.to_float()? + right.to_float()?),
        }
    }

    pub(super) fn subtract(&mut self, left: &Number, right: &Number) -> Outcome {
        match self.exact(left, right, |a, b| a - b, |a, b| a - b)? {
            Some(difference) => Ok(difference),
            None => Number::float(left.to_float()? - right.to_float()?),
        }
    }

    pub(super) fn multiply(&mut self, left: &Number, right: &Number) -> Outcome {
        if left.is_zero() || right.is_zero() {
            return Ok(Number::whole(0));
        }
        match self.exact(left, right, |a, b| a * b, |a, b| a * b)? {
            Some(product) => Ok(product),
            None => Number::nonzero_float(left.to_float()? * right.to_float()?),
        }
    }

    pub(super) fn divide(&mut self, left: &Number, right: &Number) -> Outcome {
        if right.is_zero() {
            return Err(Failure::division_by_zero());
        }
        if left.is_zero() {
            return Ok(Number::whole(0));
        }
        if let (Number::Exact(a), Number::Exact(b)) = (left, right) {
            self.charge(fraction_work(a, b))?;
            if let Some(quotient) = within_bounds(a / b) {
                return Ok(Number::Exact(quotient));
            }
        }
        Number::nonzero_float(left.to_float()? / right.to_float()?)
    }

    /// What is left of a division whose quotient is rounded down: it has the sign of the divisor.
    pub(super) fn remainder(&mut self, left: &Number, right: &Number) -> Outcome {
        if right.is_zero() {
            return Err(Failure::division_by_zero());
        }
        let (a, b) = (left.to_exact(), right.to_exact());
        self.charge(fraction_work(&a, &b))?;
        let rest = match (a.is_integer(), b.is_integer()) {
            (true, true) => BigRational::from_integer(a.numer().mod_floor(b.numer())),
            _ => &a - (&a / &b).floor() * &b,
        };
        match (left, right, within_bounds(rest.clone())) {
            (Number::Exact(_), Number::Exact(_), Some(rest)) => Ok(Number::Exact(rest)),
            _ => Number::float(Number::Exact(rest).to_float()?),
        }
    }

    pub(super) fn compare(&mut self, left: &Number, right: &Number) -> Result<Ordering, Failure> {
        if let (Number::Float(left), Number::Float(right)) = (left, right) {
            return Ok(left.total_cmp(right));
        }
        let (a, b) = (left.to_exact(), right.to_exact());
        self.charge(fraction_work(&a, &b))?;
        // Not the fractions' own comparison, which calls itself as often as they are long.
        Ok((a.numer() * b.denom()).cmp(&(b.numer() * a.denom())))
    }

    pub(super) fn factorial(&mut self, number: &Number) -> Outcome {
        let largest = BigInt::from(MAX_FACTORIAL);
        let number = number.as_whole().filter(|number| (BigInt::ZERO..=largest).contains(number));
        let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else {
            let failure = Failure::new("no factorial can be calculated of that number");
            return Err(failure.hint(format!("it takes a whole number from 0 to {MAX_FACTORIAL}")));
        };
        self.charge(u64::from(number) * u64::from(number) / 8)?;
        let product = (2..=number).fold(BigInt::one(), |product, factor| product * factor);
        Ok(Number::Exact(BigRational::from_integer(product)))
    }

    /// Takes work off what is left.
    pub(super) fn charge(&mut self, work: u64) -> Result<(), Failure> {
        self.work_left = self.work_left.checked_sub(work).ok_or_else(Failure::too_much_work)?;
        Ok(())
    }

    /// An operation on exact numbers; `None` where they are none, or the result is out of bounds.
    ///
    /// Whole numbers go a shorter way: that of fractions looks for common factors.
    fn exact(
        &mut self,
        left: &Number,
        right: &Number,
        whole: fn(&BigInt, &BigInt) -> BigInt,
        fraction: fn(&BigRational, &BigRational) -> BigRational,
    ) -> Result<Option<Number>, Failure> {
        let (Number::Exact(a), Number::Exact(b)) = (left, right) else { return Ok(None) };
        let result = if a.is_integer() && b.is_integer() {
            self.charge(words(a.numer()) * words(b.numer()))?;
            BigRational::from_integer(whole(a.numer(), b.numer()))
        } else {
            self.charge(fraction_work(a, b))?;
            fraction(a, b)
        };
        Ok(within_bounds(result).map(Number::Exact))
    }
}

/// What an operation on fractions costs at most: most of it goes into finding common factors.
pub(super) fn fraction_work(a: &BigRational, b: &BigRational) -> u64 {
    let words = words(a.numer()) + words(a.denom()) + words(b.numer()) + words(b.denom());
    32 * words * words
}

/// How many words of the processor a number fills.
pub(super) fn words(number: &BigInt) -> u64 {
    number.bits() / 64 + 1
}
