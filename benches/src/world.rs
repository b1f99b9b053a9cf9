//! An organization with one real consumer of a third-party service, made by the command line, and as many copies of it
//! as a measurement wants, made by SQL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::database::Database;
use crate::server::Server;

/// The descriptor of every consumer.
pub(crate) const DESCRIPTOR: &str = "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - name: mail
      resourceRef: thirdparty:Mail Gate/v1
";

/// Components of one project.
const PROJECT_SIZE: u64 = 100;

/// The world of one measurement.
pub(crate) struct World {
    /// Its server.
    pub(crate) server: Option<Server>,
    /// Its database.
    pub(crate) database: Database,
    /// The installation administrator's token.
    pub(crate) admin: String,
    /// The token of the template's runner.
    pub(crate) runner: String,
    binary: PathBuf,
    folder: TempDir,
    address: String,
}

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copies {
    /// So many components, each live in development.
    pub(crate) components: u64,
    /// Connections at each component's own level.
    pub(crate) connections: u64,
    /// So many of them have a runner's token.
    pub(crate) runners: u64,
    /// Whether they use the organization's connection, as their descriptor says, or one of their own.
    pub(crate) shared: bool,
}

impl World {
    /// Makes a world with one consumer.
    pub(crate) fn make(binary: &Path, folder: TempDir, database: Database) -> Result<Self> {
        let server = Server::start(binary, &folder.path().join("data"), &database.url()?)?;
        let admin = server.admin_token()?;
        let (runner, binary, address) = (String::new(), binary.to_owned(), server.address.clone());
        let mut world = Self { server: Some(server), database, admin, runner, binary, folder, address };
        world.register("first")?;
        world.write("source/.tieline/component.yaml", DESCRIPTOR)?;
        world.tieline(&["connection", "create", "mail", "--service", "thirdparty:Mail Gate/v1"])?;
        world.tieline(&["project", "create", "main"])?;
        let place = ["--project", "main", "--component", "template", "--env", "development"];
        world.tieline(&["component", "create", "template", "--type", "service", "--project", "main"])?;
        world.tieline(&[&["deploy", "source", "--version", "v1.0"][..], &place].concat())?;
        let made = world.tieline(&[&["token", "create", "runner", "--role", "runner"][..], &place].concat())?;
        world.runner = made["token"].as_str().context("no token")?.to_owned();
        Ok(world)
    }

    /// Its running server.
    pub(crate) fn server(&self) -> Result<&Server> {
        self.server.as_ref().context("the server is stopped")
    }

    /// Where the server listens, or listened last.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The binary that is measured.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Stops the server.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.server.take().map_or(Ok(()), Server::stop)
    }

    /// Starts the server.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.start_with(&[])
    }

    /// Starts the server with more flags.
    pub(crate) fn start_with(&mut self, flags: &[&str]) -> Result<()> {
        let (data, database) = (self.folder.path().join("data"), self.database.url()?);
        let server = Server::start_with(&self.binary, &data, &database, flags)?;
        self.address.clone_from(&server.address);
        self.server = Some(server);
        Ok(())
    }

    /// Starts the server with the addresses at which it listens, so that what is injected can be called.
    pub(crate) fn start_as_bound(&mut self) -> Result<()> {
        let (data, database) = (self.folder.path().join("data"), self.database.url()?);
        let server = Server::start_as_bound(&self.binary, &data, &database)?;
        self.address.clone_from(&server.address);
        self.server = Some(server);
        Ok(())
    }

    /// Registers the third-party service, or gives its secret another value. Variables come to about a kibibyte.
    pub(crate) fn register(&self, key: &str) -> Result<()> {
        if key == "first" {
            self.tieline(&["organization", "create", "bench"])?;
        }
        let certificate = "certificate-".repeat(70);
        self.write(
            "SERVICE.yaml",
            &format!(
                "name: Mail Gate\nversion: v1\nparameters:\n  - {{ name: ApiKey, secret: true }}\n  - {{ name: Certificate }}\n\
                 endpoints:\n  - name: live\n    url: https://mail.example/v1\n    \
                 environments: [development, production]\n    \
                 values: {{ ApiKey: \"{key}\", Certificate: \"{certificate}\" }}\n"
            ),
        )?;
        self.tieline(&["service", "register", "--file", "SERVICE.yaml"])?;
        Ok(())
    }

    /// Copies the template, with the server stopped. The copies are spread over projects of a hundred components.
    pub(crate) fn copy(&mut self, copies: Copies) -> Result<()> {
        self.stop()?;
        let database = &self.database;
        let mut statements = template_copies(copies);
        for chunk in (0..copies.runners).collect::<Vec<_>>().chunks(500) {
            let digest = |i: &u64| database.bytes(&format!("{:x}", Sha256::digest(copied_token(*i))));
            let rows: Vec<String> = chunk.iter().map(|i| format!("({i}, {})", digest(i))).collect();
            statements.push(format!(
                "INSERT INTO token (id, name, digest, role, organization_id, project_id, component_id, environment_id,
                     created_at)
                 SELECT {}, 'runner-' || made.i, made.digest, role, organization_id,
                     CASE WHEN project_id IS NULL THEN NULL ELSE {} END, {}, environment_id, created_at
                 FROM token, (SELECT 0 AS i, {} AS digest WHERE 1 = 0 UNION ALL SELECT * FROM (VALUES {}) AS v) AS made
                 WHERE name = 'runner'",
                id(7, "made.i"),
                id(1, &format!("(made.i / {PROJECT_SIZE})")),
                id(2, "made.i"),
                database.bytes("00"),
                rows.join(", ")
            ));
        }
        database.fill(statements)?;
        self.start()
    }

    /// Runs a command of the binary in this world, and reads its JSON.
    pub(crate) fn tieline(&self, arguments: &[&str]) -> Result<Value> {
        let done = self.command(arguments).args(["--output", "json", "--organization", "bench"]).output()?;
        ensure!(done.status.success(), "tieline {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(serde_json::from_slice(&done.stdout)?)
    }

    /// A command of the binary in this world.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("TIELINE_DATA", self.folder.path().join("data")).env("XDG_STATE_HOME", self.folder.path());
        command.env_remove("TIELINE_URL").env_remove("TIELINE_TOKEN");
        command
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into its folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().context("no folder")?)?;
        Ok(std::fs::write(path, text)?)
    }
}

/// The path of the API at which a copy's runner fetches its snapshot.
pub(crate) fn copied_snapshot(i: u64) -> String {
    format!(
        "/organizations/bench/projects/project-{}/components/component-{i}/environments/development/snapshot",
        i / PROJECT_SIZE
    )
}

/// The token of a copy's runner.
pub(crate) fn copied_token(i: u64) -> String {
    format!("tl_runner_copy-{i}")
}

/// A table's id for a number: a UUID whose first part is the table's.
fn id(table: u32, number: &str) -> String {
    format!("('{table:08}-0000-4000-8000-' || (100000000000 + {number}))")
}

/// Inserts rows for the numbers from 0, `i` of a table `n`.
pub(crate) fn numbered(count: u64, insert: &str) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
         INSERT INTO {insert}"
    )
}

fn template_copies(copies: Copies) -> Vec<String> {
    let Copies { components, connections, shared, .. } = copies;
    let (project, component, release, deployment) = (id(1, "i"), id(2, "i"), id(4, "i"), id(5, "i"));
    let own_project = id(1, &format!("(i / {PROJECT_SIZE})"));
    let mut statements = vec![
        numbered(
            components.div_ceil(PROJECT_SIZE),
            &format!(
                "project (id, organization_id, handle, handle_folded, created_at)
                 SELECT {project}, organization_id, 'project-' || i, 'project-' || i, created_at
                 FROM n, project WHERE handle = 'main'"
            ),
        ),
        numbered(
            components,
            &format!(
                "component (id, organization_id, project_id, handle, handle_folded, type, created_at)
                 SELECT {component}, organization_id, {own_project}, 'component-' || i, 'component-' || i, type,
                     created_at FROM n, component WHERE handle = 'template'"
            ),
        ),
        numbered(
            components * connections,
            &format!(
                "connection (id, organization_id, project_id, component_id, level, name, name_part, description,
                     service_id, secrets, mapping, revision, created_at, updated_at)
                 SELECT {}, organization_id, {}, {}, 'component', 'link-' || (i % {connections}),
                     'LINK_' || (i % {connections}), '', service_id, secrets, mapping, 1, created_at, updated_at
                 FROM n, connection WHERE name = 'mail'",
                id(3, "i"),
                id(1, &format!("(i / {})", connections * PROJECT_SIZE)),
                id(2, &format!("(i / {connections})")),
            ),
        ),
        numbered(
            components,
            &format!(
                "release (id, component_id, version, major, digest, source, created_at)
                 SELECT {release}, {component}, version, major, digest, source, release.created_at
                 FROM n, release JOIN component ON component.id = release.component_id WHERE handle = 'template'"
            ),
        ),
        numbered(
            components,
            &format!(
                "snapshot (id, organization_id, component_id, environment_id, variables, created_at)
                 SELECT 'copy-' || i, snapshot.organization_id, {component}, snapshot.environment_id, variables,
                     snapshot.created_at
                 FROM n, snapshot JOIN deployment ON deployment.snapshot_id = snapshot.id
                     JOIN component ON component.id = deployment.component_id
                 WHERE handle = 'template' AND state = 'live'"
            ),
        ),
        numbered(
            components,
            "snapshot_secret (snapshot_id, sealed_version_id)
             SELECT 'copy-' || i, sealed_version_id
             FROM n, snapshot_secret JOIN deployment ON deployment.snapshot_id = snapshot_secret.snapshot_id
                 JOIN component ON component.id = deployment.component_id
             WHERE handle = 'template' AND state = 'live'",
        ),
        numbered(
            components,
            &format!(
                "deployment (id, organization_id, component_id, environment_id, major, release_id, snapshot_id, policy,
                     addresses, degraded, state, sequence, created_at)
                 SELECT {deployment}, deployment.organization_id, {component}, environment_id, major, {release},
                     'copy-' || i, policy, addresses, degraded, state, sequence, deployment.created_at
                 FROM n, deployment JOIN component ON component.id = deployment.component_id WHERE handle = 'template' AND state = 'live'"
            ),
        ),
    ];
    let used = if shared { "connection.id".to_owned() } else { id(3, &format!("(i * {connections})")) };
    statements.push(numbered(
        components,
        &format!(
            "deployment_connection (deployment_id, connection_id, live)
             SELECT {deployment}, {used}, TRUE FROM n, connection WHERE name = 'mail'"
        ),
    ));
    if connections == 0 {
        statements.remove(2);
    }
    statements
}
