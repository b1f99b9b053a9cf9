//! A value that was resolved is never taken away because something else went away.

use tieline_core::model::PinnedValue;
use tieline_core::resolve::{Connection, Plan};

use crate::build::{
    Case, MAIL, ORDERS, ORDERS_ID, absent, by_id, codes, file, mail, orders, pending, plain, rename, secret, unminted,
    variables,
};

fn degraded(plan: &Plan) -> Vec<&str> {
    plan.variables
        .iter()
        .filter(|planned| planned.degraded.is_some())
        .map(|planned| planned.pinned.name.as_str())
        .collect()
}

/// The same connection when nothing provides its address any more.
fn without_address(connection: Connection) -> Connection {
    Connection { parameters: vec![pending("ServiceURL")], ..connection }
}

#[test]
fn a_pending_value_is_carried_forward_and_degraded() {
    let case = Case::new(file(&[("orders", ORDERS)], ""), &[orders("orders")]);
    let before = case.plan();
    for refresh in [false, true] {
        let connections = vec![without_address(orders("orders"))];
        let after = Case { connections, refresh, ..case.clone() }.after(&before).plan();
        assert!(variables(&after).contains(&"CHOREO_ORDERS_SERVICEURL=http://gate/orders".to_owned()));
        assert!(degraded(&after).contains(&"CHOREO_ORDERS_SERVICEURL"));
        assert!(codes(&after.warnings).contains(&"value_carried_forward"));
    }
}

#[test]
fn what_is_carried_is_the_value_of_the_key_not_of_the_variable() {
    let both = vec![plain("ServiceURL", "url"), plain("TokenURL", "token")];
    let gone = vec![pending("ServiceURL"), pending("TokenURL")];
    let renamed = |url: &str, token: &str| {
        file(&[("mail", MAIL)], &(rename(url, "mail", "ServiceURL") + &rename(token, "mail", "TokenURL")))
    };
    let before = Case::new(renamed("A", "B"), &[mail("mail", both)]).plan();
    let after = Case::new(renamed("B", "C"), &[mail("mail", gone)]).after(&before).plan();
    assert_eq!(variables(&after), ["B=url", "C=token"]);
    assert_eq!(degraded(&after), ["B", "C"]);
}

#[test]
fn another_connection_of_the_same_name_is_no_predecessor() {
    let case = Case::new(file(&[("mail", MAIL)], ""), &[mail("mail", vec![plain("ServiceURL", "x")])]);
    let before = case.plan();
    let mut other = mail("mail", vec![pending("ServiceURL")]);
    other.id = orders("mail").id;
    let after = Case { connections: vec![other], ..case }.after(&before).plan();
    assert_eq!(codes(&after.problems), ["value_pending"]);
}

#[test]
fn the_values_of_gone_connections_stay() {
    let renamed = file(&[("orders", ORDERS)], &rename("URL", "orders", "ServiceURL"));
    let by_id = by_id("choreo:///acme/shop/orders/api/v1/ORGANIZATION", ORDERS_ID, &[("ServiceURL", "URL")]);
    for text in [file(&[("orders", ORDERS)], ""), renamed, by_id] {
        let case = Case::new(text, &[orders("orders")]);
        let before = case.plan();
        let gone = Case { connections: Vec::new(), ..case.clone() }.after(&before);
        assert_eq!(codes(&gone.plan().problems)[0], "connection_missing", "a person is told");

        let after = Case { refresh: true, ..gone }.plan();
        assert_eq!(variables(&after), variables(&before));
        assert_eq!(degraded(&after).len(), before.variables.len());
        assert!(after.missing.is_empty());
        let again = Case { connections: Vec::new(), refresh: true, ..case }.after(&after).plan();
        assert_eq!(again, after, "carrying is steady");
    }
}

#[test]
fn a_key_that_is_gone_leaves_its_value() {
    let text = file(&[("mail", MAIL)], &rename("KEY", "mail", "Key"));
    let case = Case::new(text, &[mail("mail", vec![plain("Key", "k"), plain("Other", "o")])]);
    let before = case.plan();
    let less = Case { connections: vec![mail("mail", vec![])], refresh: true, ..case.clone() }.after(&before).plan();
    let kept: Vec<_> = less.variables.iter().map(|planned| &planned.pinned).collect();
    assert_eq!(kept, before.variables.iter().map(|planned| &planned.pinned).collect::<Vec<_>>());
    assert_eq!(degraded(&less), ["CHOREO_MAIL_OTHER", "KEY"]);
}

#[test]
fn an_optional_value_that_was_taken_out_on_purpose_goes() {
    let case = Case::new(file(&[("mail", MAIL)], ""), &[mail("mail", vec![plain("Sender", "me")])]);
    let before = case.plan();
    let after = Case { connections: vec![mail("mail", vec![absent("Sender")])], refresh: true, ..case }.after(&before);
    assert!(variables(&after.plan()).is_empty());
}

#[test]
fn a_value_that_arrives_after_a_pending_deployment_is_added_once() {
    let env = "    - name: CHOREO_MAIL_SENDER\n      value: own\n";
    let before = Case::new(file(&[("mail", MAIL)], env), &[mail("mail", vec![])]).plan();
    let arrived = [mail("mail", vec![plain("ServiceURL", "x"), plain("Sender", "theirs")])];
    let after = Case { refresh: true, ..Case::new(file(&[("mail", MAIL)], env), &arrived) }.after(&before).plan();
    assert_eq!(variables(&after), ["CHOREO_MAIL_SENDER=own", "CHOREO_MAIL_SERVICEURL=x"]);
}

#[test]
fn a_refresh_takes_new_values_and_minds_no_reference() {
    let case = Case::new(file(&[("orders", "orders/v1")], ""), &[orders("orders")]);
    let before = case.plan();
    let mut moved = orders("orders");
    moved.parameters[0] = plain("ServiceURL", "http://elsewhere");
    if let tieline_core::resolve::Target::Internal { default, .. } = &mut moved.target {
        *default = false;
    }
    let after = Case { connections: vec![moved], refresh: true, ..case }.after(&before).plan();
    let values: Vec<_> = after.variables.iter().map(|planned| &planned.pinned.value).collect();
    assert!(values.contains(&&PinnedValue::Plain("http://elsewhere".to_owned())));
    assert!(after.ready() && degraded(&after).is_empty());
    assert_eq!(codes(&after.warnings), ["reference_mismatch"]);
}

#[test]
fn a_secret_that_deploying_mints_is_shown_and_never_pinned() {
    let plan = |refresh, previous: &Plan| {
        let case = Case::new(file(&[("mail", MAIL)], ""), &[mail("mail", vec![unminted("Key"), plain("A", "a")])]);
        Case { refresh, ..case }.after(previous).plan()
    };
    let nothing = Plan::default();
    let first = plan(false, &nothing);
    assert_eq!(variables(&first), ["CHOREO_MAIL_A=a"]);
    assert_eq!(first.unminted.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["CHOREO_MAIL_KEY"]);

    let waiting = plan(true, &nothing);
    assert_eq!((variables(&waiting).len(), waiting.unminted.len()), (1, 0));
    assert_eq!(codes(&waiting.warnings), ["value_pending"]);

    let running = Case::new(file(&[("mail", MAIL)], ""), &[mail("mail", vec![secret("Key")])]).plan();
    let carried = plan(true, &running);
    assert_eq!(variables(&carried), ["CHOREO_MAIL_A=a", "CHOREO_MAIL_KEY=sealed"]);
    assert_eq!((degraded(&carried), carried.unminted.len()), (vec!["CHOREO_MAIL_KEY"], 0));
}
