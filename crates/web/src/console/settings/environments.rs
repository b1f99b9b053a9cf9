//! Environments: their order, which are critical, and where endpoints may listen.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_control::Refusal;
use tieline_core::wire::tenancy::{EnvironmentCreate, EnvironmentUpdate, EnvironmentView};

use crate::App;
use crate::console::fault::{PageResult, again, refused};
use crate::console::form::{Entered, Form};
use crate::console::frame::Frame;
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/environments";

pub(super) fn router() -> Router<App> {
    let at = &[Level::Organization];
    let router = place::serve(Router::new(), at, PAGE, &get(environments).post(environment_create));
    let router = place::serve(router, at, "settings/environments/update", &post(environment_update));
    place::serve(router, at, "settings/environments/delete", &post(environment_delete))
}

#[derive(Template)]
#[template(path = "console/settings/environments.html")]
struct EnvironmentsPage {
    frame: Frame,
    place: Place,
    environments: Vec<EnvironmentView>,
    wrong: Wrong,
}

/// What was refused.
#[derive(Default)]
struct Wrong {
    /// The handle of an environment to be made.
    handle: Entered,
    /// The environment whose change was refused, what was entered, and why.
    change: Option<(String, String, Refusal)>,
}

impl EnvironmentsPage {
    /// Why the change of an environment was refused.
    fn refusal(&self, handle: &str) -> Option<&Refusal> {
        self.wrong.change.as_ref().filter(|(changed, ..)| changed == handle).map(|(.., refusal)| refusal)
    }

    /// The networks that stand in the field of an environment.
    fn addresses(&self, environment: &EnvironmentView) -> String {
        match &self.wrong.change {
            Some((changed, entered, _)) if *changed == environment.handle => entered.clone(),
            _ => environment.allowed_addresses.join("\n"),
        }
    }
}

async fn environments(State(app): State<App>, visitor: Visitor, place: Place) -> PageResult {
    show(&app, &visitor, place, Wrong::default()).await
}

async fn environment_create(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let handle = fields.text("handle");
    let request = EnvironmentCreate {
        handle: handle.to_owned(),
        after: fields.text("after").to_owned(),
        critical: fields.ticked("critical"),
    };
    match refused(app.control.environment_create(&visitor.actor, &place.organization, request).await)? {
        Ok(made) => Ok(visitor.redirect(&app, &place.path(PAGE), &format!("Created the environment {}.", made.handle))),
        Err(refusal) => {
            let wrong = Wrong { handle: Entered::refused(handle, refusal), change: None };
            again(show(&app, &visitor, place, wrong).await)
        }
    }
}

async fn environment_update(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let handle = fields.text("environment");
    let entered = fields.text("allowed_addresses");
    let networks = entered.split([',', '\n']).map(str::trim).filter(|network| !network.is_empty());
    let request = EnvironmentUpdate {
        critical: Some(fields.ticked("critical")),
        allowed_addresses: Some(networks.map(str::to_owned).collect()),
    };
    let expected = fields.text("revision").parse().ok();
    let (control, actor) = (&app.control, &visitor.actor);
    let changed = control.environment_update(actor, &place.organization, handle, request, expected).await;
    match refused(changed)? {
        Ok(changed) => {
            let mut said = format!("Changed the environment {}.", changed.handle);
            if !changed.runner_tokens.is_empty() {
                let tokens = changed.runner_tokens.join(", ");
                said += &format!(" Runners’ tokens that read its secrets go on working: {tokens}.");
            }
            Ok(visitor.redirect(&app, &place.path(PAGE), &said))
        }
        Err(refusal) => {
            let change = Some((handle.to_owned(), entered.to_owned(), refusal));
            again(show(&app, &visitor, place, Wrong { change, ..Wrong::default() }).await)
        }
    }
}

async fn environment_delete(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let handle = fields.text("environment");
    let force = fields.ticked("force");
    let deleted = app.control.environment_delete(&visitor.actor, &place.organization, handle, force).await;
    match refused(deleted)? {
        Ok(()) => Ok(visitor.redirect(&app, &place.path(PAGE), &format!("Deleted the environment {handle}."))),
        Err(refusal) => {
            let view = app.control.environment_view(&visitor.actor, &place.organization, handle).await?;
            let change = Some((view.handle, view.allowed_addresses.join("\n"), refusal));
            again(show(&app, &visitor, place, Wrong { change, ..Wrong::default() }).await)
        }
    }
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, wrong: Wrong) -> PageResult {
    let frame = Frame::of(app, visitor, &mut place, "Environments", PAGE).await?;
    let environments = app.control.environment_list(&visitor.actor, &place.organization).await?;
    page(&EnvironmentsPage { frame, place, environments, wrong })
}
