//! Backups: the whole database as lines of JSON, from one consistent state, whatever is written meanwhile.
//!
//! The first line is a [`Header`], the last a [`Trailer`] with the number of rows and the SHA-256 of all lines before it;
//! between them each table is named with its columns, followed by its rows as arrays. Secrets are sealed in it as they
//! are in the database: without the master key, which is never in a backup, they are bytes.

use std::io::BufRead;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tieline_core::code;
use tieline_core::secret::RunningDigest;
use tieline_store::Transaction;
use tieline_store::backup::{TABLES, Table};

use crate::{Actor, Control, Error, Result, work};

/// The version of the file's format.
const FORMAT: u32 = 1;
/// Longest line: a service with its definition and documents, escaped.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// The first line of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the file's format.
    pub tieline_backup: u32,
    /// The version of the database's schema.
    pub schema: i64,
    /// The master key that its sealed values need.
    pub key_fingerprint: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The last line of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// How many rows it holds.
    pub rows: u64,
    /// SHA-256, base64url, of all lines before this one.
    pub sha256: String,
}

/// The line before the rows of a table.
#[derive(Serialize, Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<String>,
}

/// A backup that is being made.
pub struct Backup {
    transaction: Transaction,
    digest: RunningDigest,
    rows: u64,
    place: Place,
}

enum Place {
    Header(Header),
    Table { index: usize, after: Option<Vec<Json>> },
    End,
}

impl Control {
    /// Begins a backup: everything that is committed by now, and nothing that comes after.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn backup_create(&self, actor: &Actor) -> Result<Backup> {
        actor.require_installation()?;
        // While a rotation is under way, sealed values need two keys, and a backup names one.
        let _alone = self.rotation.lock().await;
        let at = self.now();
        let mut audited = self.store.write().await?;
        work::audit(&mut audited, "", actor.label(), "backup_create", "installation", json!({}), at).await?;
        audited.commit().await?;
        let mut transaction = self.store.read().await?;
        let schema = transaction.schema_number().await?;
        let installation = transaction.installation().await?;
        let key_fingerprint = installation.map(|installation| installation.key_fingerprint).unwrap_or_default();
        let header = Header { tieline_backup: FORMAT, schema, key_fingerprint, created_at: at };
        Ok(Backup { transaction, digest: RunningDigest::default(), rows: 0, place: Place::Header(header) })
    }
}

impl Backup {
    /// The next lines of the file; none at its end.
    ///
    /// # Errors
    /// When the database fails: what was given so far is no backup.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut lines = Vec::new();
        match &mut self.place {
            Place::Header(header) => {
                push(&mut lines, header)?;
                self.place = Place::Table { index: 0, after: None };
            }
            Place::Table { index, after } => match TABLES.get(*index) {
                Some(table) => {
                    if after.is_none() {
                        let columns = table.columns().map(str::to_owned).collect();
                        push(&mut lines, &TableLine { table: table.name.to_owned(), columns })?;
                    }
                    let mut rows = self.transaction.backup_page(table, after.as_deref()).await?;
                    for row in &rows {
                        push(&mut lines, row)?;
                    }
                    self.rows += rows.len() as u64;
                    match rows.pop() {
                        Some(last) => *after = Some(last),
                        None => self.place = Place::Table { index: *index + 1, after: None },
                    }
                }
                None => {
                    push(&mut lines, &Trailer { rows: self.rows, sha256: self.digest.digest().to_string() })?;
                    self.place = Place::End;
                }
            },
            Place::End => return Ok(None),
        }
        self.digest.update(&lines);
        Ok(Some(lines))
    }
}

/// A backup that is being read.
pub struct BackupFile<R> {
    reader: R,
    header: Header,
    digest: RunningDigest,
    rows: u64,
    table: Option<&'static Table>,
}

impl<R: BufRead> BackupFile<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// `backup_invalid`, `backup_format_unknown`.
    pub fn open(mut reader: R) -> Result<Self> {
        let line = read_line(&mut reader)?.ok_or_else(|| invalid("it is empty"))?;
        let header: Header =
            serde_json::from_slice(&line).map_err(|_| invalid("it does not begin as a backup does"))?;
        if header.tieline_backup != FORMAT {
            return Err(Error::invalid(
                code!("backup_format_unknown"),
                format!("the backup has format {}, and this version reads {FORMAT}", header.tieline_backup),
                "restore it with the version of Tieline that made it, or a later one",
            ));
        }
        let mut digest = RunningDigest::default();
        digest.update(&line);
        Ok(Self { reader, header, digest, rows: 0, table: None })
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many rows were read so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next row with its table; none at the end, and then the file is whole.
    ///
    /// # Errors
    /// `backup_invalid` when it was cut or changed.
    pub fn next_row(&mut self) -> Result<Option<(&'static Table, Vec<Json>)>> {
        loop {
            let line = read_line(&mut self.reader)?.ok_or_else(|| invalid("its end is missing"))?;
            let value: Json = serde_json::from_slice(&line).map_err(|_| invalid("a line of it is damaged"))?;
            if let Json::Array(row) = value {
                let table = self.table.ok_or_else(|| invalid("a row of it belongs to no table"))?;
                self.digest.update(&line);
                self.rows += 1;
                return Ok(Some((table, row)));
            }
            if let Ok(trailer) = serde_json::from_value::<Trailer>(value.clone()) {
                let whole = trailer.rows == self.rows && trailer.sha256 == self.digest.digest().to_string();
                if !whole || read_line(&mut self.reader)?.is_some() {
                    return Err(invalid("it was changed, or parts of it are missing"));
                }
                return Ok(None);
            }
            let named: TableLine = serde_json::from_value(value).map_err(|_| invalid("a line of it is unknown"))?;
            let known = TABLES.iter().find(|table| table.name == named.table && table.columns().eq(&named.columns));
            self.table = Some(known.ok_or_else(|| invalid("it holds a table that this version does not know"))?);
            self.digest.update(&line);
        }
    }

    /// Reads what is left, and answers how many rows the whole file holds.
    ///
    /// # Errors
    /// `backup_invalid` when it was cut or changed.
    pub fn check(mut self) -> Result<u64> {
        while self.next_row()?.is_some() {}
        Ok(self.rows)
    }
}

fn push(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *lines, value).map_err(|error| Error::Inconsistent(error.to_string()))?;
    lines.push(b'\n');
    Ok(())
}

/// A line with its end, so that the digest covers every byte.
fn read_line(reader: &mut impl BufRead) -> Result<Option<Vec<u8>>> {
    use std::io::Read as _;
    let mut line = Vec::new();
    let read = reader.take(LONGEST_LINE).read_until(b'\n', &mut line);
    read.map_err(|error| invalid(&format!("it cannot be read: {error}")))?;
    Ok((!line.is_empty()).then_some(line))
}

fn invalid(problem: &str) -> Error {
    Error::invalid(
        code!("backup_invalid"),
        format!("this is no whole backup: {problem}"),
        "take another copy of the file, or make the backup again; nothing was restored",
    )
}
