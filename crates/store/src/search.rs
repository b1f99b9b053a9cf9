//! Full-text search over the marketplace: FTS5 on SQLite, text-search vectors on PostgreSQL. Beside `db` the only
//! module that asks which database is open.

use tieline_core::definition::DefinitionKind;
use tieline_core::endpoint::Visibility;
use tieline_core::id::{OrganizationId, ProjectId, ServiceId};

use crate::db::Backend;
use crate::row::{Value, json, optional, text};
use crate::service::Service;
use crate::{Result, Transaction};

/// Where a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field {
    /// The service's name.
    Name,
    /// Its labels.
    Label,
    /// Overview, summary, documentation and definition.
    Content,
    /// All of these.
    #[default]
    All,
}

/// What the marketplace is asked for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Words that must all occur, each also as the beginning of a longer one; none for no limit.
    pub text: Option<String>,
    /// Where the words are looked for.
    pub field: Field,
    /// Only of one of these types.
    pub types: Vec<String>,
    /// Only of one of these kinds.
    pub kinds: Vec<String>,
    /// Only with this visibility.
    pub visibility: Option<Visibility>,
    /// Only in this category, ignoring case.
    pub category: Option<String>,
    /// The projects whose own services are seen as well; `None` sees those of every project.
    pub projects: Option<Vec<ProjectId>>,
    /// Also what is not listed (for its owners).
    pub unlisted: bool,
    /// Continue after this name and id.
    pub after: Option<(String, String)>,
    /// At most so many.
    pub limit: i64,
}
