//! The page of a service: what it is, what can be asked of it, how to use it, and who does.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use tieline_control::Error;
use tieline_core::wire::connection::ConsumerView;
use tieline_core::wire::service::{ServiceConsumers, ServiceDetail, ServiceStanding, ServiceView};

use super::definition::Part;
use super::fault::PageResult;
use super::frame::Frame;
use super::marketplace::{PAGE, service_path};
use super::place::{self, Level, Place};
use super::query::Asked;
use super::reference::Reference;
use super::visitor::Visitor;
use super::{markdown, page, registration, words};
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

/// Consumers on a page: each is some 300 bytes, and the page stays below 50 kB.
const ROWS: usize = 50;

#[derive(Debug, Default, Deserialize)]
struct Query {
    #[serde(default)]
    tab: String,
    /// Where a page of the definition, or of the consumers, begins.
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
    /// Where its owners change it, if it is registered.
    own_page: Option<String>,
    /// What is shown of the definition, on its tab.
    part: Option<Part>,
    /// Who uses it, for its owners on their tab.
    consumers: Option<Consumers>,
}

/// A page of who uses a service.
struct Consumers {
    rows: Vec<ConsumerView>,
    /// Whether it is the first.
    first: bool,
    /// Where the first is.
    start: String,
    /// Where the next is.
    next: Option<String>,
    /// How many there are in projects that the visitor may not see.
    hidden: usize,
}

impl Consumers {
    fn of(found: ServiceConsumers, from: usize, start: String) -> Self {
        let ServiceConsumers { consumers, hidden } = found;
        let end = from.saturating_add(ROWS);
        let next = (consumers.len() > end).then(|| format!("{start}&from={end}"));
        Self { rows: consumers.into_iter().skip(from).take(ROWS).collect(), first: from == 0, start, next, hidden }
    }
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
    let own_page = registration::own_page(&organization, &service);
    let (Some(standing), Some(detail)) = (service.standing.take(), service.detail.take()) else {
        return Err(Error::Inconsistent("a service is shown without detail".into()).into());
    };
    let mut tabs = vec![OVERVIEW];
    tabs.extend(detail.definition.is_some().then_some(DEFINITION));
    tabs.extend([USE, DOCUMENTS]);
    tabs.extend(standing.owned.then_some(CONSUMERS));
    let tab = tabs.iter().find(|tab| tab.1 == query.tab).map_or(OVERVIEW.1, |tab| tab.1);
    let address = format!("{}?tab={tab}", service_path(&place, &service.reference));
    let mut part = None;
    if tab == DEFINITION.1 {
        let outline = control.service_outline(actor, &organization, &reference, project).await?;
        part = Some(Part::of(outline, query.from, &query.schema, address.clone()));
    }
    let mut consumers = None;
    if tab == CONSUMERS.1 {
        let found = control.service_consumers(actor, &organization, &reference, project).await?;
        consumers = Some(Consumers::of(found, query.from, address));
    }
    let frame = frame.below(&[("Marketplace", place.path(PAGE))]);
    let may_connect = frame.allowed.connect && service.listed;
    page(&ServicePage { frame, place, service, standing, detail, tab, tabs, may_connect, own_page, part, consumers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_consumer_is_on_one_page() {
        let consumer = |at: usize| ConsumerView {
            project: "shop".to_owned(),
            component: format!("web-{at}"),
            environment: "development".to_owned(),
            version: None,
            connection: "orders".to_owned(),
        };
        let whole = ServiceConsumers { consumers: (0..2 * ROWS + 1).map(consumer).collect(), hidden: 3 };
        for (from, rows, next) in [
            (0, ROWS, Some(format!("/x?tab=consumers&from={ROWS}"))),
            (ROWS, ROWS, Some(format!("/x?tab=consumers&from={}", 2 * ROWS))),
            (2 * ROWS, 1, None),
            (usize::MAX, 0, None),
        ] {
            let page = Consumers::of(whole.clone(), from, "/x?tab=consumers".to_owned());
            assert_eq!((page.rows.len(), page.first, page.next, page.hidden), (rows, from == 0, next, 3), "{from}");
        }
    }
}
