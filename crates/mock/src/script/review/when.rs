//! Conditions.

use super::{Complaints, Field, headers};
use crate::protocols::protocols;
use crate::script::decode::nearest;
use crate::script::{CallMatch, When};

pub(super) fn review(when: &When, at: Field<'_>, complaints: &mut Complaints) {
    if let Some(name) = &when.protocol {
        review_protocol(name, at.key("protocol"), complaints);
    }
    if when.turn == Some(0) {
        complaints.add(at.key("turn"), "cannot be 0", "turns are counted from 1");
    }
    if let Some(call) = &when.call {
        review_call(call, at.key("call"), complaints);
    }
    for name in when.header.keys() {
        headers::review_name(name, at.key("header"), complaints);
    }
}

fn review_protocol(name: &str, at: Field<'_>, complaints: &mut Complaints) {
    let known = || protocols().iter().map(|protocol| protocol.name());
    if known().any(|other| other == name) {
        return;
    }
    let list = known().collect::<Vec<_>>().join(", ");
    let help = match nearest(name, known()) {
        Some(meant) => format!("did you mean '{meant}'? There are: {list}"),
        None => format!("there are: {list}"),
    };
    complaints.add(at, format!("cannot be '{name}'"), help);
}

fn review_call(call: &CallMatch, at: Field<'_>, complaints: &mut Complaints) {
    if call.from == 0 {
        complaints.add(at.key("from"), "cannot be 0", "calls are counted from 1");
    }
    if call.to.is_some_and(|to| to < call.from) {
        complaints.add(at.key("to"), "comes before `from`", "no request is both");
    }
}
