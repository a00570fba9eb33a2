//! Numbers as they are written.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::bounds::{MAX_WRITTEN_DIGITS, MAX_WRITTEN_EXPONENT};
use super::mistake::Failure;

/// How many of these characters belong to the number that begins with the first.
pub(super) fn length(chars: &[char]) -> usize {
    let mut length = 0;
    while let Some(&next) = chars.get(length) {
        let belongs = next.is_ascii_digit() || next == '_' || next == '.';
        let exponent = if belongs { 0 } else { exponent_sign(&chars[length..]) };
        if !belongs && exponent == 0 {
            break;
        }
        length += exponent.max(1);
    }
    length
}

/// How many characters stand before the digits of an exponent, if one begins here.
fn exponent_sign(chars: &[char]) -> usize {
    let is_digit = |place: usize| chars.get(place).is_some_and(char::is_ascii_digit);
    match chars {
        ['e' | 'E', '+' | '-' | '−', ..] if is_digit(2) => 2,
        ['e' | 'E', ..] if is_digit(1) => 1,
        _ => 0,
    }
}

/// The value of a number as it is written: `12`, `1_000`, `0.5`, `.5`, `6.02e23`.
pub(super) fn value(written: &str) -> Result<BigRational, Failure> {
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, read_exponent(written, exponent)?),
        None => (written, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_grouped(whole) || !is_grouped(fraction) {
        return Err(not_a_number(written));
    }
    let digits: String = [whole, fraction].concat().replace('_', "");
    let decimals = fraction.bytes().filter(u8::is_ascii_digit).count();
    if digits.len() > MAX_WRITTEN_DIGITS {
        return Err(Failure::new(format!("a number of more than {MAX_WRITTEN_DIGITS} digits")));
    }
    let digits = BigInt::parse_bytes(digits.as_bytes(), 10).ok_or_else(|| not_a_number(written))?;
    Ok(scaled(digits, exponent - i64::try_from(decimals).unwrap_or(i64::MAX)))
}

/// The number of these digits with the point moved.
fn scaled(digits: BigInt, places: i64) -> BigRational {
    let power = BigInt::from(10).pow(u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX));
    if places < 0 { BigRational::new(digits, power) } else { BigRational::from_integer(digits * power) }
}

fn read_exponent(written: &str, exponent: &str) -> Result<i64, Failure> {
    let plain = exponent.replace('−', "-");
    if plain.contains(['_', '.', 'e', 'E']) {
        return Err(not_a_number(written));
    }
    match plain.parse::<i64>() {
        Ok(exponent) if exponent.abs() <= MAX_WRITTEN_EXPONENT => Ok(exponent),
        _ => Err(Failure::new(format!("an exponent beyond {MAX_WRITTEN_EXPONENT}"))
            .hint("write the number as a power, such as 10^500")),
    }
}

/// Whether these are digits with single `_` between them.
fn is_grouped(digits: &str) -> bool {
    !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__") && !digits.contains('.')
}

fn not_a_number(written: &str) -> Failure {
    let shown: String = written.chars().take(40).collect();
    Failure::new(format!("'{shown}' is not a number")).hint("write numbers like 1000, 1_000, 0.5 or 6.02e23")
}
