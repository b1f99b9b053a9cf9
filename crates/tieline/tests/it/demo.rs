//! The first command that anybody runs.

use crate::world::tieline;

#[test]
fn the_demo_ends_well_when_every_call_succeeds() {
    let answer = tieline(&["demo", "--once"]).done();
    for expect in ["CHOREO_INVENTORY_SERVICEURL", "CHOREO_MAIL_APIKEY"] {
        assert!(answer.stdout.contains(expect), "what was injected is shown: {answer:?}");
    }
}
