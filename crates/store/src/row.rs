//! Values on their way to and from the database: the five types that every column of Tieline has.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row as _, TypeInfo, ValueRef};

use crate::{Error, Result};

/// One value of a parameter or column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// TEXT: strings, handles, ids, times (RFC 3339, UTC) and JSON.
    Text(String),
    /// BIGINT.
    Integer(i64),
    /// BOOLEAN (SQLite keeps 0 and 1).
    Boolean(bool),
    /// BYTEA: digests and sealed bytes.
    Bytes(Vec<u8>),
    /// NULL of a TEXT column; other columns are never null.
    Null,
}

/// One row of a result.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Vec<(String, Value)>,
}

impl Row {
    pub(crate) fn from_sqlite(row: &SqliteRow) -> Result<Self> {
        let read = |index: usize| -> Result<Value> {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            Ok(match raw.type_info().name() {
                "INTEGER" | "BOOLEAN" => Value::Integer(row.try_get_unchecked(index)?),
                "BLOB" => Value::Bytes(row.try_get_unchecked(index)?),
                _ => Value::Text(row.try_get_unchecked(index)?),
            })
        };
        let columns = row.columns().iter().map(|column| Ok((column.name().to_owned(), read(column.ordinal())?)));
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    pub(crate) fn from_postgres(row: &PgRow) -> Result<Self> {
        let read = |index: usize| -> Result<Value> {
            let raw = row.try_get_raw(index)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            Ok(match raw.type_info().name() {
                "INT8" => Value::Integer(row.try_get(index)?),
                "INT4" => Value::Integer(i64::from(row.try_get::<i32, _>(index)?)),
                "BOOL" => Value::Boolean(row.try_get(index)?),
                "BYTEA" => Value::Bytes(row.try_get(index)?),
                _ => Value::Text(row.try_get(index)?),
            })
        };
        let columns = row.columns().iter().map(|column| Ok((column.name().to_owned(), read(column.ordinal())?)));
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    pub(crate) fn text(&self, column: &str) -> Result<String> {
        match self.value(column)? {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(Error::column(column, "text")),
        }
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<String>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64> {
        match self.value(column)? {
            Value::Integer(number) => Ok(*number),
            _ => Err(Error::column(column, "a number")),
        }
    }

    pub(crate) fn boolean(&self, column: &str) -> Result<bool> {
        match self.value(column)? {
            Value::Boolean(truth) => Ok(*truth),
            Value::Integer(number) => Ok(*number != 0),
            _ => Err(Error::column(column, "a truth value")),
        }
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => Err(Error::column(column, "bytes")),
        }
    }

    /// A TEXT column that some type of `core` can be read from: an id, a handle, a time.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| Error::column(column, std::any::type_name::<T>()))
    }

    /// As [`Row::parsed`], for a column that may be null.
    pub(crate) fn optional_parsed<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.parsed(column).map(Some),
        }
    }

    /// A TEXT column that holds JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|_| Error::column(column, std::any::type_name::<T>()))
    }

    fn value(&self, column: &str) -> Result<&Value> {
        let found = self.columns.iter().find(|(name, _)| name == column);
        found.map(|(_, value)| value).ok_or_else(|| Error::column(column, "a column of this query"))
    }
}

/// JSON for a TEXT column.
pub(crate) fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_string(value).map(Value::Text).map_err(Error::Json)
}

/// The text of an id, a handle or a time for a TEXT column.
pub(crate) fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

/// As [`text`], NULL for nothing.
pub(crate) fn optional(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}
