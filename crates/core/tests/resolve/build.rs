//! Readable inputs: a descriptor as its author writes it, and connections by their name and values.

use tieline_core::descriptor::model::{Descriptor, Place};
use tieline_core::descriptor::{Options, check};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::id::{ConnectionId, SealedVersionId};
use tieline_core::model::{AccessMode, ComponentType, PinnedValue};
use tieline_core::reference::ResourceScheme;
use tieline_core::resolve::{Connection, Consumer, Input, Parameter, Pinned, Plan, Target, ValueState, resolve};
use uuid::Uuid;

pub(crate) const ORDERS_ID: &str = "0d4ea5bf-3ba1-4a42-9d51-6f3e7a5c2b10";

/// Everything that a plan depends on, with defaults.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) prefix: &'static str,
    pub(crate) component_type: ComponentType,
    pub(crate) connections: Vec<Connection>,
    pub(crate) previous: Vec<Pinned>,
    pub(crate) allow_pending: bool,
    pub(crate) refresh: bool,
}

/// A component.yaml 1.2 with connection references (`name = reference`) and, below `configurations`, variables.
pub(crate) fn file(references: &[(&str, &str)], env: &str) -> String {
    let mut text = "schemaVersion: 1.2\n".to_owned();
    if !references.is_empty() {
        text += "dependencies:\n  connectionReferences:\n";
    }
    for (name, reference) in references {
        text += &format!("    - name: {name}\n      resourceRef: \"{reference}\"\n");
    }
    if !env.is_empty() {
        text += &format!("configurations:\n  env:\n{env}");
    }
    text
}

/// An entry of `configurations.env` that renames a key.
pub(crate) fn rename(variable: &str, connection: &str, key: &str) -> String {
    format!("    - name: {variable}\n      valueFrom: {{ connectionRef: {{ name: {connection}, key: {key} }} }}\n")
}

/// A component.yaml 1.0 with one service reference.
pub(crate) fn by_id(reference: &str, id: &str, env: &[(&str, &str)]) -> String {
    let mut text = format!(
        "schemaVersion: \"1.0\"\ndependencies:\n  serviceReferences:\n    - name: {reference}\n      connectionConfig: {id}\n"
    );
    text += if env.is_empty() { "      env: []\n" } else { "      env:\n" };
    for (from, to) in env {
        text += &format!("        - from: {from}\n          to: {to}\n");
    }
    text
}

impl Case {
    pub(crate) fn new(text: impl Into<String>, connections: &[Connection]) -> Self {
        Self {
            text: text.into(),
            prefix: "CHOREO",
            component_type: ComponentType::Service,
            connections: connections.to_vec(),
            previous: Vec::new(),
            allow_pending: false,
            refresh: false,
        }
    }

    /// The component runs with what this very case plans.
    pub(crate) fn after(mut self, earlier: &Plan) -> Self {
        self.previous = earlier.variables.iter().map(|planned| planned.pinned.clone()).collect();
        self
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        let options = Options { format: None, place: Place::Tieline, schema_file_exists: &|_| true };
        check(self.text.as_bytes(), &options).descriptor.expect("a descriptor")
    }

    pub(crate) fn plan(&self) -> Plan {
        let component = Consumer {
            organization: "acme".to_owned(),
            project: "shop".to_owned(),
            component: "web".to_owned(),
            component_type: self.component_type,
        };
        resolve(&Input {
            descriptor: &self.descriptor(),
            component: &component,
            prefix: self.prefix,
            connections: &self.connections,
            previous: &self.previous,
            allow_pending: self.allow_pending,
            refresh: self.refresh,
        })
    }
}

/// The plan's variables as `NAME=value`; a secret's value is its sealed version.
#[track_caller]
pub(crate) fn variables(plan: &Plan) -> Vec<String> {
    assert!(plan.ready(), "{:#?}", plan.problems);
    plan.variables.iter().map(|planned| show(&planned.pinned)).collect()
}

pub(crate) fn show(pinned: &Pinned) -> String {
    match &pinned.value {
        PinnedValue::Plain(value) => format!("{}={value}", pinned.name),
        PinnedValue::Sealed(_) => format!("{}=sealed", pinned.name),
    }
}

pub(crate) fn codes(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

/// The only problem of a plan.
#[track_caller]
pub(crate) fn problem(plan: &Plan) -> &Diagnostic {
    match plan.problems.as_slice() {
        [problem] => problem,
        other => panic!("expected one problem: {other:#?}"),
    }
}

/// A connection to the endpoint `api` of `orders` in the project `shop`.
pub(crate) fn orders(name: &str) -> Connection {
    Connection {
        id: ConnectionId(ORDERS_ID.parse().expect("a UUID")),
        name: name.to_owned(),
        target: Target::Internal {
            project: "shop".to_owned(),
            component: "orders".to_owned(),
            major: 1,
            endpoint: "api".to_owned(),
            endpoint_id: "5c69c".to_owned(),
            default: true,
            endpoints: 1,
        },
        access_mode: Some(AccessMode::Organization),
        remarks: Vec::new(),
        parameters: vec![plain("ServiceURL", "http://gate/orders"), secret("ChoreoAPIKey")],
    }
}

/// A connection to the third-party service `Mail Gate`.
pub(crate) fn mail(name: &str, parameters: Vec<Parameter>) -> Connection {
    Connection {
        id: ConnectionId(Uuid::from_u128(2)),
        name: name.to_owned(),
        target: Target::ThirdParty { name: "Mail Gate".to_owned(), major: 1 },
        access_mode: None,
        remarks: Vec::new(),
        parameters,
    }
}

/// A connection to a resource.
pub(crate) fn resource(name: &str, scheme: ResourceScheme, server: Option<&str>, resource: &str) -> Connection {
    Connection {
        id: ConnectionId(Uuid::from_u128(3)),
        name: name.to_owned(),
        target: Target::Resource { scheme, server: server.map(str::to_owned), name: resource.to_owned() },
        access_mode: None,
        remarks: Vec::new(),
        parameters: vec![plain("HostName", "db.example"), secret("Password"), absent("CACertificate")],
    }
}

pub(crate) fn plain(key: &str, value: &str) -> Parameter {
    let value = ValueState::Set(PinnedValue::Plain(value.to_owned()));
    Parameter { key: key.to_owned(), sensitive: false, value }
}

pub(crate) fn secret(key: &str) -> Parameter {
    let value = ValueState::Set(PinnedValue::Sealed(SealedVersionId(Uuid::from_u128(9))));
    Parameter { key: key.to_owned(), sensitive: true, value }
}

/// A secret that is minted when the component is deployed.
pub(crate) fn unminted(key: &str) -> Parameter {
    Parameter { key: key.to_owned(), sensitive: true, value: ValueState::AtDeployment }
}

pub(crate) fn absent(key: &str) -> Parameter {
    Parameter { key: key.to_owned(), sensitive: false, value: ValueState::Absent }
}

pub(crate) fn pending(key: &str) -> Parameter {
    let value = ValueState::Pending("nothing is deployed there".to_owned());
    Parameter { key: key.to_owned(), sensitive: false, value }
}

pub(crate) const ORDERS: &str = "service:/shop/orders/v1/api";
pub(crate) const MAIL: &str = "thirdparty:Mail Gate/v1";
