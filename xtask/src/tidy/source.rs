//! The text files of the repository as git knows them, and which part of each is not test code.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// One text file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Path relative to the repository, with `/`.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
}

impl Source {
    /// Reads every file that is tracked, or would be by `git add`. Files that are not UTF-8 are left out.
    ///
    /// # Errors
    /// When git fails or a file cannot be read.
    pub(crate) fn read_all(root: &Path) -> anyhow::Result<Vec<Self>> {
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            .current_dir(root)
            .output()
            .context("cannot run git")?;
        ensure!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr));
        let names = String::from_utf8(listing.stdout).context("a file name is not UTF-8")?;
        let mut sources = Vec::new();
        for path in names.split_terminator('\0') {
            let full = root.join(path);
            if !full.is_file() {
                continue; // deleted, but not yet from the index
            }
            let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                sources.push(Self { path: path.to_owned(), text });
            }
        }
        Ok(sources)
    }

    /// Whether this is a Rust file that is compiled into something else than tests.
    pub(crate) fn is_rust_code(&self) -> bool {
        self.path.ends_with(".rs") && !self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// Whether this is a Rust file of a crate's `src` folder.
    pub(crate) fn is_module(&self) -> bool {
        let mut parts = self.path.split('/');
        let folder = match parts.next() {
            Some("crates") => parts.nth(1),
            Some("xtask") => parts.next(),
            _ => None,
        };
        folder == Some("src") && self.path.ends_with(".rs")
    }

    /// The text before the first top-level `#[cfg(test)]` module.
    pub(crate) fn code(&self) -> &str {
        let mut end = 0;
        let mut lines = self.text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            let opens_tests = line.trim_end() == "#[cfg(test)]"
                && lines.peek().is_some_and(|next| next.starts_with("mod ") || next.starts_with("#["));
            if opens_tests {
                break;
            }
            end += line.len();
        }
        &self.text[..end]
    }

    /// The line number, from 1, of a byte offset.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
    }
}

#[cfg(test)]
impl Source {
    /// A file as a test writes it.
    pub(crate) fn example(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_at_the_test_module() {
        for (text, expect) in [
            ("a\nb\n", "a\nb\n"),
            ("a\n#[cfg(test)]\nmod tests {\n}\n", "a\n"),
            ("a\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;\n", "a\n"),
            ("a\n#[cfg(test)]\nuse x;\nb\n", "a\n#[cfg(test)]\nuse x;\nb\n"),
            ("    #[cfg(test)]\nmod inner;\n", "    #[cfg(test)]\nmod inner;\n"),
        ] {
            assert_eq!(Source::example("a.rs", text).code(), expect);
        }
    }

    #[test]
    fn paths_tell_modules_from_tests() {
        for (path, code, module) in [
            ("crates/core/src/name.rs", true, true),
            ("crates/core/src/name/tests.rs", false, true),
            ("crates/core/tests/names.rs", false, false),
            ("xtask/src/main.rs", true, true),
            ("xtask/src/tidy/graph.rs", true, true),
            ("benches/src/main.rs", true, false),
            ("crates/core/src/page.txt", false, false),
        ] {
            let source = Source::example(path, "");
            assert_eq!((source.is_rust_code(), source.is_module()), (code, module), "{path}");
        }
    }
}
