//! References within a document: followed within bounds, never to another document.

use std::borrow::Cow;

use serde_json::Value;

use super::place::Place;
use super::writer::{BYTES_OF_A_STEP, Writer};
use crate::definition::MAX_DEPTH;

/// Most references of which each leads to the next.
const MAX_HOPS: usize = 16;

/// Reads a document of JSON or YAML.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Value,
    pub(super) writer: Writer,
    /// Where named schemas stand: `/components/schemas` or `/definitions`.
    pub(super) named: &'static str,
    /// The references that are being shown in place, so that none is shown inside itself.
    open: Vec<&'d str>,
    depth: usize,
}

/// What a schema turns out to be.
pub(super) enum Seen<'d> {
    /// The named schema of this name.
    Link(String),
    /// Something that is only said.
    Text(String),
    /// A schema without a name.
    Schema(&'d Value),
}

impl<'d> Reader<'d> {
    pub(super) fn new(document: &'d Value, named: &'static str) -> Self {
        Self { document, writer: Writer::new(), named, open: Vec::new(), depth: 0 }
    }

    /// What a value is, or what its reference leads to; none where that is not there.
    pub(super) fn follow(&mut self, value: &'d Value, place: &Place<'_>) -> Option<&'d Value> {
        let mut found = value;
        for _ in 0..MAX_HOPS {
            let Some(reference) = reference_of(found) else { return Some(found) };
            found = self.local(reference, place)?;
        }
        self.writer.note(place, "its reference leads to another one, and so on without end");
        None
    }

    /// Calls with what a schema turns out to be.
    pub(super) fn seen<T>(
        &mut self,
        schema: &'d Value,
        place: &Place<'_>,
        then: impl FnOnce(&mut Self, Seen<'d>) -> T,
    ) -> T {
        if self.depth >= MAX_DEPTH {
            self.writer.note(place, format!("it is nested more than {MAX_DEPTH} levels deep"));
            return then(self, Seen::Text("…".to_owned()));
        }
        if !self.writer.steps(1) {
            return then(self, Seen::Text("…".to_owned()));
        }
        self.depth += 1;
        let outcome = match reference_of(schema) {
            None => then(self, Seen::Schema(schema)),
            Some(reference) => self.referred(reference, place, then),
        };
        self.depth -= 1;
        outcome
    }

    fn referred<T>(&mut self, reference: &'d str, place: &Place<'_>, then: impl FnOnce(&mut Self, Seen<'d>) -> T) -> T {
        let Some(target) = self.local(reference, place) else {
            return then(self, Seen::Text(reference.to_owned()));
        };
        if let Some(name) = self.name_in(reference) {
            return then(self, Seen::Link(name));
        }
        if self.open.contains(&reference) {
            return then(self, Seen::Text(format!("{reference} again")));
        }
        self.open.push(reference);
        let outcome = self.seen(target, place, then);
        self.open.pop();
        outcome
    }

    /// What a reference leads to within the document.
    fn local(&mut self, reference: &'d str, place: &Place<'_>) -> Option<&'d Value> {
        if !self.writer.steps(1 + reference.len() / BYTES_OF_A_STEP) {
            return None;
        }
        let Some(pointer) = reference.strip_prefix('#') else {
            self.writer.note(place, format!("{reference} is in another document, which is not fetched"));
            return None;
        };
        let found = self.document.pointer(&decoded(pointer));
        if found.is_none() {
            self.writer.note(place, format!("{reference} is not there"));
        }
        found
    }

    /// The name of the named schema that a reference leads to.
    fn name_in(&self, reference: &str) -> Option<String> {
        let pointer = decoded(reference.strip_prefix('#')?);
        let name = pointer.strip_prefix(self.named)?.strip_prefix('/')?;
        (!name.contains('/')).then(|| unescaped(name))
    }
}

/// The reference that stands in place of something.
pub(super) fn reference_of(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// The last part of a reference: the name of what it leads to.
pub(super) fn last_name(reference: &str) -> String {
    unescaped(&decoded(reference.rsplit('/').next().unwrap_or_default()))
}

/// A part of a JSON pointer as it was before it was escaped (RFC 6901, section 3).
fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// A fragment as it was before it was percent-encoded (RFC 6901, section 6).
fn decoded(fragment: &str) -> Cow<'_, str> {
    if !fragment.contains('%') {
        return Cow::Borrowed(fragment);
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
