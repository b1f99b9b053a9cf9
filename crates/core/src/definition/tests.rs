//! Definitions as people write them, and as attackers do.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Title, version and the operations as `VERB path summary [scopes]`.
fn digest(definition: &Definition) -> Vec<String> {
    let operations = definition.operations.iter().map(|operation| {
        let Operation { verb, path, summary, scopes } = operation;
        format!("{verb} {path} {summary} [{}]", scopes.join(" "))
    });
    std::iter::once(format!("{} {}", definition.title, definition.version)).chain(operations).collect()
}

fn check(text: &str, kind: DefinitionKind, expect: &[&str]) {
    let definition = read(text.as_bytes(), None);
    assert_eq!(definition.kind, kind, "{:?}\n{text}", definition.problem);
    assert_eq!(digest(&definition), expect, "{:?}\n{text}", definition.problem);
}

#[test]
fn openapi_in_both_versions_and_notations() {
    let expect =
        ["Shop 1.2", "GET /orders Lists orders [read]", "POST /orders Places one [write admin]", "GET /open  []"];
    let yaml = r#"
info: { title: Shop, version: 1.2 }
security:
  - oauth: [read]
paths:
  /orders:
    parameters: []
    get:
      summary: Lists orders
      responses: { 200: { description: fine } }
    post:
      description: "Places one\nand pays"
      security: [ { oauth: [write, admin] }, { other: [write] } ]
  /open: { get: { security: [] }, x-note: nothing }
  x-extension: { get: {} }
"#;
    check(&format!("openapi: 3.0.3{yaml}"), DefinitionKind::OpenApi3, &expect);
    check(&format!("swagger: '2.0'{yaml}"), DefinitionKind::OpenApi2, &expect);
    check(&format!("\u{feff}# a comment\n---\n\"openapi\" : 3.1{yaml}"), DefinitionKind::OpenApi3, &expect);
    let json = r#"{"info":{"title":"Shop","version":1.2},"security":[{"oauth":["read"]}],"paths":{"/orders":{
        "get":{"summary":"Lists orders"},"post":{"description":"Places one","security":[{"o":["write"]},{"p":["admin"]}]}},
        "/open":{"get":{"security":[]}}},"#;
    check(&format!("{json} \"openapi\":\"3.0.0\"}}"), DefinitionKind::OpenApi3, &expect);
    check(&format!("{json} \"swagger\":\"2.0\", }}"), DefinitionKind::OpenApi2, &expect);
}

#[test]
fn documents_that_violate_their_schema_are_read_as_far_as_possible() {
    check("openapi: 3\ninfo: nothing\npaths: [1]\n", DefinitionKind::OpenApi3, &[" "]);
    check(
        "swagger: 2\npaths:\n  /a: text\n  /b: {get: text, post: {}}\n",
        DefinitionKind::OpenApi2,
        &[" ", "POST /b  []"],
    );
    check(
        "openapi: 3\nsecurity: {a: [b]}\npaths: {/a: {get: {security: [x, {y: z}]}}}",
        DefinitionKind::OpenApi3,
        &[" ", "GET /a  []"],
    );
    let unversioned = read(b"info: {title: A}\npaths: {/a: {get: {}}}", None);
    assert_eq!((unversioned.kind, unversioned.operations.len()), (DefinitionKind::OpenApi3, 1));
    assert!(unversioned.problem.is_some_and(|problem| problem.contains("no version")));
}

#[test]
fn what_real_yaml_holds_besides_is_no_obstacle() {
    for odd in [
        "x: {200: a, true: b, on: d, y: e, 1.5: f}",
        "x: [.nan, .inf, 0x1F, 0o17, 007, 1e400, 123456789012345678901234567890, 2024-01-01, 12:30:45]",
        "x: !custom {a: !!binary aGk=, b: !tag text}",
        "x: &x {a: 1}\ny: {<<: *x, b: 2}\nz: [*x, *x]",
        "x: 1\nx: 2",
        "x: |\n  type Query {\n    a: Int\n  }\n",
        "x: 'it''s'\n...",
        "x:\n- a\n- b",
    ] {
        let text = format!("openapi: 3\npaths: {{/a: {{get: {{}}}}}}\n{odd}\n");
        check(&text, DefinitionKind::OpenApi3, &[" ", "GET /a  []"]);
        check(&text.replace('\n', "\r\n"), DefinitionKind::OpenApi3, &[" ", "GET /a  []"]);
    }
}

#[test]
fn graphql_schemas() {
    check(
        "\"\"\"\nAsks\n\"\"\"\ntype Query {\n  \"One order\"\n  order(id: ID! = \"{\"): Order\n  orders: [Order!]!\n}\n\
         extend type Query { more: Int }\ntype Mutation { place: Order }\ntype Order { id: ID }",
        DefinitionKind::GraphQl,
        &[" ", "query order One order []", "query orders  []", "query more  []", "mutation place  []"],
    );
    check(
        "schema { query: Root subscription: Live }\ntype Root { a: Int }\ntype Live { b: Int }\ntype Query { c: Int }",
        DefinitionKind::GraphQl,
        &[" ", "query a  []", "subscription b  []"],
    );
    check(
        r#"{"data":{"__schema":{"queryType":{"name":"Q"},"types":[{"name":"Q","fields":[{"name":"a","description":"A"}]}]}}}"#,
        DefinitionKind::GraphQl,
        &[" ", "query a A []"],
    );
    let broken = read(b"type Query { a: Int b: }\ntype", None);
    assert_eq!(broken.kind, DefinitionKind::GraphQl);
    assert!(broken.problem.is_some() && broken.operations[0].path == "a");
}

#[test]
fn the_languages_kept_for_later_are_recognised() {
    check(
        "asyncapi: 2.6.0\ninfo: {title: Events, version: '1'}\nchannels:\n  order/placed:\n    subscribe: {summary: Placed}\n",
        DefinitionKind::AsyncApi,
        &["Events 1", "subscribe order/placed Placed []"],
    );
    check(
        "asyncapi: 3.0.0\ninfo: {title: Events}\nchannels: {placed: {address: order.placed}}\n\
         operations: {onPlaced: {action: receive, channel: {$ref: '#/channels/placed'}}, other: {action: send}}\n",
        DefinitionKind::AsyncApi,
        &["Events ", "receive order.placed  []", "send other  []"],
    );
    check(
        "// Shop\nsyntax = \"proto3\";\npackage shop.v1;\nmessage A {}\nservice Orders {\n  // Places one.\n  rpc Place(A) returns (A);\n}\n",
        DefinitionKind::Protobuf,
        &["shop.v1 ", "rpc shop.v1.Orders/Place Places one. []"],
    );
    check(
        "<?xml version=\"1.0\"?><w:definitions xmlns:w=\"http://schemas.xmlsoap.org/wsdl/\"><w:portType name=\"P\">\
         <w:operation name=\"Place\"><w:documentation>Places one</w:documentation></w:operation></w:portType>\
         <w:service name=\"Shop\"/></w:definitions>",
        DefinitionKind::Wsdl,
        &["Shop ", "operation P/Place Places one []"],
    );
    check(
        "<description xmlns=\"http://www.w3.org/ns/wsdl\"><interface name=\"I\"><operation name=\"O\"/></interface></description>",
        DefinitionKind::Wsdl,
        &[" ", "operation I/O  []"],
    );
    let broken = read(b"syntax = \"proto3\";\nservice {", None);
    assert!(broken.kind == DefinitionKind::Protobuf && broken.problem.is_some());
}

#[test]
fn the_file_name_decides_only_what_the_content_leaves_open() {
    for (text, name, kind) in [
        ("enum Color { RED }", "a.GraphQL", DefinitionKind::GraphQl),
        ("enum Color { RED = 0; }", "a.proto", DefinitionKind::Protobuf),
        ("type Query { a: Int }", "a.proto", DefinitionKind::GraphQl),
        ("openapi: 3.0.0", "a.txt", DefinitionKind::OpenApi3),
    ] {
        assert_eq!(read(text.as_bytes(), Some(name)).kind, kind, "{text} {name}");
    }
}

#[test]
fn what_is_no_definition_is_unknown_for_a_reason() {
    for (bytes, name, reason) in [
        (&b""[..], None, "no language"),
        (b"Dear reader", Some("readme.md"), "no language"),
        (b"\xff\xfe", None, "not UTF-8"),
        (b"openapi: 3\0", None, "not text"),
        (b"{\"a\":1}", None, "none of the keys"),
        (b"a: [", Some("a.yaml"), "cannot be parsed"),
        (b"{\"a\":", None, "cannot be parsed"),
        (b"<html></html>", None, "root <html>"),
        (b"<definitions/>", None, "root <definitions>"),
        (b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", None, "DTD"),
        (&vec![b' '; MAX_BYTES + 1], None, "larger than"),
    ] {
        let definition = read(bytes, name);
        assert_eq!(definition.kind, DefinitionKind::Unknown);
        let problem = definition.problem.unwrap();
        assert!(problem.contains(reason), "{problem} / {reason}");
    }
}

#[test]
fn hostile_documents_end_soon() {
    let repeat = |text: &str| text.repeat((MAX_BYTES - 200) / text.len());
    let numbered = |piece: fn(usize) -> String| (0..60_000).map(piece).collect::<String>();
    let bomb: String =
        (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(","))).collect();
    let long = format!("openapi: 3\na: &a \"{}\"\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 4000].join(","));
    for (what, text) in [
        ("alias bomb", format!("openapi: 3\na0: &a0 [x]\n{bomb}")),
        ("long alias", long),
        ("deep flow", format!("openapi: 3\na: {}", repeat("["))),
        (
            "deep block",
            format!("openapi: 3\n{}", (0..1500).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>()),
        ),
        ("deep JSON", repeat("{\"a\":")),
        ("wide JSON", format!("{{\"openapi\":[{}0]}}", repeat("0,"))),
        ("deep type", format!("type Query {{ a: {}", repeat("["))),
        ("deep value", format!("type Query {{ a(b: Int = {}", repeat("{a:"))),
        ("deep selection", format!("type A {{ a: Int }} {}", repeat("{a"))),
        ("strings", format!("type Query {}", repeat("\"\"\"\""))),
        ("union", format!("type A {{ a: Int }} union B = {}", repeat("|C"))),
        ("interfaces", format!("type A implements {}", repeat("&C"))),
        ("directives", format!("type A {}", repeat("@a"))),
        ("enum", format!("type A {{ a: Int }} enum E {{ {}", repeat("A "))),
        ("messages", format!("syntax = \"proto3\";\n{}", repeat("message A{"))),
        ("option", format!("syntax = \"proto3\";\noption (a) = {}", repeat("{a:"))),
        ("group option", format!("syntax = \"proto3\";\noption (a) = {{ a: {}", repeat("["))),
        ("elements", repeat("<a>")),
        ("attributes", format!("<a {}/>", numbered(|n| format!(" a{n}=''")))),
        ("hidden attributes", format!("<!-- ' --><b><![CDATA[ ' ]]></b><a {}/>", numbered(|n| format!(" a{n}=''")))),
        ("namespaces", format!("<a {}/>", numbered(|n| format!(" xmlns:a{n}='{n}'")))),
    ] {
        let start = Instant::now();
        let definition = read(text.as_bytes(), None);
        assert!(definition.problem.is_some(), "{what} is not refused");
        assert!(definition.text_for_search.len() <= MAX_SEARCH_TEXT, "{what}");
        // Generous: this runs unoptimized beside other tests. Quadratic work on two megabytes takes minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{what} took {:?}", start.elapsed());
    }
}

/// Small documents that would become large, or would be read without end.
#[test]
fn what_is_referred_to_again_and_again_ends_soon() {
    let numbered = |piece: &dyn Fn(usize) -> String, count| (0..count).map(piece).collect::<Vec<_>>().join(",");
    let schemas = |fields: String, more: String| {
        format!(r#"{{"openapi":"3.0.0","paths":{{}},"components":{{"schemas":{{"A":{fields}}}}},"x":{{{more}}}}}"#)
    };
    let twice = |key: &str, end: &str| {
        let level =
            |n: usize| format!(r##""L{n}":{{"{key}":[{{"$ref":"#/x/L{m}"}},{{"$ref":"#/x/L{m}"}}]{end}}}"##, m = n + 1);
        schemas(r##"{"$ref":"#/x/L0"}"##.to_owned(), numbered(&level, 60))
    };
    let fields = |n: usize| {
        format!(r##""L{n}":{{"properties":{{"a":{{"$ref":"#/x/L{m}"}},"b":{{"$ref":"#/x/L{m}"}}}}}}"##, m = n + 1)
    };
    let users = format!(r#"{{"properties":{{{}}}}}"#, numbered(&|n| format!(r##""p{n}":{{"$ref":"#/x/E"}}"##), 5_000));
    let paths = numbered(&|n| format!(r##""/{n}":{{"$ref":"#/x/I"}}"##), 5_000);
    let keys = numbered(&|n| format!(r#""x-{n}":1"#), 20_000);
    for (what, text) in [
        ("fields", schemas(r##"{"$ref":"#/x/L0"}"##.to_owned(), numbered(&fields, 60))),
        ("alternatives", twice("oneOf", "")),
        ("parts", twice("allOf", "")),
        ("long text", schemas(users.clone(), format!(r#""E":{{"description":"{}"}}"#, "x".repeat(900_000)))),
        ("blanks", schemas(users.clone(), format!(r#""E":{{"description":"{}"}}"#, " ".repeat(900_000)))),
        ("values", schemas(users.clone(), format!(r#""E":{{"enum":[{}]}}"#, numbered(&|n| n.to_string(), 20_000)))),
        ("required", schemas(users, format!(r#""E":{{"required":[{}]}}"#, numbered(&|n| format!("\"{n}\""), 20_000)))),
        ("paths", format!(r#"{{"openapi":"3.0.0","paths":{{{paths}}},"x":{{"I":{{{keys}}}}}}}"#)),
    ] {
        let start = Instant::now();
        let outline = outline(DefinitionKind::OpenApi3, &text);
        assert!(outline.notes.iter().any(|note| note.cause.contains("left out")), "{what}: {:?}", outline.notes);
        assert!(serde_json::to_string(&outline).unwrap().len() < 16 << 20, "{what}");
        assert!(start.elapsed() < Duration::from_secs(20), "{what} took {:?}", start.elapsed());
    }
    let text = format!("openapi: 3.0.0\nsecurity: [{{ a: [{}] }}]\npaths:\n", numbered(&|n| n.to_string(), 5_000));
    let text =
        text + &(0..5_000).map(|n| format!("  /{n}: {{ get: {{}}, put: {{ security: [] }} }}\n")).collect::<String>();
    let start = Instant::now();
    assert!(read(text.as_bytes(), None).operations.iter().all(|operation| operation.scopes.len() <= 64));
    assert!(scopes(text.as_bytes()).is_err());
    let items =
        format!(r#"{{"GET":{{"security":[{{"o":["a"]}}]}},"additionalOperations":{{{}}}}}"#, keys.replace(":1", ":{}"));
    for item in [format!(r#"{{"get":{{"security":[{{"o":["a"]}}]}},{keys}}}"#), items] {
        let text = format!(r#"{{"openapi":"3.2.0","paths":{{{paths}}},"x":{{"I":{item}}}}}"#);
        let most = scopes(text.as_bytes()).map_or(0, |operations| operations.len());
        assert!(most <= 5_000, "{most}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "scopes took {:?}", start.elapsed());
}

#[test]
fn the_search_text_holds_what_matters_and_is_bounded() {
    let description = "ä".repeat(MAX_SEARCH_TEXT);
    let text = format!(
        "openapi: 3\ninfo: {{title: Shop}}\npaths: {{/orders: {{get: {{summary: Lists}}}}}}\n\
         components: {{schemas: {{Order: {{description: Deep word}}}}}}\ntags: [{{description: {description}}}]\n"
    );
    let definition = read(text.as_bytes(), None);
    for word in ["Shop", "/orders", "Lists", "Order", "Deep word"] {
        assert!(definition.text_for_search.contains(word), "{word}");
    }
    assert!(definition.text_for_search.len() <= MAX_SEARCH_TEXT);
}

#[test]
fn wire_words() {
    for kind in DefinitionKind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
    }
}

/// Reads for people what was taken for a language, and what is anything else too.
fn outlined(text: &[u8], kind: DefinitionKind) {
    let text = String::from_utf8_lossy(text);
    for kind in [kind, DefinitionKind::ALL[text.len() % DefinitionKind::ALL.len()]] {
        assert_eq!(outline(kind, &text).kind, kind);
    }
}

const STARTS: [&str; 6] = ["", "openapi: 3\n", "{\"swagger\":2,", "type Query {", "syntax = \"proto3\";\n", "<a>"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(start in prop::sample::select(&STARTS[..]), bytes: Vec<u8>) {
        let text = [start.as_bytes(), &bytes].concat();
        outlined(&text, read(&text, None).kind);
    }

    #[test]
    fn arbitrary_tokens_never_panic(
        start in prop::sample::select(&STARTS[..]),
        tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..60),
    ) {
        let text = format!("{start}{}", tokens.concat());
        outlined(text.as_bytes(), read(text.as_bytes(), None).kind);
    }
}

const TOKENS: [&str; 44] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    ",",
    "\"",
    "\"\"\"",
    "'",
    "\\",
    "\\u",
    "\n",
    " ",
    "  ",
    "- ",
    "&a ",
    "*a ",
    "<<: ",
    "a",
    "paths",
    "get",
    "type Query ",
    "schema ",
    "query",
    "extend ",
    "@",
    "|",
    "=",
    "!",
    "$",
    "<a ",
    "</a>",
    "/>",
    "<![CDATA[",
    "message A ",
    "service A ",
    "rpc ",
    "returns ",
    "option ",
    ";",
    "1",
    "ä",
];

#[test]
fn control_characters_do_not_come_out() {
    let text = concat!(
        "openapi: 3.0.0\ninfo: { title: \"Ti\\0\\x1btle\", description: \"one\\ntwo\\0\", version: \"1\\0\" }\n",
        "paths: { \"/a\\0\": { get: { summary: \"Su\\x1bm\", security: [{ key: [\"re\\0ad\"] }] } } }\n",
    );
    let read = read(text.as_bytes(), None);
    assert_eq!((read.title.as_str(), read.description.as_str()), ("Title", "one\ntwo"));
    assert_eq!((read.operations[0].path.as_str(), read.operations[0].summary.as_str()), ("/a", "Sum"));
    assert!(!format!("{read:?}").contains("\\0") && !format!("{read:?}").contains("\\u{1b}"), "{read:?}");
}
