//! Outlines of whole documents, one for each language and version, beside what they are expected to read like.
//!
//! `TIELINE_WRITE_EXPECTED=1` writes the expectations anew, to be read before they are kept.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{env, fs, path::Path};

use tieline_core::definition::{DefinitionKind, outline, outline_text, read};

fn check(file: &str, kind: DefinitionKind) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions");
    let text = fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(read(text.as_bytes(), Some(file)).kind, kind);
    let outline = outline(kind, &text);
    let shown = outline_text(&outline);
    let expected = folder.join(format!("{file}.txt"));
    if env::var_os("TIELINE_WRITE_EXPECTED").is_some() {
        fs::write(&expected, &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string(&expected).unwrap_or_default(), "{file}");

    // What goes over the wire comes back as it was, and leads nowhere but to what is there.
    let json = serde_json::to_string(&outline).unwrap();
    assert_eq!(serde_json::from_str::<tieline_core::wire::outline::Outline>(&json).unwrap(), outline);
    for link in json.split("\"schema\":\"").skip(1) {
        let name = link.split('"').next().unwrap();
        assert!(outline.schemas.iter().any(|schema| schema.name == name), "{file}: {name} is not there");
    }
}

macro_rules! documents {
    ($($test:ident: $file:literal, $kind:ident;)*) => {
        $(#[test]
        fn $test() {
            check($file, DefinitionKind::$kind);
        })*
    };
}

documents! {
    swagger_2: "openapi2.json", OpenApi2;
    openapi_3_0: "openapi30.yaml", OpenApi3;
    openapi_3_1: "openapi31.yaml", OpenApi3;
    what_violates_its_schema_is_shown_with_notes: "broken.yaml", OpenApi3;
    asyncapi_2: "asyncapi2.yaml", AsyncApi;
    asyncapi_3: "asyncapi3.yaml", AsyncApi;
    graphql_schema: "schema.graphql", GraphQl;
    graphql_introspection: "introspection.json", GraphQl;
    protobuf_3: "proto3.proto", Protobuf;
    protobuf_2: "proto2.proto", Protobuf;
    wsdl_1_1: "wsdl11.wsdl", Wsdl;
    wsdl_2_0: "wsdl20.wsdl", Wsdl;
}
