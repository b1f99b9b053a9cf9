//! Every table as rows of JSON, for backups: out in pages within one transaction, and in again on either database.
//!
//! It knows the columns and nothing of what they mean. The search index is no data: it is made anew.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::row::{Row, Value};
use crate::service::Service;
use crate::{Error, Result, Transaction};

/// Rows of a page: what a backup holds in memory at a time.
const PAGE: i64 = 500;

/// What a column holds; a backup writes the same for both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Boolean,
    Bytes,
}

/// A table with the texts that read and write it.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    columns: Vec<(&'static str, Kind)>,
    keys: usize,
    page: &'static str,
    insert: &'static str,
}

/// Name, columns (`#` integer, `?` boolean, `*` bytes, else text), and how many of the first columns are the key.
/// Tables stand behind those that they refer to.
const SCHEMA: &[(&str, &str, usize)] = &[
    ("installation", "#id key_fingerprint addresses created_at", 1),
    ("organization", "id handle handle_folded variable_prefix #token_lifetime #revision created_at", 1),
    (
        "environment",
        "id organization_id handle handle_folded #position ?critical allowed_addresses #revision created_at",
        1,
    ),
    ("project", "id organization_id handle handle_folded created_at", 1),
    ("component", "id organization_id project_id handle handle_folded type created_at", 1),
    (
        "service",
        "id organization_id project_id component_id type kind reference reference_folded name #major version summary \
         overview document labels categories definition_kind definition parameters schemes ?approval visibilities \
         endpoint ?published ?listed #revision created_at updated_at",
        1,
    ),
    ("service_entry", "id service_id name environments entry_values", 1),
    ("sealed_version", "id organization_id context *sealed created_at revoked_at superseded_at", 1),
    ("oauth_application", "id organization_id owner_kind owner_id created_at", 1),
    ("oauth_client", "id application_id environment_id created_at", 1),
    (
        "identity_provider",
        "organization_id issuer audience registration_token_id metadata keys checked_at failure created_at",
        1,
    ),
    (
        "client_registration",
        "id organization_id client_id name registered_id management_uri management_token_id begun_at #attempts due_at \
         failure created_at",
        1,
    ),
    (
        "connection",
        "id organization_id project_id component_id level name name_part description service_id access_mode scheme \
         secrets application_id mapping #revision created_at updated_at deleted_at",
        1,
    ),
    ("client_secret", "id client_id sealed_version_id *digest holder_component_id not_after state created_at", 1),
    ("signing_key", "kid algorithm jwk *sealed created_at signs_from retires_at", 1),
    ("token_revocation", "id organization_id #valid_until", 1),
    (
        "api_key",
        "id connection_id environment_id sealed_version_id *digest holder_component_id not_after state created_at",
        1,
    ),
    ("release", "id component_id version #major digest source created_at", 1),
    ("snapshot", "id organization_id component_id environment_id variables created_at", 1),
    ("snapshot_secret", "snapshot_id sealed_version_id", 2),
    (
        "deployment",
        "id organization_id component_id environment_id #major release_id snapshot_id policy addresses degraded state \
         #sequence created_at ended_at",
        1,
    ),
    (
        "deployed_endpoint",
        "deployment_id service_id environment_id address base_path type visibilities operations ?live",
        2,
    ),
    ("deployment_connection", "deployment_id connection_id ?live", 2),
    ("replan", "deployment_id organization_id actor due_at ?running", 1),
    ("subscription", "connection_id environment_id service_id provider_environment_id created_at", 2),
    ("subscription_decision", "subscriber service_id environment_id kind choice reason actor at", 4),
    ("instance", "id organization_id component_id environment_id #major snapshot_id reported_at", 1),
    (
        "token",
        "id name *digest role organization_id project_id component_id environment_id created_at expires_at revoked_at",
        1,
    ),
    ("token_organization", "token_id organization_id", 2),
    ("user_account", "id name password issuer subject ?installation_admin created_at disabled_at", 1),
    ("membership", "id user_id organization_id project_id role created_at accepted_at", 1),
    ("own_token", "id user_id name *digest created_at expires_at", 1),
    ("invitation", "id *digest user_id organization_id membership_id purpose created_at expires_at", 1),
    ("sign_in_link", "id *digest owner_kind owner_id created_at expires_at", 1),
    ("session", "id *digest owner_kind owner_id created_at idle_at expires_at", 1),
    ("audit", "organization_id #sequence at actor action object result detail hash", 2),
    ("change_counter", "#id #number generation", 1),
    ("change", "#number organization_id kind object at", 1),
    ("route_table", "entry_key organization_id scope #number entry", 1),
    ("listener", "address seen_at", 1),
    ("idempotency", "owner_id idempotency_key request_digest #status body created_at", 2),
];

/// Every table that a backup holds, in the order in which it is written and read.
pub static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| SCHEMA.iter().map(|(name, columns, keys)| Table::new(name, columns, *keys)).collect());

impl Table {
    fn new(name: &'static str, columns: &'static str, keys: usize) -> Self {
        let columns: Vec<_> = columns
            .split_ascii_whitespace()
            .map(|column| match column.split_at(1) {
                ("#", name) => (name, Kind::Integer),
                ("?", name) => (name, Kind::Boolean),
                ("*", name) => (name, Kind::Bytes),
                _ => (column, Kind::Text),
            })
            .collect();
        let names = |count: usize| columns.iter().take(count).map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let places = |count: usize| (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let (all, key) = (names(columns.len()), names(keys));
        // The texts live as long as the process, as every other query's does.
        let page =
            format!("SELECT {all} FROM {name} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ${}", places(keys), keys + 1);
        let insert = format!("INSERT INTO {name} ({all}) VALUES ({})", places(columns.len()));
        Self { name, columns, keys, page: page.leak(), insert: insert.leak() }
    }

    /// The names of its columns, in the order of a row.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    /// Where the page after a row begins, or the first page.
    fn start(&self, after: Option<&[Json]>) -> Result<Vec<Value>> {
        let keys = self.columns.iter().take(self.keys);
        match after {
            Some(row) => keys.zip(row).map(|((name, kind), value)| read(name, *kind, value)).collect(),
            None => Ok(keys
                .map(|(_, kind)| match kind {
                    Kind::Integer => Value::Integer(i64::MIN),
                    _ => Value::Text(String::new()),
                })
                .collect()),
        }
    }
}

/// Backups.
impl Transaction {
    /// The version of the schema.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schema_number(&mut self) -> Result<i64> {
        let row = self.row("SELECT number FROM schema_version WHERE id = 1", &[]).await?;
        row.map_or(Ok(0), |row| row.integer("number"))
    }

    /// The rows of a table that follow a row, in order of its key; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backup_page(&mut self, table: &'static Table, after: Option<&[Json]>) -> Result<Vec<Vec<Json>>> {
        let mut values = table.start(after)?;
        values.push(Value::Integer(PAGE));
        let rows = self.rows(table.page, &values).await?;
        rows.iter()
            .map(|row| table.columns.iter().map(|(name, kind)| write(row, name, *kind)).collect::<Result<_>>())
            .collect()
    }

    /// Empties what a first start puts into a database before anybody uses it, so that a backup can take its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_begin(&mut self) -> Result<()> {
        self.execute("DELETE FROM change_counter", &[]).await?;
        Ok(())
    }

    /// Puts one row back.
    ///
    /// # Errors
    /// [`Error::Column`] when the row is not one of this table; [`Error::Duplicate`] and [`Error::Referenced`] when it
    /// contradicts the rows before it.
    pub async fn restore_row(&mut self, table: &'static Table, row: &[Json]) -> Result<()> {
        if row.len() != table.columns.len() {
            return Err(Error::column(table.name, "a row of as many values as the table has columns"));
        }
        let values = table.columns.iter().zip(row).map(|((name, kind), value)| read(name, *kind, value));
        self.execute(table.insert, &values.collect::<Result<Vec<_>>>()?).await?;
        Ok(())
    }

    /// Makes everything findable that was put back, and ends the sessions of the console: whoever signed out since the
    /// backup stays out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_end(&mut self) -> Result<()> {
        self.sign_in_forget(Timestamp::MAX).await?;
        let mut after = String::new();
        loop {
            let sql = "SELECT * FROM service WHERE id > $1 ORDER BY id LIMIT 200";
            let rows = self.rows(sql, &[Value::Text(after.clone())]).await?;
            let services = rows.iter().map(Service::read).collect::<Result<Vec<_>>>()?;
            let Some(last) = services.last() else { return Ok(()) };
            after = last.id.to_string();
            for service in &services {
                self.search_index(service).await?;
            }
        }
    }
}

fn write(row: &Row, column: &str, kind: Kind) -> Result<Json> {
    Ok(match kind {
        Kind::Text => row.optional_text(column)?.map_or(Json::Null, Json::String),
        Kind::Integer => row.integer(column)?.into(),
        Kind::Boolean => row.boolean(column)?.into(),
        Kind::Bytes => STANDARD.encode(row.bytes(column)?).into(),
    })
}

fn read(column: &str, kind: Kind, value: &Json) -> Result<Value> {
    let found = match (kind, value) {
        (Kind::Text, Json::Null) => Some(Value::Null),
        (Kind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (Kind::Integer, value) => value.as_i64().map(Value::Integer),
        (Kind::Boolean, value) => value.as_bool().map(Value::Boolean),
        (Kind::Bytes, Json::String(text)) => STANDARD.decode(text).ok().map(Value::Bytes),
        _ => None,
    };
    found.ok_or_else(|| {
        Error::column(
            column,
            match kind {
                Kind::Text => "text",
                Kind::Integer => "a number",
                Kind::Boolean => "a truth value",
                Kind::Bytes => "bytes in base64",
            },
        )
    })
}
