//! What was done in an organization, the latest first, and whether the chain of it is whole.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_core::wire::access::{AuditQuery, AuditVerdict, AuditView};

use super::fault::PageResult;
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::query::Asked;
use super::visitor::Visitor;
use crate::App;

/// The page, below its place.
const PAGE: &str = "audit";

/// Entries of a page.
const ROWS: i64 = 25;

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization], PAGE, &get(audit))
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    place: Place,
    asked: Query,
    since_wrong: Option<String>,
    entries: Vec<AuditView>,
    verdict: Option<AuditVerdict>,
    first: bool,
    start: String,
    next: Option<String>,
}

impl AuditPage {
    /// Of a field that cannot be wrong.
    const NOT_WRONG: Option<&'static str> = None;

    /// The particulars of an entry; none where there are none.
    fn detail(entry: &AuditView) -> String {
        let empty = entry.detail.is_null() || entry.detail.as_object().is_some_and(serde_json::Map::is_empty);
        if empty { String::new() } else { entry.detail.to_string() }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Query {
    action: String,
    object: String,
    actor: String,
    since: String,
    cursor: Option<String>,
    verify: Option<String>,
}

async fn audit(State(app): State<App>, visitor: Visitor, mut place: Place, Asked(asked): Asked<Query>) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Audit", PAGE).await?;
    let since = since(&asked.since);
    let given = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let query = AuditQuery {
        action: given(&asked.action),
        object: given(&asked.object),
        actor: given(&asked.actor),
        since: since.as_ref().copied().unwrap_or_default(),
        cursor: asked.cursor.clone(),
        limit: Some(ROWS),
    };
    let list = app.control.audit_list(&visitor.actor, &place.organization, &query).await?;
    let verdict = match &asked.verify {
        Some(_) => Some(app.control.audit_verify(&visitor.actor, &place.organization).await?),
        None => None,
    };
    let start = address(&place, &asked, None);
    page(&AuditPage {
        since_wrong: since.err(),
        entries: list.items,
        verdict,
        first: asked.cursor.is_none(),
        next: list.next.map(|cursor| address(&place, &asked, Some(&cursor))),
        start,
        asked,
        frame,
        place,
    })
}

/// A day, from its beginning in UTC, or a time; none for no text.
fn since(text: &str) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let found = text.parse::<Timestamp>().ok().or(day.map(|day| day.timestamp()));
    found.map(Some).ok_or_else(|| "this is no day: write it as 2026-11-21".to_owned())
}

/// The same list, at another place of it.
fn address(place: &Place, asked: &Query, cursor: Option<&str>) -> String {
    let mut path = place.path(PAGE);
    let fields = [
        ("action", asked.action.as_str()),
        ("object", asked.object.as_str()),
        ("actor", asked.actor.as_str()),
        ("since", asked.since.as_str()),
        ("cursor", cursor.unwrap_or_default()),
    ];
    for (index, (name, value)) in fields.iter().filter(|(_, value)| !value.is_empty()).enumerate() {
        let before = if index == 0 { '?' } else { '&' };
        path += &format!("{before}{name}={}", utf8_percent_encode(value, place::QUERY));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times() {
        for (text, expect) in [
            ("", Ok(None)),
            ("2026-11-21", Ok(Some("2026-11-21T00:00:00Z"))),
            (" 2026-11-21T06:07:08Z ", Ok(Some("2026-11-21T06:07:08Z"))),
            ("yesterday", Err(())),
            ("2026-13-01", Err(())),
        ] {
            let expect = expect.map(|text| text.map(|text: &str| text.parse::<Timestamp>().unwrap()));
            assert_eq!(since(text).map_err(|_| ()), expect, "{text}");
        }
    }
}
