//! Numbers, as JSON writes them.

use std::fmt::Write as _;

/// A whole number from nought up.
pub(super) fn push_unsigned(out: &mut Vec<u8>, number: u64) {
    let mut digits = Digits::default();
    digits.whole(number);
    out.extend_from_slice(digits.as_bytes());
}

/// A whole number.
pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_unsigned(out, number.unsigned_abs());
}

/// A number, never with an exponent where a plain one is as exact; what is no number is `null`.
pub(super) fn push_float(out: &mut Vec<u8>, number: f64) {
    if !number.is_finite() {
        return out.extend_from_slice(b"null");
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let size = number.abs();
    if push_decimal(out, size) {
        return;
    }
    // Display writes every digit of a large number out, up to 309 of them.
    let mut text = String::new();
    let written = if size < 1e16 { write!(text, "{size:?}") } else { write!(text, "{size:e}") };
    debug_assert!(written.is_ok(), "a string takes any text");
    out.extend_from_slice(text.as_bytes());
}

/// Writes a number of at most nine decimals; anything else is left alone.
fn push_decimal(out: &mut Vec<u8>, size: f64) -> bool {
    const UNIT: u64 = 1_000_000_000;
    // Of numbers with fifteen digits no two are the same float; with more, a shorter one could be.
    const DISTINCT_BELOW: f64 = 1e15;
    let scaled = (size * UNIT as f64).round();
    // Both sides of the division are exact, so it is equal only if the decimals say it all.
    if scaled >= DISTINCT_BELOW || scaled / UNIT as f64 != size {
        return false;
    }
    let scaled = scaled as u64;
    let mut digits = Digits::default();
    digits.decimals(scaled % UNIT);
    digits.whole(scaled / UNIT);
    out.extend_from_slice(digits.as_bytes());
    true
}

/// A number as it is written down, from its last digit to its first.
struct Digits {
    text: [u8; Self::MOST],
    first: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self { text: [b'0'; Self::MOST], first: Self::MOST }
    }
}

impl Digits {
    /// Twenty of a whole number, a point, nine decimals: there is room to spare.
    const MOST: usize = 32;

    fn as_bytes(&self) -> &[u8] {
        &self.text[self.first..]
    }

    fn push(&mut self, byte: u8) {
        // The remainder changes nothing but what the compiler knows.
        self.first = (self.first - 1) % Self::MOST;
        self.text[self.first] = byte;
    }

    fn whole(&mut self, mut number: u64) {
        loop {
            self.push(digit(number));
            number /= 10;
            if number == 0 {
                return;
            }
        }
    }

    /// Nine decimals without their trailing noughts, but one at least, so that it stays a float; and the point.
    fn decimals(&mut self, mut billionths: u64) {
        let mut left = 9;
        // What is measured in thousandths has six noughts.
        if billionths.is_multiple_of(1_000_000) {
            (billionths, left) = (billionths / 1_000_000, 3);
        }
        while left > 1 && billionths.is_multiple_of(10) {
            (billionths, left) = (billionths / 10, left - 1);
        }
        for _ in 0..left {
            self.push(digit(billionths));
            billionths /= 10;
        }
        self.push(b'.');
    }
}

fn digit(number: u64) -> u8 {
    // No more than nine.
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(number: f64) -> String {
        let mut out = Vec::new();
        push_float(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_plain() {
        assert_eq!(float(12.345), "12.345");
        assert_eq!(float(1.0), "1.0");
        assert_eq!(float(0.0), "0.0");
        assert_eq!(float(-0.5), "-0.5");
        assert_eq!(float(0.000_001_5), "0.0000015");
        assert_eq!(float(0.000_000_001), "0.000000001");
        assert_eq!(float(1_234_567.000_000_25), "1234567.00000025");
        assert_eq!(float(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(float(8_543_682.879), "8543682.879");
        assert_eq!(float(1e300), "1e300");
        assert_eq!(float(f64::NAN), "null");
    }

    #[test]
    fn the_longest_numbers_have_room() {
        let mut out = Vec::new();
        push_unsigned(&mut out, u64::MAX);
        push_signed(&mut out, i64::MIN);
        assert_eq!(out, b"18446744073709551615-9223372036854775808");
        assert_eq!(float(8_999_999.123_456_7), "8999999.1234567");
    }

    proptest! {
        #[test]
        fn any_float_comes_back(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            prop_assert_eq!(serde_json::from_str::<f64>(&float(number)).unwrap(), number);
        }

        #[test]
        fn a_float_of_few_decimals_is_written_as_the_language_does(thousandths in 0..1u64 << 40) {
            let number = thousandths as f64 / 1e3;
            prop_assert_eq!(float(number), format!("{number:?}"));
        }

        #[test]
        fn any_whole_number_comes_back(number in any::<i64>()) {
            let mut out = Vec::new();
            push_signed(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
