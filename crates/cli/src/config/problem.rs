//! A problem in the configuration: what is wrong, where that was said, and what to do.

use secrecy::ExposeSecret;

use super::listen::PORT;
use super::tree::{Node, Origin, is_secret};

/// What is wrong, where, and what to do.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(super) message: String,
    pub(super) place: Option<Box<Place>>,
    pub(super) label: String,
    pub(super) helps: Vec<String>,
    /// The keys that lead to what it is about.
    subject: Vec<String>,
}

/// Where a problem is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) origin: Origin,
    /// What a variable or flag was set to, where that may be shown.
    pub(super) text: Option<String>,
    pub(super) mark: Mark,
}

/// Which part of a line is pointed at, and whether that part may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A key, or what else is no secret.
    Key,
    /// A value that is no secret.
    Value,
    /// A value that nobody may see.
    Secret,
    /// Something that cannot be read and may hold what nobody may see.
    Broken,
}

impl Problem {
    /// A problem that has no place.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            label: String::new(),
            helps: Vec::new(),
            subject: Vec::new(),
        }
    }

    /// The same problem, about the value at this path, which is shown if it is no secret.
    ///
    /// Points at the nearest section where the key is not set at all.
    pub(crate) fn about<S: AsRef<str>>(mut self, tree: &Node, path: &[S]) -> Self {
        self.subject = path.iter().map(|key| key.as_ref().to_owned()).collect();
        let Some(node) = tree.get(path) else {
            let nearest = tree.nearest(path);
            let is_root = std::ptr::eq(nearest, tree);
            return if is_root { self } else { self.pointing(nearest.key.clone(), Mark::Key) };
        };
        if node.entries().is_some() {
            return self.pointing(node.key.clone(), Mark::Key);
        }
        // The host beside a port is not what that variable was set to.
        let is_port = matches!(&node.origin, Origin::Variable(name) if name == PORT);
        let mark = if is_secret(path) { Mark::Secret } else { Mark::Value };
        let text = node.text().filter(|_| mark == Mark::Value).map(|text| text.expose_secret().to_owned());
        let (text, mark) = if is_port { (None, Mark::Key) } else { (text, mark) };
        self.at(Place { origin: node.origin.clone(), text, mark })
    }

    /// The same problem, about one item of the list at this path.
    pub(crate) fn about_item<S: AsRef<str>>(self, tree: &Node, path: &[S], index: usize) -> Self {
        let mut problem = self.about(tree, path);
        let item = tree.get(path).and_then(|node| node.items().get(index));
        if let (Some(place), Some(item)) = (&mut problem.place, item) {
            place.origin = item.origin.clone();
        }
        problem
    }

    /// The same problem, without showing the value it is about.
    pub(crate) fn hidden(mut self) -> Self {
        if let Some(place) = &mut self.place {
            (place.text, place.mark) = (None, Mark::Secret);
        }
        self
    }

    /// The same problem, about what this variable was set to.
    pub(crate) fn about_variable(self, name: &str, text: &str) -> Self {
        let origin = Origin::Variable(name.to_owned());
        self.at(Place { origin, text: Some(text.to_owned()), mark: Mark::Value })
    }

    /// The same problem, at a place that shows no value.
    pub(crate) fn pointing(self, origin: Origin, mark: Mark) -> Self {
        self.at(Place { origin, text: None, mark })
    }

    /// The same problem, about the keys on this path.
    pub(crate) fn concerning<S: AsRef<str>>(mut self, path: &[S]) -> Self {
        self.subject = path.iter().map(|key| key.as_ref().to_owned()).collect();
        self
    }

    /// The same problem, with a word beside the mark.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same problem, with one more thing to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// The keys that lead to what it is about.
    pub(crate) fn subject(&self) -> &[String] {
        &self.subject
    }
}
