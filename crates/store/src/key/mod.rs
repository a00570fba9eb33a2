//! Stored API keys: what is kept of them, what they may do, and what can be asked.

mod change;
mod secret;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::change::KeyChange;
pub use self::secret::{KeyHash, KeySecret, RandomError};
use crate::{Page, StoreError};

/// The longest name of a key, in characters.
pub const MAX_KEY_NAME_CHARS: usize = 128;
/// How many patterns of models a key may have.
pub const MAX_KEY_MODELS: usize = 64;
/// The longest pattern of models, in characters.
pub const MAX_KEY_MODEL_CHARS: usize = 256;

/// The stored API keys.
///
/// A key itself is never stored, only its [hash](KeyHash). Revoked and expired keys stay: what was done
/// with them names them.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when its settings are out of bounds, or its id or hash was used before.
    async fn create_key(&self, new: NewKey) -> Result<ApiKey, StoreError>;

    /// The keys, the newest first, revoked and expired ones too.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor that no page has returned.
    async fn list_keys(&self, page: Page) -> Result<KeyPage, StoreError>;

    /// One key.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError>;

    /// The key with this hash, whether or not it is still of use.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn key_by_hash(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError>;

    /// Whether any key was ever made.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn has_keys(&self) -> Result<bool, StoreError>;

    /// Changes a key's settings, and returns it as it is then; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when what would come of it is out of bounds; nothing is changed then.
    async fn update_key(&self, id: &str, change: KeyChange) -> Result<Option<ApiKey>, StoreError>;

    /// Revokes a key for good, and returns it; one that was revoked before stays as it was. `None` when
    /// there is none.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn revoke_key(&self, id: &str, now_us: i64) -> Result<Option<ApiKey>, StoreError>;

    /// What was used with a key by the calls that began at `since_us` (Unix microseconds) or later.
    ///
    /// # Errors
    /// Only those of a store that cannot be used.
    async fn key_usage(&self, id: &str, since_us: i64) -> Result<KeyUsage, StoreError>;
}

/// A key about to be stored.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its id: a UUIDv7 that has not been used before.
    pub id: Arc<str>,
    /// The key's hash.
    pub hash: KeyHash,
    /// How the key begins.
    pub prefix: Arc<str>,
    /// What it may do.
    pub settings: KeySettings,
    /// Now, in Unix microseconds.
    pub now_us: i64,
}

/// A stored key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Its id.
    pub id: Arc<str>,
    /// How the key begins, so that people recognize it.
    pub prefix: Arc<str>,
    /// What it may do.
    pub settings: KeySettings,
    /// When it was made, in Unix microseconds.
    pub created_at_us: i64,
    /// When it was revoked, in Unix microseconds, if it was.
    pub revoked_at_us: Option<i64>,
}

/// What a key may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeySettings {
    /// What people call it.
    pub name: Arc<str>,
    /// Patterns of the models it may ask, in which `*` stands for anything; an empty list allows all.
    pub models: Vec<Arc<str>>,
    /// How many requests it may make in a minute; `None` is no limit.
    pub requests_per_minute: Option<u64>,
    /// How many tokens it may use in a minute; `None` is no limit.
    pub tokens_per_minute: Option<u64>,
    /// How much money it may spend; `None` is no limit.
    pub budget: Option<Budget>,
    /// When it stops to be of use, in Unix microseconds; `None` is never.
    pub expires_at_us: Option<i64>,
}

/// How much money may be spent in a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// In US dollars.
    pub usd: f64,
    /// The time.
    pub period: BudgetPeriod,
}

/// A time that a budget is for, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetPeriod {
    /// From midnight to midnight.
    Day,
    /// From the first of the month to the next one.
    Month,
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPage {
    /// The keys, the newest first.
    pub keys: Vec<ApiKey>,
    /// What to ask for the page after this one; `None` when this is the last.
    pub next: Option<String>,
}

/// What was used with a key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KeyUsage {
    /// Calls.
    pub calls: u64,
    /// Tokens, as far as providers counted them.
    pub tokens: u64,
    /// Money in US dollars, as far as prices are known.
    pub cost_usd: f64,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Of use.
    Active,
    /// Past its time.
    Expired,
    /// Revoked.
    Revoked,
}

impl ApiKey {
    /// Where it stands at a time (Unix microseconds).
    pub fn state(&self, now_us: i64) -> KeyState {
        match (self.revoked_at_us, self.settings.expires_at_us) {
            (Some(_), _) => KeyState::Revoked,
            (None, Some(expires_at_us)) if expires_at_us <= now_us => KeyState::Expired,
            _ => KeyState::Active,
        }
    }
}

impl KeyState {
    /// The name in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl KeySettings {
    /// Whether this model may be asked.
    ///
    /// ```
    /// use playhouse_store::KeySettings;
    ///
    /// let settings = KeySettings { models: vec!["gpt-4o*".into()], ..KeySettings::default() };
    /// assert!(settings.allows("gpt-4o-mini"));
    /// assert!(!settings.allows("o3"));
    /// ```
    pub fn allows(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| fits(pattern.as_bytes(), model.as_bytes()))
    }

    /// Whether anything is limited that has to be counted.
    pub fn is_limited(&self) -> bool {
        self.requests_per_minute.is_some() || self.tokens_per_minute.is_some() || self.budget.is_some()
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), StoreError> {
        let name_is_fit =
            !self.name.trim_ascii().is_empty() && self.name.chars().count() <= MAX_KEY_NAME_CHARS;
        if !name_is_fit || self.name.chars().any(char::is_control) {
            return Err(StoreError::invalid(format!(
                "a key's name takes 1 to {MAX_KEY_NAME_CHARS} characters, none of them control characters"
            )));
        }
        let is_pattern = |model: &Arc<str>| !model.is_empty() && model.chars().count() <= MAX_KEY_MODEL_CHARS;
        if self.models.len() > MAX_KEY_MODELS || !self.models.iter().all(is_pattern) {
            return Err(StoreError::invalid(format!(
                "a key takes up to {MAX_KEY_MODELS} patterns of models, each of 1 to {MAX_KEY_MODEL_CHARS} characters"
            )));
        }
        check_limit("requests_per_minute", self.requests_per_minute)?;
        check_limit("tokens_per_minute", self.tokens_per_minute)?;
        let is_sum = |budget: &Budget| budget.usd > 0.0 && budget.usd <= MOST_USD;
        match self.budget.as_ref().is_none_or(is_sum) {
            true => Ok(()),
            false => Err(StoreError::invalid(format!(
                "a key's budget is more than 0 and at most {MOST_USD} US dollars; leave it out for no limit"
            ))),
        }
    }
}

/// Far above any use, and low enough that counters hold it.
const HIGHEST_LIMIT: u64 = 1_000_000_000_000;
const MOST_USD: f64 = 9e6;

/// Patterns of models as they are kept: a list in JSON.
pub(crate) fn patterns(models: &[Arc<str>]) -> String {
    serde_json::Value::from_iter(models.iter().map(|pattern| &**pattern)).to_string()
}

/// Patterns of models, as they were kept.
pub(crate) fn patterns_of(kept: &str) -> Result<Vec<Arc<str>>, serde_json::Error> {
    let patterns: Vec<String> = serde_json::from_str(kept)?;
    Ok(patterns.into_iter().map(Arc::from).collect())
}

/// Refuses cursors that no page of keys has returned: they are ids.
pub(crate) fn check_cursor(page: &Page) -> Result<(), StoreError> {
    let Some(after) = page.after.as_deref() else { return Ok(()) };
    uuid::Uuid::try_parse(after).map(drop).map_err(|_| {
        StoreError::invalid(format!("'{after}' is no cursor: pass on the 'next' of the page before as it is"))
    })
}

fn check_limit(what: &str, limit: Option<u64>) -> Result<(), StoreError> {
    match limit.is_none_or(|limit| (1..=HIGHEST_LIMIT).contains(&limit)) {
        true => Ok(()),
        false => {
            Err(StoreError::invalid(format!("{what} takes 1 to {HIGHEST_LIMIT}; leave it out for no limit")))
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text; in time of their product.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where the last star was, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, seen));
            at += 1;
        } else if pattern.get(at) == Some(&text[seen]) {
            (at, seen) = (at + 1, seen + 1);
        } else if let Some((star_at, reaches)) = star {
            (at, seen) = (star_at + 1, reaches + 1);
            star = Some((star_at, seen));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl BudgetPeriod {
    /// The name in answers, flags and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The period of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Day, Self::Month].into_iter().find(|period| period.as_str() == name)
    }

    /// When the period that a moment lies in began, and when the next one begins, in Unix microseconds.
    ///
    /// ```
    /// use playhouse_store::BudgetPeriod;
    ///
    /// const DAY_US: i64 = 86_400_000_000;
    /// assert_eq!(BudgetPeriod::Day.around(DAY_US + 5), (DAY_US, 2 * DAY_US));
    /// assert_eq!(BudgetPeriod::Month.around(DAY_US + 5), (0, 31 * DAY_US));
    /// ```
    pub fn around(self, at_us: i64) -> (i64, i64) {
        let moment = jiff::Timestamp::from_microsecond(at_us).unwrap_or_default();
        let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (first, next) = match self {
            Self::Day => (day, day.tomorrow()),
            Self::Month => (day.first_of_month(), day.last_of_month().tomorrow()),
        };
        let midnight = |day: jiff::civil::Date| {
            let zoned = day.to_zoned(jiff::tz::TimeZone::UTC);
            zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_microsecond())
        };
        (midnight(first), next.map_or(i64::MAX, midnight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, fit) in [
            ("*", "", true),
            ("*", "gpt-4o", true),
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-*-mini", "gpt-4o-mini", true),
            ("gpt-*-mini", "gpt-mini", false),
            ("*mini*", "gpt-4o-mini-2024", true),
            ("openai/*", "openai/gpt-4o", true),
            ("openai/*", "gpt-4o", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), fit, "{pattern} {text}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let december = BudgetPeriod::Month.around(at("2026-12-31T23:59:59.999999Z"));
        assert_eq!(december, (at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z")));
        assert_eq!(BudgetPeriod::Day.around(at("2026-12-31T00:00:00Z")).0, at("2026-12-31T00:00:00Z"));
    }

    #[test]
    fn settings_out_of_bounds_are_refused() {
        let fit = KeySettings { name: "ada".into(), ..KeySettings::default() };
        fit.check().unwrap();
        let budget = |usd| Some(Budget { usd, period: BudgetPeriod::Day });
        for unfit in [
            KeySettings { name: " ".into(), ..fit.clone() },
            KeySettings { name: "a\nb".into(), ..fit.clone() },
            KeySettings { name: "x".repeat(129).into(), ..fit.clone() },
            KeySettings { models: vec!["".into()], ..fit.clone() },
            KeySettings { models: vec!["m".into(); 65], ..fit.clone() },
            KeySettings { requests_per_minute: Some(0), ..fit.clone() },
            KeySettings { tokens_per_minute: Some(u64::MAX), ..fit.clone() },
            KeySettings { budget: budget(0.0), ..fit.clone() },
            KeySettings { budget: budget(f64::NAN), ..fit.clone() },
            KeySettings { budget: budget(f64::INFINITY), ..fit.clone() },
        ] {
            assert!(matches!(unfit.check(), Err(StoreError::Invalid { .. })), "{unfit:?}");
        }
    }
}
