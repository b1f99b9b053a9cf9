//! The pages behind error codes: what happened, why, and what to do. `tieline explain CODE` prints them.
//!
//! Owns the tables of pages and how a code is written; raises nothing itself. `cargo xtask tidy` holds codes and pages
//! together: a code without a page, and a page without a use, are errors.

mod connection;
mod deployment;
mod gateway;
mod identity_provider;
mod marketplace;
mod rotation;
mod sign_in_provider;
mod subscription;
mod user;

/// Marks a string literal as an error code: `code!("name_taken")`. It is the literal itself; the mark lets
/// `cargo xtask tidy` find every code and ask for its page.
#[macro_export]
macro_rules! code {
    ($code:literal) => {
        $code
    };
}

/// Codes and pages of use cases and transports.
const PAGES: &[(&str, &str)] = &[
    (
        "address_in_use",
        "A listener's address is taken by another program, or does not belong to this machine. Stop that program, or give \
         --listen, --gateway-internal or --gateway-external another address; port 0 takes a free one.",
    ),
    (
        "backup_format_unknown",
        "The backup was written in a format that this version of Tieline does not read. Restore it with the version that \
         made it, or a later one.",
    ),
    (
        "backup_invalid",
        "The file is no backup, or was cut or changed: its last line holds the number of its rows and the SHA-256 of all \
         lines before it. Nothing was restored. Take another copy, or make the backup again.",
    ),
    (
        "backup_schema_unknown",
        "A backup goes into a database of the same schema. Restore it with the version of Tieline that made it; a later \
         version brings that database up to date when its server starts.",
    ),
    (
        "body_invalid",
        "The body of a request is not the JSON that the operation takes, names an unknown field, or is larger than 16 \
         MiB. /openapi.json describes the body of every operation.",
    ),
    (
        "changed_meanwhile",
        "The request carried If-Match with the ETag of an earlier state, and somebody changed the thing since. Nothing \
         was changed. Read it again, and repeat the change with its present ETag.",
    ),
    (
        "code_unknown",
        "tieline explain was asked for a code that this version does not know. Without a code it lists every one.",
    ),
    (
        "component_exists",
        "A project has one component of a handle, and handles differ ignoring case. Choose another handle.",
    ),
    (
        "component_not_found",
        "The project has no component of this handle, or you may not see the project. See tieline component list \
         --project HANDLE.",
    ),
    (
        "context_invalid",
        ".tieline/context.yaml beside the source cannot be read or written, or holds an unknown field. It may hold \
         organization, project, component and environment; tieline context set writes it anew.",
    ),
    (
        "cursor_invalid",
        "A list was asked to continue at a place that no page of it named. Begin without a cursor, and take next of each \
         page for the one after it.",
    ),
    (
        "data_folder_open",
        "The data folder may be read, or entered, by other users of the machine. It holds the administrator's token and, by \
         default, the database and the master key. Close it with `chmod 700 FOLDER`; a server makes its folder so itself, \
         and closes one that is empty.",
    ),
    (
        "data_folder_unusable",
        "The data folder, which holds server.json, admin.token and by default the database and the master key, cannot be \
         made or written. Mend its permissions, or name another with --data.",
    ),
    (
        "database_invalid",
        "A database is given as sqlite:PATH or postgres://USER@HOST/DATABASE. Without --database it is SQLite in the data \
         folder.",
    ),
    (
        "database_not_empty",
        "A backup is restored into a database that was never started, so that it cannot overwrite anything. Name an empty \
         database with --database, or an empty folder with --data.",
    ),
    (
        "database_unusable",
        "The database cannot be opened: it does not run, refuses the user, or was made by a later version of Tieline. The \
         message says which; PostgreSQL's own log says more.",
    ),
    (
        "demo_failed",
        "A step of tieline demo did not succeed: its temporary folder cannot be written, a program did not start, or \
         a command was refused. The message names the step. The demo touches nothing outside of its folder, so it can \
         be run again.",
    ),
    (
        "environment_exists",
        "An organization has one environment of a handle, and handles differ ignoring case. Choose another handle, or \
         change the environment with tieline environment update.",
    ),
    ("environment_not_found", "The organization has no environment of this handle. See tieline environment list."),
    (
        "file_unusable",
        "A file that was named on the command line cannot be read or written. The message holds the system's reason.",
    ),
    (
        "forbidden",
        "Your token's role does not permit this here. The message names the role that does; an administrator of the \
         organization makes a token with it: tieline token create NAME --role ROLE.",
    ),
    (
        "form_expired",
        "A form of the console was sent from another session, from another site, or without the hidden field that \
         ties it to the session. Nothing was changed. Load the page again and send the form from there.",
    ),
    (
        "handle_invalid",
        "Handles name organizations, environments, projects, components and tokens in commands, references and URLs. The \
         message says which rule this one breaks.",
    ),
    (
        "idempotency_in_progress",
        "A request with the same Idempotency-Key was carried out, and its answer is not kept yet. Repeat it a little later: \
         the same answer is given again. When it stays like this, the server was stopped before it could keep the answer: \
         what was asked for is there, and is not made twice.",
    ),
    (
        "idempotency_key_invalid",
        "An Idempotency-Key is 1 to 255 visible ASCII characters, as a UUID. Operations that make nothing, or whose \
         answer holds a secret, refuse the header, because answers are kept.",
    ),
    (
        "idempotency_key_reused",
        "This Idempotency-Key was used for another request. A key belongs to one request: repeat exactly that, or draw \
         another key.",
    ),
    (
        "internal",
        "The server failed, and what it had begun was undone. Try again; if it happens again, the server's log says why.",
    ),
    (
        "key_file_unusable",
        "The master key's file, or the one beside it that keeps the former key, cannot be written. Nothing is lost: mend \
         the folder's permissions and rotate again.",
    ),
    (
        "key_not_in_file",
        "tieline key rotate writes the new master key into the key file before it wraps anything anew. A server that was \
         given its key by TIELINE_MASTER_KEY has no such file. Start it with --master-key FILE to rotate.",
    ),
    (
        "key_rotation_shared",
        "Several servers may run on one PostgreSQL, each with the master key that it read at its start, and a server with \
         the former key would seal what no other can open. Stop all but one, rotate there with tieline key rotate \
         --only-server, copy its key file to the others, and start them again.",
    ),
    (
        "listen_insecure",
        "Listening beyond loopback without TLS would send tokens and secrets in clear. Give --tls-cert and --tls-key, or \
         --behind-proxy when a proxy in front ends TLS.",
    ),
    (
        "login_link_invalid",
        "Somebody opened a sign-in link of the console that was used already, is older than ten minutes, or whose \
         token was revoked. Each signs in once. Make another with tieline login-link.",
    ),
    (
        "login_link_refused",
        "A runner or a gateway asked to sign in to the console, which is for people: invite the person with tieline user \
         invite. Or a person with an account did: they open the console and sign in there.",
    ),
    (
        "master_key_invalid",
        "The master key's file, or TIELINE_MASTER_KEY, holds something else, was damaged, or may be read by others. The \
         message names the line and what is wrong, never what stands in it.",
    ),
    (
        "master_key_missing",
        "The database, or the backup, is sealed with a master key, and the file that should hold it does not exist. \
         Nothing else opens the sealed values: put the file where the message says, or name it with --master-key.",
    ),
    (
        "master_key_wrong",
        "The key at hand is not the one that sealed this database or backup; the message names both by their \
         fingerprints. Name the right file with --master-key. After a rotation the former key lies in \
         master-FINGERPRINT.key.",
    ),
    (
        "migrate_current",
        "The descriptor is a component.yaml of the latest schema version already, so there is nothing to rewrite.",
    ),
    (
        "migrate_invalid",
        "Only a valid descriptor can be rewritten, since of an invalid one nobody knows what it means. Mend what \
         tieline descriptor check PATH lists, and migrate it then.",
    ),
    (
        "migrate_not_written",
        "The rewritten descriptor could not be written beside the old one, which is as it was. Mend the folder's \
         permissions, or copy the text from the diff.",
    ),
    (
        "migrate_target_exists",
        "A component.yaml lies beside the older descriptor already and wins over it, so rewriting the older one would \
         overwrite what counts. Compare the two, and remove the one that is out of date.",
    ),
    (
        "network_invalid",
        "The networks that an environment's endpoints may listen in are written as address and prefix length: 10.0.0.0/8 \
         or fd00::/8.",
    ),
    ("no_such_operation", "The server has no operation of this path and method. /openapi.json lists every one."),
    (
        "not_a_tieline_server",
        "Something answers at the address, but not as a Tieline server does: another program, or a proxy's error page. \
         Name the server's address with --url.",
    ),
    (
        "organization_exists",
        "An installation has one organization of a handle, and handles differ ignoring case. Choose another handle.",
    ),
    (
        "organization_not_found",
        "There is no organization of this handle, or your token has no part in it. See tieline organization list.",
    ),
    (
        "overloaded",
        "The server had as many requests under way as it takes, and refused this one at once, so that the others end in \
         time. Nothing was changed. Try again after the seconds in Retry-After.",
    ),
    (
        "plan_not_ready",
        "A deployment or promotion was refused because its plan has problems; the answer holds the plan. Mend each \
         problem as its hint says. tieline plan shows the same without deploying.",
    ),
    (
        "project_exists",
        "An organization has one project of a handle, and handles differ ignoring case. Choose another handle.",
    ),
    (
        "project_in_use",
        "A project is deleted when it holds nothing any more. Delete its components, services and connections first.",
    ),
    (
        "project_not_found",
        "The organization has no project of this handle, or your token does not reach it. See tieline project list.",
    ),
    (
        "query_invalid",
        "A parameter of the URL is unknown or not of its type. /openapi.json describes the parameters of every operation.",
    ),
    (
        "reference_not_written",
        "A page of the reference could not be written into the folder that was named. Mend the folder's permissions, or \
         name another.",
    ),
    (
        "request_timeout",
        "The server gave up a request that took too long. What it had begun was undone, unless it was about to be made \
         durable at that moment: look before you repeat it.",
    ),
    (
        "scope_missing",
        "The command needs an organization, project, component or environment. Give the flag that the message names, or \
         remember it beside the source with tieline context set.",
    ),
    (
        "server_insecure",
        "A gateway of its own was to ask its server by http:// beyond loopback. Its token would travel in clear, and whoever \
         sits between could give it another table: other endpoints, other keys to trust. Give --server the https:// address. \
         In a network that is private by other means, --insecure-server allows it.",
    ),
    (
        "server_unreachable",
        "No server answers: it does not run, listens elsewhere, or the network is in between. Start it with tieline \
         server, or name it with --url, TIELINE_URL or --data. When an answer broke off, a change may have been made or \
         not.",
    ),
    (
        "span_invalid",
        "A span of time is a whole number with m (minutes), h (hours), d (days of 24 hours) or w (weeks), as 90d.",
    ),
    (
        "start_failed",
        "The program could not get from the system or the database what it needs to start. The message holds the reason.",
    ),
    ("tls_invalid", "The certificate chain and the private key must be PEM files that belong together."),
    (
        "token_ambiguous",
        "Several live tokens of the installation's administrators bear this name. Name the one to revoke by its id, which \
         tieline token list --installation --output json shows.",
    ),
    (
        "token_exists",
        "Live tokens of an organization have different names, because the audit names their holders by them. Choose \
         another name, or revoke the other token first.",
    ),
    (
        "token_last",
        "It is the last live token of an administrator of the installation. Without it nobody could make organizations, \
         backups or another key any more.",
    ),
    (
        "token_lifetime_invalid",
        "Access tokens of an organization live for at least a minute and at most a day: what lives longer could not be \
         waited for when keys are rotated. Give --token-lifetime a span between 1m and 24h.",
    ),
    (
        "token_missing",
        "The command found a server but no token to present. Give one with --token or TIELINE_TOKEN; on the server's \
         machine the first administrator's lies in admin.token of the data folder.",
    ),
    (
        "token_not_found",
        "There is no live token of this name or id among those that you administer: all of the organization for its \
         admins, those of their projects for project admins.",
    ),
    (
        "token_scope_invalid",
        "A token's role and what it is limited to do not fit: a runner needs project, component and environment; \
         organization admins are not limited to a project; the other roles may be limited to one; a token lives at most \
         ten years, one of your own one year.",
    ),
    (
        "unauthenticated",
        "The request carried no token, or one that is unknown, expired or revoked. Give one with --token or \
         TIELINE_TOKEN; an administrator makes them with tieline token create.",
    ),
    (
        "url_invalid",
        "An address of a server is written as https://tieline.example.com or http://127.0.0.1:7070, without a query.",
    ),
    (
        "usage",
        "The command line is not one that Tieline takes: an unknown command or flag, or a missing value. tieline --help \
         and tieline COMMAND --help show what there is.",
    ),
    (
        "variable_prefix_invalid",
        "The first part of the names of injected variables is up to 32 capitals, digits and _, beginning with a capital: \
         CHOREO is the default, so that existing applications run unchanged.",
    ),
];

/// Every table of pages; a family of rules with its own table is added here.
const TABLES: &[&[(&str, &str)]] = &[
    PAGES,
    connection::PAGES,
    deployment::PAGES,
    gateway::PAGES,
    identity_provider::PAGES,
    marketplace::PAGES,
    rotation::PAGES,
    sign_in_provider::PAGES,
    subscription::PAGES,
    user::PAGES,
    crate::descriptor::CODES,
];

/// The page of an error code, if there is such a code.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    find(TABLES, code)
}

/// Every error code with its page.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().copied().flatten().copied()
}

fn find<'a>(tables: &[&[(&str, &'a str)]], code: &str) -> Option<&'a str> {
    tables.iter().copied().flatten().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_in_any_table() {
        let tables: &[&[(&str, &str)]] = &[&[("a", "first")], &[("b", "second")]];
        for (code, expect) in [("a", Some("first")), ("b", Some("second")), ("c", None), ("", None)] {
            assert_eq!(find(tables, code), expect, "{code}");
        }
    }

    #[test]
    fn every_page_is_found_by_its_code() {
        for (code, text) in pages() {
            assert_eq!(page(code), Some(text), "{code}");
        }
        assert_eq!(page("no_such_code"), None);
    }
}
