//! Resolution: from a descriptor and the connections that a component may use to the exact variables of one
//! environment, or every reason why not. Pure: the same input gives the same plan.

mod matching;
mod missing;
mod plan;

use std::collections::{BTreeMap, BTreeSet};

use crate::descriptor::model::{Descriptor, Location};
use crate::diagnostic::Diagnostic;
use crate::id::ConnectionId;
use crate::model::{AccessMode, ComponentType, PinnedValue};
use crate::wire::plan::{Change, VariableChange};

pub use missing::MissingConnection;
pub use plan::resolve;

/// Everything that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the component asks for.
    pub descriptor: &'a Descriptor,
    /// Who asks.
    pub component: &'a Consumer,
    /// The first part of default variable names.
    pub prefix: &'a str,
    /// Every connection that the component may use, with its values in the environment.
    pub connections: &'a [Connection],
    /// The variables that the component runs with, if it does.
    pub previous: &'a [Pinned],
    /// Whether a value that nothing provides yet is left out instead of refused.
    pub allow_pending: bool,
    /// Whether this follows a change elsewhere and must take nothing away: then also the values of connections that
    /// are gone are carried forward.
    pub refresh: bool,
}

/// The component whose variables are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its organization's handle.
    pub organization: String,
    /// Its project's handle.
    pub project: String,
    /// Its handle.
    pub component: String,
    /// What it is.
    pub component_type: ComponentType,
}

/// A connection that a component may use, in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id, which `serviceReferences` name.
    pub id: ConnectionId,
    /// Its name, which `connectionReferences` name.
    pub name: String,
    /// What it leads to.
    pub target: Target,
    /// How it calls an internal service.
    pub access_mode: Option<AccessMode>,
    /// What to know about it in this environment that stops nothing.
    pub remarks: Vec<Remark>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// Something to know that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Its code.
    pub code: &'static str,
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What a connection leads to, as references are checked against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An endpoint of a component.
    Internal {
        /// The provider's project.
        project: String,
        /// The provider.
        component: String,
        /// The major version.
        major: u32,
        /// The endpoint's name.
        endpoint: String,
        /// Choreo's id of the endpoint.
        endpoint_id: String,
        /// Whether references without endpoint mean it.
        default: bool,
        /// How many endpoints the major has.
        endpoints: usize,
    },
    /// A third-party service.
    ThirdParty {
        /// Its name.
        name: String,
        /// The major version.
        major: u32,
    },
    /// A resource.
    Resource {
        /// The scheme of its references.
        scheme: crate::reference::ResourceScheme,
        /// Its server, if it has one.
        server: Option<String>,
        /// Its name.
        name: String,
    },
}

/// One parameter of a connection in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// Whether the value is a secret.
    pub sensitive: bool,
    /// Its value.
    pub value: ValueState,
}

/// Whether a parameter has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueState {
    /// It has.
    Set(PinnedValue),
    /// It is a secret that the component gets for itself when it is deployed. A plan shows the variable; nothing pins it.
    AtDeployment,
    /// It is optional and has none.
    Absent,
    /// It will have one when something happens: what.
    Pending(String),
}

/// One variable of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pinned {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: PinnedValue,
    /// Whether the value is a secret.
    pub sensitive: bool,
    /// The connection that it comes from, and its key; none for the component's own.
    pub source: Option<PinnedSource>,
}

/// Where a variable of a snapshot comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PinnedSource {
    /// The connection.
    pub id: ConnectionId,
    /// Its name.
    pub connection: String,
    /// Its key.
    pub key: String,
}

/// What a deployment would inject, and every reason why it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The variables, by name.
    pub variables: Vec<Planned>,
    /// The secrets that deploying mints first, by variable name: a plan that has any cannot be pinned.
    pub unminted: Vec<Unminted>,
    /// What must be mended first.
    pub problems: Vec<Diagnostic>,
    /// What should be known.
    pub warnings: Vec<Diagnostic>,
    /// The connections that the descriptor refers to.
    pub uses: Vec<ConnectionId>,
    /// The connections that it refers to and that are not there.
    pub missing: Vec<MissingConnection>,
}

/// One variable of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What would be pinned.
    pub pinned: Pinned,
    /// Why the value is carried forward instead of resolved.
    pub degraded: Option<String>,
    /// Where the descriptor asks for it.
    pub at: Location,
}

/// A variable whose secret is minted when the component is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unminted {
    /// Its name.
    pub name: String,
    /// The connection that it comes from, and its key.
    pub source: PinnedSource,
}

impl Plan {
    /// Whether it can be deployed.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.problems.is_empty()
    }

    /// How it differs from a snapshot, by name of the variable. A secret that is minted at deployment differs where there
    /// was none.
    #[must_use]
    pub fn changes(&self, snapshot: &[Pinned]) -> Vec<VariableChange> {
        let former: BTreeMap<&str, &Pinned> = snapshot.iter().map(|pinned| (&*pinned.name, pinned)).collect();
        let planned = self.variables.iter().map(|planned| (&*planned.pinned.name, Some(&planned.pinned)));
        let planned: BTreeMap<&str, Option<&Pinned>> =
            planned.chain(self.unminted.iter().map(|unminted| (&*unminted.name, None))).collect();
        let names: BTreeSet<&str> = former.keys().chain(planned.keys()).copied().collect();
        let change = |name: &str| match (former.get(name), planned.get(name)) {
            (None, _) => Some(Change::Added),
            (_, None) => Some(Change::Removed),
            (Some(before), Some(Some(after))) => {
                let same = before.value == after.value && before.sensitive == after.sensitive;
                (!same).then_some(Change::Changed)
            }
            (Some(_), Some(None)) => Some(Change::Changed),
        };
        let named = |name: &str| Some(VariableChange { name: name.to_owned(), change: change(name)? });
        names.into_iter().filter_map(named).collect()
    }
}
