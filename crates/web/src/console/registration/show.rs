//! The pages with the form: registering, and changing what is registered.

use askama::Template;
use axum::extract::State;
use tieline_control::{Error, Refusal};
use tieline_core::kind::Kind;
use tieline_core::wire::service::{ServiceDetail, ServiceStanding, ServiceView};

use super::super::fault::{Fault, PageResult, again, refused};
use super::super::form::{Fields, Form};
use super::super::frame::Frame;
use super::super::marketplace::service_path;
use super::super::page;
use super::super::place::Place;
use super::super::query::Asked;
use super::super::reference::Reference;
use super::super::visitor::Visitor;
use super::form::Registration;
use super::{In, Section, request};
use crate::App;

/// What is asked of the page that registers.
#[derive(serde::Deserialize)]
pub(super) struct Wanted {
    /// The kind of a resource.
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "console/registration_kinds.html")]
struct KindsPage {
    frame: Frame,
    place: Place,
    section: &'static Section,
}

#[derive(Template)]
#[template(path = "console/registration.html")]
struct FormPage {
    frame: Frame,
    place: Place,
    section: &'static Section,
    /// The environments, in the order of promotion.
    environments: Vec<String>,
    form: Registration,
    /// What is registered; none while nothing is.
    registered: Option<Registered>,
}

/// What is registered.
pub(super) struct Registered {
    pub(super) service: ServiceView,
    standing: ServiceStanding,
    pub(super) detail: ServiceDetail,
}

impl FormPage {
    /// Where the form goes.
    fn action(&self) -> String {
        match &self.registered {
            Some(found) => self.section.path(&self.place, &found.service.reference),
            None => self.place.path(&format!("{}/register", self.section.page)),
        }
    }

    /// What an entry is called.
    fn entry(&self) -> &'static str {
        if self.section.third_party() { "endpoint" } else { "credential" }
    }

    /// The page that shows the service to those who connect to it.
    fn marketplace(&self, service: &ServiceView) -> String {
        service_path(&self.place, &service.reference)
    }

    /// Whether what was refused is done when it is said that it is meant.
    fn forceable(&self) -> bool {
        self.registered.is_some() && self.form.refusal.as_ref().is_some_and(|refusal| refusal.code == "service_in_use")
    }

    /// Whether the field begins the page.
    fn begins(&self, field: &str) -> bool {
        self.form.added.as_deref() == Some(field)
    }
}

pub(super) async fn register(
    State(app): State<App>,
    visitor: Visitor,
    In(section): In,
    mut place: Place,
    Asked(wanted): Asked<Wanted>,
) -> PageResult {
    let kind = section.kinds().find(|kind| kind.name == wanted.kind);
    if kind.is_none() && !section.third_party() {
        let frame = framed(&app, &visitor, &mut place, section, "Register").await?;
        return page(&KindsPage { frame, place, section });
    }
    show(&app, &visitor, place, section, Registration::empty(section, kind), None).await
}

/// Registers a service, unless a button asked for a row.
pub(super) async fn service_register(
    State(app): State<App>,
    In(section): In,
    place: Place,
    Form { visitor, fields }: Form,
) -> PageResult {
    let kind = section.kinds().find(|kind| kind.name == fields.text("kind"));
    let mut form = Registration::read(&fields, kind, None);
    if form.step(fields.text("step")) {
        return show(&app, &visitor, place, section, form, None).await;
    }
    if form.definition.wrong.is_some() {
        return again(show(&app, &visitor, place, section, form, None).await);
    }
    match record(&app, &visitor, &place, &fields, &form, None).await? {
        Ok(made) => {
            let path = section.path(&place, &made.reference);
            Ok(visitor.redirect(&app, &path, &format!("Registered {}.", made.name)))
        }
        Err(refusal) => {
            form.refuse(refusal);
            again(show(&app, &visitor, place, section, form, None).await)
        }
    }
}

pub(super) async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    In(section): In,
    place: Place,
    Reference(reference): Reference,
) -> PageResult {
    let found = registered(&app, &visitor, &place, section, &reference).await?;
    if !found.standing.owned {
        return Err(Fault::Elsewhere(service_path(&place, &found.service.reference)));
    }
    let form = Registration::registered(&found.service, &found.detail);
    show(&app, &visitor, place, section, form, Some(found)).await
}

/// Brings a service to what the form says, unless a button asked for a row.
pub(super) async fn service_change(
    State(app): State<App>,
    In(section): In,
    place: Place,
    Reference(reference): Reference,
    Form { visitor, fields }: Form,
) -> PageResult {
    let found = registered(&app, &visitor, &place, section, &reference).await?;
    let kind = Kind::find(&found.service.kind);
    let mut form = Registration::read(&fields, kind, Some((&found.service, &found.detail)));
    form.name.text.clone_from(&found.service.name);
    if form.step(fields.text("step")) {
        return show(&app, &visitor, place, section, form, Some(found)).await;
    }
    if form.definition.wrong.is_some() {
        return again(show(&app, &visitor, place, section, form, Some(found)).await);
    }
    match record(&app, &visitor, &place, &fields, &form, Some(&found)).await? {
        Ok(changed) => {
            let path = section.path(&place, &changed.reference);
            Ok(visitor.redirect(&app, &path, &format!("Changed {}.", changed.name)))
        }
        Err(refusal) => {
            // Whoever was told that it changed means it, when the form comes again.
            if refusal.code == "changed_meanwhile" {
                form.revision = found.service.revision;
            }
            form.refuse(refusal);
            again(show(&app, &visitor, place, section, form, Some(found)).await)
        }
    }
}

/// What is registered in a section, for those who own it.
pub(super) async fn registered(
    app: &App,
    visitor: &Visitor,
    place: &Place,
    section: &Section,
    reference: &str,
) -> Result<Registered, Fault> {
    let (organization, project) = (&place.organization, place.project.as_deref());
    let mut service = app.control.service_view(&visitor.actor, organization, reference, project).await?;
    if !section.types.contains(&service.service_type) {
        return Err(crate::ApiError::no_route().into());
    }
    let (Some(standing), Some(detail)) = (service.standing.take(), service.detail.take()) else {
        return Err(Error::Inconsistent("a service is shown without detail".into()).into());
    };
    Ok(Registered { service, standing, detail })
}

/// Shows the form again with a refusal of something else than its content.
pub(super) async fn show_refused(
    app: &App,
    visitor: &Visitor,
    place: Place,
    section: &'static Section,
    found: Registered,
    refusal: Refusal,
) -> PageResult {
    let form = Registration { refusal: Some(refusal), ..Registration::registered(&found.service, &found.detail) };
    again(show(app, visitor, place, section, form, Some(found)).await)
}

/// Registers what the form holds: something else than what is registered, or what the form was read from.
async fn record(
    app: &App,
    visitor: &Visitor,
    place: &Place,
    fields: &Fields,
    form: &Registration,
    found: Option<&Registered>,
) -> Result<Result<ServiceView, Refusal>, Fault> {
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let expected = Some(form.revision);
    if form.kind.is_some() {
        let request = request::resource(form, fields);
        return refused(control.resource_register(actor, organization, request, form.force, expected).await);
    }
    let project = found.map_or_else(|| place.project.clone(), |found| found.service.project.clone());
    let request = request::third_party(form, fields, project, found.map(|found| &found.detail));
    refused(control.service_register(actor, organization, request, form.force, expected).await)
}

async fn show(
    app: &App,
    visitor: &Visitor,
    mut place: Place,
    section: &'static Section,
    form: Registration,
    registered: Option<Registered>,
) -> PageResult {
    let title = registered.as_ref().map_or("Register", |found| found.service.name.as_str());
    let frame = framed(app, visitor, &mut place, section, title).await?;
    let environments = app.control.environment_list(&visitor.actor, &place.organization).await?;
    let environments = environments.into_iter().map(|environment| environment.handle).collect();
    page(&FormPage { frame, place, section, environments, form, registered })
}

async fn framed(
    app: &App,
    visitor: &Visitor,
    place: &mut Place,
    section: &'static Section,
    title: &str,
) -> Result<Frame, Fault> {
    let frame = Frame::of(app, visitor, place, title, section.page).await?;
    Ok(frame.below(&[(section.title, place.path(section.page))]))
}
