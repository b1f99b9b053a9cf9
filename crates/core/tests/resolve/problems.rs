//! Everything that keeps a descriptor from being deployed is said at once, with its place and what mends it.

use crate::build::{
    Case, MAIL, ORDERS, ORDERS_ID, by_id, codes, file, mail, orders, pending, plain, problem, rename, variables,
};

#[test]
fn a_missing_connection_names_the_command_that_makes_it() {
    let id = "11111111-1111-4111-8111-111111111111";
    let create = |words: &str| {
        format!(
            "tieline connection create {words} --level component --organization acme --project shop --component web"
        )
    };
    for (text, expect) in [
        (file(&[("orders", ORDERS)], ""), create("orders --service service:/shop/orders/v1/api")),
        (file(&[("orders", "orders/v1.2")], ""), create("orders --service service:/shop/orders/v1")),
        (
            file(&[("orders", "service:/shop/orders/v1/api/PUBLIC")], ""),
            create("orders --service service:/shop/orders/v1/api") + " --access-mode public",
        ),
        (file(&[("My Mail", MAIL)], ""), create("'My Mail' --service 'thirdparty:Mail Gate/v1'")),
        (file(&[("cache", "cache:one/sessions")], ""), create("cache --service cache:one/sessions")),
        (
            by_id("choreo:///acme/shop/orders/ad088/v1.0/PROJECT", id, &[("ServiceURL", "URL")]),
            create("orders --service service:/shop/orders/v1/ad088") + " --access-mode project --id " + id,
        ),
        (
            by_id("thirdparty:Mail Gate/v1", id, &[("ServiceURL", "URL")]),
            create("Mail-Gate --service 'thirdparty:Mail Gate/v1'") + " --id " + id,
        ),
        (
            by_id("database:db", id, &[("HostName", "HOST_NAME")]),
            create("db-connection --service database:db") + " --id " + id,
        ),
    ] {
        let plan = Case::new(text, &[]).plan();
        let problem = problem(&plan);
        assert_eq!(problem.code, "connection_missing");
        assert_eq!(problem.hint, expect);
        assert!(problem.line > 0 && !problem.path.is_empty(), "{problem:?}");
        assert_eq!(plan.missing.len(), 1);
    }
}

#[test]
fn several_missing_connections_by_id_get_names_that_differ() {
    let reference = |id: &str| {
        format!("    - name: choreo:///acme/shop/orders/api/v1/PROJECT\n      connectionConfig: {id}\n      env: []\n")
    };
    let (one, two) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
    let text = "schemaVersion: \"1.0\"\ndependencies:\n  serviceReferences:\n".to_owned()
        + &[one, two, one].map(reference).concat();
    let plan = Case::new(text, &[]).plan();
    assert_eq!(plan.problems.len(), 3);
    let names: Vec<_> = plan.missing.iter().map(|missing| missing.name.as_str()).collect();
    assert_eq!(names, ["orders", "orders-2"]);
}

#[test]
fn a_name_that_is_nearly_right_is_pointed_out() {
    let plan = Case::new(file(&[("Orders_db", ORDERS)], ""), &[orders("orders-db")]).plan();
    assert_eq!(problem(&plan).code, "connection_missing");
    assert_eq!(problem(&plan).hint, "there is one named \"orders-db\": write that name");
    assert!(plan.missing.is_empty(), "a second one of that name could not be made");
}

#[test]
fn two_variables_of_one_name_name_both_places() {
    let renamed = rename("URL", "orders", "ServiceURL") + "    - name: URL2\n      value: x\n";
    let waiting = mail("mail", vec![pending("ServiceURL")]);
    for (env, connections, variable, first, second) in [
        // A connection's default and the component's own value, although the values are equal.
        (
            "    - name: CHOREO_ORDERS_SERVICEURL\n      value: http://gate/orders\n".to_owned(),
            vec![orders("orders")],
            "CHOREO_ORDERS_SERVICEURL",
            "dependencies.connectionReferences[0]",
            "configurations.env[0]",
        ),
        // A renamed key and another connection's default.
        (
            rename("CHOREO_ORDERS_CHOREOAPIKEY", "orders", "ServiceURL"),
            vec![orders("orders")],
            "CHOREO_ORDERS_CHOREOAPIKEY",
            "dependencies.connectionReferences[0]",
            "configurations.env[0]",
        ),
        // A value that has not arrived counts: it would meet the other one when it does.
        (
            "    - name: CHOREO_ORDERS_SERVICEURL\n      value: x\n".to_owned(),
            vec![tieline_core::resolve::Connection { parameters: waiting.parameters.clone(), ..orders("orders") }],
            "CHOREO_ORDERS_SERVICEURL",
            "dependencies.connectionReferences[0]",
            "configurations.env[0]",
        ),
    ] {
        let case = Case { allow_pending: true, ..Case::new(file(&[("orders", ORDERS)], &env), &connections) };
        let plan = case.plan();
        let problem = problem(&plan);
        assert_eq!((problem.code.as_str(), problem.path.as_str()), ("variable_duplicate", first));
        assert!(problem.message.starts_with(variable), "{}", problem.message);
        assert!(problem.message.contains(&format!("{second} (line ")), "{}", problem.message);
    }
    let plan = Case::new(file(&[("orders", ORDERS)], &renamed), &[orders("orders")]).plan();
    assert!(plan.ready());
}

#[test]
fn two_connections_that_meet_are_a_problem_also_in_the_plan() {
    let references = [("abc", MAIL), ("abc-d", MAIL)];
    let mut other = mail("abc-d", vec![plain("E", "1")]);
    other.id = tieline_core::id::ConnectionId(uuid::Uuid::from_u128(8));
    let plan = Case::new(file(&references, ""), &[mail("abc", vec![plain("D_E", "1")]), other]).plan();
    assert_eq!(problem(&plan).code, "variable_duplicate");
    assert!(problem(&plan).message.starts_with("CHOREO_ABC_D_E "));
}

#[test]
fn reserved_variables_are_not_mapped() {
    for name in ["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "TIELINE_TOKEN", "HOME"] {
        for text in [
            file(&[("orders", ORDERS)], &rename(name, "orders", "ServiceURL")),
            by_id("choreo:///acme/shop/orders/api/v1/ORGANIZATION", ORDERS_ID, &[("ServiceURL", name)]),
        ] {
            let plan = Case::new(text, &[orders("orders")]).plan();
            assert_eq!(codes(&plan.problems), ["variable_reserved"], "{name}");
            assert!(plan.variables.iter().all(|planned| planned.pinned.name != name));
        }
    }
}

#[test]
fn an_unknown_key_names_those_there_are() {
    let plan = Case::new(file(&[("orders", ORDERS)], &rename("X", "orders", "serviceurl")), &[orders("orders")]).plan();
    assert_eq!(problem(&plan).code, "connection_key_unknown");
    assert_eq!(problem(&plan).hint, "use one of: ServiceURL, ChoreoAPIKey");
}

#[test]
fn what_this_version_cannot_do_is_never_dropped_silently() {
    let from = |source: &str| format!("    - name: X\n      valueFrom: {{ {source} }}\n");
    for (env, problems, warnings) in [
        (from("configForm: { displayName: X, required: true, type: string }"), vec!["form_unsupported"], vec![]),
        (from("configForm: { displayName: X, required: false, type: string }"), vec![], vec!["form_unsupported"]),
        (from("configGroupRef: { name: g, key: k }"), vec!["group_unsupported"], vec![]),
        (from("template: \"x\""), vec!["template_unsupported"], vec![]),
    ] {
        let plan = Case::new(file(&[], &env), &[]).plan();
        assert_eq!((codes(&plan.problems), codes(&plan.warnings)), (problems, warnings), "{env}");
    }
    let files = "schemaVersion: 1.2\nconfigurations:\n  file:\n    - name: a.yaml\n      mountPath: /etc\n      type: yaml\n      values: []\n";
    assert_eq!(problem(&Case::new(files, &[]).plan()).code, "file_unsupported");
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_file() {
    let env = rename("PATH", "orders", "ServiceURL") + &rename("X", "orders", "Nothing");
    let plan = Case::new(file(&[("orders", ORDERS), ("gone", MAIL)], &env), &[orders("orders")]).plan();
    assert_eq!(codes(&plan.problems), ["connection_missing", "variable_reserved", "connection_key_unknown"]);
    assert!(plan.problems.is_sorted_by_key(|problem| problem.line));
    assert!(!plan.variables.is_empty(), "what resolves is shown beside the problems");
}

#[test]
fn a_first_deployment_has_nothing_to_carry() {
    let connections = [mail("mail", vec![pending("ServiceURL"), plain("Sender", "me")])];
    let case = Case::new(file(&[("mail", MAIL)], ""), &connections);
    let plan = case.plan();
    assert_eq!(problem(&plan).code, "value_pending");
    assert!(problem(&plan).message.contains("nothing is deployed there"));

    let plan = Case { allow_pending: true, ..case }.plan();
    assert_eq!(variables(&plan), ["CHOREO_MAIL_SENDER=me"]);
    assert_eq!(codes(&plan.warnings), ["value_pending"]);
}
