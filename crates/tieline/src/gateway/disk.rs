//! The table on disk: the lines of the feed as they came, each behind a checksum, so that a gateway starts while the
//! control plane is away. What is torn at the end is dropped; a whole table takes the place of another at once. A file that
//! cannot be written ends with its last whole line, or is not gone on with.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tieline_core::route_table::Entry;
use tieline_core::secret::Digest;
use tieline_core::table_feed::FeedLine;

/// Characters of the checksum before each line: 60 bits of a SHA-256.
const CHECKSUM: usize = 10;
/// Longer lines are none of a feed, and not read.
const LONGEST: u64 = 256 * 1024 * 1024;
/// A file that has grown by so much beyond twice what it was is written anew.
const SLACK: u64 = 16 * 1024 * 1024;

/// The file of a table.
pub(crate) struct TableFile {
    path: PathBuf,
    file: File,
    size: u64,
    /// What it was when it held nothing that is superseded.
    compact: u64,
    position: Position,
}

/// Up to where a file holds everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The generation of the number; empty before the first.
    pub(crate) generation: String,
    /// The number.
    pub(crate) number: i64,
}

/// A table that is to take the place of another.
pub(crate) struct Replacement {
    path: PathBuf,
    writer: BufWriter<File>,
    generation: String,
    size: u64,
}

/// A line as it is written.
pub(crate) struct Line {
    text: String,
    /// The number, if the line tells one.
    number: Option<i64>,
}

impl Line {
    /// With its checksum.
    pub(crate) fn of(line: &FeedLine) -> io::Result<Self> {
        let text = serde_json::to_string(line)?;
        let number = if let FeedLine::Reached(number) = line { Some(*number) } else { None };
        Ok(Self { text: format!("{} {text}\n", checksum(&text)), number })
    }
}

impl TableFile {
    /// Opens or makes the file in a folder, for this process alone, and hands over each of its lines.
    pub(crate) fn open(folder: &Path, mut take: impl FnMut(FeedLine)) -> io::Result<Self> {
        let path = folder.join("table");
        let file = open(&path, false)?;
        file.try_lock().map_err(|_| io::Error::new(io::ErrorKind::WouldBlock, "another gateway uses it"))?;
        let (mut position, mut size, mut whole) = (Position::default(), 0, 0);
        let mut lines = Lines::new(file.try_clone()?);
        while let Some(line) = lines.next()? {
            size = lines.read;
            match &line {
                FeedLine::Begin { generation, .. } => position.generation.clone_from(generation),
                FeedLine::Reached(number) => (position.number, whole) = (*number, size),
                FeedLine::Changes(_) => {}
            }
            take(line);
        }
        if whole == 0 {
            // Without a number nobody knows what is missing.
            (position, size) = (Position::default(), 0);
        }
        let mut file = file;
        file.set_len(size)?;
        file.seek(SeekFrom::Start(size))?;
        Ok(Self { path, file, size, compact: size, position })
    }

    /// Up to where it holds everything.
    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// When it was last written.
    pub(crate) fn written(&self) -> io::Result<std::time::SystemTime> {
        self.file.metadata()?.modified()
    }

    /// Adds a line. Lost bytes are asked for again, so that nothing waits for the disk. When it fails, the file ends where
    /// it ended before, or its position is the first again.
    pub(crate) fn append(&mut self, line: &Line) -> io::Result<()> {
        let written = self.file.write_all(line.text.as_bytes());
        if written.is_err() {
            self.mend();
            return written;
        }
        self.size += line.text.len() as u64;
        if let Some(number) = line.number {
            self.position.number = number;
            if self.size > 2 * self.compact + SLACK {
                self.compact()?;
            }
        }
        Ok(())
    }

    /// Takes off what was written of a line. What cannot be taken off would hide everything behind it.
    fn mend(&mut self) {
        let size = self.size;
        if self.file.set_len(size).and_then(|()| self.file.seek(SeekFrom::Start(size))).is_err() {
            self.position = Position::default();
        }
    }

    /// Begins a table that will take this one's place.
    pub(crate) fn replace(&self, generation: &str) -> io::Result<Replacement> {
        let path = self.path.with_extension("next");
        let writer = BufWriter::new(open(&path, true)?);
        let mut next = Replacement { path, writer, generation: generation.to_owned(), size: 0 };
        next.write(&FeedLine::Begin { generation: generation.to_owned(), whole: true })?;
        Ok(next)
    }

    /// Gives back the room of a table that will not take this one's place.
    pub(crate) fn drop_replacement(&self) {
        // It may be gone, or never have been made.
        let _ = std::fs::remove_file(self.path.with_extension("next"));
    }

    /// Puts a whole table in this one's place.
    pub(crate) fn put(&mut self, mut next: Replacement, number: i64) -> io::Result<()> {
        next.write(&FeedLine::Reached(number))?;
        let position = Position { generation: next.generation.clone(), number };
        self.take_place(next)?;
        self.position = position;
        Ok(())
    }

    fn take_place(&mut self, next: Replacement) -> io::Result<()> {
        let file = next.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        file.try_lock().map_err(|_| io::Error::new(io::ErrorKind::WouldBlock, "another gateway uses it"))?;
        std::fs::rename(&next.path, &self.path)?;
        (self.file, self.size, self.compact) = (file, next.size, next.size);
        Ok(())
    }

    /// Writes the file anew without what later lines supersede.
    fn compact(&mut self) -> io::Result<()> {
        let mut next = self.replace(&self.position.generation)?;
        let states = [RandomState::new(), RandomState::new()];
        let hash = |key: &String| states.each_ref().map(|state| state.hash_one(key));
        let mut last: HashMap<[u64; 2], u32> = HashMap::new();
        self.each(|index, changes| {
            last.extend(changes.keys().map(|key| (hash(key), index)));
            Ok(())
        })?;
        self.each(|index, mut changes| {
            changes.retain(|key, entry| entry.is_some() && last.get(&hash(key)) == Some(&index));
            if changes.is_empty() { Ok(()) } else { next.write(&FeedLine::Changes(changes)) }
        })?;
        next.write(&FeedLine::Reached(self.position.number))?;
        self.take_place(next)
    }

    /// Hands over each line of changes with its index. A file that is not what was written is not gone on with.
    fn each(&mut self, mut take: impl FnMut(u32, BTreeMap<String, Option<Entry>>) -> io::Result<()>) -> io::Result<()> {
        let mut lines = Lines::new(File::open(&self.path)?);
        let mut index = 0;
        while let Some(line) = lines.next()? {
            index += 1;
            if let FeedLine::Changes(changes) = line {
                take(index, changes)?;
            }
        }
        if lines.read == self.size {
            return Ok(());
        }
        self.position = Position::default();
        Err(io::Error::new(io::ErrorKind::InvalidData, "the table on disk was changed or damaged"))
    }
}

impl Replacement {
    /// Adds a line of changes.
    pub(crate) fn append(&mut self, line: &Line) -> io::Result<()> {
        self.size += line.text.len() as u64;
        self.writer.write_all(line.text.as_bytes())
    }

    fn write(&mut self, line: &FeedLine) -> io::Result<()> {
        self.append(&Line::of(line)?)
    }
}

/// The lines of a file up to the first that is torn or changed.
struct Lines {
    reader: BufReader<File>,
    read: u64,
}

impl Lines {
    fn new(file: File) -> Self {
        Self { reader: BufReader::with_capacity(256 * 1024, file), read: 0 }
    }

    fn next(&mut self) -> io::Result<Option<FeedLine>> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut line)?;
        let Some(line) = std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix('\n')) else {
            return Ok(None);
        };
        let good = line.split_at_checked(CHECKSUM).and_then(|(sum, text)| {
            let text = text.strip_prefix(' ')?;
            (checksum(text) == sum).then(|| serde_json::from_str(text).ok())?
        });
        if good.is_some() {
            self.read += read as u64;
        }
        Ok(good)
    }
}

fn checksum(text: &str) -> String {
    let mut sum = Digest::of(text).to_string();
    sum.truncate(CHECKSUM);
    sum
}

fn open(path: &Path, empty: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(empty).mode(0o600).open(path)
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
