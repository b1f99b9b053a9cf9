//! The command and its environment: becoming it (`exec`), or starting it as a child. Waiting and signals are `watch`'s.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use super::variables::Variables;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    program: OsString,
    arguments: Vec<OsString>,
}

/// A command that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{program} could not be started: {}", reason(source))]
pub(crate) struct StartError {
    program: String,
    source: io::Error,
}

impl CommandLine {
    /// The words of a command, the program first; none if there is no word.
    #[must_use]
    pub(crate) fn new(words: Vec<OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        let program = words.next()?;
        Some(Self { program, arguments: words.collect() })
    }

    /// Replaces this process with the command: same pid, standard streams, signals and, later, exit code. The
    /// variables override this process's environment, from which Tieline's tokens are removed.
    ///
    /// Returns only if that failed.
    #[must_use]
    pub(crate) fn exec(&self, variables: &Variables) -> StartError {
        let source = self.command(variables).exec();
        self.start_error(source)
    }

    /// Starts the command as a child of this process, in its process group, with the environment that `exec` gives.
    ///
    /// # Errors
    /// The command was not found or is not executable.
    pub(crate) fn spawn(&self, variables: &Variables) -> Result<Child, StartError> {
        self.command(variables).spawn().map_err(|source| self.start_error(source))
    }

    fn command(&self, variables: &Variables) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_own_token(name)) {
            command.env_remove(name);
        }
        command.envs(variables.iter());
        command
    }

    fn start_error(&self, source: io::Error) -> StartError {
        StartError { program: self.program.to_string_lossy().into_owned(), source }
    }
}

impl StartError {
    /// The exit code that shells use for it: 127 when there is no such command, 126 when it cannot be executed.
    #[must_use]
    pub(crate) fn exit_code(&self) -> u8 {
        if self.source.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
    }

    /// What to do about it.
    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self.source.kind() {
            io::ErrorKind::NotFound => {
                "check the spelling and PATH; for a script, also the interpreter in its first line"
            }
            io::ErrorKind::PermissionDenied => {
                "make the file executable (chmod +x), or start it through its interpreter"
            }
            io::ErrorKind::ArgumentListTooLong => "the arguments and variables together exceed the system's limit",
            _ => "check that the file is a program of this system",
        }
    }
}

/// Whether a variable holds one of Tieline's own tokens, which a component must not inherit: with it, it could read
/// more than its own variables.
#[must_use]
pub(crate) fn is_own_token(name: &OsStr) -> bool {
    name == "TIELINE_TOKEN" || name.as_encoded_bytes().starts_with(b"TIELINE_TOKEN_")
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => "command not found".to_owned(),
        io::ErrorKind::PermissionDenied => "it is not executable".to_owned(),
        _ => source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> CommandLine {
        CommandLine::new(words.iter().map(OsString::from).collect()).expect("a command")
    }

    #[test]
    fn what_cannot_start_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "no program").expect("a file");
        for (program, exit_code, message) in [
            ("no-such-command-here", 127, "no-such-command-here could not be started: command not found"),
            (plain.to_str().expect("UTF-8"), 126, "it is not executable"),
            (folder.path().to_str().expect("UTF-8"), 126, "it is not executable"),
        ] {
            let error = line(&[program]).exec(&Variables::default());
            assert_eq!(error.exit_code(), exit_code, "{error}");
            assert!(error.to_string().contains(message), "{error}");
            let error = line(&[program]).spawn(&Variables::default()).expect_err("it cannot start");
            assert_eq!(error.exit_code(), exit_code, "{error}");
        }
    }

    #[test]
    fn no_word_is_no_command() {
        assert_eq!(CommandLine::new(Vec::new()), None);
    }

    #[test]
    fn own_tokens_are_known() {
        for (name, own) in [
            ("TIELINE_TOKEN", true),
            ("TIELINE_TOKEN_FILE", true),
            ("TIELINE_TOKENS", false),
            ("TIELINE_URL", false),
            ("MY_TIELINE_TOKEN", false),
        ] {
            assert_eq!(is_own_token(OsStr::new(name)), own, "{name}");
        }
    }
}
