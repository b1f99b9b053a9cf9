//! What a component gets: the plan of what is live, or of a descriptor that was entered, and deploying it.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_control::{Error, Refusal};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::wire::plan::{Change, DeployRequest, PlanRequest, PlanView, Source};

use super::deployments::{self, names};
use super::fault::{self, PageResult, again};
use super::form::{Fields, Form};
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::query::Asked;
use super::visitor::Visitor;
use crate::App;

/// The page, below its place.
const PAGE: &str = "plan";

/// Where a descriptor lies, unless its folder is named.
const FILE: &str = ".tieline/component.yaml";

pub(super) fn router() -> Router<App> {
    let router = place::serve(Router::new(), &[Level::Component], PAGE, &get(plan).post(entered));
    place::serve(router, &[Level::Component], "deploy", &post(deploy))
}

/// The address of the plan of what is live in an environment.
pub(super) fn path(place: &Place, environment: &str, major: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, place::QUERY).to_string();
    format!("{}?environment={}&version={}", place.path(PAGE), encoded(environment), encoded(major))
}

/// The address of the plan of what is live in one environment for another one.
pub(super) fn promotion_path(place: &Place, from: &str, environment: &str, major: &str) -> String {
    format!("{}&from={}", path(place, environment, major), utf8_percent_encode(from, place::QUERY))
}

/// Where endpoints listen: a line for each, `api=http://10.0.0.7:8080`. What is not one of these is given as it stands,
/// for the use case to refuse.
pub(super) fn addresses(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let pair = |line: &str| {
        let (name, url) = line.split_once('=').unwrap_or((line, ""));
        (name.trim().to_owned(), url.trim().to_owned())
    };
    lines.map(pair).collect()
}

#[derive(Template)]
#[template(path = "console/plan.html")]
struct PlanPage {
    frame: Frame,
    place: Place,
    plan: Option<PlanView>,
    refusal: Option<Refusal>,
    /// The environments to choose from.
    environments: Vec<String>,
    /// Whether the visitor may deploy to one of them.
    deploys: bool,
    /// What was entered.
    entered: Fields,
    /// The environment that is chosen.
    environment: String,
    /// What would be promoted.
    promotion: Option<Promotion>,
}

/// A release that is live in an environment, and planned for another one.
struct Promotion {
    from: String,
    /// `vN`, where it was chosen.
    version: String,
    /// Whether the visitor may take it there.
    allowed: bool,
}

impl PlanPage {
    /// Of a field that is not refused by itself.
    const NOT_WRONG: Option<&'static str> = None;

    fn file(&self) -> &str {
        self.entered.optional("file").unwrap_or(FILE)
    }

    /// What was said of the plan, under what heading, and in which tone.
    fn remarks(&self) -> [(&'static str, &'static str, &[Diagnostic]); 2] {
        let (problems, warnings) = match &self.plan {
            Some(plan) => (&*plan.problems, &*plan.warnings),
            None => Default::default(),
        };
        [("Problems", "bad", problems), ("Warnings", "wait", warnings)]
    }

    /// Where a remark belongs, as much of it as is known.
    fn at(remark: &Diagnostic) -> String {
        match (remark.path.as_str(), remark.line) {
            ("", 0) => String::new(),
            ("", line) => format!(" at line {line}"),
            (path, 0) => format!(" at {path}"),
            (path, line) => format!(" at {path} (line {line})"),
        }
    }
}

#[derive(Deserialize)]
struct Query {
    environment: Option<String>,
    version: Option<String>,
    from: Option<String>,
}

async fn plan(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    Asked(Query { environment, version, from }): Asked<Query>,
) -> PageResult {
    let Some(environment) = environment else { return show(&app, &visitor, place, Shown::default()).await };
    let promotion = from.clone().map(|from| (from, version.clone().unwrap_or_default()));
    let request = PlanRequest { environment: environment.clone(), source: None, from, version, allow_pending: false };
    let (project, component) = names(&place);
    let plan = app.control.plan(&visitor.actor, &place.organization, project, component, request).await?;
    show(&app, &visitor, place, Shown { plan: Some(plan), environment, promotion, ..Shown::default() }).await
}

/// Plans a descriptor that was entered.
async fn entered(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let request = PlanRequest {
        environment: fields.text("environment").to_owned(),
        source: Some(source(&fields)),
        from: None,
        version: fields.optional("version").map(str::to_owned),
        allow_pending: fields.ticked("allow_pending"),
    };
    let (project, component) = names(&place);
    let planned = app.control.plan(&visitor.actor, &place.organization, project, component, request).await;
    let environment = fields.text("environment").to_owned();
    match fault::refused(planned)? {
        Ok(plan) => {
            let shown = Shown { plan: Some(plan), environment, entered: fields, ..Shown::default() };
            show(&app, &visitor, place, shown).await
        }
        Err(refusal) => {
            let shown = Shown { refusal: Some(refusal), environment, entered: fields, ..Shown::default() };
            again(show(&app, &visitor, place, shown).await)
        }
    }
}

/// Deploys a descriptor that was entered.
async fn deploy(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let environment = fields.text("environment").to_owned();
    let request = DeployRequest {
        environment: environment.clone(),
        version: fields.text("version").to_owned(),
        source: source(&fields),
        addresses: addresses(fields.text("addresses")),
        policy: None,
        allow_pending: fields.ticked("allow_pending"),
        create_connections: fields.ticked("create_connections"),
    };
    let (project, component) = names(&place);
    let made = app.control.deploy(&visitor.actor, &place.organization, project, component, request).await;
    match made {
        Err(Error::NotReady(plan)) => again(refused(&app, &visitor, place, *plan, fields).await),
        made => match fault::refused(made)? {
            Ok(made) => {
                let said = format!("Deployed {} {} in {}.", made.component, made.version, made.environment);
                Ok(visitor.redirect(&app, &place.path(deployments::PAGE), &said))
            }
            Err(refusal) => {
                let shown = Shown { refusal: Some(refusal), environment, entered: fields, ..Shown::default() };
                again(show(&app, &visitor, place, shown).await)
            }
        },
    }
}

fn source(fields: &Fields) -> Source {
    let file = fields.optional("file").unwrap_or(FILE).to_owned();
    Source { file, text: fields.text("descriptor").to_owned() + "\n", definitions: BTreeMap::new() }
}

/// What the page shows beside its frame.
#[derive(Default)]
struct Shown {
    plan: Option<PlanView>,
    refusal: Option<Refusal>,
    environment: String,
    entered: Fields,
    /// The environment whose release is planned, and its major.
    promotion: Option<(String, String)>,
}

/// The plan that was not ready, with every problem.
pub(super) async fn refused(app: &App, visitor: &Visitor, place: Place, plan: PlanView, entered: Fields) -> PageResult {
    let environment = plan.environment.clone();
    show(app, visitor, place, Shown { plan: Some(plan), environment, entered, ..Shown::default() }).await
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, shown: Shown) -> PageResult {
    let Shown { plan, refusal, environment, entered, promotion } = shown;
    let frame = Frame::of(app, visitor, &mut place, "Plan", deployments::PAGE).await?;
    let frame = frame.below(&[("Deployments", place.path(deployments::PAGE))]);
    let environments = app.control.environment_list(&visitor.actor, &place.organization).await?;
    let deploys = environments.iter().any(|environment| frame.allowed.deploy(environment));
    let there = environments.iter().find(|found| found.handle.eq_ignore_ascii_case(&environment));
    let allowed = there.is_some_and(|there| frame.allowed.deploy(there));
    let promotion = promotion.map(|(from, version)| Promotion { from, version, allowed });
    let environments = environments.into_iter().map(|environment| environment.handle).collect();
    page(&PlanPage { frame, place, plan, refusal, environments, deploys, entered, environment, promotion })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_on_lines() {
        let read = addresses(" api = http://10.0.0.7:8080 \r\n\r\nadmin\n");
        let expect = [("admin", ""), ("api", "http://10.0.0.7:8080")];
        assert_eq!(read, expect.map(|(name, url)| (name.to_owned(), url.to_owned())).into());
    }
}
