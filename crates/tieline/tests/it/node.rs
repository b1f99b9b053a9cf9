//! A module of `tests/clients` that runs in a process of its own, in Node, and answers each line with one.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::oauth::libraries::{installed, program};

/// A running one; it ends with this value.
pub(crate) struct Module {
    process: Child,
    talk: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Module {
    /// Starts one with these environment variables.
    pub(crate) fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let module = std::fs::read_to_string(program(name)).expect("the module");
        let mut command = Command::new("node");
        // What a module imports is looked for where it runs, if it is no file.
        command.args(["--input-type=module", "--eval", &module]).current_dir(installed());
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node");
        let (stdin, stdout) = (process.stdin.take().expect("stdin"), process.stdout.take().expect("stdout"));
        Self { process, talk: RefCell::new((stdin, BufReader::new(stdout))) }
    }

    /// Says something; answers what it answers.
    pub(crate) fn tell(&self, what: &str) -> String {
        writeln!(self.talk.borrow_mut().0, "{what}").expect("it reads");
        self.line()
    }

    /// What it says next.
    pub(crate) fn line(&self) -> String {
        let mut line = String::new();
        self.talk.borrow_mut().1.read_line(&mut line).expect("it answers");
        assert!(!line.is_empty(), "the module ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
