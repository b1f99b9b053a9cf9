//! The last snapshot on disk, from which a command starts while the server is away. Owns the place, the file mode and
//! atomic replacement; the sealing is the caller's, under a key derived from the token that fetched the snapshot.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::variables::Variables;

/// Seals what is kept. `context` says what the bytes belong to and must be given again to open them.
pub(crate) trait Sealer {
    /// Encrypts.
    fn seal(&self, context: &[u8], plaintext: &[u8]) -> io::Result<Vec<u8>>;
    /// Decrypts; none if the key or the context is another one, or the bytes were changed.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;
}

/// Whose snapshot it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheKey {
    /// The server: its URL, or the data folder that it was found by.
    pub(crate) server: String,
    /// Handle of the organization.
    pub(crate) organization: String,
    /// Handle of the project.
    pub(crate) project: String,
    /// Handle of the component.
    pub(crate) component: String,
    /// Handle of the environment.
    pub(crate) environment: String,
    /// The major version that was asked for; none for the only live one.
    pub(crate) major: Option<u32>,
}

/// A snapshot as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedSnapshot {
    /// Its id.
    pub(crate) snapshot_id: String,
    /// Its variables.
    pub(crate) variables: Variables,
}

/// The folder of kept snapshots: one file per server, component, environment and major.
#[derive(Debug, Clone)]
pub(crate) struct SnapshotCache {
    folder: PathBuf,
}

impl SnapshotCache {
    /// The cache in this folder, which is made when something is first kept.
    #[must_use]
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The cache in the user's state folder: `tieline/snapshots` under `XDG_STATE_HOME`, else under
    /// `~/.local/state` (XDG Base Directory Specification: relative paths are ignored). None without a home.
    #[must_use]
    pub(crate) fn of_user(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<Self> {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
        Some(Self::new(state.join("tieline/snapshots")))
    }

    /// Where a key's snapshot lies.
    #[must_use]
    pub(crate) fn path(&self, key: &CacheKey) -> PathBuf {
        let mut path = self.folder.clone();
        path.extend(key.parts().iter().map(|part| file_name(part)));
        path
    }

    /// The snapshot kept for a key; none if there is none that this sealer can open.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub(crate) fn load(&self, key: &CacheKey, sealer: &dyn Sealer) -> io::Result<Option<CachedSnapshot>> {
        let sealed = match std::fs::read(self.path(key)) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let plaintext = sealer.open(&key.context(), &sealed);
        Ok(plaintext.and_then(|plaintext| serde_json::from_slice(&plaintext).ok()))
    }

    /// Keeps a snapshot in place of the one before. Does not touch the disk when that is the same, so that keeping it
    /// at every start costs one small read.
    ///
    /// # Errors
    /// The file cannot be written; the one before is still whole.
    pub(crate) fn save(&self, key: &CacheKey, snapshot: &CachedSnapshot, sealer: &dyn Sealer) -> io::Result<()> {
        if self.load(key, sealer).is_ok_and(|kept| kept.as_ref() == Some(snapshot)) {
            return Ok(());
        }
        let sealed = sealer.seal(&key.context(), &serde_json::to_vec(snapshot)?)?;
        replace(&self.path(key), &sealed)
    }
}

impl CacheKey {
    fn parts(&self) -> [String; 6] {
        let handle = |text: &str| text.to_ascii_lowercase();
        [
            self.server.trim_end_matches('/').to_owned(),
            handle(&self.organization),
            handle(&self.project),
            handle(&self.component),
            handle(&self.environment),
            self.major.map_or("live".to_owned(), |major| format!("v{major}")),
        ]
    }

    /// What the sealed bytes belong to: the parts, of which none can hold the NUL that ends each.
    fn context(&self) -> Vec<u8> {
        let mut context = b"snapshot cache 1\0".to_vec();
        for part in self.parts() {
            context.extend(part.bytes().filter(|byte| *byte != 0));
            context.push(0);
        }
        context
    }
}

/// One part as one file name: what might mean something to a file system is written as `%` and its hexadecimal value.
fn file_name(part: &str) -> String {
    let mut name = String::new();
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'.' if !name.is_empty() => name.push('.'),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

/// Writes a file beside the path and moves it there. Nobody but the owner can read it at any moment.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // `%` begins no name that `file_name` gives, and a pid is one process's: another runner writes another file.
    let beside = folder.join(format!("%new-{}", std::process::id()));
    let written = create_private(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn create_private(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match create() {
        // Left by a process that was killed here and had this pid.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            create()
        }
        created => created,
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
