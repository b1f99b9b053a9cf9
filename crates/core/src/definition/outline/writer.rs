//! What keeps an outline within bounds: every text, every row and every step of the work is asked of it.

use std::fmt::{self, Write as _};
use std::io;

use serde_json::Value;

use super::place::Place;
use crate::definition::MAX_BYTES;
use crate::wire::outline::{OutlineNote, OutlineType, OutlineValue};

/// Most rows of an outline: fields, parameters, operations, values. A definition of two megabytes has some 20 000.
const MAX_ROWS: usize = 30_000;
/// Most text of an outline, in bytes.
const MAX_TEXT: usize = 2 * MAX_BYTES;
/// Longest single text: a description may be a chapter.
const LONGEST: usize = 64 * 1024;
/// Longest value that is written as JSON: an example, a default.
const LONGEST_VALUE: usize = 4 * 1024;
/// Most steps: what is followed or compared without becoming a row.
const MAX_STEPS: usize = 500_000;
/// So many bytes can be read in the time of a step.
pub(super) const BYTES_OF_A_STEP: usize = 64;
/// What a piece of a type takes beside its text.
const PIECE: usize = 16;
/// Most notes; they are for a person to read.
const MAX_NOTES: usize = 50;
/// Longest place or cause of a note.
const LONGEST_NOTE: usize = 300;

/// What is left of the bounds, and what there was to say.
pub(super) struct Writer {
    rows: usize,
    text: usize,
    steps: usize,
    cut: bool,
    notes: Vec<OutlineNote>,
    untold: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { rows: MAX_ROWS, text: MAX_TEXT, steps: MAX_STEPS, cut: false, notes: Vec::new(), untold: 0 }
    }

    /// Whether there is room for one more row.
    pub(super) fn row(&mut self) -> bool {
        let room = self.rows > 0 && self.text > 0;
        self.rows = self.rows.saturating_sub(1);
        self.cut |= !room;
        room
    }

    /// Whether so much more may be done.
    pub(super) fn steps(&mut self, count: usize) -> bool {
        let room = self.steps >= count;
        self.steps = self.steps.saturating_sub(count);
        self.cut |= !room;
        room
    }

    /// A text as it may be shown: trimmed, without control characters, cut where it is too long.
    pub(super) fn text(&mut self, text: &str) -> String {
        // What is followed again and again is read again and again, however little of it is kept.
        if !self.steps(text.len() / BYTES_OF_A_STEP) {
            return String::new();
        }
        let text = text.trim();
        self.cut |= text.len() > self.text;
        let room = self.text.min(LONGEST);
        let mut kept = text[..text.floor_char_boundary(room)].to_owned();
        kept.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        if text.len() > LONGEST && kept.len() > 3 {
            kept.push('…');
        }
        self.text -= kept.len().min(self.text);
        kept
    }

    /// A text on one line.
    pub(super) fn line(&mut self, text: &str) -> String {
        let mut line = self.text(text);
        if line.contains(['\n', '\t']) {
            line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        line
    }

    /// The text of a string or number, nothing of anything else.
    pub(super) fn scalar(&mut self, value: Option<&Value>) -> String {
        match value {
            Some(Value::String(text)) => self.text(text),
            Some(Value::Number(number)) => self.text(&number.to_string()),
            _ => String::new(),
        }
    }

    /// The text of a text, also where a number or truth value was written; nothing where there is none.
    pub(super) fn under(&mut self, value: &Value, key: &str) -> String {
        self.scalar(value.get(key))
    }

    /// Any value as people write it: a string bare, everything else as JSON.
    pub(super) fn value(&mut self, value: &Value) -> String {
        if let Value::String(text) = value {
            let short = &text[..text.floor_char_boundary(LONGEST_VALUE)];
            let kept = self.text(short);
            return if short.len() < text.len() { kept + "…" } else { kept };
        }
        let mut bounded = Bounded(Vec::new());
        let whole = serde_json::to_writer(&mut bounded, value).is_ok();
        let text = String::from_utf8_lossy(&bounded.0);
        let kept = self.text(text.trim_end_matches(char::REPLACEMENT_CHARACTER));
        if whole { kept } else { kept + "…" }
    }

    /// A piece of a type that is only text.
    pub(super) fn piece(&mut self, text: &str) -> OutlineType {
        self.text = self.text.saturating_sub(PIECE);
        OutlineType { text: self.line(text), schema: None }
    }

    /// A piece of a type that leads to a named one.
    pub(super) fn link(&mut self, name: &str) -> OutlineType {
        self.text = self.text.saturating_sub(PIECE);
        let name = self.line(name);
        OutlineType { schema: Some(name.clone()), text: name }
    }

    /// A value of an enumeration, if there is room.
    pub(super) fn choice(&mut self, value: &Value) -> Option<OutlineValue> {
        let room = self.row();
        room.then(|| OutlineValue { value: self.value(value), ..OutlineValue::default() })
    }

    /// Says what was not understood.
    pub(super) fn note(&mut self, place: &Place<'_>, cause: impl AsRef<str>) {
        if self.notes.len() >= MAX_NOTES || !self.steps(1) {
            self.untold += 1;
            return;
        }
        let mut place_text = Short(String::new());
        // It ends where the limit is, which is all that can go wrong.
        let _ended = write!(place_text, "{place}");
        let mut cause_text = Short(String::new());
        let _ended = cause_text.write_str(cause.as_ref());
        let note = OutlineNote { place: place_text.0, cause: cause_text.0 };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Everything that there was to say.
    pub(super) fn into_notes(mut self) -> Vec<OutlineNote> {
        if self.untold > 0 {
            let cause = format!("{} more notes are left out", self.untold);
            self.notes.push(OutlineNote { place: String::new(), cause });
        }
        if self.cut {
            let cause = "the definition says more than is shown; the rest is left out".to_owned();
            self.notes.push(OutlineNote { place: String::new(), cause });
        }
        self.notes
    }
}

/// A line that ends at the limit of a note: what is written is not made first.
struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST_NOTE - self.0.len().min(LONGEST_NOTE);
        let kept = &text[..text.floor_char_boundary(room)];
        self.0.extend(kept.chars().filter(|c| !c.is_control()));
        if kept.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Takes bytes up to the limit, then refuses: an example is not written out only to be cut.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST_VALUE - self.0.len();
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let taken = bytes.len().min(room);
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
