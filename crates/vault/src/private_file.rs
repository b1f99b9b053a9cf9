//! Files that hold a secret: mode 0600, written as a whole or not at all, read only when nobody else can.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tieline_core::{randomness::Randomness, secret::Secret};
use zeroize::Zeroizing;

/// Largest file that is read, in bytes: a thousand keys.
const MAX: u64 = 128 * 1024;

/// Why a private file cannot be used; each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The file does not exist.
    #[error("{} does not exist; restore it from where it was kept, or name another file", .0.display())]
    Missing(PathBuf),
    /// There is a file already, and it is not replaced.
    #[error("{} exists already; move it away if it is no longer needed", .0.display())]
    Exists(PathBuf),
    /// Others than the owner may read or write it.
    #[error("{path} may be read or changed by others than its owner (mode {mode:04o}); run `chmod 600 {path}`", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no file, too large, or not text.
    #[error("{} {problem}; restore it from where it was kept, or name another file", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, as a predicate.
        problem: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}; check that the folder exists, has space, and belongs to this user", .path.display())]
    System {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

/// Writes a file that must not exist yet. When this returns, it is on disk.
///
/// # Errors
/// [`PrivateFileError::Exists`], or what the operating system refused; then there is no file.
pub fn create(path: &Path, text: &Secret, randomness: &dyn Randomness) -> Result<(), PrivateFileError> {
    let draft = write_draft(path, text, randomness)?;
    // A link, unlike a rename, never replaces what somebody else put there meanwhile.
    let linked = fs::hard_link(&draft, path);
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => sync_folder(path),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(PrivateFileError::Exists(path.to_owned())),
        Err(e) => Err(system("create", path)(e)),
    }
}

/// Writes a file in the place of the one that is there, if any. When this returns, it is on disk.
///
/// # Errors
/// What the operating system refused; then the former file is as it was.
pub fn replace(path: &Path, text: &Secret, randomness: &dyn Randomness) -> Result<(), PrivateFileError> {
    let draft = write_draft(path, text, randomness)?;
    fs::rename(&draft, path).map_err(|e| {
        let _ = fs::remove_file(&draft);
        system("replace", path)(e)
    })?;
    sync_folder(path)
}

/// Reads a file that only its owner may read.
///
/// # Errors
/// The file is missing, open to others, not text, too large, or cannot be read.
pub fn read(path: &Path) -> Result<Secret, PrivateFileError> {
    let content = |problem| PrivateFileError::Content { path: path.to_owned(), problem };
    let file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => PrivateFileError::Missing(path.to_owned()),
        _ => system("open", path)(e),
    })?;
    // Asked of the open file, so that nobody can swap it between the question and the reading.
    let metadata = file.metadata().map_err(system("examine", path))?;
    if !metadata.is_file() {
        return Err(content("is not a regular file"));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Open { path: path.to_owned(), mode });
    }
    if metadata.len() > MAX {
        return Err(content("is too large"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.take(MAX).read_to_end(&mut bytes).map_err(system("read", path))?;
    std::str::from_utf8(&bytes).map(Secret::new).map_err(|_| content("is not text"))
}

/// Writes the text beside its destination, under a name nobody else uses, down to the disk.
fn write_draft(path: &Path, text: &Secret, randomness: &dyn Randomness) -> Result<PathBuf, PrivateFileError> {
    let mut unique = [0; 12];
    randomness.fill(&mut unique);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", URL_SAFE_NO_PAD.encode(unique)));
    let draft = PathBuf::from(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(text.expose().as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(draft),
        Err(e) => {
            let _ = fs::remove_file(&draft);
            Err(system("write", path)(e))
        }
    }
}

/// Makes the name of a file durable: without it, a power cut can lose the name although the content is on disk.
fn sync_folder(path: &Path) -> Result<(), PrivateFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(system("make durable", path))
}

fn system(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateFileError {
    let path = path.to_owned();
    move |source| PrivateFileError::System { action, path, source }
}

#[cfg(test)]
mod tests {
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    #[test]
    fn written_files_are_private_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, randomness) = (folder.path().join("a.key"), FixedRandomness::seeded(1));
        create(&path, &Secret::new("one"), &randomness).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(create(&path, &Secret::new("two"), &randomness), Err(PrivateFileError::Exists(_))));
        assert_eq!(read(&path).unwrap().expose(), "one");
        replace(&path, &Secret::new("two"), &randomness).unwrap();
        assert_eq!(read(&path).unwrap().expose(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn unusable_files_are_named_with_a_next_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let with = |bytes: &[u8], mode| {
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let failure = || read(&path).unwrap_err().to_string();
        let expect = |message: &str| {
            assert!(failure().contains(message) && failure().contains("a.key"), "{} / {message}", failure());
        };
        expect("does not exist; restore it");
        for mode in [0o640, 0o604, 0o620, 0o644] {
            with(b"text", mode);
            expect(&format!("(mode 0{mode:o}); run `chmod 600 "));
        }
        with(b"\xff", 0o600);
        expect("is not text");
        with(&vec![b'a'; MAX as usize + 1], 0o600);
        expect("is too large");
        let nowhere = create(&folder.path().join("no/a.key"), &Secret::new(""), &FixedRandomness::seeded(1));
        assert!(nowhere.unwrap_err().to_string().contains("check that the folder exists"));
        assert!(read(folder.path()).is_err());
    }
}
