//! The form of a registration, without a browser.

use std::collections::BTreeMap;

use tieline_control::Kind as Family;
use tieline_core::code;
use tieline_core::model::Parameter;
use tieline_core::wire::service::{EntryView, ServiceDetail, ServiceView};

use super::super::request;
use super::super::{SECTIONS, THIRD_PARTY};
use super::*;

/// Mail Gate with one endpoint that has a secret.
fn registered() -> (ServiceView, ServiceDetail) {
    let service = serde_json::json!({
        "reference": "thirdparty:Mail Gate/v1", "name": "Mail Gate", "type": "third-party", "kind": "third-party",
        "version": "v1", "project": null, "component": null, "endpoint": null, "endpoint_type": null, "visibilities": [],
        "schemes": [], "approval": false, "summary": "", "labels": ["mail", "letters"], "categories": [],
        "definition_type": "openapi3", "published": true, "listed": true, "revision": 3,
        "updated_at": "2026-01-01T00:00:00Z",
    });
    let parameter = |key: &str, sensitive| Parameter {
        key: key.to_owned(),
        value_type: "number".to_owned(),
        description: String::new(),
        sensitive,
        optional: sensitive,
    };
    let url = Some("https://mail.example".to_owned());
    let values = [("ServiceURL", url), ("ApiKey", None), ("Sender", Some("shop".to_owned()))];
    let detail = ServiceDetail {
        overview: "Sends mail".to_owned(),
        document: String::new(),
        definition: Some("openapi: 3.0.0".to_owned()),
        operations: Vec::new(),
        parameters: vec![parameter("ServiceURL", false), parameter("ApiKey", true), parameter("Sender", false)],
        entries: vec![EntryView {
            name: "live".to_owned(),
            environments: vec!["production".to_owned()],
            values: values.map(|(key, value)| (key.to_owned(), value)).into_iter().collect(),
        }],
    };
    (serde_json::from_value(service).unwrap(), detail)
}

fn refusal(path: Option<&str>) -> Refusal {
    Refusal {
        kind: Family::Invalid,
        code: code!("text_invalid"),
        message: "no".to_owned(),
        hint: "yes".to_owned(),
        path: path.map(str::to_owned),
    }
}

/// What a browser sends of the row of `live`, and of one endpoint more.
const SENT: &[(&str, &str)] = &[
    ("revision", "2"),
    ("version", "v1.1"),
    ("labels", "mail,, letters "),
    ("parameter", "1"),
    ("parameter.1.name", "ApiKey"),
    ("parameter.1.secret", ""),
    ("parameter", "4"),
    ("parameter.4.name", "Team"),
    ("entry", "1"),
    ("entry.1.name", "live"),
    ("entry.1.environment", "production"),
    ("entry.1.value.ServiceURL", " https://mail.example/v1 "),
    ("entry.1.value.1", ""),
    ("entry.1.value.4", "shop"),
    ("entry", "3"),
    ("entry.3.name", "spare"),
    ("entry.3.environment", "development"),
    ("entry.3.environment", "production"),
    ("entry.3.value.1", " canary "),
];

#[test]
fn a_secret_that_is_not_entered_stays_and_one_that_is_goes_straight_into_its_type() {
    let (service, detail) = registered();
    let fields = Fields::of(SENT);
    let form = Registration::read(&fields, None, Some((&service, &detail)));
    let request = request::third_party(&form, &fields, None, Some(&detail));
    assert_eq!(
        (request.labels.as_slice(), request.version.as_str()),
        (&["mail".to_owned(), "letters".to_owned()][..], "v1.1")
    );
    assert_eq!(request.definition, detail.definition, "what is not uploaded anew stays");
    let types: Vec<_> = request
        .parameters
        .iter()
        .map(|found| (found.name.as_str(), found.value_type.as_deref(), found.secret))
        .collect();
    assert_eq!(types, [("ApiKey", Some("number"), true), ("Team", None, false)]);
    let [live, spare] = request.endpoints.try_into().unwrap();
    assert_eq!((live.url.as_str(), live.environments), ("https://mail.example/v1", vec!["production".to_owned()]));
    assert_eq!((live.values["ApiKey"].is_none(), live.values["Team"].as_ref().unwrap().expose()), (true, "shop"));
    assert_eq!(spare.environments, ["development", "production"]);
    assert_eq!(spare.values["ApiKey"].as_ref().unwrap().expose(), " canary ", "blanks belong to it");
    let rows: Vec<_> = form.entries.iter().map(|row| (row.known, row.values[1].kept, row.values[1].lost)).collect();
    assert_eq!(rows, [(true, true, false), (false, false, true)]);
    assert!(form.entries.iter().all(|row| row.values[1].entered.text.is_empty()), "no page repeats it");
}

#[test]
fn what_is_there_is_taken_away_when_it_is_ticked() {
    let (service, detail) = registered();
    let ticked = [SENT, &[("entry.1.value.1.remove", ""), ("definition_remove", "")]].concat();
    let fields = Fields::of(&ticked);
    let form = Registration::read(&fields, None, Some((&service, &detail)));
    let request = request::third_party(&form, &fields, None, Some(&detail));
    assert_eq!(request.definition, None);
    assert_eq!(request.endpoints[0].values["ApiKey"].as_ref().unwrap().expose(), "");
}

#[test]
fn what_is_registered_stands_in_the_form_without_its_secrets() {
    let (service, detail) = registered();
    let form = Registration::registered(&service, &detail);
    assert_eq!((form.labels.text.as_str(), form.overview.text.as_str()), ("mail, letters", "Sends mail"));
    assert_eq!(form.definition.language(), Some("OpenAPI 3"));
    let rows: Vec<_> = form.parameters.iter().map(|row| (row.name.text.as_str(), row.secret, row.known)).collect();
    assert_eq!(rows, [("ApiKey", true, true), ("Sender", false, true)]);
    let values: Vec<_> =
        form.entries[0].values.iter().map(|row| (row.label.as_str(), row.entered.text.as_str(), row.kept)).collect();
    assert_eq!(values, [("URL", "https://mail.example", false), ("ApiKey", "", true), ("Sender", "shop", false)]);
}

#[test]
fn rows_come_and_go_and_the_others_stay_as_they_are() {
    let (service, detail) = registered();
    let mut form = Registration::read(&Fields::of(SENT), None, Some((&service, &detail)));
    assert!(form.step("add-parameter"));
    assert_eq!((form.parameters[2].id, form.added.as_deref()), (5, Some("parameter.5.name")));
    let added = &form.entries[1].values[3];
    assert_eq!((added.field.as_str(), added.secret), ("entry.3.value.5", true), "what it is, nobody has said yet");
    assert!(form.step("remove-parameter.1") && form.step("remove-parameter.99"));
    let fields: Vec<_> = form.entries[0].values.iter().map(|row| row.field.as_str()).collect();
    assert_eq!(fields, ["entry.1.value.ServiceURL", "entry.1.value.4", "entry.1.value.5"]);
    assert!(form.step("add-entry"));
    assert_eq!((form.entries[2].id, form.entries[2].values.len()), (4, 3));
    assert!(form.step("remove-entry.1"));
    assert_eq!(form.entries.iter().map(|row| row.id).collect::<Vec<_>>(), [3, 4]);
    assert!(!form.step("save") && !form.step(""));
    assert_eq!((form.revision, service.revision), (2, 3), "what somebody else changed meanwhile is not taken for seen");
}

#[test]
fn a_refusal_stands_beside_its_field() {
    let (service, detail) = registered();
    type Find = fn(&Registration) -> &Option<String>;
    let places: &[(&str, &str, Find)] = &[
        ("name", "name", |form| &form.name.wrong),
        ("version", "version", |form| &form.version.wrong),
        ("labels", "labels", |form| &form.labels.wrong),
        ("overview", "overview", |form| &form.overview.wrong),
        ("definition", "definition", |form| &form.definition.wrong),
        ("parameters[1].name", "parameter.4.name", |form| &form.parameters[1].name.wrong),
        ("parameters[0].description", "parameter.1.description", |form| &form.parameters[0].description.wrong),
        ("endpoints[1].name", "entry.3.name", |form| &form.entries[1].name.wrong),
        ("endpoints[0].environments", "entry.1.environments", |form| &form.entries[0].wrong),
        ("endpoints[0].url", "entry.1.value.ServiceURL", |form| &form.entries[0].values[0].entered.wrong),
        ("endpoints[1].values.ApiKey", "entry.3.value.1", |form| &form.entries[1].values[1].entered.wrong),
    ];
    for (path, field, find) in places {
        let mut form = Registration::read(&Fields::of(SENT), None, Some((&service, &detail)));
        form.refuse(refusal(Some(path)));
        assert_eq!((find(&form).as_deref(), form.wrong.as_deref()), (Some("no: yes"), Some(*field)), "{path}");
        assert_eq!(form.refusal, None, "{path}");
    }
    for path in [None, Some("kind"), Some("endpoints"), Some("endpoints[7].name"), Some("endpoints[x"), Some("project")]
    {
        let mut form = Registration::read(&Fields::of(SENT), None, Some((&service, &detail)));
        form.refuse(refusal(path));
        assert!(form.refusal.is_some(), "{path:?}");
    }
}

#[test]
fn the_form_of_a_resource_is_made_of_its_kind() {
    for section in SECTIONS.into_iter().filter(|section| **section != THIRD_PARTY) {
        for kind in section.kinds() {
            let form = Registration::empty(section, Some(kind));
            let asked: BTreeMap<_, _> =
                form.entries[0].values.iter().map(|row| (row.key.as_str(), row.secret)).collect();
            let keys = kind.parameters();
            let known: BTreeMap<_, _> = keys.iter().map(|key| (key.key.as_str(), key.sensitive)).collect();
            assert_eq!(asked, known, "{}", kind.name);
        }
    }
    let kinds: usize = SECTIONS.iter().map(|section| section.kinds().count()).sum();
    assert_eq!(kinds, tieline_core::kind::KINDS.len(), "every kind is registered somewhere");
}

#[test]
fn a_definition_is_carried_along_and_what_is_none_is_said() {
    let text = "openapi: 3.0.0\ninfo: { title: Mail, version: '1' }\npaths: { /send: { post: {} } }";
    let crlf = text.replace('\n', "\r\n");
    for (sent, wrong, detected) in
        [(crlf.as_str(), false, Some(("OpenAPI 3", 1))), ("Dear all", true, None), ("", false, None)]
    {
        let form = Registration::read(&Fields::of(&[("definition_text", sent)]), None, None);
        assert_eq!((form.definition.wrong.is_some(), form.definition.detected()), (wrong, detected), "{sent}");
        assert!(detected.is_none() || form.definition.text == text);
    }
}
