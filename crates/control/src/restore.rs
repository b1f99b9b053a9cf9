//! Restoring a backup into an empty database: all of it or nothing, with a new admin token, because the old one's text
//! was never in the backup.

use std::io::BufRead;
use std::sync::Arc;

use serde_json::json;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::model::Role;
use tieline_core::randomness::{Randomness, uuid_v4};
use tieline_core::secret::Secret;
use tieline_store::{Store, Transaction};

use crate::backup::BackupFile;
use crate::token::installation_admin;
use crate::{Error, Result, StartError, work};

/// Puts a backup into a database that holds nothing yet. The new admin token is handed to `keep` before anything is
/// committed; it administers what the installation's other tokens made.
///
/// # Errors
/// `database_not_empty`, `backup_schema_unknown`, `backup_invalid`; nothing is changed then.
pub async fn restore<R: BufRead, E: From<StartError>>(
    store: &Store,
    mut file: BackupFile<R>,
    clock: &Arc<dyn Clock>,
    randomness: &Arc<dyn Randomness>,
    keep: impl FnOnce(&Secret) -> std::result::Result<(), E>,
) -> std::result::Result<u64, E> {
    let mut transaction = store.write().await.map_err(|error| StartError::Control(error.into()))?;
    let rows = fill(&mut transaction, &mut file).await.map_err(StartError::Control)?;
    renumber(&mut transaction, &**randomness).await.map_err(|error| StartError::Control(error.into()))?;
    let secret = admin(&mut transaction, &**clock, &**randomness).await.map_err(StartError::Control)?;
    keep(&secret)?;
    transaction.commit().await.map_err(|error| StartError::Control(error.into()))?;
    Ok(rows)
}

async fn fill<R: BufRead>(transaction: &mut Transaction, file: &mut BackupFile<R>) -> Result<u64> {
    let empty = transaction.installation().await?.is_none() && transaction.organization_count().await? == 0;
    if !empty {
        return Err(Error::conflict(
            code!("database_not_empty"),
            "the database was started before and is not overwritten",
            "name an empty database with --database, or an empty folder with --data",
        ));
    }
    let (known, found) = (transaction.schema_number().await?, file.header().schema);
    if known != found {
        return Err(Error::conflict(
            code!("backup_schema_unknown"),
            format!("the backup has schema {found}, and this version of Tieline has {known}"),
            "restore it with the version that made it; a later version brings the database up to date at its start",
        ));
    }
    transaction.restore_begin().await?;
    while let Some((table, row)) = file.next_row()? {
        transaction.restore_row(table, &row).await.map_err(|error| match error {
            wrong @ (tieline_store::Error::Column { .. }
            | tieline_store::Error::Duplicate
            | tieline_store::Error::Referenced) => Error::invalid(
                code!("backup_invalid"),
                format!("a row of {} does not fit: {wrong}", table.name),
                "take another copy of the file, or make the backup again; nothing was restored",
            ),
            other => other.into(),
        })?;
    }
    transaction.restore_end().await?;
    Ok(file.rows())
}

/// The numbers of changes go on from where the backup was: they are others than those that gateways saw meanwhile. What
/// derived the gateway's table stays known.
async fn renumber(transaction: &mut Transaction, randomness: &dyn Randomness) -> tieline_store::Result<()> {
    let generation = transaction.change_generation().await?;
    let format = generation.split('-').next().unwrap_or_default();
    transaction.change_generation_set(&format!("{format}-{}", uuid_v4(randomness))).await
}

async fn admin(transaction: &mut Transaction, clock: &dyn Clock, randomness: &dyn Randomness) -> Result<Secret> {
    let at = clock.now();
    let others = transaction.installation_tokens().await?;
    let (token, secret) = installation_admin("restored-admin", clock, randomness);
    let id = token.id;
    transaction.token_insert(&token).await?;
    let mut organizations = std::collections::BTreeSet::new();
    for other in others.iter().filter(|other| other.revoked_at.is_none()) {
        organizations.extend(transaction.token_organizations(other.id).await?);
    }
    for organization in &organizations {
        transaction.token_organization_insert(id, *organization).await?;
        let detail = json!({ "token": id, "role": Role::OrganizationAdmin });
        let chain = organization.to_string();
        work::audit(transaction, &chain, "restore", "installation_restore", &token.name, detail, at).await?;
    }
    work::audit(transaction, "", "restore", "installation_restore", "installation", json!({ "token": id }), at).await?;
    Ok(secret)
}
