//! Protocol buffers, as far as they are written here.
//!
//! OTLP's messages are few and never read back, so they are written field by field into one buffer: no
//! tree of objects stands between a span and its bytes.

/// A message that is being written. Fields may come in any order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(Vec<u8>);

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Texts(&'a [&'a str]),
    Int(i64),
    Double(f64),
    Bool(bool),
}

pub(super) const VARINT: u32 = 0;
pub(super) const FIXED_64: u32 = 1;
const BYTES: u32 = 2;
pub(super) const FIXED_32: u32 = 5;

/// An empty message in a buffer that was used before.
impl From<Vec<u8>> for Message {
    fn from(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self(buffer)
    }
}

impl Message {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn varint(&mut self, field: u32, value: u64) {
        self.key(field, VARINT);
        self.raw_varint(value);
    }

    pub(crate) fn fixed64(&mut self, field: u32, value: u64) {
        self.key(field, FIXED_64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    #[inline]
    pub(crate) fn bytes(&mut self, field: u32, value: &[u8]) {
        self.begin(field, value.len());
        self.0.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, field: u32, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    /// The beginning of a field of so many bytes, which must follow.
    #[inline]
    pub(crate) fn begin(&mut self, field: u32, length: usize) {
        self.key(field, BYTES);
        self.raw_varint(length as u64);
    }

    /// Bytes of a field that has begun.
    pub(crate) fn go_on(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A message within this one.
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        // Room for the length of a short message, which most are.
        self.message_in::<1>(field, write);
    }

    /// A message within this one whose length, as a rule, takes so many bytes; says how long it is.
    #[inline]
    pub(crate) fn message_in<const ROOM: usize>(
        &mut self,
        field: u32,
        write: impl FnOnce(&mut Self),
    ) -> usize {
        self.key(field, BYTES);
        let at = self.0.len();
        self.0.extend_from_slice(&[0; ROOM]);
        write(self);
        let length = self.0.len() - at - ROOM;
        self.close::<ROOM>(at, length as u64);
        length
    }

    /// How long it is so far.
    pub(crate) fn length(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written beyond this length.
    pub(crate) fn cut_back(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Several numbers of eight bytes in one field.
    pub(crate) fn packed64(&mut self, field: u32, values: impl ExactSizeIterator<Item = u64>) {
        self.key(field, BYTES);
        self.raw_varint(values.len() as u64 * 8);
        values.for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    /// A `KeyValue`.
    pub(crate) fn attribute(&mut self, field: u32, key: &str, value: Value<'_>) {
        let of_value = value.length();
        self.begin(field, field_length(key.len()) + field_length(of_value));
        self.text(1, key);
        self.begin(2, of_value);
        self.any_value(value);
    }

    /// The same of a text, if it is so short that all lengths, and the field's number, are one byte each.
    #[inline(always)]
    pub(crate) fn short_attribute(&mut self, field: u32, key: &str, text: &str) -> bool {
        /// A key and a text of fewer bytes together make an attribute of less than 128.
        const SHORT_BYTES: usize = 120;
        if key.len() + text.len() >= SHORT_BYTES {
            return false;
        }
        let (key_bytes, text_bytes) = (key.len() as u8, text.len() as u8);
        self.0.extend_from_slice(&[tag(field), key_bytes + text_bytes + 6, tag(1), key_bytes]);
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(&[tag(2), text_bytes + 2, tag(1), text_bytes]);
        self.0.extend_from_slice(text.as_bytes());
        true
    }

    /// The same of a list of one text.
    #[inline(always)]
    pub(crate) fn short_list_attribute(&mut self, field: u32, key: &str, text: &str) -> bool {
        /// As above; a list has four bytes more.
        const SHORT_BYTES: usize = 116;
        if key.len() + text.len() >= SHORT_BYTES {
            return false;
        }
        let (key_bytes, text_bytes) = (key.len() as u8, text.len() as u8);
        self.0.extend_from_slice(&[tag(field), key_bytes + text_bytes + 10, tag(1), key_bytes]);
        self.0.extend_from_slice(key.as_bytes());
        let list =
            [tag(2), text_bytes + 6, tag(5), text_bytes + 4, tag(1), text_bytes + 2, tag(1), text_bytes];
        self.0.extend_from_slice(&list);
        self.0.extend_from_slice(text.as_bytes());
        true
    }

    /// The same of a number that is not negative and of two bytes at most, if the key is a short one.
    #[inline(always)]
    pub(crate) fn short_int_attribute(&mut self, field: u32, key: &str, number: i64) -> bool {
        const SHORT_KEY: usize = 100;
        if key.len() > SHORT_KEY || !(0..0x4000).contains(&number) {
            return false;
        }
        let key_bytes = key.len() as u8;
        let (low, high) = (number as u8 & 0x7f, (number >> 7) as u8);
        let value_bytes = if high == 0 { 2 } else { 3 };
        self.0.extend_from_slice(&[tag(field), key_bytes + value_bytes + 4, tag(1), key_bytes]);
        self.0.extend_from_slice(key.as_bytes());
        let begun = [tag(2), value_bytes, (3 << 3 | VARINT) as u8];
        match high {
            0 => self.0.extend_from_slice(&[begun[0], begun[1], begun[2], low]),
            _ => self.0.extend_from_slice(&[begun[0], begun[1], begun[2], low | 0x80, high]),
        }
        true
    }

    /// As long as [`Value::length`] says.
    fn any_value(&mut self, value: Value<'_>) {
        match value {
            Value::Text(text) => self.text(1, text),
            Value::Bool(flag) => self.varint(2, flag.into()),
            Value::Int(number) => self.varint(3, number.cast_unsigned()),
            Value::Double(number) => self.double(4, number),
            Value::Texts(texts) => {
                self.begin(5, list_length(texts));
                for text in texts {
                    self.begin(1, field_length(text.len()));
                    self.text(1, text);
                }
            }
        }
    }

    #[inline]
    fn key(&mut self, field: u32, wire_type: u32) {
        self.raw_varint((field << 3 | wire_type).into());
    }

    #[inline]
    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(low_seven_bits(value) | 0x80);
            value >>= 7;
        }
        self.0.push(low_seven_bits(value));
    }

    /// Writes the length of what follows into the room at this place; into more or fewer bytes if it needs them.
    #[inline]
    fn close<const ROOM: usize>(&mut self, at: usize, length: u64) {
        if varint_length(length) == ROOM {
            for (place, byte) in self.0[at..at + ROOM].iter_mut().enumerate() {
                let more = if place + 1 < ROOM { 0x80 } else { 0 };
                *byte = low_seven_bits(length >> (7 * place)) | more;
            }
        } else {
            let mut prefix = Self::default();
            prefix.raw_varint(length);
            self.0.splice(at..at + ROOM, prefix.0);
        }
    }
}

/// What a field of bytes begins with, whose number is a small one.
pub(crate) const fn tag(field: u32) -> u8 {
    (field << 3 | BYTES) as u8
}

impl Value<'_> {
    /// How many bytes it is as an `AnyValue`.
    fn length(&self) -> usize {
        match self {
            Self::Text(text) => field_length(text.len()),
            Self::Bool(_) => 2,
            Self::Int(number) => 1 + varint_length(number.cast_unsigned()),
            Self::Double(_) => 9,
            Self::Texts(texts) => field_length(list_length(texts)),
        }
    }
}

/// How many bytes an `ArrayValue` of texts is.
fn list_length(texts: &[&str]) -> usize {
    texts.iter().map(|text| field_length(field_length(text.len()))).sum()
}

/// How many bytes a field of so many takes, where its number is a small one.
pub(crate) fn field_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

fn varint_length(value: u64) -> usize {
    // Seven bits a byte, and a byte at least.
    (u64::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

fn low_seven_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: u32 = 9;

    fn written(write: impl FnOnce(&mut Message)) -> Vec<u8> {
        let mut message = Message::default();
        write(&mut message);
        message.into_bytes()
    }

    #[test]
    fn what_is_short_is_written_as_what_is_long() {
        for length in [0, 1, 60, 100, 105, 109, 110, 113, 114, 115, 116, 119, 120, 200] {
            let text = "x".repeat(length);
            let as_text = written(|out| out.attribute(FIELD, "a.key", Value::Text(&text)));
            let as_list = written(|out| out.attribute(FIELD, "a.key", Value::Texts(&[&text])));
            let mut short = Message::default();
            assert_eq!(short.short_attribute(FIELD, "a.key", &text), length < 115);
            assert!(length >= 115 || short.as_bytes() == as_text, "{length}");
            let mut short = Message::default();
            assert_eq!(short.short_list_attribute(FIELD, "a.key", &text), length < 111);
            assert!(length >= 111 || short.as_bytes() == as_list, "{length}");
        }
    }

    #[test]
    fn small_numbers_are_written_as_large_ones() {
        for number in [0, 1, 127, 128, 200, 443, 8080, 16_383] {
            let long = written(|out| out.attribute(FIELD, "a.key", Value::Int(number)));
            assert_eq!(written(|out| assert!(out.short_int_attribute(FIELD, "a.key", number))), long);
        }
        for number in [-1, 16_384, i64::MAX, i64::MIN] {
            assert!(!Message::default().short_int_attribute(FIELD, "a.key", number));
        }
        assert!(!Message::default().short_int_attribute(FIELD, &"k".repeat(101), 1));
    }

    #[test]
    fn a_length_takes_the_bytes_it_needs() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let content = vec![7; length];
            let known = written(|out| out.bytes(FIELD, &content));
            let mut told = 0;
            let once = written(|out| told = out.message_in::<1>(FIELD, |inner| inner.go_on(&content)));
            assert_eq!(told, length);
            assert_eq!(once, known);
            let twice = written(|out| told = out.message_in::<2>(FIELD, |inner| inner.go_on(&content)));
            assert_eq!((told, twice), (length, known));
        }
    }
}
