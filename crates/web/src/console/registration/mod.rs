//! What is registered rather than deployed: third-party services and resources. Lists of both, the form that registers and
//! changes them, and what takes them out of the marketplace.

mod change;
mod form;
mod list;
mod request;
mod rows;
mod show;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::routing::{get, post};
use tieline_core::kind::{KINDS, Kind};
use tieline_core::model::ServiceType;
use tieline_core::wire::service::ServiceView;

use super::fault::Fault;
use super::frame::Frame;
use super::place::{self, Level, Place, segment};
use crate::{ApiError, App};

/// What is registered on one list.
#[derive(Debug, PartialEq, Eq)]
struct Section {
    /// The list, below its place.
    page: &'static str,
    /// What it is called.
    title: &'static str,
    /// The types of services on it.
    types: &'static [ServiceType],
    /// Where there is such a list.
    levels: &'static [Level],
}

const THIRD_PARTY: Section = Section {
    page: "third-party-services",
    title: "Third-Party Services",
    types: &[ServiceType::ThirdParty],
    levels: &[Level::Organization, Level::Project],
};

/// Resources belong to the organization.
const SECTIONS: [&Section; 3] = [
    &THIRD_PARTY,
    &Section { page: "databases", title: "Databases", types: &[ServiceType::Database], levels: &[Level::Organization] },
    &Section {
        page: "other-resources",
        title: "Other Resources",
        types: &[ServiceType::Cache, ServiceType::Broker, ServiceType::Storage],
        levels: &[Level::Organization],
    },
];

pub(super) fn router() -> Router<App> {
    let mut router = Router::new();
    for section in SECTIONS {
        for (page, handler) in [
            ("", get(list::list)),
            ("/register", get(show::register).post(show::service_register)),
            ("/{reference}", get(show::edit).post(show::service_change)),
            ("/{reference}/publish", post(change::service_publish)),
            ("/{reference}/unpublish", post(change::service_unpublish)),
            ("/{reference}/delete", post(change::service_delete)),
        ] {
            router = place::serve(router, section.levels, &format!("{}{page}", section.page), &handler);
        }
    }
    router
}

impl Section {
    /// The kinds of resources that are registered here; none for third-party services.
    fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        KINDS.iter().filter(|kind| self.types.contains(&kind.service_type))
    }

    /// Whether third-party services are registered here.
    fn third_party(&self) -> bool {
        self.page == THIRD_PARTY.page
    }

    /// Whether the visitor may register something here.
    fn may_register(&self, frame: &Frame) -> bool {
        if self.third_party() { frame.allowed.register_third_party } else { frame.allowed.register_resources }
    }

    /// The page of what is registered.
    fn path(&self, place: &Place, reference: &str) -> String {
        place.path(&format!("{}/{}", self.page, segment(reference)))
    }
}

/// Where the visitor changes a registered service; none for who does not own it, and for what a component provides.
pub(super) fn own_page(organization: &str, service: &ServiceView) -> Option<String> {
    let section = SECTIONS.into_iter().find(|section| section.types.contains(&service.service_type))?;
    let place = Place::organization(organization);
    let place = service.project.iter().fold(place, |place, project| place.with_project(project));
    owns(service).then(|| section.path(&place, &service.reference))
}

/// Whether the visitor owns a service.
fn owns(service: &ServiceView) -> bool {
    service.standing.as_ref().is_some_and(|standing| standing.owned)
}

/// The section that an address names.
struct In(&'static Section);

impl FromRequestParts<App> for In {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let path = MatchedPath::from_request_parts(parts, app).await.map_err(|_| ApiError::no_route())?;
        let found = SECTIONS.into_iter().find(|section| path.as_str().split('/').any(|word| word == section.page));
        found.map(In).ok_or_else(|| ApiError::no_route().into())
    }
}
