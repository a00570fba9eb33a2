//! What is wrong in a rule, and the field it is about.

use std::fmt;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The field, as `reply.choices[0].text`; empty for the whole.
    pub(crate) field: String,
    /// What is wrong with it, in words that follow its name.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
    /// Which part of it is wrong.
    pub(crate) part: Part,
}

/// A part of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// That it is there at all.
    Key,
    /// What it is set to.
    Value,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    pub(crate) list: Vec<Complaint>,
}

impl Complaints {
    /// Adds that a value is wrong.
    pub(crate) fn add(&mut self, field: Field<'_>, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), help.into());
        self.list.push(Complaint { field: field.to_string(), message, help, part: Part::Value });
    }

    /// Adds that a key is out of place.
    pub(crate) fn misplaced(
        &mut self,
        field: Field<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(field, message, help);
        if let Some(complaint) = self.list.last_mut() {
            complaint.part = Part::Key;
        }
    }
}

/// A field of a rule, written out only when there is something to say of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    above: Option<&'a Field<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Field<'a> {
    /// The whole.
    pub(crate) const ROOT: Field<'static> = Field { above: None, step: Step::Key("") };

    /// A key of it.
    pub(crate) fn key(&'a self, name: &'a str) -> Self {
        Self { above: Some(self), step: Step::Key(name) }
    }

    /// An item of it.
    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Item(index) }
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(above) = self.above else { return Ok(()) };
        above.fmt(formatter)?;
        match self.step {
            Step::Key(name) if above.above.is_some() => write!(formatter, ".{name}"),
            Step::Key(name) => formatter.write_str(name),
            Step::Item(index) => write!(formatter, "[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn fields_are_written_as_paths() {
        let reply = Field::ROOT.key("reply");
        assert_eq!(reply.key("choices").item(2).key("text").to_string(), "reply.choices[2].text");
        assert_eq!(Field::ROOT.to_string(), "");
    }
}
