//! Pages of the console in an organization of many connections: how large each is, and how soon it is there.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};

use super::Bench;
use crate::load::{self, Request};
use crate::machine;
use crate::table::{Table, median, milliseconds, progress, quantile};
use crate::world::{Copies, World};

/// So often each page is asked for.
const TIMES: usize = 100;

/// The pages, below `/organizations/bench`. Each component has one connection of its own.
const PAGES: [&str; 26] = [
    "",
    "/connections",
    "/marketplace",
    "/marketplace?search=mail",
    "/graph",
    "/audit",
    "/third-party-services",
    "/third-party-services/thirdparty:Mail%20Gate%2Fv1",
    "/databases/register?kind=postgresql",
    "/settings/environments",
    "/settings/members",
    "/settings/tokens",
    "/settings/applications",
    "/settings/identity-provider",
    "/settings/approvals?state=all",
    "/projects/project-0",
    "/projects/project-0/connections",
    "/projects/project-0/graph",
    "/projects/project-0/components/component-0",
    "/projects/project-0/components/component-0/connections",
    "/projects/project-0/components/component-0/deployments",
    "/projects/project-0/components/component-0/graph",
    "/projects/project-0/components/component-0/plan?environment=development",
    "/marketplace/thirdparty:Mail%20Gate%2Fv1",
    "/marketplace/thirdparty:Mail%20Gate%2Fv1?tab=consumers",
    "/marketplace/thirdparty:Mail%20Gate%2Fv1/connect",
];

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let title = format!("Pages of the console, {} connections", bench.small);
    let mut table = Table::new(title, &["database", "page", "size", "goal", "processor", "median", "p99", "goal"]);
    progress("pages: SQLite");
    rows(bench, bench.world()?, &mut table)?;
    if let Some(world) = bench.world_on_postgres()? {
        progress("pages: PostgreSQL");
        rows(bench, world, &mut table)?;
    }
    table.print()?;
    Ok(())
}

fn rows(bench: &Bench, mut world: World, table: &mut Table) -> Result<()> {
    let connection = world.tieline(&["connection", "view", "mail"])?;
    let connection = format!("/connections/{}", connection["id"].as_str().context("no id")?);
    world.copy(Copies { components: bench.small, connections: 1, runners: 0, shared: false })?;
    let session = sign_in(&world)?;
    let address = &world.server()?.address;
    for page in PAGES.into_iter().chain([connection.as_str()]) {
        let path = format!("/organizations/bench{page}");
        let request = Request::with_headers(&path, &[format!("cookie: {session}")]);
        let size = load::ask(address, &request).with_context(|| path.clone())?.len();
        let requests = vec![request; if bench.quick { 3 } else { TIMES }];
        let before = machine::processor_time(world.server()?.pid())?;
        let times = load::repeat(address, &requests)?;
        let used = (machine::processor_time(world.server()?.pid())? - before).as_secs_f64() / times.len() as f64;
        table.row([
            world.database.kind().to_owned(),
            path.replace(&connection, "/connections/…"),
            format!("{:.1} KB", size as f64 / 1e3),
            "< 50 KB".to_owned(),
            format!("{:.1} ms", used * 1e3),
            milliseconds(median(&times)),
            milliseconds(quantile(&times, 0.99)),
            "< 30 ms".to_owned(),
        ]);
    }
    world.stop()
}

/// Signs in as the administrator does, and returns the cookie of the session.
fn sign_in(world: &World) -> Result<String> {
    let link = world.tieline(&["login-link"])?;
    let link = link["url"].as_str().context("no address")?;
    let (_, query) = link.split_once('?').context("no query")?;
    let address = &world.server()?.address;
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /sign-in?{query} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    ensure!(answer.starts_with("HTTP/1.1 303"), "signing in was answered by {answer}");
    Ok(cookie.context("no cookie")?.to_owned())
}
