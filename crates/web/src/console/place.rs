//! Where a page is: an organization, a project or a component of it, read from the address and written into addresses.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::MethodRouter;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tieline_control::Scope;

use super::fault::Fault;
use crate::{ApiError, App};

/// What stands for itself in a segment of a path: RFC 3986, "unreserved".
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same and the slash, in a value of a query.
pub(super) const QUERY: &AsciiSet = &SEGMENT.remove(b'/');

/// How a place is written in the addresses of the three levels.
const PATHS: [&str; 3] = [
    "/organizations/{organization}",
    "/organizations/{organization}/projects/{project}",
    "/organizations/{organization}/projects/{project}/components/{component}",
];

/// Where somebody stands. What is found there, the use cases say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The organization's handle.
    pub(super) organization: String,
    /// The project's handle.
    pub(super) project: Option<String>,
    /// The component's handle.
    pub(super) component: Option<String>,
}

/// The levels of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The whole organization.
    Organization,
    /// A project.
    Project,
    /// A component.
    Component,
}

impl Place {
    /// A whole organization.
    pub(super) fn organization(organization: &str) -> Self {
        Self { organization: organization.to_owned(), project: None, component: None }
    }

    /// A project of the same organization.
    pub(super) fn with_project(&self, project: &str) -> Self {
        Self { project: Some(project.to_owned()), component: None, ..self.clone() }
    }

    /// A component of the same project.
    pub(super) fn with_component(&self, component: &str) -> Self {
        Self { component: Some(component.to_owned()), ..self.clone() }
    }

    /// How far down it is.
    pub(super) fn level(&self) -> Level {
        match (&self.project, &self.component) {
            (_, Some(_)) => Level::Component,
            (Some(_), None) => Level::Project,
            (None, None) => Level::Organization,
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.component.as_ref().or(self.project.as_ref()).unwrap_or(&self.organization)
    }

    /// What the use cases take.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { project: self.project.as_deref(), component: self.component.as_deref() }
    }

    /// The address of a page of this place: `connections`, or none for its overview.
    pub(super) fn path(&self, page: &str) -> String {
        let mut path = format!("/organizations/{}", segment(&self.organization));
        for (word, handle) in [("projects", &self.project), ("components", &self.component)] {
            if let Some(handle) = handle {
                path += &format!("/{word}/{}", segment(handle));
            }
        }
        if page.is_empty() { path } else { format!("{path}/{page}") }
    }
}

/// A name as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// Serves a page in every place of some levels.
pub(super) fn serve(mut router: Router<App>, levels: &[Level], page: &str, handler: &MethodRouter<App>) -> Router<App> {
    for level in levels {
        let path = PATHS[*level as usize];
        let path = if page.is_empty() { path.to_owned() } else { format!("{path}/{page}") };
        router = router.route(&path, handler.clone());
    }
    router
}

impl FromRequestParts<App> for Place {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        let mut segments = found.map(|Path(segments)| segments).map_err(|_| ApiError::no_route())?;
        Ok(Self {
            organization: segments.remove("organization").unwrap_or_default(),
            project: segments.remove("project"),
            component: segments.remove("component"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_its_addresses() {
        let organization = Place::organization("acme");
        let project = organization.with_project("shop");
        let component = project.with_component("a b/ü");
        for (place, level, name, path) in [
            (&organization, Level::Organization, "acme", "/organizations/acme/connections"),
            (&project, Level::Project, "shop", "/organizations/acme/projects/shop/connections"),
            (
                &component,
                Level::Component,
                "a b/ü",
                "/organizations/acme/projects/shop/components/a%20b%2F%C3%BC/connections",
            ),
        ] {
            assert_eq!((place.level(), place.name(), place.path("connections").as_str()), (level, name, path));
        }
        assert_eq!(component.with_project("mail").path(""), "/organizations/acme/projects/mail");
    }
}
