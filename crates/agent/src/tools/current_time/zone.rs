//! Time zones as models name them.

use jiff::tz::{self, Offset, TimeZone};

use crate::tool::ToolError;

/// No time zone has a longer name.
const MAX_NAME_BYTES: usize = 64;
/// How many letters a name may be away from the one that was meant.
const MAX_SLIPS: usize = 2;

/// The time zone of this name: `Europe/Berlin`, `UTC`, `Z`, `+02:00`, `UTC-5`.
pub(super) fn time_zone(name: &str) -> Result<TimeZone, ToolError> {
    let name = name.trim();
    if name.is_empty() || name.eq_ignore_ascii_case("z") {
        return Ok(TimeZone::UTC);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(ToolError::new("the name of the time zone is too long; write one such as Europe/Berlin"));
    }
    if let Some(offset) = offset(name) {
        return Ok(TimeZone::fixed(offset));
    }
    tz::db().get(name).map_err(|_| unknown(name))
}

/// An offset from UTC: a sign, hours, and minutes if there are any.
fn offset(name: &str) -> Option<Offset> {
    let name = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")).unwrap_or(name);
    let is_negative = name.starts_with(['-', '−']);
    let digits = name.strip_prefix(['+', '-', '−'])?;
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at_checked(2)?,
        (None, _) => (digits, "0"),
    };
    let seconds = part(hours, 23)? * 3600 + part(minutes, 59)? * 60;
    Offset::from_seconds(if is_negative { -seconds } else { seconds }).ok()
}

/// A part of an offset, of one or two digits.
fn part(digits: &str, most: i32) -> Option<i32> {
    let is_fit = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|value| is_fit && *value <= most)
}

fn unknown(name: &str) -> ToolError {
    let hint = match similar(name) {
        Some(known) => format!("did you mean '{known}'?"),
        None => "write an IANA name such as Europe/Berlin, or an offset such as +02:00".to_owned(),
    };
    ToolError::new(format!("unknown time zone '{name}'; {hint}"))
}

/// The zone that is named after this city, or one that is nearly written so.
fn similar(name: &str) -> Option<String> {
    let name = name.replace(' ', "_").to_lowercase();
    let slips = |known: &str| {
        let known = known.to_lowercase();
        let city = known.rsplit('/').next().unwrap_or_default();
        if city == name { 0 } else { strsim::damerau_levenshtein(&known, &name) }
    };
    let known = tz::db().available().map(|known| (slips(known.as_str()), known.to_string()));
    known.filter(|(slips, _)| *slips <= MAX_SLIPS).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_time_zones_has_those_built_in() {
        assert!(tz::TimeZoneDatabase::bundled().get("Europe/Berlin").is_ok());
    }

    #[test]
    fn offsets_are_taken_as_they_are_written() {
        for (written, seconds) in [
            ("+02:00", 7200),
            ("+2", 7200),
            ("-0530", -19_800),
            ("−05:30", -19_800),
            ("UTC+2", 7200),
            ("GMT-03:30", -12_600),
            ("+00:00", 0),
            ("+5:45", 20_700),
        ] {
            assert_eq!(offset(written).map(Offset::seconds), Some(seconds), "{written}");
        }
        for written in
            ["2", "+", "+24", "+02:60", "+123", "+2:", "+١", "+02:00:00", "UTC", "Etc/GMT+2", "+-2"]
        {
            assert_eq!(offset(written), None, "{written}");
        }
    }
}
