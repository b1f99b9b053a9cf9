//! The page of a connection: its parameters and status in each environment, how to use it, and who does.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::super::fault::PageResult;
use super::super::form::Form;
use super::super::frame::Frame;
use super::super::page;
use super::super::place::Place;
use super::super::query::Asked;
use super::super::visitor::Visitor;
use super::{Base, Named};
use crate::App;

/// The languages of a guide, with what people call them, the most usual first.
const LANGUAGES: [(&str, &str); 6] =
    [("node", "Node"), ("python", "Python"), ("go", "Go"), ("java", "Java"), ("rust", "Rust"), ("curl", "curl")];

/// Which of the guide's texts are shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tabs {
    /// The descriptor's schema version.
    schema: Option<String>,
    /// The language.
    language: Option<String>,
}

/// One tab.
struct Tab {
    words: String,
    path: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "console/connection.html")]
struct ConnectionPage {
    frame: Frame,
    base: Base,
    schemas: Vec<Tab>,
    languages: Vec<Tab>,
    descriptor: String,
    code: String,
    /// Whether secrets are shown.
    revealed: bool,
}

pub(super) async fn connection(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    named: Named,
    Asked(tabs): Asked<Tabs>,
) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, None).await?;
    let frame = frame.following(&base.place);
    show(&app, &visitor, frame, base, &tabs, false).await
}

/// Shows the secrets that the visitor may read, in the answer itself: no address leads to them.
pub(super) async fn connection_reveal(
    State(app): State<App>,
    place: Place,
    named: Named,
    Form { visitor, .. }: Form,
) -> PageResult {
    let (frame, mut base) = Base::of(&app, &visitor, place, &named, None).await?;
    let (organization, scope) = (&base.place.organization, base.place.scope());
    let shown = app.control.connection_view(&visitor.actor, organization, &named.0, scope, true).await?;
    base.connection = shown;
    show(&app, &visitor, frame, base, &Tabs::default(), true).await
}

async fn show(app: &App, visitor: &Visitor, frame: Frame, base: Base, tabs: &Tabs, revealed: bool) -> PageResult {
    let (organization, id) = (&base.place.organization, base.connection.id.to_string());
    let guide = app.control.connection_guide(&visitor.actor, organization, &id, base.place.scope()).await?;
    let newest = guide.descriptor.keys().next_back().cloned().unwrap_or_default();
    let schema = tabs.schema.clone().filter(|schema| guide.descriptor.contains_key(schema)).unwrap_or(newest);
    let wanted = tabs.language.as_deref().unwrap_or_default();
    let language = LANGUAGES.iter().find(|language| language.0 == wanted).unwrap_or(&LANGUAGES[0]).0;
    let path = |schema: &str, language: &str| format!("{}?schema={schema}&language={language}", base.path(""));
    let schemas = guide.descriptor.keys().rev().map(|version| Tab {
        words: version.clone(),
        path: format!("{}#descriptor", path(version, language)),
        current: *version == schema,
    });
    let languages = LANGUAGES.iter().map(|(name, words)| Tab {
        words: (*words).to_owned(),
        path: format!("{}#code", path(&schema, name)),
        current: *name == language,
    });
    let (schemas, languages) = (schemas.collect(), languages.collect());
    let descriptor = guide.descriptor.get(&schema).cloned().unwrap_or_default();
    let code = guide.code.get(language).cloned().unwrap_or_default();
    page(&ConnectionPage { frame, base, schemas, languages, descriptor, code, revealed })
}
