//! Lower-case hexadecimal text, as trace contexts have it.

/// Lower-case hexadecimal text of a known length.
#[derive(Clone, Copy)]
pub(crate) struct Hex<const CHARS: usize>([u8; CHARS]);

/// What each letter stands for, and [`NONE`] for those that stand for nothing: capitals are among them.
const VALUES: [u8; 256] = values();

const NONE: u8 = 0xff;

impl<const CHARS: usize> Hex<CHARS> {
    /// The text of half as many bytes.
    // Always of sixteen: the compiler makes some forty instructions of those, and a loop of fewer.
    #[inline]
    pub(crate) fn of<const BYTES: usize>(bytes: [u8; BYTES]) -> Self {
        const { assert!(CHARS == BYTES * 2 && BYTES <= 16, "two letters a byte, of an id") }
        let mut sixteen = [0; 16];
        sixteen[..BYTES].copy_from_slice(&bytes);
        let mut digits = [b'0'; 32];
        for at in 0..16 {
            digits[2 * at] = digit(sixteen[at] >> 4);
            digits[2 * at + 1] = digit(sixteen[at] & 15);
        }
        let mut text = [b'0'; CHARS];
        text.copy_from_slice(&digits[..CHARS]);
        Self(text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; CHARS] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The bytes that a text of exactly their digits stands for.
#[inline]
pub(crate) fn from_hex<const BYTES: usize>(text: &[u8]) -> Option<[u8; BYTES]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; BYTES] = pairs.try_into().ok()?;
    let mut bytes = [0; BYTES];
    let mut all = 0;
    for at in 0..BYTES {
        let [high, low] = pairs[at];
        let (high, low) = (VALUES[usize::from(high)], VALUES[usize::from(low)]);
        all |= high | low;
        bytes[at] = high << 4 | low & 15;
    }
    (all != NONE).then_some(bytes)
}

const fn digit(value: u8) -> u8 {
    b'0' + value + (value > 9) as u8 * (b'a' - b'9' - 1)
}

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        values[digit(value) as usize] = value;
        value += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=u8::MAX {
            let text = format!("{byte:02x}");
            assert_eq!(Hex::<2>::of([byte]).as_str(), text);
            assert_eq!(from_hex(text.as_bytes()), Some([byte]));
        }
    }

    #[test]
    fn only_lower_case_digits_of_the_right_number_are_read() {
        for text in ["0", "000", "0g", "g0", "0F", "F0", " 0", "-1", "é"] {
            assert_eq!(from_hex::<1>(text.as_bytes()), None, "{text}");
        }
        assert_eq!(from_hex(b"00ff"), Some([0, 0xff]));
    }
}
