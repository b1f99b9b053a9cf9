//! Following a snapshot through hours and weeks, in no time.

use std::collections::BTreeMap;

use tieline_core::code;

use super::*;

/// A Wednesday.
const WEDNESDAY: &str = "2026-03-04T10:00:00Z";
const SATURDAYS: &str = "window:SAT 02:00-04:00 UTC";

fn at(time: &str) -> Timestamp {
    time.parse().expect(time)
}

fn start(id: &str, policy: &str) -> Start {
    let variables = BTreeMap::from([("A".to_owned(), id.to_owned())]);
    Start {
        snapshot_id: id.to_owned(),
        revision: Some(format!("revision of {id}")),
        policy: Policy::parse(policy).expect(policy),
        variables: Variables::new(variables).expect("a variable"),
    }
}

fn ask(id: &str, wait: u64) -> Step {
    Step::Ask { held: format!("revision of {id}"), wait }
}

fn away() -> Failure {
    Failure::unreachable(code!("server_unreachable"), "it is away", "start it")
}

fn refused() -> Failure {
    Failure::no(code!("forbidden"), "it says no", "ask for a token")
}

/// Runs with the snapshot `one` since Wednesday.
fn follower() -> Follower {
    Follower::new(&start("one", "immediate"), at(WEDNESDAY))
}

#[test]
fn an_immediate_snapshot_is_taken_at_once_and_only_once() {
    let mut follower = follower();
    assert_eq!(follower.step(at(WEDNESDAY)), ask("one", 25));
    follower.answered(Some(start("two", "immediate")));
    assert_eq!(follower.step(at(WEDNESDAY)), Step::Take(start("two", "immediate")));
    assert_eq!(follower.step(at(WEDNESDAY)), ask("two", 25));
    follower.answered(None);
    assert_eq!(follower.step(at(WEDNESDAY)), ask("two", 25));
}

#[test]
fn a_window_is_waited_for_while_the_server_is_asked_on() {
    for (time, expect) in [
        (WEDNESDAY, ask("two", 25)),
        ("2026-03-07T01:59:30Z", ask("two", 25)),
        ("2026-03-07T01:59:50.5Z", ask("two", 10)),
        ("2026-03-07T01:59:59.999Z", ask("two", 1)),
        ("2026-03-07T02:00:00Z", Step::Take(start("two", SATURDAYS))),
        ("2026-03-07T03:59:59.999Z", Step::Take(start("two", SATURDAYS))),
        ("2026-03-07T04:00:00Z", ask("two", 25)),
    ] {
        let mut follower = follower();
        follower.reported = at(time);
        follower.answered(Some(start("two", SATURDAYS)));
        assert_eq!(follower.step(at(time)), expect, "{time}");
    }
}

#[test]
fn a_manual_snapshot_is_never_taken() {
    let mut follower = follower();
    follower.answered(Some(start("two", "manual")));
    for time in [WEDNESDAY, "2026-03-04T20:00:00Z", "2026-03-05T09:59:59Z"] {
        assert_eq!(follower.step(at(time)), ask("two", 25), "{time}");
    }
}

#[test]
fn what_comes_later_takes_the_place_of_what_waits() {
    for (waits, comes) in [("manual", "immediate"), (SATURDAYS, "immediate")] {
        let mut follower = follower();
        follower.answered(Some(start("two", waits)));
        follower.answered(Some(start("three", comes)));
        assert_eq!(follower.step(at(WEDNESDAY)), Step::Take(start("three", comes)), "{waits}");
    }
    let mut follower = follower();
    follower.answered(Some(start("two", "immediate")));
    follower.answered(Some(start("two", "manual")));
    assert_eq!(follower.step(at(WEDNESDAY)), ask("two", 25), "the policy changed before it was taken");
}

#[test]
fn a_command_is_reported_every_day() {
    let mut follower = follower();
    let report = Step::Ask { held: String::new(), wait: 25 };
    for (time, expect) in [
        ("2026-03-05T09:59:59Z", ask("one", 25)),
        ("2026-03-05T10:00:00Z", report),
        // What it is given again counts as held.
        ("2026-03-05T10:00:01Z", ask("one", 25)),
        ("2026-03-06T09:59:59Z", ask("one", 25)),
        ("2026-03-06T10:00:00Z", Step::Ask { held: String::new(), wait: 25 }),
    ] {
        let step = follower.step(at(time));
        assert_eq!(step, expect, "{time}");
        if matches!(step, Step::Ask { held, .. } if held.is_empty()) {
            follower.answered(Some(start("one", "manual")));
        }
    }
}

#[test]
fn a_report_that_does_not_arrive_is_repeated() {
    let mut follower = follower();
    for time in ["2026-03-05T10:00:00Z", "2026-03-05T10:00:01Z"] {
        assert_eq!(follower.step(at(time)), Step::Ask { held: String::new(), wait: 25 }, "{time}");
        follower.failed(&away(), at(time));
    }
}

#[test]
fn a_server_that_is_away_is_warned_of_once_until_it_answers() {
    let mut follower = follower();
    let mut warning = |failure: Option<Failure>| {
        let Some(failure) = failure else {
            follower.answered(None);
            return None;
        };
        follower.failed(&failure, at(WEDNESDAY)).1
    };
    let said = "warning: it is away; the command goes on with what it has\nhint: start it";
    assert_eq!(warning(Some(away())).as_deref(), Some(said));
    assert_eq!(warning(Some(away())), None);
    assert_eq!(warning(Some(refused())).as_deref().map(|text| text.contains("it says no")), Some(true));
    assert_eq!(warning(Some(refused())), None);
    assert_eq!(warning(None), None);
    assert_eq!(warning(Some(away())).as_deref(), Some(said), "it had answered meanwhile");
}

#[test]
fn who_started_with_the_kept_snapshot_was_warned_already() {
    let mut follower = Follower::new(&Start { revision: None, ..start("one", "manual") }, at(WEDNESDAY));
    assert_eq!(follower.step(at(WEDNESDAY)), Step::Ask { held: String::new(), wait: 25 });
    assert_eq!(follower.failed(&away(), at(WEDNESDAY)).1, None);
    assert!(follower.failed(&refused(), at(WEDNESDAY)).1.is_some(), "another thing is said");
}

#[test]
fn a_server_that_is_away_is_asked_ever_more_slowly() {
    let mut follower = follower();
    let mut pauses = |times: usize| -> Vec<u128> {
        (0..times).map(|_| follower.failed(&away(), at(WEDNESDAY)).0.as_millis()).collect()
    };
    assert_eq!(pauses(9), [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    follower.answered(None);
    assert_eq!(follower.failed(&away(), at(WEDNESDAY)).0, SHORTEST_PAUSE);
}

#[test]
fn a_window_opens_while_the_server_is_away() {
    let mut follower = follower();
    follower.answered(Some(start("two", SATURDAYS)));
    let mut time = at("2026-03-07T01:59:00Z");
    let step = loop {
        match follower.step(time) {
            Step::Ask { .. } => time += SignedDuration::try_from(follower.failed(&away(), time).0).expect("a pause"),
            taken @ Step::Take(_) => break taken,
        }
    };
    assert_eq!((step, time), (Step::Take(start("two", SATURDAYS)), at("2026-03-07T02:00:00Z")));
}
