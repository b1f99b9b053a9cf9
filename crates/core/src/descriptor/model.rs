//! What a descriptor says, the same for every format and version, each item with its place in the file.
//!
//! Holds no rule: `check` fills it, and an item that it could not understand is missing here and named in its problems.

use uuid::Uuid;

use crate::{
    endpoint::{EndpointType, Visibility},
    reference::Reference,
};

/// The place of an item in its file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Location {
    /// As `endpoints[0].service.port`; empty for the whole file.
    pub path: String,
    /// Line, from 1; 0 when there is none.
    pub line: u32,
    /// Column in characters, from 1; 0 when there is none.
    pub column: u32,
}

/// The three kinds of descriptor, named by their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// `component.yaml`, schema versions 1.0 to 1.2.
    Component,
    /// `component-config.yaml`, `core.choreo.dev/v1beta1`.
    ComponentConfig,
    /// `endpoints.yaml`, the oldest.
    Endpoints,
}

impl Format {
    /// Every format; in one folder an earlier one wins over a later one.
    pub const ALL: [Self; 3] = [Self::Component, Self::ComponentConfig, Self::Endpoints];

    /// The file name that stands for the format everywhere.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Component => "component.yaml",
            Self::ComponentConfig => "component-config.yaml",
            Self::Endpoints => "endpoints.yaml",
        }
    }

    /// Reads a file name as `--format` takes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.file_name() == text)
    }

    /// The format that the ending of a file's name tells: `component.yaml`, `greeter__component.yaml`, also `.yml`.
    #[must_use]
    pub fn from_file_name(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
        let ends = |format: &Self| format.file_name().strip_suffix(".yaml").is_some_and(|word| stem.ends_with(word));
        Self::ALL.into_iter().find(ends)
    }
}

/// The schema version of a component.yaml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// 1.0: service references only.
    V1_0,
    /// 1.1: connection references and configurations.
    V1_1,
    /// 1.2: configuration forms and files.
    V1_2,
}

impl SchemaVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V1_2];

    /// The version as text: `1.0`, `1.1`, `1.2`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

/// The folder in which a descriptor lies, which decides its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// `.tieline/`: extensions are at home here.
    Tieline,
    /// `.wso2/`.
    Wso2,
    /// `.choreo/`.
    Choreo,
    /// None of them: a bare file.
    None,
}

impl Place {
    /// The folders that may hold a descriptor; an earlier one wins over a later one.
    pub const FOLDERS: [(Self, &'static str); 3] =
        [(Self::Tieline, ".tieline"), (Self::Wso2, ".wso2"), (Self::Choreo, ".choreo")];

    /// The place that a folder's name tells.
    #[must_use]
    pub fn from_folder_name(name: &str) -> Self {
        Self::FOLDERS.into_iter().find(|(_, folder)| *folder == name).map_or(Self::None, |(place, _)| place)
    }
}

/// A descriptor as understood. Present also when there are problems: then without the items that have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Which file this is.
    pub format: Format,
    /// Schema version; only component.yaml has one.
    pub schema_version: Option<SchemaVersion>,
    /// What the component offers.
    pub endpoints: Vec<Endpoint>,
    /// Connections used by their id.
    pub service_references: Vec<ServiceReference>,
    /// Connections used by their name.
    pub connection_references: Vec<ConnectionReference>,
    /// The component's own variables.
    pub env: Vec<EnvEntry>,
    /// Files that the component wants mounted.
    pub files: Vec<FileEntry>,
    /// The proxy of an API without a component of its own.
    pub proxy: Option<Proxy>,
}

impl Descriptor {
    /// A descriptor that says nothing.
    #[must_use]
    pub fn empty(format: Format) -> Self {
        Self {
            format,
            schema_version: None,
            endpoints: Vec::new(),
            service_references: Vec::new(),
            connection_references: Vec::new(),
            env: Vec::new(),
            files: Vec::new(),
            proxy: None,
        }
    }
}

/// One network-exposed function of the component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is declared.
    pub at: Location,
    /// Name; free text in the older formats.
    pub name: String,
    /// Name for people.
    pub display_name: Option<String>,
    /// Port on which the component listens.
    pub port: u16,
    /// What it speaks.
    pub kind: EndpointType,
    /// Path before every path of the endpoint; `/` when the file names none.
    pub base_path: String,
    /// Who may reach it, as written, each once; when the file names none, `[Public]` in
    /// component.yaml and `[Project]` in the older formats. What a type allows
    /// ([`EndpointType::project_only`]) is for the reader to apply.
    pub visibilities: Vec<Visibility>,
    /// API definition, relative to the component's folder.
    pub schema_file: Option<String>,
}

/// A connection used by its id; only the listed keys become variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceReference {
    /// Where it is written.
    pub at: Location,
    /// The service that the connection should lead to, as written.
    pub name: String,
    /// The same, read.
    pub reference: Reference,
    /// Id of the connection.
    pub connection_id: Uuid,
    /// Which key goes into which variable.
    pub env: Vec<EnvMapping>,
}

/// One key of a connection put into one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvMapping {
    /// Where it is written.
    pub at: Location,
    /// Key of the connection, as `ServiceURL`.
    pub from: String,
    /// Variable that receives the value.
    pub to: String,
}

/// A connection used by its name; all its keys become variables, except those that an [`EnvEntry`] renames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionReference {
    /// Where it is written.
    pub at: Location,
    /// Name of the connection, trimmed; it follows the rule of [`crate::name::ConnectionName`].
    pub name: String,
    /// The service that the connection should lead to, as written.
    pub resource_ref: String,
    /// The same, read.
    pub reference: Reference,
}

/// One variable of the component's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvEntry {
    /// Where it is written.
    pub at: Location,
    /// Name of the variable.
    pub name: String,
    /// Where its value comes from; where a file names several sources, the first of: value, connection, group,
    /// form, template.
    pub source: EnvSource,
}

/// Where the value of an [`EnvEntry`] comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvSource {
    /// The file itself, as written there (`1.10` stays `1.10`).
    Value(String),
    /// A key of a connection named in the file; the key's default variable is no longer set.
    ConnectionRef {
        /// Name of the connection, trimmed.
        name: String,
        /// Key of the connection.
        key: String,
    },
    /// A key of a configuration group.
    ConfigGroupRef {
        /// Name of the group.
        name: String,
        /// Key in the group.
        key: String,
    },
    /// A form that is filled in per environment.
    ConfigForm(ConfigForm),
    /// A template of connection keys; an extension of Tieline's.
    Template(String),
}

/// A value that people enter per environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigForm {
    /// Label for people.
    pub display_name: Option<String>,
    /// Whether a deployment needs the value; `false` when not said.
    pub required: bool,
    /// Type as written: `string`, `number`, `boolean`, `secret`, or anything.
    pub kind: Option<String>,
}

/// A file that the component wants mounted. Its values are kept as written, in [`FileEntry::at`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where it is written.
    pub at: Location,
    /// Name of the file.
    pub name: Option<String>,
    /// Folder to mount it in.
    pub mount_path: Option<String>,
    /// `yaml`, `json` or `toml`, as written.
    pub kind: Option<String>,
}

/// The proxy section: read and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it is written.
    pub at: Location,
    /// Type, as written.
    pub kind: Option<String>,
    /// API definition.
    pub schema_file: Option<String>,
    /// Visibilities, as written.
    pub visibilities: Vec<String>,
    /// Picture of the API.
    pub thumbnail_path: Option<String>,
    /// Documentation of the API.
    pub doc_path: Option<String>,
}
