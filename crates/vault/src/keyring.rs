//! The master keys of an installation: the current one, with which new values are sealed, and former ones, which still
//! open what was sealed before: values not yet re-sealed, and older backups.

use std::path::Path;

use tieline_core::{randomness::Randomness, secret::Secret};
use zeroize::Zeroizing;

use crate::{
    key::{Fingerprint, KeyLineError, MasterKey},
    private_file::{self, PrivateFileError},
};

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file itself cannot be used.
    #[error("the master key file {0}")]
    File(#[from] PrivateFileError),
    /// The text has a line that is no key.
    #[error("line {line} of {origin} is not a master key: {problem}; restore the key from where it was kept")]
    Line {
        /// The file, or `the master key`.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: KeyLineError,
    },
    /// The same key stands there twice.
    #[error("{origin} holds the key {fingerprint} twice; remove one of the lines")]
    Twice {
        /// The file, or `the master key`.
        origin: String,
        /// The key.
        fingerprint: Fingerprint,
    },
    /// There is no key at all.
    #[error("{0} holds no key; restore the key from where it was kept")]
    Empty(String),
}

/// One or more master keys. In text: one line each, the current key first; empty lines and lines that begin with `#`
/// are skipped.
#[derive(Debug)]
pub struct Keyring {
    current: MasterKey,
    former: Vec<MasterKey>,
}

impl Keyring {
    /// A keyring of one new key.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self { current: MasterKey::generate(randomness), former: Vec::new() }
    }

    /// Reads a keyring's text, as it stands in a file or an environment variable.
    ///
    /// # Errors
    /// Names the line that is wrong, without its content.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        Self::parse_from("the master key", text)
    }

    /// Reads a keyring's file.
    ///
    /// # Errors
    /// The file is missing, open to others, or holds something else.
    pub fn read(path: &Path) -> Result<Self, KeyringError> {
        Self::parse_from(&path.display().to_string(), private_file::read(path)?.expose())
    }

    /// Writes a file that must not exist yet.
    ///
    /// # Errors
    /// The file exists, or the operating system refused.
    pub fn create(&self, path: &Path, randomness: &dyn Randomness) -> Result<(), KeyringError> {
        Ok(private_file::create(path, &self.text(), randomness)?)
    }

    /// Writes the file anew; a reader sees the former or this one, never a part.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn replace(&self, path: &Path, randomness: &dyn Randomness) -> Result<(), KeyringError> {
        Ok(private_file::replace(path, &self.text(), randomness)?)
    }

    /// The keyring's text. It is the secret above all others.
    #[must_use]
    pub fn text(&self) -> Secret {
        let lines: Vec<_> = self.keys().map(MasterKey::line).collect();
        // Room for everything at once: a string that grows would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(lines.iter().map(|line| line.len() + 1).sum()));
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        Secret::new(std::mem::take(&mut *text))
    }

    /// Puts a new key in front; the others stay, as former ones.
    #[must_use]
    pub fn rotate(self, randomness: &dyn Randomness) -> Self {
        let former = std::iter::once(self.current).chain(self.former).collect();
        Self { current: MasterKey::generate(randomness), former }
    }

    /// Drops all but the current key: everything is re-sealed, and older backups need the former file.
    #[must_use]
    pub fn without_former(self) -> Self {
        Self { current: self.current, former: Vec::new() }
    }

    /// The key that seals.
    #[must_use]
    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    /// All keys, the current one first.
    pub fn keys(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// The key of a fingerprint.
    #[must_use]
    pub fn find(&self, fingerprint: Fingerprint) -> Option<&MasterKey> {
        self.keys().find(|key| key.fingerprint() == fingerprint)
    }

    fn parse_from(origin: &str, text: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let key = MasterKey::parse(line).map_err(|problem| KeyringError::Line {
                origin: origin.to_owned(),
                line: index + 1,
                problem,
            })?;
            let fingerprint = key.fingerprint();
            if keys.iter().any(|other| other.fingerprint() == fingerprint) {
                return Err(KeyringError::Twice { origin: origin.to_owned(), fingerprint });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or_else(|| KeyringError::Empty(origin.to_owned()))?;
        Ok(Self { current, former: keys.collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use tieline_core::randomness::FixedRandomness;

    use super::*;

    fn fingerprints(keyring: &Keyring) -> Vec<Fingerprint> {
        keyring.keys().map(MasterKey::fingerprint).collect()
    }

    #[test]
    fn rotation_keeps_the_former_keys_behind_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, randomness) = (folder.path().join("master.key"), FixedRandomness::seeded(1));
        let first = Keyring::generate(&randomness);
        first.create(&path, &randomness).unwrap();
        let old = first.current().fingerprint();
        let rotated = Keyring::read(&path).unwrap().rotate(&randomness);
        rotated.replace(&path, &randomness).unwrap();
        let read = Keyring::read(&path).unwrap();
        assert_eq!(fingerprints(&read), fingerprints(&rotated));
        assert_eq!(read.find(old).unwrap().fingerprint(), old);
        assert_ne!(read.current().fingerprint(), old);
        assert!(read.without_former().find(old).is_none());
        assert!(first.create(&path, &randomness).unwrap_err().to_string().contains("exists already"));
    }

    #[test]
    fn texts() {
        let keyring = Keyring::generate(&FixedRandomness::seeded(1));
        let text = keyring.text();
        let line = text.expose().trim();
        for (text, expect) in [
            (line.to_owned(), None),
            (format!("# kept in the safe\n\n{line}\r\n"), None),
            (String::new(), Some("the master key holds no key; restore")),
            ("# nothing".to_owned(), Some("holds no key")),
            (format!("{line}\n{line}"), Some("twice; remove")),
            (format!("{line}\ncanary"), Some("line 2 of the master key is not a master key: it is not of the form")),
        ] {
            match (Keyring::parse(&text), expect) {
                (Ok(read), None) => assert_eq!(fingerprints(&read), fingerprints(&keyring)),
                (Err(e), Some(message)) => {
                    assert!(e.to_string().contains(message), "{e}");
                    assert!(!format!("{e} {e:?}").contains("canary"));
                }
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, randomness) = (folder.path().join("master.key"), FixedRandomness::seeded(1));
        Keyring::generate(&randomness).create(&path, &randomness).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let message = Keyring::read(&path).unwrap_err().to_string();
        assert!(message.starts_with("the master key file ") && message.contains("chmod 600"), "{message}");
    }
}
