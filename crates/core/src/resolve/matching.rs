//! Whether a reference in a file means the service that its connection leads to. The connection wins where files
//! habitually differ (they name a development database and run in production); a wrong service is a problem.

use super::{Connection, Consumer, Target};
use crate::code;
use crate::descriptor::model::Location;
use crate::diagnostic::Diagnostic;
use crate::reference::Reference;

/// A remark about a reference, and whether it is a problem.
pub(super) struct Remark {
    pub(super) problem: bool,
    pub(super) diagnostic: Diagnostic,
}

/// Compares a reference with the connection that it is used with.
pub(super) fn check(
    reference: &Reference,
    connection: &Connection,
    consumer: &Consumer,
    at: &Location,
) -> Option<Remark> {
    match (reference, &connection.target) {
        (
            Reference::Service { project, component, major, endpoint, visibility, .. },
            Target::Internal {
                project: its_project,
                component: its_component,
                major: its_major,
                endpoint: its_endpoint,
                endpoint_id,
                default,
                endpoints,
            },
        ) => {
            let project = project.as_deref().unwrap_or(&consumer.project);
            if !same(project, its_project) || !same(component, its_component) || major != its_major {
                return Some(wrong_service(connection, at));
            }
            match endpoint.as_deref() {
                None if !default => return Some(wrong_service(connection, at)),
                Some(name) if !same(name, its_endpoint) && name != endpoint_id => {
                    return Some(match (looks_like_an_id(name), *endpoints) {
                        (true, 1) => warning(
                            code!("endpoint_id_stale"),
                            format!(
                                "the endpoint id {name:?} no longer matches; the only endpoint is {its_endpoint:?}"
                            ),
                            format!("write the endpoint's name: {its_endpoint}"),
                            at,
                        ),
                        (true, _) => problem(
                            code!("endpoint_id_unknown"),
                            format!("no endpoint has the id {name:?} any more, and the service has several"),
                            format!("write the endpoint's name; the connection leads to {its_endpoint}"),
                            at,
                        ),
                        (false, _) => wrong_service(connection, at),
                    });
                }
                _ => {}
            }
            let mode = connection.access_mode?;
            let differs = visibility.is_some_and(|visibility| visibility != mode.visibility());
            differs.then(|| {
                warning(
                    code!("visibility_differs"),
                    format!(
                        "the reference names another visibility than the connection {:?}, which wins",
                        connection.name
                    ),
                    format!("write {}", mode.visibility().reference_word()),
                    at,
                )
            })
        }
        (Reference::ThirdParty { name, major, .. }, Target::ThirdParty { name: its_name, major: its_major }) => {
            (!same(name.trim(), its_name.trim()) || major != its_major).then(|| wrong_service(connection, at))
        }
        (
            Reference::Resource { scheme, server, name },
            Target::Resource { scheme: its_scheme, server: its_server, name: its_name },
        ) if scheme == its_scheme => {
            let other_server = server
                .as_ref()
                .is_some_and(|server| its_server.as_ref().is_none_or(|its_server| !same(server, its_server)));
            (other_server || !same(name, its_name)).then(|| {
                warning(
                    code!("resource_name_differs"),
                    format!(
                        "the reference names another resource than the connection {:?}, which wins",
                        connection.name
                    ),
                    "nothing needs to be done; write the connection's own reference to end this warning".to_owned(),
                    at,
                )
            })
        }
        _ => Some(wrong_service(connection, at)),
    }
}

/// Names and handles are the same ignoring case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn looks_like_an_id(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn wrong_service(connection: &Connection, at: &Location) -> Remark {
    problem(
        code!("reference_mismatch"),
        format!("the reference names another service than the connection {:?} leads to", connection.name),
        format!("write {}, or refer to another connection", canonical(&connection.target)),
        at,
    )
}

/// The canonical reference of a target.
fn canonical(target: &Target) -> String {
    match target.clone() {
        Target::Internal { project, component, major, endpoint, .. } => Reference::Service {
            project: Some(project),
            component,
            major,
            minor: None,
            endpoint: Some(endpoint),
            visibility: None,
        },
        Target::ThirdParty { name, major } => Reference::ThirdParty { name, major, minor: None },
        Target::Resource { scheme, server, name } => Reference::Resource { scheme, server, name },
    }
    .to_string()
}

fn problem(code: &str, message: String, hint: String, at: &Location) -> Remark {
    Remark { problem: true, diagnostic: super::plan::diagnostic(code, message, hint, at) }
}

fn warning(code: &str, message: String, hint: String, at: &Location) -> Remark {
    Remark { problem: false, diagnostic: super::plan::diagnostic(code, message, hint, at) }
}
