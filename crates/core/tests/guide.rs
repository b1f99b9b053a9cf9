//! Every guide: nothing is empty, each names what it needs, and code parses where an interpreter is at hand.

#![expect(clippy::expect_used, reason = "a helper of tests fails the test")]

use std::io::Write;
use std::process::{Command, Stdio};

use tieline_core::descriptor::model::{Format, Place};
use tieline_core::descriptor::{Options, check};
use tieline_core::endpoint::EndpointType;
use tieline_core::guide::{Guided, LANGUAGES, guide};
use tieline_core::kind::{KINDS, internal_parameters, service_url_parameter};
use tieline_core::model::{AccessMode, Parameter, Scheme, ServiceType};
use tieline_core::name::variable_name;
use tieline_core::reference::Reference;
use tieline_core::wire::connection::ConnectionGuide;

/// One guide for each way to connect, with its parameters.
fn guides() -> Vec<(String, Vec<Parameter>, ConnectionGuide)> {
    let service = "service:/shop/orders/v1/api";
    let mut found = Vec::new();
    let modes = [AccessMode::Project, AccessMode::Organization, AccessMode::Public];
    for (mode, scheme) in modes.into_iter().flat_map(|mode| Scheme::ALL.iter().map(move |scheme| (mode, *scheme))) {
        for kind in EndpointType::ALL {
            let label = format!("{mode} {scheme} {}", kind.as_str());
            let parameters = internal_parameters(mode, scheme);
            found.push(one(label, service, "service", Some(kind), Some((mode, scheme)), parameters));
        }
    }
    let registered = |key: &str, optional| Parameter {
        key: key.to_owned(),
        value_type: "string".to_owned(),
        description: String::new(),
        sensitive: true,
        optional,
    };
    let parameters = vec![service_url_parameter(), registered("OPENAI_API_KEY", false), registered("from", true)];
    found.push(one("third-party".to_owned(), "thirdparty:Mail Gate/v1", "third-party", None, None, parameters));
    for kind in KINDS {
        let reference = match kind.service_type {
            ServiceType::Cache => "cache:main",
            ServiceType::Broker => "broker:main",
            ServiceType::Storage => "storage:main",
            _ => "database:shop/main",
        };
        found.push(one(kind.name.to_owned(), reference, kind.name, None, None, kind.parameters()));
    }
    found
}

fn one(
    label: String,
    reference: &str,
    kind: &str,
    endpoint_type: Option<EndpointType>,
    access: Option<(AccessMode, Scheme)>,
    parameters: Vec<Parameter>,
) -> (String, Vec<Parameter>, ConnectionGuide) {
    let reference = Reference::parse_resource_ref(reference).expect("a reference");
    let variables: Vec<_> = parameters
        .iter()
        .map(|parameter| (parameter.clone(), variable_name("CHOREO", "my orders", &parameter.key)))
        .collect();
    let connection = Guided {
        organization: "acme",
        name: "my orders",
        id: "c7a7f2a6-2f0a-4f5d-9a52-0d9a3f3b1c11".parse().expect("an id"),
        reference: &reference,
        kind,
        endpoint_type,
        access,
        parameters: &variables,
    };
    (label, parameters, guide(&connection))
}

#[test]
fn every_language_names_every_required_variable() {
    for (label, parameters, guide) in guides() {
        for language in LANGUAGES {
            let code = &guide.code[*language];
            assert!(code.lines().count() >= 3, "{label} {language}: {code}");
            assert!(!code.contains("{{"), "{label} {language}: {code}");
            for parameter in parameters.iter().filter(|parameter| !parameter.optional) {
                let variable = &guide.variables[&parameter.key];
                assert!(code.contains(variable), "{label} {language} lacks {variable}: {code}");
            }
        }
    }
}

#[test]
fn descriptors_are_accepted() {
    for (label, parameters, guide) in guides() {
        assert!(guide.descriptor.contains_key("1.1") && guide.descriptor.contains_key("1.2"), "{label}");
        for (version, text) in &guide.descriptor {
            let options =
                Options { format: Some(Format::Component), place: Place::None, schema_file_exists: &|_| true };
            let checked = check(text.as_bytes(), &options);
            let blocking: Vec<_> = checked.blocking().collect();
            assert!(blocking.is_empty() && checked.warnings.is_empty(), "{label} {version}: {text}\n{checked:?}");
            let descriptor = checked.descriptor.expect("a descriptor");
            if version == "1.0" {
                assert_eq!(descriptor.service_references.len(), 1, "{label}");
                assert!(parameters.iter().all(|parameter| text.contains(&parameter.key)), "{label}: {text}");
            } else {
                assert_eq!(descriptor.connection_references.len(), 1, "{label}");
            }
        }
    }
}

#[test]
fn node_and_python_parse() {
    const PYTHON: &str = "import ast, sys; ast.parse(sys.stdin.read())";
    for (program, arguments, language) in [
        ("node", &["--check", "--input-type=module", "-"][..], "node"),
        ("python3", &["-c", PYTHON], "python"),
        ("sh", &["-n"], "curl"),
    ] {
        if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            continue;
        }
        // One run for each distinct text: interpreters are slow to start.
        let mut codes: Vec<_> = guides().into_iter().map(|(_, _, guide)| guide.code[language].clone()).collect();
        codes.sort();
        codes.dedup();
        for code in codes {
            let mut child = Command::new(program)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the interpreter starts");
            child.stdin.take().expect("a pipe").write_all(code.as_bytes()).expect("it reads");
            let output = child.wait_with_output().expect("it ends");
            assert!(output.status.success(), "{language}: {code}\n{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
