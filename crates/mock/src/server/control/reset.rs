//! `…/reset`: beginning anew.

use serde::Deserialize;

use super::request::ControlRequest;
use super::response::{Answered, no_content};
use super::{Control, Scope};

/// What begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The calls are forgotten.
    pub journal: bool,
    /// Counters, sequences and states start again.
    pub progress: bool,
    /// Every script that was put is gone: the one that the server was started with is followed.
    pub script: bool,
    /// The minute's requests and tokens are all there again.
    pub quota: bool,
}

impl Reset {
    /// Everything.
    pub const ALL: Self = Self { journal: true, progress: true, script: true, quota: true };
}

/// What a request says of it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    journal: Option<bool>,
    progress: Option<bool>,
    script: Option<bool>,
    quota: Option<bool>,
}

impl From<Wish> for Reset {
    /// Only what is wished for, if anything is; otherwise all that is not held back.
    fn from(wish: Wish) -> Self {
        let wishes = [wish.journal, wish.progress, wish.script, wish.quota];
        let unsaid = !wishes.contains(&Some(true));
        let [journal, progress, script, quota] = wishes.map(|wish| wish.unwrap_or(unsaid));
        Self { journal, progress, script, quota }
    }
}

pub(super) fn reset(control: &dyn Control, scope: Scope<'_>, request: &ControlRequest<'_>) -> Answered {
    let wish: Wish = request.json()?;
    control.reset(scope, Reset::from(wish));
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset(json: &str) -> Reset {
        Reset::from(serde_json::from_str::<Wish>(json).unwrap())
    }

    #[test]
    fn without_a_wish_all_begins_anew() {
        assert_eq!(reset("{}"), Reset::ALL);
        assert_eq!(reset(r#"{"script": false}"#), Reset { script: false, ..Reset::ALL });
    }

    #[test]
    fn with_a_wish_only_that_does() {
        let nothing = Reset { journal: false, progress: false, script: false, quota: false };
        assert_eq!(reset(r#"{"journal": true, "quota": false}"#), Reset { journal: true, ..nothing });
    }
}
