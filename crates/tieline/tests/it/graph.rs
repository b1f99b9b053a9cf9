//! `tieline graph` from outside: trees, the impact of taking one away, JSON, DOT and a drawing.

use crate::world::TestServer;

const PROVIDER: &str = "schemaVersion: 1.2\nendpoints: [{ name: api, type: REST, service: { port: 9090 }, \
                        networkVisibilities: [Organization] }]\n";
const CONSUMER: &str = "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: ledger co\n      \
                        resourceRef: service:/shop/ledger/v1/api\n";

#[test]
fn the_graph_is_printed_in_every_form() {
    let server = TestServer::start();
    let folder = server.folder().join("source");
    let source = folder.to_str().expect("UTF-8");
    std::fs::create_dir_all(folder.join(".tieline")).expect("a folder");
    let scope = ["--organization", "acme", "--project", "shop"];
    let tieline = |arguments: &[&str]| server.tieline(&[arguments, &scope].concat());
    server.tieline(&["organization", "create", "acme"]).done();
    tieline(&["project", "create", "shop"]).done();
    let nobody = tieline(&["graph"]).done().stdout;
    assert!(nobody.starts_with("Nobody depends on anybody here"), "{nobody}");
    let deploy = |component: &str, text: &str| {
        tieline(&["component", "create", component, "--type", "service"]).done();
        std::fs::write(folder.join(".tieline/component.yaml"), text).expect("a descriptor");
        if component == "orders" {
            let service = "service:/shop/ledger/v1/api";
            let create = ["connection", "create", "ledger co", "--service", service, "--component", "orders"];
            tieline(&create).done();
        }
        let environment = ["--component", component, "--env", "development", "--version", "v1.0"];
        tieline(&[&["deploy", source][..], &environment].concat()).done();
    };
    deploy("ledger", PROVIDER);
    deploy("orders", CONSUMER);

    let text = tieline(&["graph"]).done().stdout;
    let tree = "shop/orders (service)\n└─ ledger co → service:/shop/ledger/v1/api (shop/ledger)  [development]\n";
    assert_eq!(text, tree);
    let impact = tieline(&["graph", "--impact-of", "ledger"]).done().stdout;
    let way = "shop/orders directly: shop/orders (development) -[ledger co]→ shop/ledger (development)";
    assert_eq!(impact, format!("When shop/ledger is taken away, these break:\nin development\n  {way}\n"));
    let nobody = tieline(&["graph", "--impact-of", "shop/orders"]).done().stdout;
    assert_eq!(nobody, "Nobody breaks when shop/orders is taken away.\n");

    let json = server.json(&[&["graph", "--impact-of", "shop/ledger"][..], &scope].concat());
    assert_eq!(json["edges"][0]["connection"], "ledger co", "{json}");
    assert_eq!(json["impact"]["broken"][0]["direct"], true, "{json}");

    let dot = tieline(&["graph", "--format", "dot"]).done().stdout;
    assert!(dot.starts_with("digraph \"acme\" {\n") && dot.ends_with("}\n"), "{dot}");
    let line = "  \"shop/orders\" -> \"shop/ledger\" [label=\"ledger co\\ndevelopment\"];\n";
    assert!(dot.contains(line), "{dot}");

    let svg = tieline(&["graph", "--format", "svg", "--impact-of", "shop/ledger"]).done().stdout;
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
    assert_eq!((svg.matches("class=\"box\"").count(), svg.matches("class=\"line\"").count()), (2, 1), "{svg}");
    assert!(svg.contains("through the connection ledger co in development</title>"), "{svg}");
    assert!(svg.contains("component service taken") && svg.contains("component service broken"), "{svg}");

    let missing = server.tieline(&["graph", "--organization", "acme", "--impact-of", "ledger"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
}
