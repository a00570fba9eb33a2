//! How far a calculation may go.
//!
//! Whatever is written, a calculation ends soon: what it reads, how deep it nests, how large its numbers
//! grow and how much work they are is bounded before the work is done.

/// Characters of an expression.
pub(super) const MAX_EXPRESSION_CHARS: usize = 4096;
/// How deep brackets, signs and powers may stand in each other.
pub(super) const MAX_DEPTH: usize = 100;
/// Digits of one number as it is written.
pub(super) const MAX_WRITTEN_DIGITS: usize = 1000;
/// The exponent of a number as it is written, whatever its sign.
pub(super) const MAX_WRITTEN_EXPONENT: i64 = 400;
/// Bits of the numerator and of the denominator of an exact number.
pub(super) const MAX_BITS: u64 = 1 << 14;
/// What [`MAX_BITS`] are in digits.
pub(super) const MAX_DIGITS: u32 = 4932;
/// The largest number whose factorial has no more than [`MAX_BITS`].
pub(super) const MAX_FACTORIAL: u32 = 1754;
/// Decimals that a number can be rounded to, before or after the point.
pub(super) const MAX_ROUNDING: i32 = 1000;
/// Work of one expression, in steps of the processor over a word; some tens of milliseconds.
pub(super) const MAX_WORK: u64 = 1 << 25;
