//! Full-text search over the marketplace: FTS5 on SQLite, text-search vectors on PostgreSQL. Beside `db` the only
//! module that asks which database is open.

use tieline_core::endpoint::Visibility;
use tieline_core::id::{OrganizationId, ProjectId, ServiceId};

use crate::db::Backend;
use crate::row::{Value, text};
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
    /// Only of one of these types (`internal`, `database`, …) or kinds (`service`, `postgresql`, …).
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

/// What every search filters by, whatever finds the candidates: `$1` organization, `$2` kinds, `$3` visibility,
/// `$4` category, `$5` projects, `$6` unlisted, `$7` and `$8` the place to continue after, `$9` limit.
macro_rules! page {
    ($candidates:literal) => {
        concat!(
            "SELECT * FROM service WHERE id IN (SELECT service.id FROM ",
            $candidates,
            " service.organization_id = $1
                 AND ($2 = '' OR $2 LIKE '%,' || service.kind || ',%' OR $2 LIKE '%,' || service.type || ',%')
                 AND ($3 = '' OR service.visibilities LIKE '%\"' || $3 || '\"%')
                 AND ($4 = '' OR LOWER(service.categories) LIKE '%\"' || $4 || '\"%')
                 AND ($5 = '*' OR $5 LIKE '%' || COALESCE(service.project_id, '') || '%'
                     OR (service.type = 'internal' AND service.visibilities <> '[\"Project\"]'))
                 AND ($6 OR service.listed)
                 AND (service.name > $7 OR (service.name = $7 AND service.id > $8))
                 ORDER BY service.name, service.id LIMIT $9)
             ORDER BY name, id"
        )
    };
}

impl Transaction {
    /// One page of the marketplace, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(&mut self, organization: OrganizationId, query: &Query) -> Result<Vec<Service>> {
        let words: Vec<&str> = query.text.as_deref().map(words).unwrap_or_default();
        if query.text.is_some() && words.is_empty() {
            return Ok(Vec::new());
        }
        let (name, id) = query.after.clone().unwrap_or_default();
        let kinds = if query.kinds.is_empty() { String::new() } else { format!(",{},", query.kinds.join(",")) };
        let projects = query.projects.as_ref().map_or_else(
            || "*".to_owned(),
            |projects| projects.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        );
        let mut values = vec![
            text(organization),
            Value::Text(kinds),
            Value::Text(query.visibility.map_or(String::new(), |visibility| visibility.as_str().to_owned())),
            Value::Text(query.category.as_deref().unwrap_or_default().to_lowercase()),
            Value::Text(projects),
            Value::Boolean(query.unlisted),
            Value::Text(name),
            Value::Text(id),
            Value::Integer(query.limit),
        ];
        let sql = if words.is_empty() {
            page!("service WHERE")
        } else if self.backend() == Backend::Sqlite {
            // SQLite keeps the order of a CROSS JOIN, and the named index. Left to itself it walks the services by name
            // and asks for each whether it matches: measured 200 ms with 5000 services, where this order takes 3 ms.
            values.push(Value::Text(fts_expression(query.field, &words)));
            page!(
                "service_search CROSS JOIN service_search_row ON service_search_row.rowid = service_search.rowid
                 CROSS JOIN service INDEXED BY service_by_search ON service.id = service_search_row.service_id
                 WHERE service_search MATCH $10 AND"
            )
        } else {
            values.push(Value::Text(tsquery(&words)));
            match query.field {
                Field::Name => page!(
                    "service_search JOIN service ON service.id = service_search.service_id
                     WHERE service_search.name @@ to_tsquery('simple', $10) AND"
                ),
                Field::Label => page!(
                    "service_search JOIN service ON service.id = service_search.service_id
                     WHERE service_search.label @@ to_tsquery('simple', $10) AND"
                ),
                Field::Content => page!(
                    "service_search JOIN service ON service.id = service_search.service_id
                     WHERE service_search.content @@ to_tsquery('simple', $10) AND"
                ),
                Field::All => page!(
                    "service_search JOIN service ON service.id = service_search.service_id
                     WHERE service_search.everything @@ to_tsquery('simple', $10) AND"
                ),
            }
        };
        self.rows(sql, &values).await?.iter().map(Service::read).collect()
    }

    /// Makes a service findable by its present words.
    pub(crate) async fn search_index(&mut self, service: &Service) -> Result<()> {
        let label = service.labels.iter().chain(&service.categories).cloned().collect::<Vec<_>>().join(" ");
        let definition = service.definition.as_deref().map_or_else(String::new, |definition| {
            tieline_core::definition::read(definition.as_bytes(), None).text_for_search
        });
        let content =
            [&service.summary, &service.overview, &service.document, &definition].map(String::as_str).join(" ");
        let name = split_words(&format!("{} {}", service.name, service.reference));
        let values =
            [text(service.id), Value::Text(name), Value::Text(split_words(&label)), Value::Text(split_words(&content))];
        self.search_remove(service.id).await?;
        match self.backend() {
            Backend::Sqlite => {
                self.execute("INSERT INTO service_search_row (service_id) VALUES ($1)", &values[..1]).await?;
                let sql = "INSERT INTO service_search (rowid, name, label, content)
                     SELECT rowid, $2, $3, $4 FROM service_search_row WHERE service_id = $1";
                self.execute(sql, &values).await?;
            }
            Backend::Postgres => {
                let sql = "INSERT INTO service_search (service_id, name, label, content, everything)
                     VALUES ($1, to_tsvector('simple', $2), to_tsvector('simple', $3), to_tsvector('simple', $4),
                         to_tsvector('simple', $2 || ' ' || $3 || ' ' || $4))";
                self.execute(sql, &values).await?;
            }
        }
        Ok(())
    }

    /// Makes a service no longer findable by its words.
    pub(crate) async fn search_remove(&mut self, id: ServiceId) -> Result<()> {
        match self.backend() {
            Backend::Sqlite => {
                let sql = "DELETE FROM service_search WHERE rowid IN
                     (SELECT rowid FROM service_search_row WHERE service_id = $1)";
                self.execute(sql, &[text(id)]).await?;
                self.execute("DELETE FROM service_search_row WHERE service_id = $1", &[text(id)]).await?;
            }
            Backend::Postgres => {
                self.execute("DELETE FROM service_search WHERE service_id = $1", &[text(id)]).await?;
            }
        }
        Ok(())
    }
}

/// The words of a text: both databases split at everything that is neither letter nor digit, so names do too.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(16).collect()
}

fn split_words(text: &str) -> String {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// An FTS5 expression; the words are letters and digits, so quoting them is enough.
fn fts_expression(field: Field, words: &[&str]) -> String {
    let terms = words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" AND ");
    match field {
        Field::Name => format!("name : ({terms})"),
        Field::Label => format!("label : ({terms})"),
        Field::Content => format!("content : ({terms})"),
        Field::All => terms,
    }
}

fn tsquery(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word}:*")).collect::<Vec<_>>().join(" & ")
}
