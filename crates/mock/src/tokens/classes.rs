//! What a character is to a tokenizer.

/// Characters that share a row of the table.
const ROW: usize = 256;
const ROWS: usize = 0x11_0000 / ROW;

static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes"));

/// Some of the classes that Unicode puts characters into; several can hold for one character.
///
/// The order of the bits is that of `build/classes.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes(u8);

impl Classes {
    /// Letters.
    pub(super) const LETTER: Self = Self(1);
    /// What may stand in the capital part of a word: letters with no small form, and marks too.
    pub(super) const CAPITAL: Self = Self(1 << 1);
    /// What may stand in the small part of a word: letters with no small form, and marks too.
    pub(super) const SMALL: Self = Self(1 << 2);
    /// Digits and other numbers.
    pub(super) const NUMBER: Self = Self(1 << 3);
    /// White space.
    pub(super) const SPACE: Self = Self(1 << 4);
    /// Ends of lines.
    pub(super) const LINE_END: Self = Self(1 << 5);

    /// The classes of a character.
    pub(super) fn of(character: char) -> Self {
        let (row, column) = (character as usize / ROW, character as usize % ROW);
        Self(TABLE[ROWS + TABLE[row] as usize * ROW + column])
    }

    /// Either of these classes.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the character has one of these classes.
    pub(super) const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_what_unicode_says() {
        let of = Classes::of;
        assert_eq!(of('a'), Classes::LETTER.or(Classes::SMALL));
        assert_eq!(of('Ä'), Classes::LETTER.or(Classes::CAPITAL));
        assert_eq!(of('語'), Classes::LETTER.or(Classes::CAPITAL).or(Classes::SMALL));
        assert_eq!(of('\u{301}'), Classes::CAPITAL.or(Classes::SMALL));
        assert_eq!(of('٣'), Classes::NUMBER);
        assert_eq!(of('\n'), Classes::SPACE.or(Classes::LINE_END));
        assert_eq!((of('\u{3000}'), of('!'), of('\u{10FFFF}')), (Classes::SPACE, Classes(0), Classes(0)));
    }
}
