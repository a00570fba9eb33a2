//! Faults over everything.

use super::{Complaints, Field, fault};
use crate::script::Chaos;

pub(super) fn review(chaos: &Chaos, at: Field<'_>, complaints: &mut Complaints) {
    if !(0.0..=1.0).contains(&chaos.rate) {
        complaints.add(at.key("rate"), "is no share", "use 0 (no request) to 1 (every request)");
    }
    for (index, spec) in chaos.faults.iter().enumerate() {
        let list = at.key("faults");
        let at = list.item(index);
        fault::review(spec, at, complaints);
        if spec.times.is_some() {
            complaints.misplaced(
                at.key("times"),
                "means nothing in chaos",
                "`times` counts the requests of a rule",
            );
        }
    }
}
