//! Search over a large marketplace.

use anyhow::Result;

use super::Bench;
use crate::load::{self, Request};
use crate::server::Server;
use crate::table::{Table, median, milliseconds, progress, quantile};
use crate::world::World;

/// Services in the marketplace.
const SERVICES: u64 = 100_000;

/// So often each search is asked.
const TIMES: usize = 50;

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let headings = ["database", "search", "matches", "median", "p99", "goal"];
    let mut table = Table::new(format!("Search over {SERVICES} services, through the API"), &headings);
    progress("search: SQLite");
    rows(bench.world()?, &mut table)?;
    if let Some(world) = bench.world_on_postgres()? {
        progress("search: PostgreSQL");
        rows(world, &mut table)?;
    }
    table.print()?;
    Ok(())
}

fn rows(mut world: World, table: &mut Table) -> Result<()> {
    world.stop()?;
    world.database.fill(services(matches!(world.database, crate::database::Database::Sqlite(_))))?;
    world.start()?;
    let searches = [
        ("one rare word", "search=rare7", SERVICES / 100_000 * 10),
        ("a word in 1 %", "search=topic42", SERVICES / 100),
        ("two words in 1 % each", "search=topic42+group4", SERVICES / 1000),
        ("beginning of a word in 1 %", "search=topi&field=label", SERVICES),
        ("no words: the first page", "", SERVICES),
    ];
    for (name, query, matches) in searches {
        let path = format!("/organizations/bench/services?{query}");
        let requests = vec![Request::new("GET", &path, &world.admin, ""); TIMES];
        let server: &Server = world.server()?;
        let times = load::repeat(&server.address, &requests)?;
        let goal = if matches * 100 <= SERVICES { "< 20 ms" } else { "" };
        table.row([
            world.database.kind().to_owned(),
            name.to_owned(),
            matches.to_string(),
            milliseconds(median(&times)),
            milliseconds(quantile(&times, 0.99)),
            goal.to_owned(),
        ]);
    }
    world.stop()
}

/// Copies of the template's service with words of their own: each of a hundred topics in one of a hundred services.
fn services(sqlite: bool) -> Vec<String> {
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {SERVICES})");
    let id = "('00000008-0000-4000-8000-' || (100000000000 + i))";
    let content = "'sends topic' || (i % 100) || ' to group' || (i / 100 % 10) || ' rare' || (i / 10)
        || ' with a page of words that every service has, about accounts, orders, payments and customers'";
    let insert = format!(
        "{numbers} INSERT INTO service (id, organization_id, type, kind, reference, reference_folded, name, major,
             version, summary, overview, document, labels, categories, definition_kind, parameters, schemes,
             approval, visibilities, published, listed, revision, created_at, updated_at)
         SELECT {id}, organization_id, type, kind, 'thirdparty:Copy ' || i || '/v1', 'thirdparty:copy ' || i || '/v1',
             'Copy ' || i, 1, 'v1', {content}, '', '', labels, categories, definition_kind, parameters, schemes,
             approval, visibilities, published, listed, 1, created_at, updated_at
         FROM n, service WHERE name = 'Mail Gate'"
    );
    let index = if sqlite {
        vec![
            format!("{numbers} INSERT INTO service_search_row (service_id) SELECT {id} FROM n"),
            format!(
                "{numbers} INSERT INTO service_search (rowid, name, label, content)
                 SELECT service_search_row.rowid, 'Copy ' || i, 'topi' || (i % 10), {content}
                 FROM n JOIN service_search_row ON service_search_row.service_id = {id}"
            ),
        ]
    } else {
        vec![format!(
            "{numbers} INSERT INTO service_search (service_id, name, label, content, everything)
             SELECT {id}, to_tsvector('simple', 'Copy ' || i), to_tsvector('simple', 'topi' || (i % 10)),
                 to_tsvector('simple', {content}), to_tsvector('simple', 'Copy ' || i || ' ' || {content}) FROM n"
        )]
    };
    [vec![insert], index].concat()
}
