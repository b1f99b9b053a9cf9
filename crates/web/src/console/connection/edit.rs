//! Changing a connection: what it is for, and where its environments lead.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use tieline_control::Refusal;
use tieline_core::wire::connection::ConnectionUpdate;
use tieline_core::wire::offer::{OfferedEnvironment, OfferedTarget};

use super::super::fault::{Fault, PageResult, again, refused};
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
    /// What each environment may lead to.
    environments: Vec<OfferedEnvironment>,
    /// Where each environment leads, as it was chosen; those that Tieline chooses are missing.
    mapping: BTreeMap<String, String>,
    /// What is wrong with the mapping.
    wrong: Option<Refusal>,
    /// What is wrong with neither.
    refusal: Option<Refusal>,
}

impl EditPage {
    /// What was chosen for an environment.
    fn chosen(&self, environment: &str) -> &str {
        self.mapping.get(environment).map_or("", String::as_str)
    }

    /// What is chosen for an environment and not offered: it was taken away since.
    fn gone(&self, environment: &OfferedEnvironment) -> Option<&str> {
        let chosen = self.chosen(&environment.environment);
        let offered = environment.targets.iter().any(|target| target.name.eq_ignore_ascii_case(chosen));
        (!chosen.is_empty() && !offered).then_some(chosen)
    }

    fn is_chosen(&self, environment: &OfferedEnvironment, target: &OfferedTarget) -> bool {
        target.name.eq_ignore_ascii_case(self.chosen(&environment.environment))
    }
}

pub(super) async fn edit(State(app): State<App>, visitor: Visitor, place: Place, named: Named) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Edit")).await?;
    let description = Entered { text: base.connection.description.clone(), wrong: None };
    let environments = targets(&app, &visitor, &base, &named).await?;
    let mapping = base.connection.mapping.clone();
    page(&EditPage { frame, base, description, environments, mapping, wrong: None, refusal: None })
}

async fn targets(
    app: &App,
    visitor: &Visitor,
    base: &Base,
    Named(named): &Named,
) -> Result<Vec<OfferedEnvironment>, Fault> {
    let (organization, scope) = (&base.place.organization, base.place.scope());
    Ok(app.control.connection_targets(&visitor.actor, organization, named, scope).await?)
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
        environments: targets(&app, &visitor, &base, &named).await?,
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
