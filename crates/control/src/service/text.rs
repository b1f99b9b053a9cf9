//! The limits of what people write about a service and its keys.

use tieline_core::code;
use tieline_core::definition::MAX_BYTES;

use crate::{Error, Result};

/// Largest overview or document, in bytes.
const MAX_DOCUMENT: usize = 1024 * 1024;
/// Largest value of a key, in bytes.
pub(super) const MAX_VALUE: usize = 64 * 1024;
/// Longest summary or description, in bytes.
pub(crate) const MAX_LINE: usize = 4 * 1024;
/// Longest name, label or category, in characters.
const MAX_WORD: usize = 100;
/// Most labels or categories, endpoints or credentials, and parameters of one service.
pub(super) const MAX_ITEMS: usize = 100;

/// What is written about a service, checked and trimmed.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) summary: String,
    pub(super) overview: String,
    pub(super) document: String,
    pub(super) labels: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) definition: Option<String>,
}

impl Texts {
    /// Checks every text against its limit.
    pub(super) fn check(self) -> Result<Self> {
        within("summary", &self.summary, MAX_LINE)?;
        within("overview", &self.overview, MAX_DOCUMENT)?;
        within("document", &self.document, MAX_DOCUMENT)?;
        if let Some(definition) = &self.definition {
            within("definition", definition, MAX_BYTES)?;
        }
        Ok(Self {
            summary: self.summary.trim().to_owned(),
            labels: words("labels", &self.labels)?,
            categories: words("categories", &self.categories)?,
            ..self
        })
    }
}

/// Refuses a field of a request whose text is beyond a size, or one that a text column cannot hold.
pub(crate) fn within(field: &str, text: &str, most: usize) -> Result<()> {
    check(field, text, most).map_err(|error| error.at(field))
}

/// As [`within`], for what is called otherwise than its field.
pub(super) fn check(field: &str, text: &str, most: usize) -> Result<()> {
    if text.len() > most {
        return Err(Error::invalid(
            code!("text_too_large"),
            format!("{field} has {} bytes; at most {most} are kept", text.len()),
            "shorten it, or put it where people can read it and write its address instead",
        ));
    }
    if text.contains('\0') {
        return Err(Error::invalid(
            code!("text_invalid"),
            format!("{field} holds a NUL character, which no text and no environment variable can hold"),
            "give text; encode binary values, for example in base64",
        ));
    }
    Ok(())
}

/// Labels and categories: trimmed, without repetition.
fn words(field: &str, words: &[String]) -> Result<Vec<String>> {
    too_many(field, words.len())?;
    let mut kept: Vec<String> = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        let good = !word.is_empty() && word.chars().count() <= MAX_WORD && !word.chars().any(char::is_control);
        if !good {
            return Err(Error::invalid(
                code!("text_invalid"),
                format!("{field} holds {word:?}, which is empty, too long or more than one line"),
                format!("use 1 to {MAX_WORD} characters for each"),
            )
            .at(field));
        }
        if !kept.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            kept.push(word.to_owned());
        }
    }
    Ok(kept)
}

/// Refuses more of something than a service may have.
pub(super) fn too_many(field: &str, count: usize) -> Result<()> {
    if count <= MAX_ITEMS {
        return Ok(());
    }
    Err(Error::invalid(
        code!("text_too_large"),
        format!("there are {count} {field}; a service has at most {MAX_ITEMS}"),
        "leave some out, or register a second service",
    )
    .at(field))
}

/// A name as third-party references write it: letters, digits, blanks and `_ . -`, trimmed.
pub(super) fn free_name(things: &str, text: &str) -> Result<String> {
    let name = text.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ');
    if name.is_empty() || name.len() > MAX_WORD || !name.bytes().all(allowed) {
        return Err(Error::invalid(
            code!("service_name_invalid"),
            format!("{text:?} is no name for {things}"),
            format!("use 1 to {MAX_WORD} letters, digits, blanks, _ . and -"),
        )
        .at("name"));
    }
    Ok(name.to_owned())
}
