//! A data folder and its files: the master key, the admin token, and `server.json`.

use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tieline_core::code;
use tieline_core::format::command_word;
use tieline_core::randomness::Randomness;
use tieline_core::secret::Secret;
use tieline_vault::keyring::Keyring;
use tieline_vault::private_file;

use super::ServerSettings;
use crate::context::ServerFile;
use crate::environment_variables::MASTER_KEY;
use crate::failure::Failure;

/// The master key: from the environment, else from its file, which is made when the database was never started.
pub(crate) fn read_keyring(
    settings: &ServerSettings,
    needed: Option<&str>,
    randomness: &dyn Randomness,
) -> Result<Keyring, Failure> {
    if let Ok(text) = std::env::var(MASTER_KEY) {
        return Keyring::parse(&text).map_err(|error| {
            let hint = "put the lines of a master.key into the variable";
            Failure::no(code!("master_key_invalid"), format!("{MASTER_KEY} holds no master key: {error}"), hint)
        });
    }
    let path = &settings.master_key;
    if path.exists() {
        return Keyring::read(path).map_err(|error| {
            Failure::no(code!("master_key_invalid"), error.to_string(), "name the right file with --master-key")
        });
    }
    if let Some(needed) = needed {
        return Err(Failure::no(
            code!("master_key_missing"),
            format!("this database is sealed with the master key {needed}, and {} does not exist", path.display()),
            "put the key file there, or name it with --master-key",
        ));
    }
    let keyring = Keyring::generate(randomness);
    keyring.create(path, randomness).map_err(|error| {
        Failure::no(code!("master_key_invalid"), error.to_string(), "see that its folder exists and can be written")
    })?;
    Ok(keyring)
}

/// Makes a data folder that only its owner reads. An empty one that is open to others is closed; of one that holds
/// something nobody knows who relies on that.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    let unusable = |error: std::io::Error| {
        let message = format!("the data folder {} cannot be made or used: {error}", folder.display());
        Failure::no(code!("data_folder_unusable"), message, "name another with --data")
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
    let found = std::fs::metadata(folder).map_err(unusable)?.permissions().mode();
    if found & 0o077 == 0 {
        return Ok(());
    }
    if std::fs::read_dir(folder).map_err(unusable)?.next().is_some() {
        return Err(Failure::no(
            code!("data_folder_open"),
            format!("the data folder {} is open to others (mode {:o})", folder.display(), found & 0o777),
            format!("close it with `chmod 700 {}`", command_word(&folder.display().to_string())),
        ));
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(unusable)?;
    crate::output::error_line(&format!("the data folder {} was open to others, and is not any more", folder.display()));
    Ok(())
}

/// Keeps the admin token that the first start made.
pub(crate) fn keep_admin_token(data: &Path, token: &Secret, randomness: &dyn Randomness) -> Result<(), Failure> {
    let line = Secret::new(format!("{}\n", token.expose()));
    private_file::replace(&data.join("admin.token"), &line, randomness).map_err(|error| {
        Failure::no(code!("data_folder_unusable"), error.to_string(), "mend the data folder's permissions")
    })
}

/// Tells commands on this machine where the server is. Written whole or not at all.
pub(crate) fn write_server_file(data: &Path, file: &ServerFile) -> Result<(), Failure> {
    let text = serde_json::to_string(file).unwrap_or_default();
    let (temporary, path) = (data.join(format!("server.json.{}", file.pid)), data.join("server.json"));
    std::fs::write(&temporary, text + "\n").and_then(|()| std::fs::rename(&temporary, &path)).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Failure::no(code!("data_folder_unusable"), message, "mend the data folder's permissions")
    })
}
