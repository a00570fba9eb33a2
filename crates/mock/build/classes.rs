//! The table of what each character is to a tokenizer.

use regex_syntax::hir::{Class, HirKind};

/// Characters that share a row of the table.
const ROW: usize = 256;
const CHARACTERS: usize = 0x11_0000;

/// What a character can be, in the order of the bits (`src/tokens/classes.rs`).
const CLASSES: [&str; 6] =
    [r"\p{L}", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"\p{N}", r"\s", r"[\r\n]"];

/// For each 256 characters the number of their row, and then the rows: a byte a character, a bit a class.
pub(crate) fn table() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let bits = bits_of_characters()?;
    let mut rows: Vec<&[u8]> = Vec::new();
    let mut table = Vec::with_capacity(CHARACTERS / ROW);
    for row in bits.chunks(ROW) {
        let known = rows.iter().position(|other| *other == row);
        let at = known.unwrap_or_else(|| {
            rows.push(row);
            rows.len() - 1
        });
        table.push(u8::try_from(at)?);
    }
    table.extend(rows.concat());
    Ok(table)
}

fn bits_of_characters() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut bits = vec![0; CHARACTERS];
    for (bit, pattern) in CLASSES.iter().enumerate() {
        for (start, end) in ranges(pattern)? {
            bits[start as usize..=end as usize].iter_mut().for_each(|bits| *bits |= 1 << bit);
        }
    }
    Ok(bits)
}

fn ranges(pattern: &str) -> Result<Vec<(char, char)>, Box<dyn std::error::Error>> {
    match regex_syntax::parse(pattern)?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => {
            Ok(class.iter().map(|range| (range.start(), range.end())).collect())
        }
        _ => Err(format!("{pattern} is no class of characters").into()),
    }
}
