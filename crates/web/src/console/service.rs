//! The page of a service: what it is, what can be asked of it, how to use it, and who does.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use tieline_control::{Error, Kind};
use tieline_core::wire::service::{ServiceConsumers, ServiceDetail, ServiceStanding, ServiceView};

use super::definition::Part;
use super::fault::{Fault, PageResult};
use super::frame::Frame;
use super::marketplace::{PAGE, may_connect, service_path};
use super::place::{self, Level, Place};
use super::query::Asked;
use super::reference::Reference;
use super::visitor::Visitor;
use super::{markdown, page, words};
use crate::App;

pub(super) fn router() -> Router<App> {
    let levels = [Level::Organization, Level::Project, Level::Component];
    place::serve(Router::new(), &levels, &format!("{PAGE}/{{reference}}"), &get(service))
}

/// What a tab says, and its word in the address.
type Tab = (&'static str, &'static str);

const OVERVIEW: Tab = ("Overview", "overview");
const DEFINITION: Tab = ("API definition", "definition");
const USE: Tab = ("How to use", "use");
const DOCUMENTS: Tab = ("Related documents", "documents");
const CONSUMERS: Tab = ("Consumers", "consumers");

#[derive(Debug, Default, Deserialize)]
struct Query {
    #[serde(default)]
    tab: String,
    /// Where a page of the definition begins.
    #[serde(default)]
    from: usize,
    /// A type of the definition.
    #[serde(default)]
    schema: String,
}

#[derive(Template)]
#[template(path = "console/service.html")]
struct ServicePage {
    frame: Frame,
    place: Place,
    service: ServiceView,
    standing: ServiceStanding,
    detail: ServiceDetail,
    tab: &'static str,
    tabs: Vec<Tab>,
    /// Whether the visitor may make connections here.
    may_connect: bool,
    /// What is shown of the definition, on its tab.
    part: Option<Part>,
    /// Who uses it, for its owners on their tab.
    consumers: Option<ServiceConsumers>,
}

impl ServicePage {
    fn path(&self) -> String {
        service_path(&self.place, &self.service.reference)
    }

    /// Whether a tab is the one that is shown.
    fn shows(&self, tab: &str) -> bool {
        self.tab == tab
    }

    /// Whether the service is a component's.
    fn internal(&self) -> bool {
        self.service.component.is_some()
    }

    /// The scope of the place, as options of the command line.
    fn scope(&self) -> String {
        let mut scope = format!("--organization {}", self.place.organization);
        for (option, handle) in [("project", &self.place.project), ("component", &self.place.component)] {
            if let Some(handle) = handle {
                scope += &format!(" --{option} {handle}");
            }
        }
        scope
    }

    /// The reference as one word of a command.
    fn word(&self) -> String {
        tieline_core::format::command_word(&self.service.reference)
    }
}

async fn service(
    State(app): State<App>,
    visitor: Visitor,
    mut place: Place,
    Reference(reference): Reference,
    Asked(query): Asked<Query>,
) -> PageResult {
    let (control, actor) = (&app.control, &visitor.actor);
    let frame = Frame::of(&app, &visitor, &mut place, "Service", PAGE).await?;
    let (organization, project) = (place.organization.clone(), place.project.as_deref());
    let mut service = control.service_view(actor, &organization, &reference, project).await?;
    let (Some(standing), Some(detail)) = (service.standing.take(), service.detail.take()) else {
        return Err(Error::Inconsistent("a service is shown without detail".into()).into());
    };
    let consumers = owned(control.service_consumers(actor, &organization, &reference, project).await)?;
    let mut tabs = vec![OVERVIEW];
    tabs.extend(detail.definition.is_some().then_some(DEFINITION));
    tabs.extend([USE, DOCUMENTS]);
    tabs.extend(consumers.is_some().then_some(CONSUMERS));
    let tab = tabs.iter().find(|tab| tab.1 == query.tab).map_or(OVERVIEW.1, |tab| tab.1);
    let mut part = None;
    if tab == DEFINITION.1 {
        let outline = control.service_outline(actor, &organization, &reference, project).await?;
        let address = format!("{}?tab={tab}", service_path(&place, &service.reference));
        part = Some(Part::of(outline, query.from, &query.schema, address));
    }
    let frame = frame.below(&[("Marketplace", place.path(PAGE))]);
    let may_connect = may_connect(&frame, &place) && service.listed;
    page(&ServicePage { frame, place, service, standing, detail, tab, tabs, may_connect, part, consumers })
}

/// What only owners are answered; nothing for others.
fn owned<T>(answer: Result<T, Error>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused(refusal)) if matches!(refusal.kind, Kind::Forbidden | Kind::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
