//! Writes numbers plainly.
//!
//! A whole number is written in full. A decimal is written in full if it has no more than
//! [`MAX_DECIMALS`]; what does not end, or is a float, is rounded to [`SIGNIFICANT_DIGITS`]. Numbers with
//! many zeros before or after their digits have an exponent.

use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::number::Number;

/// Decimals that are written before an exact number is rounded.
const MAX_DECIMALS: u32 = 30;
/// Digits of a number that is rounded.
const SIGNIFICANT_DIGITS: i64 = 16;
/// Decimals of a number that is rounded, however many digits stand before the point.
const MIN_DECIMALS: u32 = 6;
/// The last digit of a float is noise where rounding it away leaves so few.
const FEW_DIGITS: usize = 12;
/// From here on floats are written with an exponent: 1e21.
const LARGE_EXPONENT: i64 = 21;
/// From here on small numbers are written with an exponent: 1e-7.
const SMALL_EXPONENT: i64 = -7;

/// A number as a person would write it.
pub(super) fn plain(number: &Number) -> String {
    match number {
        Number::Exact(number) if number.is_integer() => number.numer().to_string(),
        Number::Exact(number) => exact(number).plain(),
        Number::Float(number) => float(*number).written(),
    }
}

/// Digits and where the point is: `d.ddd × 10^exponent`.
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; "0" for zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// With an exponent where that is shorter to read.
    fn written(&self) -> String {
        if self.exponent >= LARGE_EXPONENT { self.scientific() } else { self.plain() }
    }

    fn plain(&self) -> String {
        if self.exponent <= SMALL_EXPONENT {
            return self.scientific();
        }
        let digits = &self.digits;
        let text = match usize::try_from(self.exponent) {
            Ok(exponent) if exponent + 1 >= digits.len() => {
                format!("{digits:0<width$}", width = exponent + 1)
            }
            Ok(exponent) => format!("{}.{}", &digits[..=exponent], &digits[exponent + 1..]),
            Err(_) => {
                let zeros = usize::try_from(-1 - self.exponent).unwrap_or_default();
                format!("0.{}{digits}", "0".repeat(zeros))
            }
        };
        self.signed(text)
    }

    fn scientific(&self) -> String {
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        self.signed(format!("{first}{point}{rest}e{}", self.exponent))
    }

    fn signed(&self, text: String) -> String {
        if self.is_negative { format!("-{text}") } else { text }
    }
}

fn float(number: f64) -> Decimal {
    let short = float_digits(number, 15);
    if short.digits.len() <= FEW_DIGITS { short } else { float_digits(number, 16) }
}

fn float_digits(number: f64, digits: usize) -> Decimal {
    let written = format!("{:.*e}", digits - 1, number.abs());
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let digits = mantissa.replace('.', "");
    decimal(number < 0.0, &digits, exponent.parse().unwrap_or_default())
}

/// An exact number that is not whole.
fn exact(number: &BigRational) -> Decimal {
    let ends = (BigInt::from(10).pow(MAX_DECIMALS) % number.denom()).is_zero();
    let decimals = if ends { MAX_DECIMALS } else { rounded_decimals(number) };
    let digits = scaled(number, decimals).to_string();
    let exponent = length(&digits) - 1 - i64::from(decimals);
    decimal(number.is_negative(), &digits, exponent)
}

/// How many decimals leave a number its significant digits.
fn rounded_decimals(number: &BigRational) -> u32 {
    let decimals = SIGNIFICANT_DIGITS - 1 - magnitude(number);
    u32::try_from(decimals).unwrap_or_default().max(MIN_DECIMALS)
}

/// The exponent of a number's first digit.
fn magnitude(number: &BigRational) -> i64 {
    let (numer, denom) = (number.numer().magnitude(), number.denom().magnitude());
    let guess = length(&numer.to_string()) - length(&denom.to_string());
    let shift = BigUint::from(10u8).pow(u32::try_from(guess.unsigned_abs()).unwrap_or_default());
    let is_smaller = if guess < 0 { numer * shift < *denom } else { *numer < denom * shift };
    if is_smaller { guess - 1 } else { guess }
}

/// A number's amount with so many decimals before the point, rounded; a half goes up.
fn scaled(number: &BigRational, decimals: u32) -> BigUint {
    let (numer, denom) = (number.numer().magnitude(), number.denom().magnitude());
    let doubled = numer * BigUint::from(10u8).pow(decimals) * 2u8;
    (doubled + denom) / (denom * 2u8)
}

fn decimal(is_negative: bool, digits: &str, exponent: i64) -> Decimal {
    match digits.trim_end_matches('0') {
        "" => Decimal { is_negative: false, digits: "0".to_owned(), exponent: 0 },
        digits => Decimal { is_negative, digits: digits.to_owned(), exponent },
    }
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}
