//! Changing a connection: what it is for, and where its environments lead.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use tieline_control::Refusal;
use tieline_core::wire::connection::ConnectionUpdate;

use super::super::fault::{PageResult, again, refused};
use super::super::form::{Entered, Fields, Form};
use super::super::frame::Frame;
use super::super::page;
use super::super::place::Place;
use super::super::visitor::Visitor;
use super::{Base, Named};
use crate::App;

/// What the names of the fields of the mapping begin with.
const MAPPING: &str = "mapping.";

#[derive(Template)]
#[template(path = "console/connection_edit.html")]
struct EditPage {
    frame: Frame,
    base: Base,
    description: Entered,
    /// Where each environment leads, as it was entered.
    mapping: Vec<(String, String)>,
    /// What is wrong with the mapping.
    wrong: Option<Refusal>,
    /// What is wrong with neither.
    refusal: Option<Refusal>,
}

pub(super) async fn edit(State(app): State<App>, visitor: Visitor, place: Place, named: Named) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Edit")).await?;
    let description = Entered { text: base.connection.description.clone(), wrong: None };
    let chosen = |environment: &str| base.connection.mapping.get(environment).cloned().unwrap_or_default();
    let handles = base.environments.iter().map(|environment| environment.handle.clone());
    let mapping = handles.map(|handle| (handle.clone(), chosen(&handle))).collect();
    page(&EditPage { frame, base, description, mapping, wrong: None, refusal: None })
}

pub(super) async fn connection_update(
    State(app): State<App>,
    place: Place,
    named: Named,
    Form { visitor, fields }: Form,
) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Edit")).await?;
    let request = request(&base, &fields);
    let (organization, scope, expected) =
        (&base.place.organization, base.place.scope(), fields.text("revision").parse().ok());
    let changed = app.control.connection_update(&visitor.actor, organization, &named.0, scope, request, expected).await;
    let refusal = match refused(changed)? {
        Ok(changed) => {
            let done = format!("Changed the connection {}.", changed.name);
            return Ok(visitor.redirect(&app, &base.path(""), &done));
        }
        Err(refusal) => refusal,
    };
    let mut shown = EditPage {
        frame,
        description: Entered { text: fields.text("description").to_owned(), wrong: None },
        mapping: fields.below(MAPPING).map(|(name, target)| (name.to_owned(), target.to_owned())).collect(),
        base,
        wrong: None,
        refusal: None,
    };
    match refusal.code {
        code if code.starts_with("mapping_") || code == "connection_in_use" => shown.wrong = Some(refusal),
        "changed_meanwhile" => shown.refusal = Some(refusal),
        _ => shown.description = Entered::refused(fields.text("description"), refusal),
    }
    again(page(&shown))
}

/// What differs from the connection as it is; a choice that was emptied is taken back.
fn request(base: &Base, fields: &Fields) -> ConnectionUpdate {
    let chosen = |environment: &str| base.connection.mapping.get(environment).map_or("", String::as_str);
    let mapping: BTreeMap<_, _> = fields
        .below(MAPPING)
        .filter(|(environment, target)| chosen(environment) != *target)
        .map(|(environment, target)| (environment.to_owned(), target.to_owned()))
        .collect();
    ConnectionUpdate {
        description: Some(fields.text("description").to_owned()),
        mapping: (!mapping.is_empty()).then_some(mapping),
    }
}
