//! One value of a registration file: text, or where to read it (`{ env: NAME }`, `{ file: PATH }`).

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;
use tieline_core::code;

use super::Place;
use crate::failure::Failure;

/// A value as the file gives it. Numbers are text here: their digits are taken from the file as they stand, so that
/// `0123` stays what somebody wrote.
pub(super) type Given = Spanned<Shape>;

/// What stands where a value is expected.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text.
    Text(String),
    /// A number or truth value, of which the place alone matters.
    Scalar,
    /// Nothing.
    Null,
    /// A pointer to the value.
    Source(Source),
}

/// Where a value is read from, or that it stays as it is: exactly one of the three.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    env: Option<String>,
    file: Option<PathBuf>,
    #[serde(default)]
    keep: bool,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, { env: NAME }, { file: PATH } or { keep: true }")
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shape, A::Error> {
        Source::deserialize(MapAccessDeserializer::new(map)).map(Shape::Source)
    }
}

/// A value of a key; none when it stays as it is.
pub(super) fn value(given: Given, what: &str, place: &Place<'_>) -> Result<Option<String>, Failure> {
    if matches!(&given.value, Shape::Source(Source { env: None, file: None, keep: true })) {
        return Ok(None);
    }
    text(given, what, place).map(Some)
}

/// The text of a value; what it points to is read, relative to the file's folder.
pub(super) fn text(given: Given, what: &str, place: &Place<'_>) -> Result<String, Failure> {
    let wrong = |message: String| {
        let at = format!("{}:{}:{}", place.path.display(), given.referenced.line(), given.referenced.column());
        Failure::no(
            code!("registration_invalid"),
            format!("{at}: {what} {message}"),
            "a value is a text, { env: NAME } or { file: PATH }",
        )
    };
    match given.value {
        Shape::Text(text) => Ok(text),
        Shape::Null => Err(wrong("is empty".to_owned())),
        Shape::Scalar => {
            let span = given.defined.span();
            let start = span.byte_offset().and_then(|start| usize::try_from(start).ok());
            let length = span.byte_len().and_then(|length| usize::try_from(length).ok());
            let written = start.zip(length).and_then(|(start, length)| place.source.get(start..start + length));
            written.map(|text| text.trim().to_owned()).ok_or_else(|| wrong("must stand in quotes".to_owned()))
        }
        Shape::Source(Source { env: Some(name), file: None, keep: false }) => std::env::var(&name)
            .map_err(|_| wrong(format!("is read from the environment variable {name}, which is not set to a text"))),
        Shape::Source(Source { env: None, file: Some(file), keep: false }) => {
            let path = place.folder().join(file);
            read(&path).map_err(|error| wrong(format!("is read from {}: {error}", path.display())))
        }
        Shape::Source(_) => Err(wrong("must name either env or file".to_owned())),
    }
}

/// The content of a file, without the line end that editors and `echo` put last.
fn read(path: &Path) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
