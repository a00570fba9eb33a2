//! Powers and roots: exact where the result is a fraction.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

use super::arithmetic::{Arithmetic, Outcome, words};
use super::bounds::MAX_BITS;
use super::mistake::Failure;
use super::number::{Number, bits, within_bounds};

/// From here on an exponent brings out what rounding its base has lost.
const LARGE_EXPONENT: f64 = 16.0;

impl Arithmetic {
    pub(super) fn power(&mut self, base: &Number, exponent: &Number) -> Outcome {
        if base.is_zero() && exponent.is_negative() {
            return Err(Failure::division_by_zero().hint("0 has no negative power"));
        }
        if let (Number::Exact(base), Number::Exact(exponent)) = (base, exponent)
            && let Some(power) = self.exact_power(base, exponent)?
        {
            return Ok(Number::Exact(power));
        }
        let power = float_power(base, exponent.to_float()?)?;
        if base.is_zero() { Number::float(power) } else { Number::nonzero_float(power) }
    }

    /// A root of this degree, if it is a fraction.
    pub(super) fn exact_root(
        &mut self,
        number: &BigRational,
        degree: &BigInt,
    ) -> Result<Option<BigRational>, Failure> {
        if degree.is_one() {
            return Ok(Some(number.clone()));
        }
        let degree = degree.to_u32().filter(|degree| u64::from(*degree) <= MAX_BITS);
        let (Some(degree), false) = (degree, number.is_negative()) else { return Ok(None) };
        let words = words(number.numer()) + words(number.denom());
        self.charge(32 * words * words)?;
        let (Some(numer), Some(denom)) =
            (whole_root(number.numer(), degree), whole_root(number.denom(), degree))
        else {
            return Ok(None);
        };
        Ok(Some(BigRational::new_raw(numer, denom)))
    }

    /// A whole power of a number other than 0, 1 and -1, if it is within bounds.
    pub(super) fn raise(
        &mut self,
        base: &BigRational,
        exponent: &BigInt,
    ) -> Result<Option<BigRational>, Failure> {
        // Looked at beforehand: a power grows out of everything.
        let fits = |exponent: &u64| (bits(base) - 1).saturating_mul(*exponent) <= MAX_BITS;
        let Some(count) = exponent.magnitude().to_u64().filter(fits) else { return Ok(None) };
        let words = MAX_BITS.min(bits(base).saturating_mul(count)) / 64 + 1;
        self.charge(8 * words * words)?;
        let power = Pow::pow(base, count);
        let power = if exponent.is_negative() { power.recip() } else { power };
        Ok(within_bounds(power))
    }

    fn exact_power(
        &mut self,
        base: &BigRational,
        exponent: &BigRational,
    ) -> Result<Option<BigRational>, Failure> {
        if base.is_one() || exponent.is_zero() {
            return Ok(Some(BigRational::one()));
        }
        if base.is_zero() {
            return Ok(Some(BigRational::zero()));
        }
        if (-base).is_one() && exponent.is_integer() {
            let is_even = exponent.numer().is_even();
            return Ok(Some(if is_even { BigRational::one() } else { base.clone() }));
        }
        match self.exact_root(base, exponent.denom())? {
            Some(root) => self.raise(&root, exponent.numer()),
            None => Ok(None),
        }
    }
}

fn float_power(base: &Number, exponent: f64) -> Result<f64, Failure> {
    if base.is_negative() && exponent.fract() != 0.0 {
        let failure = Failure::new("a negative number has no real power whose exponent is not whole");
        return Err(failure.hint("cbrt(x) takes the cube root of a negative number"));
    }
    if let Number::Exact(base) = base
        && exponent.abs() > LARGE_EXPONENT
        && let Some(above_one) = (base - BigRational::one()).to_f64()
        && above_one.abs() < 0.5
    {
        // Rounding a number like 1.0001 to a float would lose what a large exponent brings to light.
        return Ok((exponent * above_one.ln_1p()).exp());
    }
    Ok(base.to_float()?.powf(exponent))
}

fn whole_root(number: &BigInt, degree: u32) -> Option<BigInt> {
    let root = number.nth_root(degree);
    (Pow::pow(&root, degree) == *number).then_some(root)
}
