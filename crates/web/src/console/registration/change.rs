//! Taking what is registered into the marketplace and out of it, and deleting it.

use axum::extract::State;

use super::super::fault::{PageResult, refused};
use super::super::form::Form;
use super::super::place::Place;
use super::super::reference::Reference;
use super::show::{registered, show_refused};
use super::{In, Section};
use crate::App;

/// Adds it to the marketplace.
pub(super) async fn service_publish(
    State(app): State<App>,
    In(section): In,
    place: Place,
    Reference(reference): Reference,
    form: Form,
) -> PageResult {
    set_published(&app, section, place, &reference, form, true).await
}

/// Takes it out of the marketplace. Connections go on.
pub(super) async fn service_unpublish(
    State(app): State<App>,
    In(section): In,
    place: Place,
    Reference(reference): Reference,
    form: Form,
) -> PageResult {
    set_published(&app, section, place, &reference, form, false).await
}

async fn set_published(
    app: &App,
    section: &'static Section,
    place: Place,
    reference: &str,
    Form { visitor, fields }: Form,
    published: bool,
) -> PageResult {
    let expected = fields.text("revision").parse().ok();
    let (control, actor, project) = (&app.control, &visitor.actor, place.project.as_deref());
    let done = if published {
        control.service_publish(actor, &place.organization, reference, project, expected).await
    } else {
        control.service_unpublish(actor, &place.organization, reference, project, expected).await
    };
    match refused(done)? {
        Ok(service) => {
            let why = service.standing.and_then(|standing| standing.unlisted);
            let done = match why {
                None => format!("{} is in the marketplace.", service.name),
                Some(why) if published => format!("{} is in the marketplace when it is complete: {why}.", service.name),
                Some(_) => format!("{} is out of the marketplace; its connections go on.", service.name),
            };
            Ok(visitor.redirect(app, &section.path(&place, &service.reference), &done))
        }
        Err(refusal) => {
            let found = registered(app, &visitor, &place, section, reference).await?;
            show_refused(app, &visitor, place, section, found, refusal).await
        }
    }
}

/// Deletes it, with its connections if that was ticked.
pub(super) async fn service_delete(
    State(app): State<App>,
    In(section): In,
    place: Place,
    Reference(reference): Reference,
    Form { visitor, fields }: Form,
) -> PageResult {
    let found = registered(&app, &visitor, &place, section, &reference).await?;
    let (expected, force) = (fields.text("revision").parse().ok(), fields.ticked("force"));
    let (actor, project) = (&visitor.actor, place.project.as_deref());
    let done = app.control.service_delete(actor, &place.organization, &reference, project, force, expected).await;
    match refused(done)? {
        Ok(()) => {
            let done = format!("Deleted {}.", found.service.name);
            Ok(visitor.redirect(&app, &place.path(section.page), &done))
        }
        Err(refusal) => show_refused(&app, &visitor, place, section, found, refusal).await,
    }
}
