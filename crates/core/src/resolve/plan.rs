//! The walk through a descriptor that makes a plan: every reference, every variable, every problem.

use std::collections::BTreeMap;

use super::matching;
use super::{Connection, Input, MissingConnection, Parameter, Pinned, PinnedSource, Plan, Planned, ValueState};
use crate::code;
use crate::descriptor::model::{EnvEntry, EnvSource, Location, ServiceReference};
use crate::diagnostic::Diagnostic;
use crate::id::ConnectionId;
use crate::kind::{API_KEY, CHOREO_API_KEY, same_key};
use crate::model::{ComponentType, PinnedValue};
use crate::name::{is_reserved_variable, variable_name, variable_part};
use crate::reference::Reference;

/// Resolves a descriptor in one environment. Returns variables *and* problems, never only the first problem.
#[must_use]
pub fn resolve(input: &Input<'_>) -> Plan {
    let mut walk = Walk { input, plan: Plan::default() };
    walk.connection_references();
    walk.service_references();
    walk.own_variables();
    walk.duplicates();
    walk.plan.variables.sort_by(|a, b| a.pinned.name.cmp(&b.pinned.name));
    walk.plan.uses.sort_unstable();
    walk.plan.uses.dedup();
    walk.plan
}

struct Walk<'a> {
    input: &'a Input<'a>,
    plan: Plan,
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
            for parameter in &connection.parameters {
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
                EnvSource::Value(value) => self.plan.variables.push(Planned {
                    pinned: Pinned {
                        name: entry.name.clone(),
                        value: PinnedValue::Plain(value.clone()),
                        sensitive: false,
                        source: None,
                    },
                    degraded: None,
                    at: entry.at.clone(),
                }),
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
        let referred = self.input.descriptor.connection_references.iter().any(|other| other.name.trim() == name);
        // A reference to a connection that the file does not refer to is a finding of the descriptor's check.
        let Some(connection) = self.input.connections.iter().find(|other| other.name == name).filter(|_| referred)
        else {
            self.carry_forward(&entry.name, "its connection is gone", &entry.at);
            return;
        };
        self.mapped(&entry.name, connection, key, &entry.at);
    }

    fn mapped(&mut self, variable: &str, connection: &Connection, key: &str, at: &Location) {
        if is_reserved_variable(variable) {
            self.problem(
                code!("variable_reserved"),
                format!("{variable} decides how the process itself is loaded and may not be set by a mapping"),
                "choose another variable name",
                at,
            );
            return;
        }
        match connection.parameters.iter().find(|parameter| same_key(&parameter.key, key)) {
            Some(parameter) => self.variable(variable.to_owned(), connection, parameter, at),
            None => {
                let keys: Vec<_> = connection.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
                let web = self.input.component.component_type == ComponentType::WebApp;
                let why = if web { ", because a web-app gets no keys and no secrets" } else { "" };
                self.problem(
                    code!("connection_key_unknown"),
                    format!("the connection {:?} has no key {key:?} here{why}", connection.name),
                    &format!("use one of: {}", keys.join(", ")),
                    at,
                );
            }
        }
    }

    fn variable(&mut self, name: String, connection: &Connection, parameter: &Parameter, at: &Location) {
        let source =
            PinnedSource { id: connection.id, connection: connection.name.clone(), key: parameter.key.clone() };
        match &parameter.value {
            ValueState::Set(value) => self.plan.variables.push(Planned {
                pinned: Pinned { name, value: value.clone(), sensitive: parameter.sensitive, source: Some(source) },
                degraded: None,
                at: at.clone(),
            }),
            ValueState::Absent => {}
            ValueState::Pending(reason) => self.pending(&name, connection, reason, at),
        }
    }

    /// A value that nothing provides: carried forward if the component runs with one, else left out or refused.
    fn pending(&mut self, name: &str, connection: &Connection, reason: &str, at: &Location) {
        let before = |pinned: &&Pinned| {
            pinned.name == name && pinned.source.as_ref().is_some_and(|source| source.id == connection.id)
        };
        if let Some(pinned) = self.input.previous.iter().find(before) {
            self.carry(pinned.clone(), reason, at);
            return;
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

    /// After a change elsewhere, what a running component has of a connection that is gone stays.
    fn carry_forward(&mut self, variable: &str, reason: &str, at: &Location) {
        if !self.input.refresh {
            return;
        }
        let before = self.input.previous.iter().find(|pinned| pinned.name == variable && pinned.source.is_some());
        if let Some(pinned) = before {
            self.carry(pinned.clone(), reason, at);
        }
    }

    fn missing_by_name(&mut self, name: &str, reference: &Reference, at: &Location) {
        if self.input.refresh {
            let of_it = |pinned: &&Pinned| pinned.source.as_ref().is_some_and(|source| source.connection == name);
            let renamed: Vec<_> = self.renames(name).map(|(variable, _)| variable.to_owned()).collect();
            let kept: Vec<_> = self.input.previous.iter().filter(of_it).cloned().collect();
            for pinned in kept.into_iter().filter(|pinned| !renamed.contains(&pinned.name)) {
                self.carry(pinned, "its connection is gone", at);
            }
            return;
        }
        let near = self.input.connections.iter().find(|other| variable_part(&other.name) == variable_part(name));
        let missing = MissingConnection::new(Some(name), reference, None, self.input.component);
        let hint = match near {
            Some(other) => format!("there is one named {:?}: write that name", other.name),
            None => missing.command(self.input.component),
        };
        let message = format!("there is no connection {name:?} that this component may use");
        self.problem(code!("connection_missing"), message, &hint, at);
        if near.is_none() {
            self.plan.missing.push(missing);
        }
    }

    fn missing_by_id(&mut self, reference: &ServiceReference, id: ConnectionId) {
        if self.input.refresh {
            for mapping in &reference.env {
                self.carry_forward(&mapping.to, "its connection is gone", &mapping.at);
            }
            return;
        }
        let missing = MissingConnection::new(None, &reference.reference, Some(id), self.input.component);
        let message = format!("there is no connection with the id {id} that this component may use");
        self.problem(code!("connection_missing"), message, &missing.command(self.input.component), &reference.at);
        self.plan.missing.push(missing);
    }

    /// Notes a use, and what is to be said about it.
    fn refer(&mut self, connection: &Connection, reference: &Reference, at: &Location) {
        self.plan.uses.push(connection.id);
        if let Some(remark) = &connection.remark {
            self.warn(code!("provider_not_deployed"), remark.clone(), "it works as soon as the provider is there", at);
        }
        if let Some(remark) = matching::check(reference, connection, self.input.component, at) {
            let list =
                if remark.problem && !self.input.refresh { &mut self.plan.problems } else { &mut self.plan.warnings };
            list.push(remark.diagnostic);
        }
    }

    /// A variable name that two places claim is a problem that names both, also when the values would be equal.
    fn duplicates(&mut self) {
        let mut places: BTreeMap<&str, Vec<&Location>> = BTreeMap::new();
        for planned in &self.plan.variables {
            places.entry(&planned.pinned.name).or_default().push(&planned.at);
        }
        let taken: Vec<_> = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
        let problems: Vec<_> = taken
            .into_iter()
            .filter_map(|(name, places)| {
                let (first, rest) = places.split_first()?;
                let others: Vec<_> = rest.iter().map(|at| format!("{} (line {})", at.path, at.line)).collect();
                let message = format!("{name} is set twice: here, and at {}", others.join(" and "));
                let hint = "rename one of them with configurations.env and valueFrom.connectionRef";
                Some(diagnostic(code!("variable_duplicate"), message, hint.to_owned(), first))
            })
            .collect();
        self.plan.problems.extend(problems);
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
        self.plan.problems.push(diagnostic(code, message, hint.to_owned(), at));
    }

    fn warn(&mut self, code: &str, message: String, hint: &str, at: &Location) {
        self.plan.warnings.push(diagnostic(code, message, hint.to_owned(), at));
    }
}

pub(super) fn diagnostic(code: &str, message: String, hint: String, at: &Location) -> Diagnostic {
    Diagnostic { code: code.to_owned(), path: at.path.clone(), line: at.line, column: at.column, message, hint }
}
