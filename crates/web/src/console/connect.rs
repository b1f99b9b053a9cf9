//! Create Connection: what a service offers at a place, then what the connection would inject, then the connection.
//!
//! A service of a component takes two steps, since what was chosen decides its variables; everything else takes one.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_control::Refusal;
use tieline_core::model::{AccessMode, Scheme};
use tieline_core::wire::connection::{ConnectionCreate, ConnectionEnvironmentView};
use tieline_core::wire::offer::{ConnectionOffer, ConnectionPreview, OfferedEnvironment, OfferedMode};

use super::fault::{PageResult, again, refused};
use super::form::{Entered, Fields, Form};
use super::frame::Frame;
use super::marketplace::{PAGE, service_path};
use super::place::{self, Level, Place};
use super::visitor::Visitor;
use super::{connection, page, words};
use crate::App;
use crate::console::reference::Reference;

pub(super) fn router() -> Router<App> {
    let levels = [Level::Organization, Level::Project, Level::Component];
    let path = format!("{PAGE}/{{reference}}/connect");
    place::serve(Router::new(), &levels, &path, &get(connect).post(connection_create))
}

/// What stands in the form.
#[derive(Debug, Default)]
struct Choice {
    name: Entered,
    description: Entered,
    access_mode: Entered,
    scheme: Entered,
    /// By environment.
    mapping: BTreeMap<String, Entered>,
    /// What belongs to no field.
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "console/connect.html")]
struct ConnectPage {
    frame: Frame,
    place: Place,
    offer: ConnectionOffer,
    choice: Choice,
}

#[derive(Template)]
#[template(path = "console/connect_next.html")]
struct NextPage {
    frame: Frame,
    place: Place,
    offer: ConnectionOffer,
    choice: Choice,
    preview: ConnectionPreview,
}

impl ConnectPage {
    /// The page of the service.
    fn service(&self) -> String {
        service_path(&self.place, &self.offer.service)
    }

    /// Where the form goes.
    fn action(&self) -> String {
        self.service() + "/connect"
    }

    /// Whether the service is a component's, and so is called by an access mode with a scheme.
    fn internal(&self) -> bool {
        !self.offer.modes.is_empty()
    }

    fn offered_modes(&self) -> impl Iterator<Item = &OfferedMode> {
        self.offer.modes.iter().filter(|mode| mode.refused.is_none())
    }

    /// The access modes that are not offered, each with the reason.
    fn refused_modes(&self) -> impl Iterator<Item = (AccessMode, &str)> {
        self.offer.modes.iter().filter_map(|mode| Some((mode.mode, mode.refused.as_deref()?)))
    }

    /// The schemes that some offered access mode offers, each with the words of these modes.
    fn offered_schemes(&self) -> Vec<(Scheme, String)> {
        let all = Scheme::ALL.iter().filter_map(|scheme| {
            let offers = |mode: &&OfferedMode| {
                mode.schemes.iter().any(|found| found.scheme == *scheme && found.refused.is_none())
            };
            let modes: Vec<_> = self.offered_modes().filter(offers).map(|mode| mode.mode.as_str()).collect();
            (!modes.is_empty()).then(|| (*scheme, modes.join(" ")))
        });
        all.collect()
    }

    /// The schemes that an offered access mode does not offer, each with the mode and the reason.
    fn refused_schemes(&self) -> Vec<(AccessMode, Scheme, &str)> {
        let of = |mode: &'_ OfferedMode| mode.mode;
        let refused = self.offered_modes().flat_map(|mode| {
            let why = mode.schemes.iter().filter_map(|found| Some((found.scheme, found.refused.as_deref()?)));
            why.map(move |(scheme, why)| (of(mode), scheme, why))
        });
        refused.collect()
    }

    fn mode_chosen(&self, mode: &AccessMode) -> bool {
        match self.choice.access_mode.text.as_str() {
            "" => self.offer.access_mode == Some(*mode),
            text => text == mode.as_str(),
        }
    }

    fn scheme_chosen(&self, scheme: &Scheme) -> bool {
        match self.choice.scheme.text.as_str() {
            "" => self.offer.authentication_scheme == Some(*scheme),
            text => text == scheme.as_str(),
        }
    }

    fn target_chosen(&self, environment: &OfferedEnvironment, name: &str) -> bool {
        match self.choice.mapping.get(&environment.environment).filter(|entered| !entered.text.is_empty()) {
            Some(entered) => entered.text == name,
            None => environment.used.as_deref() == Some(name),
        }
    }

    fn target_wrong(&self, environment: &str) -> Option<&str> {
        self.choice.mapping.get(environment)?.wrong.as_deref()
    }

    /// Whether something about the mapping is wrong, so that it is shown open.
    fn mapping_wrong(&self) -> bool {
        self.choice.mapping.values().any(|entered| entered.wrong.is_some())
    }
}

impl NextPage {
    fn service(&self) -> String {
        service_path(&self.place, &self.offer.service)
    }

    fn action(&self) -> String {
        self.service() + "/connect"
    }

    /// The environments in the order of promotion.
    fn environments(&self) -> impl Iterator<Item = (&str, &ConnectionEnvironmentView)> {
        let handles = self.offer.environments.iter().map(|found| found.environment.as_str());
        handles.filter_map(|handle| Some((handle, self.preview.environments.get(handle)?)))
    }
}

async fn connect(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    Reference(reference): Reference,
) -> PageResult {
    show(&app, &visitor, place, &reference, Choice::default()).await
}

/// Shows what the connection would inject, or makes it.
async fn connection_create(
    State(app): State<App>,
    place: Place,
    Reference(reference): Reference,
    Form { visitor, fields }: Form,
) -> PageResult {
    let step = fields.text("step");
    let mut choice = Choice::read(&fields);
    if step == "back" {
        return show(&app, &visitor, place, &reference, choice).await;
    }
    let request = match choice.request(&reference, &place) {
        Ok(request) => request,
        Err(()) => return again(show(&app, &visitor, place, &reference, choice).await),
    };
    let (control, actor) = (&app.control, &visitor.actor);
    if step == "next" {
        return match refused(control.connection_preview(actor, &place.organization, request).await)? {
            Ok(preview) => show_next(&app, &visitor, place, &reference, choice, preview).await,
            Err(refusal) => {
                choice.refuse(refusal);
                again(show(&app, &visitor, place, &reference, choice).await)
            }
        };
    }
    match refused(control.connection_create(actor, &place.organization, request).await)? {
        Ok(made) => {
            let own = connection::address(&place, &made, "");
            Ok(visitor.redirect(&app, &own, &format!("Created the connection {}.", made.name)))
        }
        Err(refusal) => {
            choice.refuse(refusal);
            again(show(&app, &visitor, place, &reference, choice).await)
        }
    }
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, reference: &str, choice: Choice) -> PageResult {
    let (frame, offer) = surroundings(app, visitor, &mut place, reference).await?;
    page(&ConnectPage { frame, place, offer, choice })
}

async fn show_next(
    app: &App,
    visitor: &Visitor,
    mut place: Place,
    reference: &str,
    choice: Choice,
    preview: ConnectionPreview,
) -> PageResult {
    let (frame, offer) = surroundings(app, visitor, &mut place, reference).await?;
    page(&NextPage { frame, place, offer, choice, preview })
}

async fn surroundings(
    app: &App,
    visitor: &Visitor,
    place: &mut Place,
    reference: &str,
) -> Result<(Frame, ConnectionOffer), super::fault::Fault> {
    let frame = Frame::of(app, visitor, place, "Create Connection", PAGE).await?;
    let organization = &place.organization;
    let offer = app.control.connection_offer(&visitor.actor, organization, reference, place.scope(), None).await?;
    let above = [("Marketplace", place.path(PAGE)), (offer.name.as_str(), service_path(place, &offer.service))];
    let frame = frame.below(&above);
    Ok((frame, offer))
}

impl Choice {
    fn read(fields: &Fields) -> Self {
        let entered = |name: &str| Entered { text: fields.text(name).to_owned(), wrong: None };
        let mapping = fields
            .below("mapping.")
            .map(|(environment, target)| (environment.to_owned(), Entered { text: target.to_owned(), wrong: None }));
        Self {
            name: entered("name"),
            description: entered("description"),
            access_mode: entered("access_mode"),
            scheme: entered("authentication_scheme"),
            mapping: mapping.collect(),
            refusal: None,
        }
    }

    /// What the use case takes, unless a word of the form means nothing.
    fn request(&mut self, reference: &str, place: &Place) -> Result<ConnectionCreate, ()> {
        let access_mode = word(&mut self.access_mode, AccessMode::ALL)?;
        let authentication_scheme = word(&mut self.scheme, Scheme::ALL)?;
        let chosen = self.mapping.iter().filter(|(_, entered)| !entered.text.is_empty());
        Ok(ConnectionCreate {
            name: self.name.text.clone(),
            service: reference.to_owned(),
            level: None,
            project: place.project.clone(),
            component: place.component.clone(),
            access_mode,
            authentication_scheme,
            mapping: chosen.map(|(environment, entered)| (environment.clone(), entered.text.clone())).collect(),
            description: self.description.text.clone(),
            id: None,
            own_application: false,
            secrets: None,
        })
    }

    /// Puts a refusal beside the field that it is about.
    fn refuse(&mut self, refusal: Refusal) {
        let field = match refusal.code {
            code if code.starts_with("connection_name_") => &mut self.name,
            "access_mode_not_offered" => &mut self.access_mode,
            "scheme_not_offered" => &mut self.scheme,
            "text_too_large" => &mut self.description,
            _ => {
                let environment = refusal.path.as_deref().and_then(|path| path.strip_prefix("mapping."));
                match environment.and_then(|environment| self.mapping.get_mut(environment)) {
                    Some(entered) => entered,
                    None => {
                        self.refusal = Some(refusal);
                        return;
                    }
                }
            }
        };
        *field = Entered::refused(&field.text, refusal);
    }
}

/// The value that a field chooses; none when it chooses nothing.
fn word<T: Copy + std::fmt::Display>(entered: &mut Entered, all: &[T]) -> Result<Option<T>, ()> {
    if entered.text.is_empty() {
        return Ok(None);
    }
    let found = all.iter().copied().find(|value| value.to_string() == entered.text);
    if found.is_none() {
        entered.wrong = Some("choose one of those that are offered".to_owned());
    }
    found.map(Some).ok_or(())
}
