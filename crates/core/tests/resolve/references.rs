//! A reference is checked against the connection that it is used with: the wrong service is a problem, a differing
//! visibility or resource name a warning.

use tieline_core::model::AccessMode;
use tieline_core::reference::ResourceScheme;
use tieline_core::resolve::{Connection, Remark, Target};

use crate::build::{Case, codes, file, mail, orders, plain, resource};

fn internal(default_endpoint: bool, count: usize) -> Connection {
    let mut connection = orders("conn");
    if let Target::Internal { default, endpoints, .. } = &mut connection.target {
        (*default, *endpoints) = (default_endpoint, count);
    }
    connection
}

#[test]
fn of_services() {
    for (reference, default, endpoints, problem, warning) in [
        ("service:/shop/orders/v1/api", true, 1, "", ""),
        ("/shop/orders/v1/api", true, 1, "", ""),
        ("service:orders/v1/api", true, 1, "", ""),
        ("orders/v1", true, 3, "", ""),
        ("orders/1.4", true, 1, "", ""),
        ("Orders/V1.9/API", true, 1, "", ""),
        ("service:/SHOP/ORDERS/v1", true, 1, "", ""),
        ("orders/v1/api/ORGANIZATION", true, 1, "", ""),
        ("orders/v1/api/PUBLIC", true, 1, "", "visibility_differs"),
        ("orders/v1/PROJECT", true, 1, "", "visibility_differs"),
        ("orders/v2/api", true, 1, "reference_mismatch", ""),
        ("stock/v1/api", true, 1, "reference_mismatch", ""),
        ("service:/other/orders/v1/api", true, 1, "reference_mismatch", ""),
        ("orders/v1", false, 2, "reference_mismatch", ""),
        ("orders/v1/admin", true, 1, "reference_mismatch", ""),
        ("orders/v1/5c69c", true, 3, "", ""),
        ("orders/v1/8b1c3", true, 1, "", "endpoint_id_stale"),
        ("orders/v1/8b1c3", true, 2, "endpoint_id_unknown", ""),
        ("thirdparty:orders/v1", true, 1, "reference_mismatch", ""),
        ("database:orders", true, 1, "reference_mismatch", ""),
    ] {
        let plan = Case::new(file(&[("conn", reference)], ""), &[internal(default, endpoints)]).plan();
        let one = |code: &'static str| if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!((codes(&plan.problems), codes(&plan.warnings)), (one(problem), one(warning)), "{reference}");
        if problem == "reference_mismatch" {
            assert!(plan.problems[0].hint.contains("service:/shop/orders/v1/api"), "{}", plan.problems[0].hint);
        }
    }
}

#[test]
fn a_reference_without_project_means_the_components_own() {
    let mut elsewhere = internal(true, 1);
    if let Target::Internal { project, .. } = &mut elsewhere.target {
        *project = "other".to_owned();
    }
    let plan = |reference| Case::new(file(&[("conn", reference)], ""), std::slice::from_ref(&elsewhere)).plan();
    assert_eq!(codes(&plan("orders/v1/api").problems), ["reference_mismatch"]);
    assert!(plan("/other/orders/v1/api").ready());
}

#[test]
fn a_project_connection_knows_its_visibility() {
    let connection = Connection { access_mode: Some(AccessMode::Project), ..internal(true, 1) };
    let plan = |reference| Case::new(file(&[("conn", reference)], ""), std::slice::from_ref(&connection)).plan();
    assert!(plan("orders/v1/PROJECT").warnings.is_empty());
    assert_eq!(plan("orders/v1/PUBLIC").warnings[0].hint, "write PROJECT");
}

#[test]
fn of_third_parties() {
    let connection = mail("conn", vec![plain("ServiceURL", "x")]);
    for (reference, ready) in [
        ("thirdparty:Mail Gate/v1", true),
        ("thirdparty:mail gate/V1.5", true),
        ("thirdparty: Mail Gate /v1", true),
        ("thirdparty:Mail Gate/v2", false),
        ("thirdparty:Mail/v1", false),
        ("service:mail/v1", false),
    ] {
        let plan = Case::new(file(&[("conn", reference)], ""), std::slice::from_ref(&connection)).plan();
        assert_eq!(plan.ready(), ready, "{reference}");
        assert!(plan.warnings.is_empty());
    }
}

#[test]
fn of_resources() {
    use ResourceScheme::{Broker, Cache, Database, Storage};
    for (scheme, server, reference, problem, warning) in [
        (Database, Some("one"), "database:one/main", "", ""),
        (Database, Some("one"), "database:main", "", ""),
        (Database, Some("one"), "database:ONE/MAIN", "", ""),
        (Database, Some("one"), "database:one/dev_main", "", "resource_name_differs"),
        (Database, Some("one"), "database:two/main", "", "resource_name_differs"),
        (Database, None, "database:two/main", "", "resource_name_differs"),
        (Database, Some("one"), "cache:one/main", "reference_mismatch", ""),
        (Cache, Some("one"), "cache:one/main", "", ""),
        (Broker, None, "broker:main", "", ""),
        (Broker, None, "broker:other", "", "resource_name_differs"),
        (Storage, None, "storage:main", "", ""),
        (Storage, None, "thirdparty:main/v1", "reference_mismatch", ""),
    ] {
        let plan = Case::new(file(&[("conn", reference)], ""), &[resource("conn", scheme, server, "main")]).plan();
        let one = |code: &'static str| if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!((codes(&plan.problems), codes(&plan.warnings)), (one(problem), one(warning)), "{reference}");
    }
}

#[test]
fn what_is_to_be_known_of_a_connection_is_a_warning() {
    let connection = Connection {
        remarks: vec![Remark {
            code: "provider_not_deployed",
            message: "not deployed there".to_owned(),
            hint: "wait".to_owned(),
        }],
        ..orders("conn")
    };
    let plan = Case::new(file(&[("conn", "orders/v1")], ""), &[connection]).plan();
    assert!(plan.ready());
    assert_eq!(codes(&plan.warnings), ["provider_not_deployed"]);
}
