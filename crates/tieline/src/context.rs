//! Where a command works: which server, and which organization, project, component and environment. Flags win over
//! environment variables, those over `.tieline/context.yaml` beside the source. That file comes with the source, from
//! whoever wrote it, so it says nothing of the server: it would decide who is sent the token.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use tieline_core::code;
use tieline_core::secret::Secret;

use crate::client::{Client, segment};
use crate::environment_variables as variables;
use crate::failure::Failure;
use crate::output::OutputFormat;

/// The flags of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Address of the server, as http://127.0.0.1:7070
    #[arg(long, global = true, env = variables::URL, value_name = "URL", help_heading = "Server")]
    pub(crate) url: Option<String>,
    /// Token to present
    #[arg(long, global = true, env = variables::TOKEN, value_name = "TOKEN", hide_env_values = true, help_heading = "Server")]
    pub(crate) token: Option<String>,
    /// Data folder of a server on this machine: its server.json and admin.token are used
    #[arg(long, global = true, env = variables::DATA, value_name = "DIR", help_heading = "Server")]
    pub(crate) data: Option<PathBuf>,
    /// Organization
    #[arg(long, global = true, value_name = "HANDLE", help_heading = "Scope")]
    pub(crate) organization: Option<String>,
    /// Project
    #[arg(long, global = true, value_name = "HANDLE", help_heading = "Scope")]
    pub(crate) project: Option<String>,
    /// Component
    #[arg(long, global = true, value_name = "HANDLE", help_heading = "Scope")]
    pub(crate) component: Option<String>,
    /// Environment
    #[arg(long, visible_alias = "env", global = true, value_name = "HANDLE", help_heading = "Scope")]
    pub(crate) environment: Option<String>,
    /// How to print: text, or one JSON value
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: OutputFormat,
}

/// What `.tieline/context.yaml` may hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextFile {
    /// Organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
    /// Project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// Component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) component: Option<String>,
    /// Environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
}

/// What a running server writes to `server.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    /// The API's address.
    pub(crate) url: String,
    /// The internal gateway's address.
    pub(crate) gateway_internal: String,
    /// The external gateway's address.
    pub(crate) gateway_external: String,
    /// The server's process.
    pub(crate) pid: u32,
}

/// Where a command works.
#[derive(Clone)]
pub(crate) struct Context {
    flags: Global,
    file: ContextFile,
}

impl Context {
    /// Reads the context file of a folder, if there is one.
    pub(crate) fn read(flags: Global, folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(".tieline/context.yaml");
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => serde_saphyr::from_str(&text).map_err(|error| {
                Failure::usage(
                    code!("context_invalid"),
                    format!("{} is not a context: {error}", path.display()),
                    "write it anew with `tieline context set`",
                )
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => ContextFile::default(),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                return Err(Failure::usage(code!("context_invalid"), message, "mend its permissions"));
            }
        };
        Ok(Self { flags, file })
    }

    /// How to print.
    pub(crate) fn output(&self) -> OutputFormat {
        self.flags.output
    }

    /// What the context file holds.
    pub(crate) fn file(&self) -> &ContextFile {
        &self.file
    }

    /// What the context file holds, with the given flags in place of what they name.
    pub(crate) fn merged(&self) -> ContextFile {
        let (flags, file) = (self.flags.clone(), self.file.clone());
        ContextFile {
            organization: flags.organization.or(file.organization),
            project: flags.project.or(file.project),
            component: flags.component.or(file.component),
            environment: flags.environment.or(file.environment),
        }
    }

    /// The organization.
    pub(crate) fn organization(&self) -> Result<&str, Failure> {
        needed(self.flags.organization.as_ref().or(self.file.organization.as_ref()), "organization")
    }

    /// The project.
    pub(crate) fn project(&self) -> Result<&str, Failure> {
        needed(self.project_if_any(), "project")
    }

    /// The project, if one is given.
    pub(crate) fn project_if_any(&self) -> Option<&String> {
        self.flags.project.as_ref().or(self.file.project.as_ref())
    }

    /// The project, only if it is given as a flag: for commands to which its absence means the whole organization.
    pub(crate) fn project_flag(&self) -> Option<&String> {
        self.flags.project.as_ref()
    }

    /// The component.
    pub(crate) fn component(&self) -> Result<&str, Failure> {
        needed(self.component_if_any(), "component")
    }

    /// The component and the environment, only if they are given as flags: for commands to which their absence means all.
    pub(crate) fn narrowed(&self) -> (Option<&String>, Option<&String>) {
        (self.flags.component.as_ref(), self.flags.environment.as_ref())
    }

    /// The component, if one is given.
    pub(crate) fn component_if_any(&self) -> Option<&String> {
        self.flags.component.as_ref().or(self.file.component.as_ref())
    }

    /// The environment.
    pub(crate) fn environment(&self) -> Result<&str, Failure> {
        needed(self.flags.environment.as_ref().or(self.file.environment.as_ref()), "environment")
    }

    /// The path of the organization in the API.
    pub(crate) fn organization_path(&self) -> Result<String, Failure> {
        Ok(format!("/organizations/{}", segment(self.organization()?)))
    }

    /// The path of the project in the API.
    pub(crate) fn project_path(&self) -> Result<String, Failure> {
        Ok(format!("{}/projects/{}", self.organization_path()?, segment(self.project()?)))
    }

    /// The path of the component in the API.
    pub(crate) fn component_path(&self) -> Result<String, Failure> {
        Ok(format!("{}/components/{}", self.project_path()?, segment(self.component()?)))
    }

    /// The path of the component's environment in the API.
    pub(crate) fn place_path(&self) -> Result<String, Failure> {
        Ok(format!("{}/environments/{}", self.component_path()?, segment(self.environment()?)))
    }

    /// The server, found by address and token, or through its data folder.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let url = match &self.flags.url {
            Some(url) => url.clone(),
            None => server_file(&self.data_folder())?.url,
        };
        Ok(Client::new(&url, self.token()?))
    }

    /// The token to present: given, or the data folder's.
    pub(crate) fn token(&self) -> Result<Secret, Failure> {
        match &self.flags.token {
            Some(token) => Ok(Secret::new(token.trim())),
            None => admin_token(&self.data_folder()),
        }
    }

    /// What stays the same of a server while it is away, and when it comes back at another address.
    pub(crate) fn server(&self) -> String {
        self.flags.url.clone().unwrap_or_else(|| {
            let folder = self.data_folder();
            folder.canonicalize().unwrap_or(folder).to_string_lossy().into_owned()
        })
    }

    /// The data folder of a server on this machine.
    pub(crate) fn data_folder(&self) -> PathBuf {
        self.flags.data.clone().unwrap_or_else(default_data_folder)
    }
}

/// The user's data folder for Tieline: `$XDG_DATA_HOME/tieline`, else `~/.local/share/tieline`.
pub(crate) fn default_data_folder() -> PathBuf {
    let folder = std::env::var_os("XDG_DATA_HOME").filter(|folder| Path::new(folder).is_absolute()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    folder.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("tieline")
}

fn server_file(folder: &Path) -> Result<ServerFile, Failure> {
    let path = folder.join("server.json");
    let text = std::fs::read_to_string(&path).ok();
    text.and_then(|text| serde_json::from_str(&text).ok()).ok_or_else(|| {
        Failure::unreachable(
            code!("server_unreachable"),
            format!("no server runs with the data folder {}: it has no server.json", folder.display()),
            "start one with `tieline server`, or name another with --url, --data or TIELINE_URL",
        )
    })
}

fn admin_token(folder: &Path) -> Result<Secret, Failure> {
    tieline_vault::private_file::read(&folder.join("admin.token"))
        .map(|secret| Secret::new(secret.expose().trim()))
        .map_err(|error| {
            Failure::no(
                code!("token_missing"),
                format!("there is no token to present: {error}"),
                "give one with --token or TIELINE_TOKEN",
            )
        })
}

fn needed<'a>(value: Option<&'a String>, what: &str) -> Result<&'a str, Failure> {
    value.map(String::as_str).ok_or_else(|| {
        Failure::usage(
            code!("scope_missing"),
            format!("this command needs --{what}"),
            format!("give --{what} HANDLE, or set it once with `tieline context set --{what} HANDLE`"),
        )
    })
}
