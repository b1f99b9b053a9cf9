//! `tieline backup`: fetches a backup from the server into a file that only its owner reads, and proves it whole.

use std::fs::{self, File, OpenOptions};
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tieline_control::backup::BackupFile;
use tieline_core::code;

use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline backup tieline-backup.ndjson")]
pub(crate) struct BackupArguments {
    /// Where the backup goes; a file that is there is replaced once the backup is whole
    file: PathBuf,
}

pub(crate) fn run(arguments: &BackupArguments, context: &Context) -> Done {
    let path = &arguments.file;
    let client = context.client()?;
    let draft = beside(path);
    let fetched = write(&draft, |file| client.download("/installation/backup", file)).and_then(|()| {
        let file = BackupFile::open(BufReader::new(File::open(&draft).map_err(|error| unwritable(&draft, &error))?))?;
        let header = file.header().clone();
        let rows = file.check()?;
        fs::rename(&draft, path).map_err(|error| unwritable(path, &error))?;
        Ok((header, rows))
    });
    let (header, rows) = fetched.inspect_err(|_| {
        // What is left of a failed try is of no use to anybody.
        let _ = fs::remove_file(&draft);
    })?;
    let done = json!({
        "file": path, "rows": rows, "key_fingerprint": header.key_fingerprint, "created_at": header.created_at,
    });
    output::value(context.output(), &done, |_| {
        format!(
            "Wrote {}: {rows} rows, as of {}.\n\
             hint: it does not hold the master key {}, which `tieline restore` needs: keep that somewhere else",
            path.display(),
            header.created_at,
            header.key_fingerprint
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// A name in the same folder, so that the finished file takes the place of the former in one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    PathBuf::from(name)
}

fn write(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), Failure>) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| unwritable(path, &error))?;
    fill(&mut file)?;
    file.sync_all().map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    Failure::no(code!("file_unusable"), message, "name another file, or mend the folder's permissions")
}
