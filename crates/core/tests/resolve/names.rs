//! Which variables there are, and what they are called.

use tieline_core::model::ComponentType;
use tieline_core::reference::ResourceScheme;

use crate::build::{
    Case, MAIL, ORDERS, ORDERS_ID, absent, by_id, codes, file, mail, orders, plain, problem, rename, resource, secret,
    variables,
};

#[test]
fn default_names() {
    for (prefix, name, key, expect) in [
        ("CHOREO", "hr-connection", "ServiceURL", "CHOREO_HR_CONNECTION_SERVICEURL"),
        ("CHOREO", "Book Listing Connection", "ServiceURL", "CHOREO_BOOK_LISTING_CONNECTION_SERVICEURL"),
        ("CHOREO", "a.b_c", "OPENAI_API_KEY", "CHOREO_A_B_C_OPENAI_API_KEY"),
        ("ACME", "mail", "Api-Key", "ACME_MAIL_API_KEY"),
        ("TIELINE", "mail", "ServiceURL", "TIELINE_MAIL_SERVICEURL"),
        ("CHOREO", "mail", "ChoreoAPIKey", "CHOREO_MAIL_CHOREOAPIKEY"),
        ("ACME", "mail", "ChoreoAPIKey", "ACME_MAIL_CHOREOAPIKEY"),
        ("TIELINE", "mail", "ChoreoAPIKey", "TIELINE_MAIL_APIKEY"),
    ] {
        let case = Case { prefix, ..Case::new(file(&[(name, MAIL)], ""), &[mail(name, vec![plain(key, "x")])]) };
        assert_eq!(variables(&case.plan()), [format!("{expect}=x")]);
    }
}

#[test]
fn a_rename_takes_the_default_away_and_keys_have_aliases() {
    let both = ["CHOREO_ORDERS_CHOREOAPIKEY=sealed", "CHOREO_ORDERS_SERVICEURL=http://gate/orders"];
    for (renames, expect) in [
        (String::new(), both.to_vec()),
        (rename("URL", "orders", "ServiceURL"), vec![both[0], "URL=http://gate/orders"]),
        (rename("KEY", "orders", "ChoreoAPIKey"), vec![both[1], "KEY=sealed"]),
        (rename("KEY", "orders", "APIKey"), vec![both[1], "KEY=sealed"]),
        (rename("CHOREO_ORDERS_SERVICEURL", "orders", "ServiceURL"), both.to_vec()),
        (
            rename("A", "orders", "ServiceURL") + &rename("B", "orders", "ServiceURL"),
            vec!["A=http://gate/orders", "B=http://gate/orders", both[0]],
        ),
    ] {
        let plan = Case::new(file(&[("orders", ORDERS)], &renames), &[orders("orders")]).plan();
        assert_eq!(variables(&plan), expect, "{renames}");
    }
}

#[test]
fn service_references_give_only_the_listed_keys() {
    let reference = "choreo:///acme/shop/orders/api/v1.0/ORGANIZATION";
    for (env, expect) in [
        (vec![("ServiceURL", "URL")], vec!["URL=http://gate/orders"]),
        (vec![("APIKey", "A"), ("ChoreoAPIKey", "B")], vec!["A=sealed", "B=sealed"]),
    ] {
        let plan = Case::new(by_id(reference, ORDERS_ID, &env), &[orders("orders")]).plan();
        assert_eq!(variables(&plan), expect);
        assert_eq!(codes(&plan.warnings), [""; 0]);
    }
    let plan = Case::new(by_id(reference, ORDERS_ID, &[]), &[orders("orders")]).plan();
    assert!(variables(&plan).is_empty());
    assert_eq!(codes(&plan.warnings), ["reference_without_variables"]);
    assert_eq!(plan.uses.len(), 1);
}

#[test]
fn an_optional_parameter_without_value_is_left_out() {
    let connections = [mail("mail", vec![plain("ServiceURL", "x"), absent("Sender")])];
    for env in [String::new(), rename("SENDER", "mail", "Sender")] {
        let plan = Case::new(file(&[("mail", MAIL)], &env), &connections).plan();
        assert_eq!(variables(&plan), ["CHOREO_MAIL_SERVICEURL=x"]);
    }
}

#[test]
fn own_values_stand_beside_connections() {
    let env = "    - name: LOG\n      value: 1.10\n    - name: PATH\n      value: /opt\n";
    let plan = Case::new(file(&[], env), &[]).plan();
    assert_eq!(variables(&plan), ["LOG=1.10", "PATH=/opt"]);
    assert!(plan.variables.iter().all(|planned| planned.pinned.source.is_none() && !planned.pinned.sensitive));
}

#[test]
fn a_web_app_gets_the_address_and_nothing_else() {
    let web =
        |text: String, connection| Case { component_type: ComponentType::WebApp, ..Case::new(text, &[connection]) };
    let plan = web(file(&[("orders", ORDERS)], ""), orders("orders")).plan();
    assert_eq!(variables(&plan), ["CHOREO_ORDERS_SERVICEURL=http://gate/orders"]);

    let plan = web(file(&[("orders", ORDERS)], &rename("KEY", "orders", "APIKey")), orders("orders")).plan();
    assert_eq!(problem(&plan).code, "connection_key_unknown");
    assert!(problem(&plan).message.contains("web-app"), "{}", problem(&plan).message);
    assert_eq!(problem(&plan).hint, "use one of: ServiceURL");

    let database = resource("db1", ResourceScheme::Database, None, "main");
    let plan = web(file(&[("db1", "database:main")], &rename("KEY", "db1", "Password")), database).plan();
    assert_eq!(problem(&plan).code, "connection_key_unknown");
    assert!(!problem(&plan).hint.contains("use one of"), "{}", problem(&plan).hint);
}

#[test]
fn secrets_are_marked() {
    let plan = Case::new(file(&[("mail", MAIL)], ""), &[mail("mail", vec![plain("A", "x"), secret("B")])]).plan();
    let marks: Vec<_> = plan.variables.iter().map(|planned| planned.pinned.sensitive).collect();
    assert_eq!(marks, [false, true]);
}
