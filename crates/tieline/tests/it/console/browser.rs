//! A real browser on a page of the console: headless Chromium, driven by WebDriver, with a profile of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::TestServer;

/// How a browser shows pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether scripts run.
    pub(crate) scripts: bool,
    /// Whether the person prefers dark.
    pub(crate) dark: bool,
    /// Whether the window is as narrow as a phone.
    pub(crate) narrow: bool,
}

impl Look {
    /// As most people see it.
    pub(crate) const USUAL: Self = Self { scripts: true, dark: false, narrow: false };
    /// Without scripts.
    pub(crate) const PLAIN: Self = Self { scripts: false, ..Self::USUAL };
    /// Every look that is a matter of style.
    pub(crate) const STYLES: [Self; 3] =
        [Self::USUAL, Self { dark: true, ..Self::USUAL }, Self { narrow: true, ..Self::USUAL }];
}

/// A browser; closing it ends driver and browser.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    url: String,
    _profile: TempDir,
}

impl Browser {
    /// A browser that is signed in as the holder of a token of a server; of its first administrator for none.
    pub(crate) async fn signed_in(server: &TestServer, look: Look, token: Option<&str>) -> Self {
        let browser = Self::open(server, look).await;
        let admin = server.admin_token();
        let link = server.ask("POST", "/login-links", Some(token.unwrap_or(&admin)), None);
        assert_eq!(link.status, 201, "{link:?}");
        browser.client.goto(link.body["url"].as_str().expect("an address")).await.expect("the console");
        browser
    }

    /// A browser that nobody knows.
    pub(crate) async fn open(server: &TestServer, look: Look) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: see scripts/install-test-services");
        let lines = BufReader::new(driver.stdout.take().expect("its stdout")).lines();
        let ready = lines.map_while(Result::ok).find(|line| line.contains("started successfully on port"));
        let port: u16 = ready
            .and_then(|line| line.rsplit(' ').next().and_then(|port| port.trim_end_matches('.').parse().ok()))
            .expect("chromedriver says its port");
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(look, &profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        Self { client, driver, url: server.url().to_owned(), _profile: profile }
    }

    /// Opens a page by its path.
    pub(crate) async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.url)).await.expect("a page");
    }

    /// The path and query of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.url).expect("a page of the console").to_owned()
    }

    /// Waits for a link of these words, and follows it.
    pub(crate) async fn follow(&self, words: &str) {
        self.find(Locator::LinkText(words)).await.click().await.expect("a link that can be clicked");
    }

    /// Waits for a button of these words, and presses it.
    pub(crate) async fn press(&self, words: &str) {
        let button = format!("//button[normalize-space()='{words}']");
        self.find(Locator::XPath(&button)).await.click().await.expect("a button that can be pressed");
    }

    /// Waits for the field of this label, and writes into it.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = format!("//*[@id=//label[normalize-space()='{label}']/@for]");
        let field = self.find(Locator::XPath(&field)).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field");
    }

    /// Waits for the choice of this label, and chooses by the words of an option.
    pub(crate) async fn choose(&self, label: &str, option: &str) {
        let field = format!("//select[@id=//label[normalize-space()='{label}']/@for]");
        let field = self.find(Locator::XPath(&field)).await;
        field.select_by_label(option).await.expect("an option");
    }

    /// Presses the tabulator until the focus is on what is called so.
    pub(crate) async fn tab_to(&self, words: &str) {
        let label = "const it = document.activeElement; return (it.labels?.[0] ?? it).innerText.trim();";
        for _ in 0..100 {
            self.type_keys(&char::from(Key::Tab).to_string()).await;
            if self.client.execute(label, vec![]).await.is_ok_and(|found| found == json!(words)) {
                return;
            }
        }
        panic!("no way by keyboard to {words:?} on {}: {}", self.path().await, self.text().await);
    }

    /// Types where the focus is.
    pub(crate) async fn type_keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("a focus");
        focused.send_keys(keys).await.expect("it takes keys");
    }

    /// Waits until the page says something.
    pub(crate) async fn reads(&self, words: &str) {
        for _ in 0..100 {
            // A page that is being left has no text to read.
            if let Ok(body) = self.client.find(Locator::Css("body")).await
                && body.text().await.is_ok_and(|text| text.contains(words))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{words:?} is not on {}: {}", self.path().await, self.text().await);
    }

    /// Marks the page: loading one takes the mark away.
    pub(crate) async fn mark(&self) {
        self.client.execute("window.marked = true;", vec![]).await.expect("a page");
    }

    /// Whether the page is the one that was marked.
    pub(crate) async fn is_marked(&self) -> bool {
        self.client.execute("return window.marked === true;", vec![]).await.expect("a page") == json!(true)
    }

    /// Waits until an element is gone.
    pub(crate) async fn loses(&self, locator: Locator<'_>) {
        for _ in 0..400 {
            if !self.shows(locator).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{locator:?} is still on {}: {}", self.path().await, self.text().await);
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, locator: Locator<'_>) -> Element {
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(locator).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("{locator:?} on {}: {error}: {}", self.path().await, self.text().await),
        }
    }

    /// Whether there is an element now.
    pub(crate) async fn shows(&self, locator: Locator<'_>) -> bool {
        !self.client.find_all(locator).await.expect("a page").is_empty()
    }

    /// What a person reads on the page.
    pub(crate) async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await.expect("a body");
        body.text().await.expect("its text")
    }

    /// Looks at the page with axe-core: what a person who cannot see or use a mouse stumbles over.
    pub(crate) async fn assert_accessible(&self, what: &str) {
        let axe = std::fs::read_to_string(installed().join("node_modules/axe-core/axe.min.js")).expect("axe-core");
        self.client.execute(&axe, vec![]).await.expect("axe-core runs");
        let run = "const done = arguments[0]; axe.run(document).then(done, (error) => done({ error: String(error) }));";
        let found = self.client.execute_async(run, vec![]).await.expect("axe-core answers");
        let violations = found["violations"].as_array().unwrap_or_else(|| panic!("{what}: {found}"));
        let lines: Vec<_> = violations.iter().map(described).collect();
        assert!(lines.is_empty(), "{what}: {}", lines.join("\n"));
        assert!(found["passes"].as_array().is_some_and(|passes| passes.len() > 5), "{what}: it looked");
    }

    /// Whether everything on the page fits its width.
    pub(crate) async fn assert_fits(&self, what: &str) {
        let script = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth];";
        let widths = self.client.execute(script, vec![]).await.expect("widths");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{what} is wider than its window: {widths}");
    }

    /// Ends it.
    pub(crate) async fn close(mut self) {
        self.client.close().await.expect("the browser ends");
        self.driver.kill().expect("the driver ends");
        self.driver.wait().expect("its end");
    }
}

/// Where axe-core is installed.
fn installed() -> PathBuf {
    let folder = std::env::var("TIELINE_TEST_BROWSER").expect(
        "TIELINE_REQUIRE_SERVICES=1, and TIELINE_TEST_BROWSER names no folder: see scripts/install-test-services",
    );
    PathBuf::from(folder)
}

fn described(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let places: Vec<_> = nodes.map(|node| format!("{} {}", node["html"], node["failureSummary"])).collect();
    format!("{}: {}: {}", violation["id"], violation["help"], places.join("; "))
}

fn capabilities(look: Look, profile: &TempDir) -> Capabilities {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--window-size={}", if look.narrow { "390,844" } else { "1280,900" }));
    // Dark is 0, light is 1.
    arguments.push(format!("--blink-settings=preferredColorScheme={}", i32::from(!look.dark)));
    let allowed = if look.scripts { 1 } else { 2 };
    let options = json!({
        "args": arguments,
        "prefs": { "profile.managed_default_content_settings.javascript": allowed },
    });
    let mut capabilities = Capabilities::new();
    capabilities.insert("browserName".to_owned(), json!("chrome"));
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities
}
