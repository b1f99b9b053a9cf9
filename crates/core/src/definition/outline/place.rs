//! Where in a document something stands, written only when there is something to say about it.

use std::fmt;

/// A place: the way to it from the root, borrowed from who goes it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The whole document.
    pub(super) const ROOT: Place<'static> = Place { above: None, step: Step::Key("") };

    /// What stands under a key.
    pub(super) fn at(&'a self, key: &'a str) -> Place<'a> {
        Place { above: Some(self), step: Step::Key(key) }
    }

    /// An item of a list.
    pub(super) fn item(&'a self, index: usize) -> Place<'a> {
        Place { above: Some(self), step: Step::Item(index) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(above) = self.above else { return Ok(()) };
        above.fmt(f)?;
        match self.step {
            Step::Key(key) if above.above.is_some() => write!(f, ".{key}"),
            Step::Key(key) => f.write_str(key),
            Step::Item(index) => write!(f, "[{index}]"),
        }
    }
}
