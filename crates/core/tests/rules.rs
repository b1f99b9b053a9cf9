//! Every rule of the descriptor check with small files of our own: what is a problem, a finding or a warning, and where.

use tieline_core::{
    descriptor::{
        CODES, Checked, Options, check, explanation,
        model::{EnvSource, Format, Place},
    },
    diagnostic::Diagnostic,
    endpoint::Visibility,
};

const GREETER: &str = "\
schemaVersion: 1.2
endpoints:
  - name: greeter
    displayName: Greeter
    service:
      basePath: /greet
      port: 9090
    type: REST
    networkVisibilities: [Public]
    schemaFilePath: openapi.yaml
dependencies:
  connectionReferences:
    - name: orders-link
      resourceRef: service:/retail/orders/v1/main/PUBLIC
  serviceReferences:
    - name: thirdparty:Mail Gate/v1
      connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412
      env:
        - from: ServiceURL
          to: MAIL_URL
configurations:
  env:
    - name: LOG_LEVEL
      value: info
    - name: ORDERS
      valueFrom:
        connectionRef:
          name: orders-link
          key: ServiceURL
";

const INBOUND: &str = "\
apiVersion: core.choreo.dev/v1beta1
kind: ComponentConfig
spec:
  inbound:
    - name: Greeting Service
      port: 9090
      type: REST
      networkVisibility: Public
      context: /greeting
  outbound:
    serviceReferences:
      - name: choreo:///acme/retail/orders/5c69c/v1.0/PUBLIC
        connectionConfig: 19d2648b-d29c-4452-afdd-1b9311e81412
        env: []
";

const ENDPOINTS: &str = "\
version: 0.1
endpoints:
  - name: Greeting Service
    port: 9090
    type: REST
    context: /greeting
";

fn checked_in(text: &str, place: Place) -> Checked {
    check(text.as_bytes(), &Options { format: None, place, schema_file_exists: &|path| path != "absent.yaml" })
}

fn checked(text: &str) -> Checked {
    checked_in(text, Place::None)
}

/// One remark as `line:column code path`.
fn brief(list: &[Diagnostic]) -> Vec<String> {
    list.iter().map(|d| format!("{}:{} {} {}", d.line, d.column, d.code, d.path).trim_end().to_owned()).collect()
}

/// The text with one of its parts replaced.
fn with(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old:?} must occur once");
    text.replace(old, new)
}

#[track_caller]
fn assert_problems(text: &str, expect: &[&str]) {
    let outcome = checked(text);
    assert_eq!(brief(&outcome.problems), expect, "{text}");
    for remark in outcome.problems.iter().chain(&outcome.findings).chain(&outcome.warnings) {
        assert!(explanation(&remark.code).is_some(), "{} has no page", remark.code);
        assert!(!remark.message.is_empty() && !remark.hint.is_empty(), "{remark:?}");
    }
}

#[test]
fn good_files_have_no_remarks() {
    for (text, format, version) in [
        (GREETER, Format::Component, Some("1.2")),
        (INBOUND, Format::ComponentConfig, None),
        (ENDPOINTS, Format::Endpoints, None),
    ] {
        let outcome = checked(text);
        assert_eq!((outcome.problems.len(), outcome.findings.len()), (0, 0), "{outcome:?}");
        assert_eq!((outcome.format, outcome.schema_version.as_deref()), (Some(format), version));
        let old = if format == Format::Component { vec![] } else { vec!["1:1 format_old".to_owned()] };
        assert_eq!(brief(&outcome.warnings), old);
    }
}

#[test]
fn one_wrong_field() {
    for (old, new, expect) in [
        ("name: greeter", "name: Greeter", "3:11 endpoint_name_invalid endpoints[0].name"),
        ("name: greeter", "name: 5", "3:11 endpoint_name_invalid endpoints[0].name"),
        ("name: greeter", "name: [a]", "3:5 field_not_text endpoints[0].name"),
        ("name: greeter", "name:", "3:5 field_null endpoints[0].name"),
        ("name: greeter", "name: ''", "3:5 field_missing endpoints[0].name"),
        ("displayName: Greeter", "displayName: null", "4:5 field_null endpoints[0].displayName"),
        (
            "displayName: Greeter",
            "displayName: 012345678901234567890123456789012345678901234567 90",
            "4:18 endpoint_display_name_too_long endpoints[0].displayName",
        ),
        ("basePath: /greet", "basePath: /a.b", "6:17 endpoint_base_path_invalid endpoints[0].service.basePath"),
        ("port: 9090", "port: 1000", "7:13 endpoint_port_invalid endpoints[0].service.port"),
        ("port: 9090", "port: 65535", "7:13 endpoint_port_invalid endpoints[0].service.port"),
        ("port: 9090", "port: true", "7:13 field_not_number endpoints[0].service.port"),
        ("      port: 9090\n", "", "5:5 field_missing endpoints[0].service.port"),
        ("type: REST", "type: rest", "8:11 endpoint_type_unknown endpoints[0].type"),
        ("[Public]", "[Public, Private]", "9:35 endpoint_visibility_unknown endpoints[0].networkVisibilities[1]"),
        ("[Public]", "Public", "9:26 field_not_list endpoints[0].networkVisibilities"),
        ("type: REST", "type: GRPC", "9:5 endpoint_not_project_only"),
        ("openapi.yaml", "absent.yaml", "10:21 schema_file_missing"),
        (
            "name: orders-link\n      r",
            "name: a--b\n      r",
            "13:13 connection_name_invalid dependencies.connectionReferences[0].name",
        ),
        ("/PUBLIC", "/Public", "14:20 resource_reference_invalid"),
        ("thirdparty:Mail Gate/v1", "orders", "16:13 service_reference_invalid"),
        (
            "19d2648b-d29c-4452-afdd-1b9311e81412",
            "0190b6a5-7c1b-7cc3-8123-0123456789ab",
            "17:25 connection_id_invalid dependencies.serviceReferences[0].connectionConfig",
        ),
        ("          to: MAIL_URL\n", "", "19:11 field_missing dependencies.serviceReferences[0].env[0].to"),
        ("name: LOG_LEVEL", "name: LOG-LEVEL", "23:13 variable_name_invalid configurations.env[0].name"),
        ("name: ORDERS", "name: LOG_LEVEL", "25:13 variable_repeated"),
        ("value: info", "value: ''", "23:7 variable_without_value configurations.env[0]"),
        ("schemaVersion: 1.2", "schemaVersion: 1.3", "1:16 schema_version_unknown schemaVersion"),
    ] {
        assert_problems(&with(GREETER, old, new), &[expect]);
    }
}

#[test]
fn values_that_are_converted() {
    for (old, new) in [
        ("port: 9090", "port: '9090'"),
        ("port: 9090", "port: 0x2382"),
        ("schemaVersion: 1.2", "schemaVersion: '1.20'"),
        ("name: greeter", "name: true"),
        ("displayName: Greeter", "displayName: 5"),
        ("value: info", "value: false"),
        ("value: info", "value: 0"),
        ("name: orders-link\n      r", "name: ' orders-link '\n      r"),
        ("[Public]", "[]"),
        ("[Public]", "[Project, Project]"),
    ] {
        assert_problems(&with(GREETER, old, new), &[]);
    }
    let outcome = checked(&with(GREETER, "value: info", "value: 1.10"));
    let descriptor = outcome.descriptor.expect("a descriptor");
    assert_eq!(descriptor.env[0].source, EnvSource::Value("1.10".into()));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = "\
schemaVersion: 9
endpoints:
  - name: UP
    service: {port: 80}
    type: X
  - 5
dependencies: x
configurations:
  env:
    - value: null
";
    assert_problems(
        text,
        &[
            "1:16 schema_version_unknown schemaVersion",
            "3:11 endpoint_name_invalid endpoints[0].name",
            "4:21 endpoint_port_invalid endpoints[0].service.port",
            "5:11 endpoint_type_unknown endpoints[0].type",
            "6:5 field_not_mapping endpoints[1]",
            "7:15 field_not_mapping dependencies",
            "10:7 field_missing configurations.env[0].name",
            "10:7 field_null configurations.env[0].value",
            "10:7 variable_without_value configurations.env[0]",
        ],
    );
}

#[test]
fn versions_bring_their_sections() {
    let form = "    - name: A\n      valueFrom: {configForm: {displayName: A, type: secret}}\n";
    let text = format!("{GREETER}{form}");
    assert_problems(&text, &[]);
    assert_problems(
        &with(&text, "schemaVersion: 1.2", "schemaVersion: 1.1"),
        &["30:7 variable_without_value configurations.env[2]"],
    );
    let first = checked(&with(&text, "schemaVersion: 1.2", "schemaVersion: 1.0"));
    assert_eq!(brief(&first.problems), [""; 0]);
    assert_eq!(
        brief(&first.warnings),
        ["12:3 field_too_new dependencies.connectionReferences", "21:1 field_too_new configurations"]
    );
    let both = with(&text, "configurations:", "configuration:");
    assert_eq!(checked(&both).descriptor.map(|descriptor| descriptor.env.len()), Some(3));
}

#[test]
fn the_older_formats() {
    for (old, new, expect) in [
        ("core.choreo.dev/v1beta1", "v1", "1:13 api_version_unknown apiVersion"),
        ("kind: ComponentConfig", "kind: Component", "2:7 config_kind_invalid kind"),
        ("port: 9090", "port: 80", "6:13 endpoint_port_invalid spec.inbound[0].port"),
        ("      context: /greeting\n", "", "5:7 endpoint_base_path_missing"),
        (
            "networkVisibility: Public",
            "networkVisibility: all",
            "8:26 endpoint_visibility_unknown spec.inbound[0].networkVisibility",
        ),
        ("        env: []\n", "", "12:9 field_missing spec.outbound.serviceReferences[0].env"),
    ] {
        assert_problems(&with(INBOUND, old, new), &[expect]);
    }
    assert_problems(&with(INBOUND, "type: REST", "type: TCP"), &[]);
    assert_problems("version: 1\nendpoints: []\n", &[]);
    assert_problems("version: 1\n", &["1:1 field_missing endpoints"]);
    assert_problems(
        &with(ENDPOINTS, "context: /greeting", "context: ''"),
        &["6:5 endpoint_base_path_missing", "6:5 endpoint_base_path_invalid endpoints[0].context"],
    );
}

#[test]
fn findings_are_not_problems() {
    for (old, new, expect) in [
        ("name: greeter", "name: v1", "3:11 endpoint_name_reserved endpoints[0].name"),
        ("name: greeter", "name: public", "3:11 endpoint_name_reserved endpoints[0].name"),
        ("port: 9090", "port: 9090.5", "7:13 endpoint_port_fraction endpoints[0].service.port"),
        ("port: 9090", "port: [9090]", "7:7 field_not_number endpoints[0].service.port"),
        ("openapi.yaml", "a/../../b.yaml", "10:21 schema_file_escapes endpoints[0].schemaFilePath"),
        ("to: MAIL_URL", "to: MAIL-URL", "20:15 mapping_variable_invalid dependencies.serviceReferences[0].env[0].to"),
        (
            "          name: orders-link",
            "          name: other",
            "25:7 connection_not_referenced configurations.env[1]",
        ),
        (
            "value: info",
            "value: info\n      valueFrom: {configGroupRef: {name: a, key: b}}",
            "23:7 variable_has_two_sources configurations.env[0]",
        ),
        (
            "value: info",
            "valueFrom: {configForm: {type: string}}",
            "24:19 form_incomplete configurations.env[0].valueFrom.configForm",
        ),
        (
            "value: info",
            "valueFrom: {configForm: {displayName: A, type: date}}",
            "24:54 form_type_unknown configurations.env[0].valueFrom.configForm.type",
        ),
        (
            "networkVisibilities: [Public]",
            "networkVisibility: Private",
            "9:24 endpoint_visibility_unknown endpoints[0].networkVisibility",
        ),
        (
            "  serviceReferences",
            "    - {name: orders-link, resourceRef: c/v1}\n  serviceReferences",
            "15:14 connection_repeated dependencies.connectionReferences[1].name",
        ),
        ("configurations:", "proxy: []\nconfigurations:", "21:1 field_not_mapping proxy"),
        (
            "configurations:",
            "configurations:\n  file: [{mountPath: /a, type: xml}]",
            "22:10 field_missing configurations.file[0].name",
        ),
    ] {
        let outcome = checked(&with(GREETER, old, new));
        assert_eq!(brief(&outcome.problems), [""; 0], "{new}");
        assert_eq!(brief(&outcome.findings).first().map(String::as_str), Some(expect), "{new}");
        assert!(outcome.is_valid() && outcome.blocking().count() > 0);
    }
}

#[test]
fn warnings_never_block() {
    for (old, new, expect) in [
        ("displayName", "displayname", "4:5 field_unknown endpoints[0].displayname"),
        ("[Public]", "[Public]\n    networkVisibility: Public", "10:24 field_shadowed endpoints[0].networkVisibility"),
    ] {
        let outcome = checked(&with(GREETER, old, new));
        assert_eq!(brief(&outcome.warnings), [expect]);
        assert_eq!(outcome.blocking().count(), 0);
    }
    let tcp = checked(&with(INBOUND, "type: REST", "type: TCP"));
    assert!(brief(&tcp.warnings).contains(&"8:26 endpoint_project_only spec.inbound[0].networkVisibility".to_owned()));
}

#[test]
fn extensions_are_problems_that_do_not_block() {
    let template = with(GREETER, "value: info", "valueFrom: {template: 'a ${orders-link.ServiceURL}'}");
    for (text, expect) in [
        (with(GREETER, "service:/retail/orders/v1/main/PUBLIC", "broker:kafka/orders"), "14:20 extension"),
        (template.clone(), "23:7 extension configurations.env[0]"),
    ] {
        let outcome = checked_in(&text, Place::Tieline);
        assert_eq!(brief(&outcome.problems), [expect]);
        assert_eq!(outcome.blocking().count(), 0);
    }
    let elsewhere = checked_in(&template, Place::Choreo);
    assert_eq!(brief(&elsewhere.problems), ["23:7 variable_without_value configurations.env[0]"]);
    assert_eq!(brief(&elsewhere.warnings), ["24:29 template_misplaced configurations.env[0].valueFrom.template"]);
}

#[test]
fn what_is_no_descriptor() {
    for (text, expect) in [
        ("", "0:0 file_empty"),
        ("# nothing\n", "0:0 file_empty"),
        ("---\n", "0:0 file_empty"),
        ("hello\n", "1:1 field_not_mapping"),
        ("- a\n", "1:1 field_not_mapping"),
        ("a: 1\n", "1:1 format_unknown"),
        ("schemaVersion: 1.2\nendpoints: [\n", "2:12 yaml_syntax"),
        ("schemaVersion: 1.2\nschemaVersion: 1.2\n", "2:1 yaml_duplicate_key"),
        ("schemaVersion: 1.2\n---\na: 1\n", "2:1 yaml_several_documents"),
        ("schemaVersion: !own 1.2\n", "1:16 yaml_tag"),
    ] {
        assert_eq!(brief(&checked(text).problems).first().map(String::as_str), Some(expect), "{text}");
    }
    assert_eq!(checked("schemaVersion: 1.2\na: [\n").format, Some(Format::Component));
}

#[test]
fn anchors_and_merge_keys() {
    let text = "\
schemaVersion: 1.2
base: &base {type: REST, service: &service {port: 9090}, networkVisibilities: [Project]}
endpoints:
  - {<<: *base, name: a}
  - {name: b, type: WS, service: *service}
";
    let outcome = checked(text);
    assert_eq!(brief(&outcome.problems), [""; 0]);
    let endpoints = outcome.descriptor.expect("a descriptor").endpoints;
    assert_eq!(endpoints.iter().map(|endpoint| endpoint.port).collect::<Vec<_>>(), [9090, 9090]);
    assert_eq!(endpoints[0].visibilities, [Visibility::Project]);
    assert_eq!(endpoints[1].visibilities, [Visibility::Public]);
}

#[test]
fn places_count_characters() {
    let text = "schemaVersion: 1.2\r\nendpoints: [{name: ä, type: Ö}]\r\n";
    let outcome = checked(&format!("\u{feff}{text}"));
    assert_eq!(
        brief(&outcome.problems),
        [
            "2:13 field_missing endpoints[0].service.port",
            "2:20 endpoint_name_invalid endpoints[0].name",
            "2:29 endpoint_type_unknown endpoints[0].type"
        ]
    );
}

#[test]
fn pages_say_something() {
    for (code, page) in CODES {
        assert!(page.len() > 40, "{code}");
    }
}
