//! The walk through a descriptor that makes a plan: every reference, every variable, every problem.

use std::collections::{BTreeMap, BTreeSet};

use super::matching;
use super::{
    Connection, Input, MissingConnection, Parameter, Pinned, PinnedSource, Plan, Planned, Unminted, ValueState,
};
use crate::code;
use crate::descriptor::model::{EnvEntry, EnvSource, Location, ServiceReference};
use crate::diagnostic::Diagnostic;
use crate::id::ConnectionId;
use crate::kind::{API_KEY, CHOREO_API_KEY, SERVICE_URL, same_key};
use crate::model::{ComponentType, PinnedValue};
use crate::name::{is_reserved_variable, variable_name, variable_part};
use crate::reference::Reference;

/// Resolves a descriptor in one environment. Returns variables *and* problems, never only the first problem.
#[must_use]
pub fn resolve(input: &Input<'_>) -> Plan {
    let mut walk = Walk { input, plan: Plan::default(), claims: BTreeMap::new(), absent: BTreeSet::new() };
    walk.connection_references();
    walk.service_references();
    walk.own_variables();
    if input.refresh {
        walk.one_of_each();
        walk.keep_what_runs();
    } else {
        walk.duplicates();
    }
    let Plan { mut variables, mut unminted, mut problems, mut warnings, mut uses, missing } = walk.plan;
    variables.sort_by(|a, b| a.pinned.name.cmp(&b.pinned.name));
    unminted.sort_by(|a, b| a.name.cmp(&b.name));
    let place = |diagnostic: &Diagnostic| (diagnostic.line, diagnostic.column);
    problems.sort_by_key(place);
    warnings.sort_by_key(place);
    uses.sort_unstable();
    uses.dedup();
    Plan { variables, unminted, problems, warnings, uses, missing }
}

struct Walk<'a> {
    input: &'a Input<'a>,
    plan: Plan,
    /// Every variable name that the descriptor asks for, with the places, whether or not it has a value yet.
    claims: BTreeMap<String, Vec<Location>>,
    /// The variables of optional parameters without a value.
    absent: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    /// `connectionReferences`: every key of the connection, under its default name unless an own variable renames it.
    fn connection_references(&mut self) {
        for reference in &self.input.descriptor.connection_references {
            let name = reference.name.trim();
            let found = self.input.connections.iter().find(|connection| connection.name == name);
            let Some(connection) = found else {
                self.missing_by_name(name, &reference.reference, &reference.at);
                continue;
            };
            self.refer(connection, &reference.reference, &reference.at);
            for parameter in self.parameters(connection) {
                if self.renames(name).any(|(_, key)| same_key(key, &parameter.key)) {
                    continue;
                }
                let variable = variable_name(self.input.prefix, &connection.name, self.key_word(&parameter.key));
                self.variable(variable, connection, parameter, &reference.at);
            }
        }
    }

    /// `serviceReferences`: only the listed keys, under the listed names.
    fn service_references(&mut self) {
        for reference in &self.input.descriptor.service_references {
            let id = ConnectionId(reference.connection_id);
            let Some(connection) = self.input.connections.iter().find(|connection| connection.id == id) else {
                self.missing_by_id(reference, id);
                continue;
            };
            self.refer(connection, &reference.reference, &reference.at);
            if reference.env.is_empty() {
                self.warn(
                    code!("reference_without_variables"),
                    format!("the reference to {:?} lists no variables, so nothing is injected", connection.name),
                    "list `from` and `to` under its env, or use connectionReferences",
                    &reference.at,
                );
            }
            for mapping in &reference.env {
                self.mapped(&mapping.to, connection, &mapping.from, &mapping.at);
            }
        }
    }

    /// `configurations.env`: the component's own values, and renamed keys.
    fn own_variables(&mut self) {
        for entry in &self.input.descriptor.env {
            match &entry.source {
                EnvSource::Value(value) => {
                    let value = PinnedValue::Plain(value.clone());
                    let pinned = Pinned { name: entry.name.clone(), value, sensitive: false, source: None };
                    self.claim(&entry.name, &entry.at);
                    self.plan.variables.push(Planned { pinned, degraded: None, at: entry.at.clone() });
                }
                EnvSource::ConnectionRef { name, key } => self.renamed(entry, name.trim(), key),
                EnvSource::ConfigForm(form) if !form.required => self.warn(
                    code!("form_unsupported"),
                    format!("the form value of {} is not asked for by this version, so it is not injected", entry.name),
                    "give the variable a value of its own, or a connection's",
                    &entry.at,
                ),
                EnvSource::ConfigForm(_) => {
                    self.unsupported(code!("form_unsupported"), "a required form value", &entry.at)
                }
                EnvSource::ConfigGroupRef { .. } => {
                    self.unsupported(code!("group_unsupported"), "a configuration group", &entry.at);
                }
                EnvSource::Template(_) => self.unsupported(code!("template_unsupported"), "a template", &entry.at),
            }
        }
        for file in &self.input.descriptor.files {
            self.unsupported(code!("file_unsupported"), "a file projection", &file.at);
        }
    }

    /// A key put into a variable of the component's choosing.
    fn renamed(&mut self, entry: &EnvEntry, name: &str, key: &str) {
        // A connection that is not referred to is a finding of the descriptor's check, one that is not there a problem of
        // its reference.
        let referred = self.input.descriptor.connection_references.iter().any(|other| other.name.trim() == name);
        let found = self.input.connections.iter().find(|other| other.name == name);
        match found.filter(|_| referred) {
            Some(connection) => self.mapped(&entry.name, connection, key, &entry.at),
            None => self.unmapped(&entry.name, &entry.at),
        }
    }

    fn mapped(&mut self, variable: &str, connection: &Connection, key: &str, at: &Location) {
        if self.refuse_reserved(variable, at) {
            return;
        }
        let Some(parameter) = self.parameters(connection).find(|parameter| same_key(&parameter.key, key)) else {
            let keys: Vec<_> = self.parameters(connection).map(|parameter| parameter.key.as_str()).collect();
            let why = if self.is_web_app() { ", because a web-app gets no keys and no secrets" } else { "" };
            let hint = match keys.as_slice() {
                [] => "remove it: this connection gives nothing to a web-app".to_owned(),
                keys => format!("use one of: {}", keys.join(", ")),
            };
            let message = format!("the connection {:?} has no key {key:?} here{why}", connection.name);
            return self.problem(code!("connection_key_unknown"), message, &hint, at);
        };
        self.variable(variable.to_owned(), connection, parameter, at);
    }

    /// A mapping of a connection that is not there: what can be said of it is said at once.
    fn unmapped(&mut self, variable: &str, at: &Location) {
        if !self.refuse_reserved(variable, at) {
            self.claim(variable, at);
        }
    }

    fn refuse_reserved(&mut self, variable: &str, at: &Location) -> bool {
        let reserved = is_reserved_variable(variable);
        if reserved {
            let message =
                format!("{variable} decides how the process itself is loaded and may not be set by a mapping");
            self.problem(code!("variable_reserved"), message, "choose another variable name", at);
        }
        reserved
    }

    /// What the component gets of a connection: a web-app only the address, since a browser would show the rest.
    fn parameters<'c>(&self, connection: &'c Connection) -> impl Iterator<Item = &'c Parameter> + use<'c> {
        let web_app = self.is_web_app();
        connection.parameters.iter().filter(move |parameter| !web_app || parameter.key == SERVICE_URL)
    }

    fn is_web_app(&self) -> bool {
        self.input.component.component_type == ComponentType::WebApp
    }

    fn variable(&mut self, name: String, connection: &Connection, parameter: &Parameter, at: &Location) {
        self.claim(&name, at);
        let source =
            || PinnedSource { id: connection.id, connection: connection.name.clone(), key: parameter.key.clone() };
        match &parameter.value {
            ValueState::Set(value) => {
                let sensitive = parameter.sensitive;
                let pinned = Pinned { name, value: value.clone(), sensitive, source: Some(source()) };
                self.plan.variables.push(Planned { pinned, degraded: None, at: at.clone() });
            }
            ValueState::AtDeployment if self.input.refresh => {
                self.pending(name, connection, &parameter.key, "the component gets it when it is next deployed", at);
            }
            ValueState::AtDeployment => self.plan.unminted.push(Unminted { name, source: source() }),
            ValueState::Absent => {
                self.absent.insert(name);
            }
            ValueState::Pending(reason) => self.pending(name, connection, &parameter.key, reason, at),
        }
    }

    /// A value that nothing provides: carried forward if the component runs with one, else left out or refused. What is
    /// carried is the value of the connection's key, under whichever variable it ran before.
    fn pending(&mut self, name: String, connection: &Connection, key: &str, reason: &str, at: &Location) {
        let of_key = |pinned: &&Pinned| {
            pinned.source.as_ref().is_some_and(|source| source.id == connection.id && same_key(&source.key, key))
        };
        if let Some(pinned) = self.input.previous.iter().find(of_key) {
            return self.carry(Pinned { name, ..pinned.clone() }, reason, at);
        }
        let message = format!("{name} of the connection {:?} has no value here: {reason}", connection.name);
        if self.input.allow_pending || self.input.refresh {
            self.warn(code!("value_pending"), message, "it is added by itself when the value arrives", at);
        } else {
            let hint = "mend the cause, or deploy without it: --allow-pending";
            self.problem(code!("value_pending"), message, hint, at);
        }
    }

    fn carry(&mut self, pinned: Pinned, reason: &str, at: &Location) {
        self.warn(
            code!("value_carried_forward"),
            format!("{} keeps its present value: {reason}", pinned.name),
            "mend the cause; until then the value may be out of date",
            at,
        );
        self.plan.variables.push(Planned { pinned, degraded: Some(reason.to_owned()), at: at.clone() });
    }

    fn missing_by_name(&mut self, name: &str, reference: &Reference, at: &Location) {
        let near = self.input.connections.iter().find(|other| variable_part(&other.name) == variable_part(name));
        let message = format!("there is no connection {name:?} that this component may use");
        if let Some(other) = near {
            let hint = format!("there is one named {:?}: write that name", other.name);
            return self.problem(code!("connection_missing"), message, &hint, at);
        }
        self.missing(MissingConnection::named(name, reference, self.input.component), message, at);
    }

    fn missing_by_id(&mut self, reference: &ServiceReference, id: ConnectionId) {
        let message = format!("there is no connection with the id {id} that this component may use");
        let known = self.plan.missing.iter().find(|missing| missing.id == Some(id)).cloned();
        let taken = &self.plan.missing;
        let missing = known.unwrap_or_else(|| {
            MissingConnection::with_id(id, &reference.reference, self.input.component, |name| {
                taken.iter().any(|other| variable_part(&other.name) == variable_part(name))
            })
        });
        self.missing(missing, message, &reference.at);
        for mapping in &reference.env {
            self.unmapped(&mapping.to, &mapping.at);
        }
    }

    fn missing(&mut self, missing: MissingConnection, message: String, at: &Location) {
        self.problem(code!("connection_missing"), message, &missing.command(self.input.component), at);
        if !self.input.refresh && !self.plan.missing.contains(&missing) {
            self.plan.missing.push(missing);
        }
    }

    /// Notes a use, and what is to be said about it.
    fn refer(&mut self, connection: &Connection, reference: &Reference, at: &Location) {
        self.plan.uses.push(connection.id);
        for remark in &connection.remarks {
            self.warn(remark.code, remark.message.clone(), &remark.hint, at);
        }
        if let Some(remark) = matching::check(reference, connection, self.input.component, at) {
            let list = if remark.problem { self.problems() } else { &mut self.plan.warnings };
            list.push(remark.diagnostic);
        }
    }

    fn claim(&mut self, name: &str, at: &Location) {
        self.claims.entry(name.to_owned()).or_default().push(at.clone());
    }

    /// A variable name that two places claim is a problem that names both, also when the values would be equal, or have
    /// not arrived yet.
    fn duplicates(&mut self) {
        for (name, places) in std::mem::take(&mut self.claims) {
            let Some((first, rest @ [_, ..])) = places.split_first() else { continue };
            let others: Vec<_> = rest.iter().map(|at| format!("{} (line {})", at.path, at.line)).collect();
            let message = format!("{name} is set more than once: here, and at {}", others.join(" and "));
            let hint = "rename one of them with configurations.env and valueFrom.connectionRef";
            self.problem(code!("variable_duplicate"), message, hint, first);
        }
    }

    /// After a change elsewhere nobody can be asked: of variables that meet, the one that runs stays, else the first.
    fn one_of_each(&mut self) {
        let previous = self.input.previous;
        let runs = |planned: &Planned| {
            let source = |pinned: &Pinned| pinned.source.as_ref().map(|source| (source.id, source.key.clone()));
            let before = previous.iter().find(|before| before.name == planned.pinned.name);
            before.is_some_and(|before| source(before) == source(&planned.pinned))
        };
        self.plan.variables.sort_by_key(|planned| !runs(planned));
        let mut seen = BTreeSet::new();
        self.plan.variables.retain(|planned| seen.insert(planned.pinned.name.clone()));
    }

    /// After a change elsewhere, what a running component has of a connection or key that is gone stays.
    fn keep_what_runs(&mut self) {
        let mut present: BTreeSet<_> = self.plan.variables.iter().map(|planned| planned.pinned.name.clone()).collect();
        present.append(&mut self.absent);
        for pinned in self.input.previous.iter().filter(|pinned| !present.contains(&pinned.name)) {
            let Some(source) = &pinned.source else { continue };
            let there = self.input.connections.iter().any(|connection| connection.id == source.id);
            let reason = if there { "its connection no longer has the key" } else { "its connection is gone" };
            self.carry(pinned.clone(), reason, &Location::default());
        }
    }

    /// The own variables that rename keys of a connection: variable and key.
    fn renames(&self, connection: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let input: &'a Input<'a> = self.input;
        input.descriptor.env.iter().filter_map(move |entry| match &entry.source {
            EnvSource::ConnectionRef { name, key } if name.trim() == connection => {
                Some((entry.name.as_str(), key.as_str()))
            }
            _ => None,
        })
    }

    /// The key as it appears in a default name: under Tieline's own prefix the API key is Tieline's.
    fn key_word<'k>(&self, key: &'k str) -> &'k str {
        if self.input.prefix == "TIELINE" && key == CHOREO_API_KEY { API_KEY } else { key }
    }

    fn unsupported(&mut self, code: &str, what: &str, at: &Location) {
        let message = format!("{what} is not supported by this version, and nothing is dropped silently");
        self.problem(code, message, "give the variable a value of its own, or a connection's", at);
    }

    fn problem(&mut self, code: &str, message: String, hint: &str, at: &Location) {
        self.problems().push(diagnostic(code, message, hint.to_owned(), at));
    }

    /// Where problems go. After a change elsewhere nobody can be asked, and what runs goes on: they are warnings.
    fn problems(&mut self) -> &mut Vec<Diagnostic> {
        if self.input.refresh { &mut self.plan.warnings } else { &mut self.plan.problems }
    }

    fn warn(&mut self, code: &str, message: String, hint: &str, at: &Location) {
        self.plan.warnings.push(diagnostic(code, message, hint.to_owned(), at));
    }
}

pub(super) fn diagnostic(code: &str, message: String, hint: String, at: &Location) -> Diagnostic {
    Diagnostic { code: code.to_owned(), path: at.path.clone(), line: at.line, column: at.column, message, hint }
}
