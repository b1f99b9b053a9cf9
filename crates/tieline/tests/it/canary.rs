//! Secrets that are known to a test go through a whole run: registered, delivered, kept, backed up, rotated, refused. Then
//! everything that anybody could read is searched for them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::console::{accounts, visit};
use crate::gateway::field::endpoint;
use crate::oauth;
use crate::world::{TestServer, command};

const INLINE: &str = "canary-inline-5b1f0c";
const FILE: &str = "canary-file-77a0d2";
const VARIABLE: &str = "canary-variable-e41c9b";
const DATABASE: &str = "canary-database-0d93ff";
const REFUSED: &str = "canary-refused-9e21b4";

const DESCRIPTOR: &str = "schemaVersion: 1.2
endpoints: [{ name: api, type: REST, service: { port: 9090 }, networkVisibilities: [Organization] }]
dependencies:
  connectionReferences:
    - { name: mail, resourceRef: 'thirdparty:Mail/v1' }
    - { name: main-db, resourceRef: 'database:shop/main' }
    - { name: itself, resourceRef: 'service:/shop/orders/v1/api' }
";

const SERVICE: &str = "name: Mail
version: v1
parameters: [{ name: Inline, secret: true }, { name: File, secret: true }, { name: Variable, secret: true }]
endpoints:
  - name: sandbox
    url: https://mail.example
    environments: [development]
    values: { Inline: canary-inline-5b1f0c, File: { file: secret }, Variable: { env: CANARY } }
";

const RESOURCE: &str = "name: shop/main
kind: postgresql
credentials:
  - name: dev
    environments: [development]
    values: { HostName: db.example, Port: 5432, DatabaseName: shop, Username: app, Password: canary-database-0d93ff }
";

/// A run: the server, everything that was answered or printed, and the secrets that must not be there.
struct Run {
    server: TestServer,
    seen: Vec<(String, Vec<u8>)>,
    secrets: Vec<(&'static str, String)>,
}

#[test]
fn no_secret_is_anywhere_but_where_it_is_delivered() {
    let mut run = Run::begin();
    run.register();
    run.connect_and_deploy();
    let child = run.deliver();
    run.ask_for_tokens();
    run.call();
    run.people();
    run.look();
    run.refuse();
    run.keep();
    run.gather_processes(&[child.id()]);
    end(child);
    run.gather_files();
    run.search();
}

impl Run {
    fn begin() -> Self {
        let server = TestServer::start_traced();
        let folder = server.folder();
        for (name, text) in [("SERVICE.yaml", SERVICE), ("RESOURCE.yaml", RESOURCE), ("secret", FILE)] {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        std::fs::create_dir_all(folder.join("orders/.choreo")).expect("a folder");
        std::fs::write(folder.join("orders/.choreo/component.yaml"), DESCRIPTOR).expect("a descriptor");
        let secrets = [
            ("inline", INLINE),
            ("from a file", FILE),
            ("from a variable", VARIABLE),
            ("of a database", DATABASE),
            ("refused", REFUSED),
        ];
        let mut secrets: Vec<_> = secrets.into_iter().map(|(what, text)| (what, text.to_owned())).collect();
        secrets.push(("the admin token", server.admin_token()));
        let mut run = Self { server, seen: Vec::new(), secrets };
        run.keep_keys_in_mind();
        run.tieline(&["organization", "create", "acme"], 0);
        run.tieline(&["project", "create", "shop", "--organization", "acme"], 0);
        run.tieline(&["component", "create", "orders", "--type", "service"], 0);
        run
    }

    /// The bytes of every master key that there is by now.
    fn keep_keys_in_mind(&mut self) {
        let text = std::fs::read_to_string(self.server.data().join("master.key")).expect("the key");
        let bytes = text.trim().rsplit(' ').next().expect("the key's bytes").to_owned();
        self.secrets.push(("a master key", bytes));
    }

    fn register(&mut self) {
        self.tieline(&["service", "register", "--file", "SERVICE.yaml"], 0);
        self.tieline(&["resource", "register", "--file", "RESOURCE.yaml"], 0);
    }

    fn connect_and_deploy(&mut self) {
        let place = ["--level", "component", "--component", "orders"];
        for (name, service) in [("mail", "thirdparty:Mail/v1"), ("main-db", "database:shop/main")] {
            self.tieline(&[&["connection", "create", name, "--service", service], &place[..]].concat(), 0);
        }
        let address = format!("api={}", endpoint("orders"));
        let deploy = ["deploy", "orders", "--component", "orders", "--env", "development", "--version", "v1.0"];
        let deploy = [&deploy[..], &["--address", &address]].concat();
        self.tieline(&deploy, 1);
        self.tieline(&[&deploy[..], &["--create-connections"]].concat(), 1);
        let provider = json!({ "file": "component.yaml", "text": DESCRIPTOR.split("dependencies").next() });
        let request = json!({ "environment": "development", "version": "v1.0", "source": provider });
        let path = "/organizations/acme/projects/shop/components/orders/deployments";
        self.ask("POST", path, Some(&request), 201);
        self.tieline(&[&deploy[..], &["--create-connections", "--output", "json"]].concat(), 0);
    }

    /// What is meant to hold secrets: it is checked to hold them, and not searched.
    fn deliver(&mut self) -> Child {
        let admin = self.server.admin_token();
        let place = "/organizations/acme/projects/shop/components/orders/environments/development";
        let variables = self.server.ask("GET", &format!("{place}/variables"), Some(&admin), None).body;
        for (name, value) in
            [("MAIL_INLINE", INLINE), ("MAIL_FILE", FILE), ("MAIL_VARIABLE", VARIABLE), ("MAIN_DB_PASSWORD", DATABASE)]
        {
            assert_eq!(variables[format!("CHOREO_{name}")], value, "{variables}");
        }
        for (what, name) in [("a minted secret", "CONSUMERSECRET"), ("a minted API key", "CHOREOAPIKEY")] {
            let value = variables[format!("CHOREO_ITSELF_{name}")].as_str().expect("a minted key");
            self.secrets.push((what, value.to_owned()));
        }
        let create =
            ["token", "create", "machine", "--role", "runner", "--component", "orders", "--env", "development"];
        let token = self.command(&create).output().expect("the binary runs");
        let token = String::from_utf8(token.stdout).expect("UTF-8").trim().to_owned();
        self.secrets.push(("a runner's token", token.clone()));

        // The watching runner has the secrets in its child's environment, which only this user may read, and nowhere else.
        let watch = ["run", "--watch", "--component", "orders", "--env", "development", "--", "sh", "-c"];
        let script = "test -n \"$CHOREO_MAIL_INLINE\" && test -z \"$TIELINE_TOKEN\" && echo up && exec sleep 60";
        let mut child = self.command(&[&watch[..], &[script]].concat());
        child.env("TIELINE_TOKEN", token).stdout(Stdio::piped());
        let mut child = child.spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("UTF-8");
        assert_eq!(line, "up\n");
        child
    }

    /// A token, asked for in both ways, and revoked.
    fn ask_for_tokens(&mut self) {
        let (url, admin) = (self.server.url().to_owned(), self.server.admin_token());
        let place = "/organizations/acme/projects/shop/components/orders/environments/development/variables";
        let variables = self.server.ask("GET", place, Some(&admin), None).body;
        let value = |name: &str| variables[name].as_str().expect("a value").to_owned();
        let (client, secret) = (value("CHOREO_ITSELF_CONSUMERKEY"), value("CHOREO_ITSELF_CONSUMERSECRET"));
        let basic = oauth::basic(&client, &secret);
        self.secrets.push(("a client's credentials", basic.trim_start_matches("Basic ").to_owned()));
        let form = ("content-type", "application/x-www-form-urlencoded");
        let body = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        for (headers, body) in
            [(vec![form], body.as_str()), (vec![form, ("authorization", &basic)], "grant_type=client_credentials")]
        {
            let answer = oauth::send(&url, "POST", "/oauth2/token", &headers, body);
            let token = answer.body["access_token"].as_str().expect("a token").to_owned();
            let revoke = format!("token={token}");
            let headers = [form, ("authorization", &basic)];
            for path in ["/oauth2/introspect", "/oauth2/revoke"] {
                assert_eq!(oauth::send(&url, "POST", path, &headers, &revoke).status, 200);
            }
            self.secrets.push(("an access token", token));
        }
        let wrong = format!("grant_type=client_credentials&client_id={client}&client_secret={REFUSED}&scope={secret}");
        assert_eq!(oauth::send(&url, "POST", "/oauth2/token", &[form], &wrong).status, 401);
    }

    /// Calls through the gateway with everything that opens it, and with what does not: neither answers nor what the endpoint
    /// got, which its answer repeats, hold any of it.
    fn call(&mut self) {
        let admin = self.server.admin_token();
        let place = "/organizations/acme/projects/shop/components/orders/environments/development/variables";
        let variables = self.server.ask("GET", place, Some(&admin), None).body;
        let value = |name: &str| variables[format!("CHOREO_ITSELF_{name}")].as_str().expect("a value").to_owned();
        let (url, key) = (value("SERVICEURL"), value("CHOREOAPIKEY"));
        let basic = oauth::basic(&value("CONSUMERKEY"), &value("CONSUMERSECRET"));
        let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let answer = oauth::send(&value("TOKENURL"), "POST", "", &headers, "grant_type=client_credentials");
        let token = answer.body["access_token"].as_str().expect("a token").to_owned();
        let bearer = format!("Bearer {token}");
        self.secrets.push(("an access token that is used", token.clone()));
        let signature = token.rsplit('.').next().expect("a signature").to_owned();
        self.secrets.push(("the signature of a token", signature));
        let (wrong, torn) = (format!("Bearer {REFUSED}"), format!("{bearer}x"));
        for (headers, status) in [
            (vec![("authorization", bearer.as_str())], 200),
            (vec![("choreo-api-key", key.as_str())], 200),
            (vec![("api-key", key.as_str()), ("authorization", &wrong)], 200),
            (vec![("authorization", &bearer), ("choreo-api-key", &key), ("x-tieline-component", REFUSED)], 200),
            (vec![("authorization", &wrong)], 401),
            (vec![("authorization", &torn)], 401),
            (vec![("authorization", &basic)], 401),
            (vec![("choreo-api-key", REFUSED)], 401),
            (vec![("choreo-api-key", &key), ("choreo-api-key", REFUSED)], 400),
        ] {
            let answer = oauth::send(&url, "GET", "/x", &headers, "");
            assert_eq!(answer.status, status, "{answer:?}");
            // A token that the gateway did not check may be meant for the endpoint.
            if status != 200 || headers.len() != 2 {
                self.seen.push((format!("an answer of the gateway: {status}"), answer.body.to_string().into_bytes()));
            }
        }
        for query in [format!("/x?key={key}"), format!("/x?token={REFUSED}")] {
            assert_eq!(oauth::send(&url, "GET", &query, &[], "").status, 401);
        }
        let id = format!("{}.development", self.connection());
        self.tieline(&["subscription", "block", &id, "--reason", "a while"], 0);
        let answer = oauth::send(&url, "GET", "/x", &[("authorization", &bearer)], "");
        assert_eq!(answer.status, 403, "{answer:?}");
        self.seen.push(("the answer to who is blocked".to_owned(), answer.body.to_string().into_bytes()));
        self.tieline(&["subscription", "unblock", &id], 0);
        assert_eq!(self.server.access_log(12).len(), 12);
    }

    /// A person is invited, joins, signs in, and makes a token of their own; their pages show none of it again.
    fn people(&mut self) {
        let address = accounts::invited(&self.server, "anna", "viewer", &["--organization", "acme"]);
        let session = accounts::join(&self.server, &address);
        let again = accounts::try_in(&self.server, "anna", accounts::PASSWORD);
        assert_eq!(again.status, 303, "{again:?}");
        let token = accounts::own_token(&self.server, &session);
        let wrong = accounts::try_in(&self.server, "anna", REFUSED);
        assert_eq!(wrong.status, 401, "{wrong:?}");
        self.seen.push(("a refused password".to_owned(), wrong.body.into_bytes()));
        for (path, cookie) in [("/account", session.as_str()), ("/organizations/acme", &session), ("/invitation", "")] {
            let page = visit::get(&self.server, path, cookie);
            self.seen.push((path.to_owned(), page.body.into_bytes()));
        }
        self.tieline(&["user", "list"], 0);
        self.tieline(&["user", "list", "--installation", "--output", "json"], 0);
        let secret = address.split_once("secret=").expect("a secret").1.to_owned();
        let session = session.split_once('=').expect("a value").1.to_owned();
        self.secrets.push(("a password", accounts::PASSWORD.to_owned()));
        self.secrets.push(("an invitation", secret));
        self.secrets.push(("a session", session));
        self.secrets.push(("a token of one's own", token));
    }

    /// The id of the connection to the component itself.
    fn connection(&self) -> String {
        let path = "/organizations/acme/connections/itself?project=shop&component=orders";
        let view = self.server.ask("GET", path, Some(&self.server.admin_token()), None).body;
        view["id"].as_str().expect("an id").to_owned()
    }

    /// Everything that shows something and is no delivery, as the one who may read all.
    fn look(&mut self) {
        for arguments in [
            &["connection", "list", "--component", "orders"][..],
            &["connection", "view", "mail", "--component", "orders"],
            &["connection", "guide", "mail", "--component", "orders"],
            &["service", "list"],
            &["service", "view", "thirdparty:Mail/v1"],
            &["service", "view", "database:shop/main"],
            &["plan", "orders", "--component", "orders", "--env", "development"],
            &["deployment", "list", "--component", "orders"],
            &["token", "list"],
            &["audit", "list"],
            &["audit", "list", "--installation"],
            &["explain", "address_refused"],
        ] {
            self.tieline(arguments, 0);
            self.tieline(&[arguments, &["--output", "json"]].concat(), 0);
        }
        for path in ["/openapi.json", "/metrics", "/health/ready", "/organizations/acme/audit", "/installation/audit"] {
            self.ask("GET", path, None, 200);
        }
        let reveal = "/organizations/acme/connections/mail?project=shop&component=orders&reveal=true";
        let shown = self.server.ask("GET", reveal, Some(&self.server.admin_token()), None).body.to_string();
        assert!(shown.contains(INLINE), "{shown}");
    }

    /// What is refused repeats nothing of what may be a secret.
    fn refuse(&mut self) {
        let endpoint = |url: String, values: Value| {
            json!({ "name": "Bad", "version": "v1", "parameters": [{ "name": "Key", "secret": true }], "endpoints": [
                { "name": "a", "url": url, "environments": ["development"], "values": values }] })
        };
        let good = || "https://mail.example".to_owned();
        let long = REFUSED.repeat(5000);
        for (body, status) in [
            (endpoint(format!("https://user:{REFUSED}@mail.example"), json!({})), 422),
            (endpoint(format!("https://user:{REFUSED}#@mail.example"), json!({})), 422),
            (endpoint(format!("https:{REFUSED}"), json!({})), 422),
            (endpoint(format!("https://mail.example/?key={REFUSED} "), json!({})), 201),
            (endpoint(format!("https://mail.example/?key={REFUSED}#"), json!({})), 422),
            (endpoint(format!("http://169.254.169.254/{REFUSED}"), json!({})), 422),
            (endpoint(good(), json!({ "Key": [REFUSED] })), 400),
            (endpoint(good(), json!(REFUSED)), 400),
            (endpoint(good(), json!({ "Key": format!("{REFUSED}\0") })), 400),
            (endpoint(good(), json!({ "Key": long })), 422),
            (endpoint(good(), json!({ "Other": REFUSED })), 422),
        ] {
            // An address without a secret parameter is none: this one alone is kept, in clear, as it was registered.
            if status != 201 {
                self.ask("POST", "/organizations/acme/services", Some(&body), status);
            }
        }
        for file in [
            format!("name: Bad\nversion: v1\nendpoints:\n  - name: a\n    url: x\n    values: {{ Key: {REFUSED}\n"),
            format!("name: Bad\nversion: v1\nendpoints:\n  - name: a\n    url: x\n    values: [{REFUSED}]\n"),
            format!("name: Bad\nversion: v1\nendpoints:\n  - name: a\n    value: {REFUSED}\n"),
        ] {
            std::fs::write(self.server.folder().join("BAD.yaml"), file).expect("a file");
            self.tieline(&["service", "register", "--file", "BAD.yaml"], 1);
        }
        std::fs::remove_file(self.server.folder().join("BAD.yaml")).expect("it is there");
        let admin = self.server.admin_token();
        for token in ["wrong", &admin[..admin.len() - 1]] {
            let reply = self.server.ask("GET", "/organizations/acme", Some(token), None);
            assert_eq!(reply.status, 401);
        }
    }

    /// A repeated registration, a backup, another master key.
    fn keep(&mut self) {
        let body = json!({ "name": "Kept", "version": "v1", "parameters": [{ "name": "Key", "secret": true }], "endpoints": [
            { "name": "a", "url": "https://kept.example", "environments": ["development"], "values": { "Key": INLINE } }] });
        let admin = self.server.admin_token();
        for _ in 0..2 {
            let key = [("idempotency-key", "once")];
            let reply = self.server.ask_with("POST", "/organizations/acme/services", Some(&admin), Some(&body), &key);
            assert!(reply.status < 300, "{reply:?}");
            self.seen.push(("a repeated answer".to_owned(), reply.body.to_string().into_bytes()));
        }
        self.tieline(&["backup", "backup.ndjson"], 0);
        self.tieline(&["key", "rotate"], 0);
        self.keep_keys_in_mind();
    }

    /// What any user of the machine sees of processes.
    fn gather_processes(&mut self, more: &[u32]) {
        for process in more.iter().copied().chain([self.server.process()]) {
            let arguments = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            self.seen.push((format!("the arguments of {process}"), arguments));
        }
    }

    /// Every file below the test's folder, but for those that are made to hold a secret, and the server's log.
    fn gather_files(&mut self) {
        self.seen.push(("the log".to_owned(), self.server.log().into_bytes()));
        let given = ["SERVICE.yaml", "RESOURCE.yaml", "secret"];
        let mut found = 0;
        files(self.server.folder(), &mut |path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let key = name.starts_with("master") && path.extension().is_some_and(|ending| ending == "key");
            if key || name == "admin.token" || given.contains(&name) {
                return;
            }
            found += 1;
            self.seen.push((path.display().to_string(), std::fs::read(path).expect("the file")));
        });
        let named = |end: &str| self.seen.iter().any(|(from, _)| from.ends_with(end));
        assert!(
            named("tieline.db")
                && named("tieline.db-wal")
                && named("backup.ndjson")
                && named("/live")
                && named("access.log"),
            "{found}"
        );
    }

    #[track_caller]
    fn search(&self) {
        let log = self.server.log();
        // By itself the server logs no queries.
        assert!(log.contains("sqlx::query"), "the log is searched at its loudest");
        let mut found = Vec::new();
        for (from, bytes) in &self.seen {
            for (what, secret) in &self.secrets {
                assert!(secret.len() >= 16, "{what} is long enough not to be found by chance");
                for (form, text) in [("", secret.clone()), (" in hexadecimal", hexadecimal(secret))] {
                    if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                        found.push(format!("the secret {what}{form} is in {from}"));
                    }
                }
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = command(&["--organization", "acme", "--project", "shop"]);
        command
            .args(arguments)
            .current_dir(self.server.folder())
            .env("TIELINE_DATA", self.server.data())
            .env("XDG_STATE_HOME", self.server.folder().join("state"))
            .env("CANARY", VARIABLE);
        command
    }

    /// Runs a command; what it prints is searched.
    #[track_caller]
    fn tieline(&mut self, arguments: &[&str], code: i32) {
        let output = self.command(arguments).output().expect("the binary runs");
        let printed = [output.stdout, output.stderr].concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&printed));
        self.seen.push((format!("what {arguments:?} prints"), printed));
    }

    /// Asks as the administrator; the answer is searched.
    #[track_caller]
    fn ask(&mut self, method: &str, path: &str, body: Option<&Value>, status: u16) {
        let reply = self.server.ask(method, path, Some(&self.server.admin_token()), body);
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        self.seen.push((format!("the answer to {method} {path}"), reply.body.to_string().into_bytes()));
    }
}

/// Ends a watching runner as its supervisor does, so that it ends its command.
fn end(mut child: Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGTERM).expect("it runs");
    child.wait().expect("its end");
}

fn files(folder: &Path, each: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, each) } else { each(&path) }
    }
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
