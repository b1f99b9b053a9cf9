//! The table on disk: the lines of the feed as they came, each behind a checksum, so that a gateway starts while the
//! control plane is away. What is torn at the end is dropped; a whole table takes the place of another at once.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

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
    keys: Keys,
}

/// The keys of many entries, by two hashes of 64 bits each.
#[derive(Default)]
struct Keys {
    states: [RandomState; 2],
    found: HashSet<[u64; 2]>,
}

impl Keys {
    fn hash(&self, key: &str) -> [u64; 2] {
        [self.states[0].hash_one(key), self.states[1].hash_one(key)]
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

    /// Adds a line. Lost bytes are asked for again, so that nothing waits for the disk.
    pub(crate) fn append(&mut self, line: &FeedLine) -> io::Result<()> {
        let text = checked(line)?;
        self.file.write_all(text.as_bytes())?;
        self.size += text.len() as u64;
        if let FeedLine::Reached(number) = line {
            self.position.number = *number;
            if self.size > 2 * self.compact + SLACK {
                self.compact()?;
            }
        }
        Ok(())
    }

    /// Begins a table that will take this one's place.
    pub(crate) fn replace(&self, generation: &str) -> io::Result<Replacement> {
        let path = self.path.with_extension("next");
        let file = open(&path, true)?;
        let writer = BufWriter::new(file);
        let generation = generation.to_owned();
        let mut next = Replacement { path, writer, generation, size: 0, keys: Keys::default() };
        let begin = FeedLine::Begin { generation: next.generation.clone(), whole: true };
        next.write(&begin)?;
        Ok(next)
    }

    /// Puts a whole table in this one's place; answers the keys that it does not have any more.
    pub(crate) fn put(&mut self, mut next: Replacement, number: i64) -> io::Result<Vec<String>> {
        next.write(&FeedLine::Reached(number))?;
        let mut gone = HashSet::new();
        let mut lines = Lines::new(File::open(&self.path)?);
        while let Some(line) = lines.next()? {
            if let FeedLine::Changes(changes) = line {
                gone.extend(changes.into_keys().filter(|key| !next.keys.found.contains(&next.keys.hash(key))));
            }
        }
        self.position = Position { generation: next.generation.clone(), number };
        self.take_place(next)?;
        Ok(gone.into_iter().collect())
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
        let mut last: HashMap<[u64; 2], u32> = HashMap::new();
        let mut lines = Lines::new(File::open(&self.path)?);
        let mut index = 0;
        while let Some(line) = lines.next()? {
            index += 1;
            if let FeedLine::Changes(changes) = line {
                last.extend(changes.keys().map(|key| (next.keys.hash(key), index)));
            }
        }
        let mut lines = Lines::new(File::open(&self.path)?);
        index = 0;
        while let Some(line) = lines.next()? {
            index += 1;
            if let FeedLine::Changes(mut changes) = line {
                changes.retain(|key, entry| entry.is_some() && last.get(&next.keys.hash(key)) == Some(&index));
                if !changes.is_empty() {
                    next.write(&FeedLine::Changes(changes))?;
                }
            }
        }
        next.write(&FeedLine::Reached(self.position.number))?;
        self.take_place(next)
    }
}

impl Replacement {
    /// Adds a line of changes.
    pub(crate) fn append(&mut self, line: &FeedLine) -> io::Result<()> {
        if let FeedLine::Changes(changes) = line {
            let keys: Vec<_> = changes.keys().map(|key| self.keys.hash(key)).collect();
            self.keys.found.extend(keys);
        }
        self.write(line)
    }

    fn write(&mut self, line: &FeedLine) -> io::Result<()> {
        let text = checked(line)?;
        self.size += text.len() as u64;
        self.writer.write_all(text.as_bytes())
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
        self.read += read as u64;
        Ok(good)
    }
}

fn checked(line: &FeedLine) -> io::Result<String> {
    let text = serde_json::to_string(line)?;
    Ok(format!("{} {text}\n", checksum(&text)))
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
