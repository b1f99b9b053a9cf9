//! Measures the marketplace search: fills a database with services and prints how long searches take.
//!
//! `cargo run --release -p tieline-store --example search_scale [SERVICES] [DATABASE]`; 100 000 services in a SQLite file
//! in a temporary folder when nothing is given. The promise: under 20 ms in SQLite for a term that matches at most 1 %.

#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use std::time::Instant;

use tieline_core::clock::{Clock, FixedClock};
use tieline_core::id::{OrganizationId, ServiceId};
use tieline_core::model::ServiceType;
use tieline_core::randomness::{FixedRandomness, uuid_v7};
use tieline_store::organization::Organization;
use tieline_store::search::{Field, Query};
use tieline_store::service::Service;
use tieline_store::{Location, Store};

/// Searches per figure.
const REPETITIONS: usize = 50;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("tieline-search-scale-{}", std::process::id()));
    let location = match arguments.next() {
        Some(text) => Location::parse(&text)?,
        None => {
            std::fs::create_dir_all(&folder)?;
            Location::Sqlite(folder.join("tieline.db"))
        }
    };
    let store = Store::open(&location).await?;
    let organization = fill(&store, count).await?;
    println!("{:<44} {:>6} {:>10} {:>10} {:>10}", "search", "found", "median ms", "p99 ms", "max ms");
    let words = |text: &str| Query { text: Some(text.to_owned()), limit: 51, ..Query::default() };
    for (name, query) in [
        ("a term in 1 % of the services", words("percent")),
        (
            "a term in 1 % of the services, of one kind",
            Query { kinds: vec!["third-party".to_owned()], ..words("percent") },
        ),
        ("a term in 1 % of the services, in names", Query { field: Field::Name, ..words("percent") }),
        ("a term in 1 % of the services, one project", Query { projects: Some(Vec::new()), ..words("percent") }),
        ("a term in 0.1 % of the services", words("permille")),
        ("two terms, each in 1 %", words("percent hundredth")),
        ("a word of one service", words("unique77")),
        ("a word of none", words("nowhere")),
        ("no words, first page", Query { limit: 51, ..Query::default() }),
    ] {
        measure(&store, organization, name, &query).await?;
    }
    store.close().await;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

async fn measure(
    store: &Store,
    organization: OrganizationId,
    name: &str,
    query: &Query,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let mut transaction = store.read().await?;
        found = transaction.search(organization, query).await?.len();
        drop(transaction);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!("{name:<44} {found:>6} {:>10.2} {:>10.2} {:>10.2}", at(50), at(99), at(100));
    Ok(())
}

async fn fill(store: &Store, count: usize) -> Result<OrganizationId, Box<dyn std::error::Error>> {
    let random = FixedRandomness::seeded(1);
    let clock = FixedClock::at("2026-01-01T00:00:00Z".parse()?);
    let id = || uuid_v7(&clock, &random);
    let organization = OrganizationId(id());
    let mut transaction = store.write().await?;
    transaction
        .organization_insert(&Organization {
            id: organization,
            handle: format!("scale-{organization}"),
            token_lifetime: 900,
            variable_prefix: "CHOREO".to_owned(),
            revision: 1,
            created_at: clock.now(),
        })
        .await?;
    let start = Instant::now();
    for number in 0..count {
        let rare = [(100, " percent"), (100, " hundredth"), (1000, " permille")];
        let mut extra: String = rare.iter().filter(|(each, _)| number % each == 0).map(|(_, word)| *word).collect();
        extra += &format!(" unique{number}");
        let name = format!("Service {} {number}{}", number % 977, if number % 100 == 0 { " percent" } else { "" });
        transaction.service_save(&service(ServiceId(id()), organization, &name, number, &extra, &clock)).await?;
    }
    transaction.commit().await?;
    println!("{count} services recorded in {:.1} s", start.elapsed().as_secs_f64());
    Ok(organization)
}

/// A service with some 4 KB of text, as real ones have: most of it is the definition.
fn service(
    id: ServiceId,
    organization: OrganizationId,
    name: &str,
    number: usize,
    extra: &str,
    clock: &FixedClock,
) -> Service {
    let (thing, what) = (number % 500, number % 313);
    let path =
        |part| format!(r#""/things{thing}/part{part}":{{"get":{{"summary":"Shows part {part} of thing {what}"}}}}"#);
    let paths = (0..30).map(path).collect::<Vec<_>>().join(",");
    Service {
        id,
        organization_id: organization,
        project_id: None,
        component_id: None,
        service_type: ServiceType::ThirdParty,
        kind: "third-party".to_owned(),
        reference: format!("thirdparty:{name}/v1"),
        name: name.to_owned(),
        major: 1,
        version: "v1".to_owned(),
        summary: format!("Does what service {number} does{extra}"),
        overview: "A page about what it does, for whom, and how it is reached. ".repeat(8),
        document: String::new(),
        labels: vec![format!("team-{}", number % 97)],
        categories: vec![format!("category-{}", number % 13)],
        definition_kind: "openapi3".to_owned(),
        definition: Some(format!(
            r#"{{"openapi":"3.0.0","info":{{"title":"Things","version":"1"}},"paths":{{{paths}}}}}"#
        )),
        parameters: Vec::new(),
        schemes: Vec::new(),
        approval: false,
        visibilities: Vec::new(),
        endpoint: None,
        published: true,
        listed: true,
        revision: 1,
        created_at: clock.now(),
        updated_at: clock.now(),
    }
}
