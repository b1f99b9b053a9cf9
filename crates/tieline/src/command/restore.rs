//! `tieline restore`: puts a backup into an empty database, without a server, and installs what a server then needs.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tieline_control::backup::BackupFile;
use tieline_control::restore::restore;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::randomness::Randomness;
use tieline_core::secret::Secret;
use tieline_vault::keyring::Keyring;
use tieline_vault::system::{SystemClock, SystemRandomness};

use crate::context::Context;
use crate::environment_variables::MASTER_KEY;
use crate::failure::{Done, Failure};
use crate::{output, server, wire};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tieline restore tieline-backup.ndjson --data ./tieline --master-key master.key
  tieline restore tieline-backup.ndjson --data ./tieline --database postgres://tieline@db/tieline")]
pub(crate) struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// The empty database that it goes into [default: SQLite in the data folder]
    #[arg(long, value_name = "URL", env = "TIELINE_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// File with the master key that the backup needs; it is copied into the data folder
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
}

pub(crate) fn run(arguments: &RestoreArguments, context: &Context) -> Done {
    let data = context.data_folder();
    let location = server::database(arguments.database.as_deref(), &data)?;
    let opened = File::open(&arguments.file).map_err(|error| {
        let message = format!("{} cannot be read: {error}", arguments.file.display());
        Failure::no(code!("file_unusable"), message, "name the file that `tieline backup` wrote")
    })?;
    let file = BackupFile::open(BufReader::new(opened))?;
    let fingerprint = file.header().key_fingerprint.clone();
    let key = find_key(&fingerprint, &data, arguments.master_key.as_deref())?;

    server::make_folder(&data)?;
    let (clock, randomness): (Arc<dyn Clock>, Arc<dyn Randomness>) =
        (Arc::new(SystemClock), Arc::new(SystemRandomness));
    let keep = |token: &Secret| -> Result<(), Failure> {
        if let Key::Install(keyring) = &key {
            keyring.create(&data.join("master.key"), &SystemRandomness).map_err(|error| {
                Failure::no(code!("master_key_invalid"), error.to_string(), "mend the data folder's permissions")
            })?;
        }
        server::keep_admin_token(&data, token, &SystemRandomness)
    };
    let rows = server::runtime()?.block_on(async {
        let store = wire::open_store(&location).await?;
        let rows = restore::<_, Failure>(&store, file, &clock, &randomness, keep).await;
        store.close().await;
        rows
    })?;
    let done = json!({ "rows": rows, "data": data, "key_fingerprint": fingerprint });
    output::value(context.output(), &done, |_| {
        let token = data.join("admin.token");
        format!(
            "Restored {rows} rows.\n\
             hint: start the server on it as before, with --data {}; {} holds a new admin token, and the tokens of \
             before are accepted as they were: revoke what is lost with `tieline token revoke`",
            data.display(),
            token.display()
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// Where the key that a backup needs was found.
enum Key {
    /// Where a server looks for it.
    InPlace,
    /// Elsewhere: it goes into the data folder.
    Install(Keyring),
}

fn find_key(needed: &str, data: &Path, named: Option<&Path>) -> Result<Key, Failure> {
    let holds = |keyring: &Keyring| keyring.keys().any(|key| key.fingerprint().to_string() == needed);
    let unusable = |error: tieline_vault::keyring::KeyringError| {
        Failure::no(code!("master_key_invalid"), error.to_string(), "name the right file with --master-key")
    };
    let place = data.join("master.key");
    let lacking = |place: &str| {
        Failure::no(
            code!("master_key_wrong"),
            format!("the backup is sealed with the master key {needed}, which is not in {place}"),
            "name the file that holds it with --master-key; after a rotation the former key lies in master-FINGERPRINT.key",
        )
    };
    if let Ok(text) = std::env::var(MASTER_KEY) {
        let keyring = Keyring::parse(&text).map_err(unusable)?;
        return if holds(&keyring) { Ok(Key::InPlace) } else { Err(lacking(MASTER_KEY)) };
    }
    if place.exists() {
        let keyring = Keyring::read(&place).map_err(unusable)?;
        return if holds(&keyring) { Ok(Key::InPlace) } else { Err(lacking(&place.display().to_string())) };
    }
    let Some(named) = named else {
        return Err(Failure::no(
            code!("master_key_missing"),
            format!("the backup is sealed with the master key {needed}, and {} does not exist", place.display()),
            "name the file that holds it with --master-key",
        ));
    };
    let keyring = Keyring::read(named).map_err(unusable)?;
    if holds(&keyring) { Ok(Key::Install(keyring)) } else { Err(lacking(&named.display().to_string())) }
}
