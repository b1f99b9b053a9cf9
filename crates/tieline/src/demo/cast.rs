//! Who plays in the demo: the components with their descriptors, what they connect to and what they call.

/// A component that calls others.
pub(super) struct Consumer {
    pub(super) project: &'static str,
    pub(super) component: &'static str,
    /// Its descriptor.
    pub(super) descriptor: String,
    /// What it calls, as the demo's caller is told: a name, and the variables that it reads.
    pub(super) calls: &'static [&'static str],
    /// The status that each call ends with.
    pub(super) expected: u16,
}

impl Consumer {
    fn new(project: &'static str, component: &'static str, references: &str, calls: &'static [&'static str]) -> Self {
        let descriptor = format!("schemaVersion: 1.2\n{references}");
        Self { project, component, descriptor, calls, expected: 200 }
    }

    /// The options of a command that say which component is meant, and where.
    pub(super) fn place(&self) -> [&str; 6] {
        ["--project", self.project, "--component", self.component, "--env", "development"]
    }
}

/// The consumers that have their connections.
pub(super) fn consumers() -> [Consumer; 3] {
    [
        Consumer::new(
            "store",
            "checkout",
            "\
dependencies:
  connectionReferences:
    - name: inventory
      resourceRef: service:inventory/v1
    - name: mail
      resourceRef: thirdparty:Mail Gate/v1
",
            &["inventory=CHOREO_INVENTORY_SERVICEURL", "mail=CHOREO_MAIL_SERVICEURL,CHOREO_MAIL_APIKEY"],
        ),
        Consumer::new(
            "store",
            "catalog",
            "\
dependencies:
  connectionReferences:
    - name: stock
      resourceRef: service:inventory/v1
configurations:
  env:
    - name: STOCK_URL
      valueFrom:
        connectionRef:
          name: stock
          key: ServiceURL
",
            &["stock=STOCK_URL"],
        ),
        Consumer::new(
            "office",
            "newsletter",
            "\
dependencies:
  connectionReferences:
    - name: stock-feed
      resourceRef: service:/store/inventory/v1
    - name: mail
      resourceRef: thirdparty:Mail Gate/v1
",
            &[
                "stock-feed=CHOREO_STOCK_FEED_SERVICEURL,CHOREO_STOCK_FEED_TOKENURL,CHOREO_STOCK_FEED_CONSUMERKEY,\
                 CHOREO_STOCK_FEED_CONSUMERSECRET",
                "mail=CHOREO_MAIL_SERVICEURL,CHOREO_MAIL_APIKEY",
            ],
        ),
    ]
}

/// Somebody who was told the address of a service, and has no connection to it.
pub(super) fn visitor(address: &str) -> Consumer {
    let references = format!("configurations:\n  env:\n    - name: STOCK_URL\n      value: {address}\n");
    Consumer { expected: 401, ..Consumer::new("office", "visitor", &references, &["stock=STOCK_URL"]) }
}

/// The provider's descriptor.
pub(super) const INVENTORY: &str = "\
schemaVersion: 1.2
endpoints:
  - name: api
    displayName: Inventory
    service:
      basePath: /stock
      port: 8080
    type: REST
    networkVisibilities: [Project, Organization]
    schemaFilePath: openapi.yaml
";

/// What it offers.
pub(super) const INVENTORY_DEFINITION: &str = "\
openapi: 3.0.3
info: { title: Inventory, version: 1.0.0, description: What is in stock. }
paths:
  /items:
    get: { summary: Lists the items in stock, responses: { '200': { description: The items } } }
";

/// The registration of the third party: a stand-in on this machine that checks its key.
pub(super) fn mail_gate(address: &str) -> String {
    format!(
        "\
name: Mail Gate
version: v1
summary: Sends mail
labels: [mail]
parameters:
  - {{ name: ApiKey, secret: true, description: Key of the account }}
endpoints:
  - name: sandbox
    url: {address}
    environments: [development]
    values: {{ ApiKey: {{ env: DEMO_MAIL_KEY }} }}
"
    )
}
