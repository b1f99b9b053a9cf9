//! The lists of what is registered: whether the marketplace shows it, where it can be used, and who connects to it.

use askama::Template;
use axum::extract::State;
use tieline_core::wire::service::{ServiceQuery, ServiceView};

use super::super::fault::PageResult;
use super::super::frame::Frame;
use super::super::marketplace::service_path;
use super::super::page;
use super::super::place::Place;
use super::super::query::{Asked, Paged};
use super::super::visitor::Visitor;
use super::{In, Section, owns};
use crate::App;

/// Rows of a page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "console/registrations.html")]
struct ListPage {
    frame: Frame,
    place: Place,
    section: &'static Section,
    services: Vec<ServiceView>,
    may_register: bool,
    /// Whether it is the first page.
    first: bool,
    start: String,
    next: Option<String>,
}

impl ListPage {
    /// Where the name of a service leads: to where its owners change it, for others to what is written about it.
    fn address(&self, service: &ServiceView) -> String {
        if owns(service) {
            return self.section.path(&self.place, &service.reference);
        }
        service_path(&self.place, &service.reference)
    }

    fn environments(&self, service: &ServiceView) -> String {
        service.standing.as_ref().map(|standing| standing.environments.join(", ")).unwrap_or_default()
    }

    fn connections(&self, service: &ServiceView) -> Option<i64> {
        service.standing.as_ref().and_then(|standing| standing.connections)
    }

    fn unlisted<'a>(&self, service: &'a ServiceView) -> Option<&'a str> {
        service.standing.as_ref().and_then(|standing| standing.unlisted.as_deref())
    }
}

pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    In(section): In,
    mut place: Place,
    Asked(asked): Asked<Paged>,
) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, section.title, section.page).await?;
    let types: Vec<_> = section.types.iter().map(|found| found.as_str()).collect();
    let query = ServiceQuery {
        kind: Some(types.join(",")),
        project: place.project.clone(),
        all: true,
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
        ..ServiceQuery::default()
    };
    let found = app.control.service_list(&visitor.actor, &place.organization, &query).await?;
    let start = place.path(section.page);
    let next = found.next.map(|cursor| format!("{start}?cursor={cursor}"));
    let may_register = section.may_register(&frame);
    let first = asked.cursor.is_none();
    page(&ListPage { frame, place, section, services: found.items, may_register, first, start, next })
}
