//! The marketplace: what a place may connect to, by tabs, search and filters. A card leads on to a connection.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use tieline_core::endpoint::Visibility;
use tieline_core::model::ServiceType;
use tieline_core::wire::service::{SearchField, ServiceQuery, ServiceView};

use super::fault::PageResult;
use super::frame::Frame;
use super::place::{self, Level, Place, segment};
use super::query::Asked;
use super::visitor::Visitor;
use super::{page, words};
use crate::App;

/// The page, below its place.
pub(super) const PAGE: &str = "marketplace";

/// Cards of a page: two screens of a laptop.
const CARDS: u32 = 24;

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization, Level::Project, Level::Component], PAGE, &get(marketplace))
}

/// One tab, with the types of services that it shows.
struct Tab {
    words: &'static str,
    name: &'static str,
    types: &'static [ServiceType],
}

const TABS: [Tab; 3] = [
    Tab { words: "Services", name: "services", types: &[ServiceType::Internal, ServiceType::ThirdParty] },
    Tab { words: "Databases", name: "databases", types: &[ServiceType::Database] },
    Tab { words: "Others", name: "others", types: &[ServiceType::Cache, ServiceType::Broker, ServiceType::Storage] },
];

/// Where a search looks, as it is offered: what it says, its word in the address, and what it means.
const FIELDS: [(&str, &str, SearchField); 4] = [
    ("All", "all", SearchField::All),
    ("Name", "name", SearchField::Name),
    ("Label", "label", SearchField::Label),
    ("Content", "content", SearchField::Content),
];

/// What the address asks for; a field that is empty asks for nothing.
#[derive(Debug, Default, Deserialize)]
struct Query {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    field: String,
    #[serde(default, rename = "type")]
    service_type: String,
    #[serde(default)]
    visibility: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    cursor: String,
}

impl Query {
    fn tab(&self) -> &'static Tab {
        TABS.iter().find(|tab| tab.name == self.tab).unwrap_or(&TABS[0])
    }

    fn field(&self) -> SearchField {
        FIELDS.iter().find(|field| field.1 == self.field).map_or(SearchField::All, |field| field.2)
    }

    fn visibility(&self) -> Option<Visibility> {
        Visibility::ALL.iter().copied().find(|visibility| visibility.as_str() == self.visibility)
    }

    /// The types that are asked for: those of the tab, or one of them.
    fn types(&self) -> Vec<ServiceType> {
        let types = self.tab().types;
        let one: Vec<_> = types.iter().copied().filter(|found| found.as_str() == self.service_type).collect();
        if one.is_empty() { types.to_vec() } else { one }
    }

    /// Whether less is shown than there is on the tab.
    fn narrows(&self) -> bool {
        let texts = [&self.search, &self.service_type, &self.visibility, &self.category];
        texts.iter().any(|text| !text.trim().is_empty())
    }

    /// The address of the same question on a tab, from where it goes on.
    fn address(&self, place: &Place, tab: &Tab, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("tab", tab.name);
        let same = tab.name == self.tab().name;
        let narrow = |text: &str| if same { text.to_owned() } else { String::new() };
        for (name, value) in [
            ("search", self.search.clone()),
            ("field", self.field.clone()),
            ("type", narrow(&self.service_type)),
            ("visibility", narrow(&self.visibility)),
            ("category", narrow(&self.category)),
            ("cursor", cursor.to_owned()),
        ] {
            if !value.is_empty() {
                query.append_pair(name, &value);
            }
        }
        format!("{}?{}", place.path(PAGE), query.finish())
    }
}

#[derive(Template)]
#[template(path = "console/marketplace.html")]
struct MarketplacePage {
    frame: Frame,
    place: Place,
    query: Query,
    services: Vec<ServiceView>,
    /// Categories that the cards name, to choose from.
    categories: Vec<String>,
    /// Whether the visitor may make connections here.
    may_connect: bool,
    /// Where the next page is.
    next: Option<String>,
}

impl MarketplacePage {
    /// The list of what is registered for the organization.
    fn registered(&self, page: &str) -> String {
        Place::organization(&self.place.organization).path(page)
    }

    /// Where a card leads: to a connection, or for who may make none to what is written about the service.
    fn card(&self, service: &ServiceView) -> String {
        let below = if self.may_connect { "/connect" } else { "" };
        service_path(&self.place, &service.reference) + below
    }
}

/// The page of a service.
pub(super) fn service_path(place: &Place, reference: &str) -> String {
    place.path(&format!("{PAGE}/{}", segment(reference)))
}

async fn marketplace(
    State(app): State<App>,
    visitor: Visitor,
    mut place: Place,
    Asked(query): Asked<Query>,
) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Marketplace", PAGE).await?;
    let types: Vec<_> = query.types().iter().map(|found| found.as_str()).collect();
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let wanted = ServiceQuery {
        search: filled(&query.search),
        field: query.field(),
        kind: Some(types.join(",")),
        visibility: query.visibility(),
        category: filled(&query.category),
        project: place.project.clone(),
        all: false,
        limit: Some(CARDS),
        cursor: filled(&query.cursor),
    };
    let found = app.control.service_list(&visitor.actor, &place.organization, &wanted).await?;
    let next = found.next.map(|cursor| query.address(&place, query.tab(), &cursor));
    let mut categories: Vec<_> = found.items.iter().flat_map(|service| service.categories.clone()).collect();
    categories.sort();
    categories.dedup();
    let may_connect = frame.allowed.connect;
    page(&MarketplacePage { frame, place, query, services: found.items, categories, may_connect, next })
}
