//! What stands around every page: who visits, where they are and what else they may choose there, the navigation, the way
//! back. The place is one that the visitor may see, or there is no page.

use tieline_control::Allowed;

use super::changes;
use super::fault::Fault;
use super::navigation::{self, Item};
use super::place::Place;
use super::visitor::Visitor;
use crate::App;

/// So many places of a level are offered at once; the page of the level above lists them all.
const OFFERED: usize = 12;

/// The frame of a page.
pub(super) struct Frame {
    /// The title of the window, most telling part first.
    pub(super) title: String,
    /// Who visits.
    pub(super) who: String,
    /// What every form carries.
    pub(super) form_token: String,
    /// What the visitor may do in the place: pages offer nothing else.
    pub(super) allowed: Allowed,
    /// What is said once.
    pub(super) flash: Option<String>,
    /// The levels that were chosen, from the organization down.
    pub(super) chosen: Vec<Chosen>,
    /// What may be chosen next.
    pub(super) next: Option<Choices>,
    /// The left navigation; empty where no organization is chosen.
    pub(super) navigation: Vec<Item>,
    /// Where the page hears that something changed; none for a page that shows nothing that goes on by itself.
    pub(super) follow: Option<String>,
    /// The change up to which the page shows everything.
    number: i64,
    /// The way back, to the pages above this one.
    pub(super) trail: Vec<Link>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// What it says.
    pub(super) words: String,
    /// Where it leads.
    pub(super) path: String,
    /// Whether that is where the page is.
    pub(super) current: bool,
}

/// A level that was chosen, with what else could be.
pub(super) struct Chosen {
    /// What the level is called.
    pub(super) level: &'static str,
    /// What was chosen.
    pub(super) link: Link,
    /// What else could be, and what was.
    pub(super) others: Choices,
}

/// What may be chosen of a level.
pub(super) struct Choices {
    /// What the level is called, of many.
    pub(super) levels: &'static str,
    /// The first of them.
    pub(super) links: Vec<Link>,
    /// Where all of them are listed, when there are more.
    pub(super) all: Option<String>,
}

impl Frame {
    /// The frame of a page outside of any organization.
    pub(super) async fn home(app: &App, visitor: &Visitor, title: &str) -> Result<Self, Fault> {
        let next = organizations(app, visitor, None, "").await?;
        Ok(Self::new(visitor, title, "", Vec::new(), Some(next)))
    }

    /// The frame of a page in a place. `page` is that of its entry in the navigation, none for the overview. The place is
    /// written from now on as the use cases write it.
    pub(super) async fn of(
        app: &App,
        visitor: &Visitor,
        place: &mut Place,
        title: &str,
        page: &str,
    ) -> Result<Self, Fault> {
        // What is read after this is not older.
        let number = app.control.change_number();
        let mut frame = Self::around(app, visitor, place, title, page).await?;
        frame.number = number;
        let (organization, project) = (&place.organization, place.project.as_deref());
        frame.allowed = app.control.allowed(&visitor.actor, organization, project).await?;
        navigation::keep_allowed(&mut frame.navigation, &frame.allowed);
        Ok(frame)
    }

    async fn around(app: &App, visitor: &Visitor, place: &mut Place, title: &str, page: &str) -> Result<Self, Fault> {
        let (control, actor) = (&app.control, &visitor.actor);
        place.organization = control.organization_view(actor, &place.organization).await?.handle;
        let top = Place::organization(&place.organization);
        let link = |place: &Place| Link { words: place.name().to_owned(), path: place.path(""), current: true };
        let others = organizations(app, visitor, Some(&place.organization), page).await?;
        let mut chosen = vec![Chosen { level: "Organization", link: link(&top), others }];
        let projects = control.project_list(actor, &place.organization).await?;
        let projects = projects.into_iter().map(|project| top.with_project(&project.handle)).collect();
        let Some(wanted) = place.project.clone() else {
            let next = choices("Projects", projects, None, page, top.path(""));
            return Ok(Self::placed(visitor, place, title, page, chosen, Some(next)));
        };
        // It is refused here to whoever may not see it.
        let components = control.component_list(actor, &place.organization, &wanted).await?;
        let own = |found: &&Place| found.project.as_ref().is_some_and(|handle| handle.eq_ignore_ascii_case(&wanted));
        let project = projects.iter().find(own).cloned().unwrap_or_else(|| top.with_project(&wanted));
        place.project.clone_from(&project.project);
        let others = choices("Projects", projects, Some(&project), page, top.path(""));
        chosen.push(Chosen { level: "Project", link: link(&project), others });
        let components = components.into_iter().map(|component| project.with_component(&component.handle)).collect();
        let all = project.path("");
        let Some(wanted) = place.component.clone() else {
            let next = choices("Components", components, None, page, all);
            return Ok(Self::placed(visitor, place, title, page, chosen, Some(next)));
        };
        let found = control.component_view(actor, &place.organization, project.name(), &wanted).await?;
        let component = project.with_component(&found.handle);
        place.component.clone_from(&component.component);
        let others = choices("Components", components, Some(&component), page, all);
        chosen.push(Chosen { level: "Component", link: link(&component), others });
        Ok(Self::placed(visitor, place, title, page, chosen, None))
    }

    /// Has the parts of the page that are marked shown anew when something changes.
    pub(super) fn following(mut self, place: &Place) -> Self {
        self.follow = Some(changes::address(place, self.number));
        self
    }

    /// Adds the pages between the place and this one, from above: what it says, and where it leads.
    pub(super) fn below(mut self, pages: &[(&str, String)]) -> Self {
        let link =
            |(words, path): &(&str, String)| Link { words: (*words).to_owned(), path: path.clone(), current: false };
        self.trail.extend(pages.iter().map(link));
        self
    }

    fn placed(
        visitor: &Visitor,
        place: &Place,
        title: &str,
        page: &str,
        chosen: Vec<Chosen>,
        next: Option<Choices>,
    ) -> Self {
        let title = format!("{title} · {}", place.name());
        let mut frame = Self::new(visitor, &title, page, chosen, next);
        frame.navigation = navigation::items(place, page);
        frame
    }

    fn new(visitor: &Visitor, title: &str, page: &str, chosen: Vec<Chosen>, next: Option<Choices>) -> Self {
        let mut trail: Vec<_> = chosen.iter().map(|chosen| Link { current: false, ..chosen.link.clone() }).collect();
        if page.is_empty() {
            trail.pop();
        }
        Self {
            title: format!("{title} · Tieline"),
            who: visitor.name().to_owned(),
            form_token: visitor.form_token(),
            allowed: Allowed::default(),
            flash: visitor.flash.clone(),
            chosen,
            next,
            navigation: Vec::new(),
            follow: None,
            number: 0,
            trail,
        }
    }
}

async fn organizations(app: &App, visitor: &Visitor, current: Option<&str>, page: &str) -> Result<Choices, Fault> {
    let found = app.control.organization_list(&visitor.actor).await?;
    let places = found.into_iter().map(|organization| Place::organization(&organization.handle)).collect();
    Ok(choices("Organizations", places, current.map(Place::organization).as_ref(), page, "/".to_owned()))
}

/// What may be chosen of a level, each on the page that is shown now.
fn choices(levels: &'static str, places: Vec<Place>, current: Option<&Place>, page: &str, all: String) -> Choices {
    let all = (places.len() > OFFERED).then_some(all);
    let link = |place: &Place| Link {
        words: place.name().to_owned(),
        path: navigation::same_page(place, page),
        current: Some(place) == current,
    };
    Choices { levels, links: places.iter().take(OFFERED).map(link).collect(), all }
}
