//! Anthropic's models (<https://docs.anthropic.com/en/api/models-list>).

use std::sync::Arc;

use playhouse_llm::{Malformed, ModelInfo};
use serde_json::{Value, json};

use crate::json;

/// Where the list is. It comes in pages; this asks for the largest.
pub(super) const PATH: &str = "/models?limit=1000";

/// Who offers the models of a list: it does not say.
const OWNER: &str = "anthropic";
const DAY_S: i64 = 86_400;

/// Decodes the models of a list.
pub(super) fn decode_list(body: &[u8]) -> Result<Vec<ModelInfo>, Malformed> {
    let fields = json::parse_object(body).map_err(Malformed::new)?;
    let items = fields.get("data").and_then(Value::as_array);
    let items =
        items.ok_or_else(|| Malformed::at("data", "the list of models has no 'data' that is a list"))?;
    items.iter().enumerate().map(|(at, item)| decode_model(item, at)).collect()
}

fn decode_model(item: &Value, at: usize) -> Result<ModelInfo, Malformed> {
    let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let nameless = || Malformed::at(format!("data.{at}.id"), format!("model {at} of the list has no 'id'"));
    let created = item.get("created_at").and_then(|moment| seconds_of(moment.as_str()?));
    Ok(ModelInfo { id: Arc::from(id.ok_or_else(nameless)?), owned_by: Arc::from(OWNER), created })
}

/// Encodes models as the body of a list, which is its only page.
pub(super) fn encode_list(models: &[ModelInfo]) -> Value {
    json!({
        "data": models.iter().map(encode_one).collect::<Value>(),
        "has_more": false,
        "first_id": models.first().map(|model| &*model.id),
        "last_id": models.last().map(|model| &*model.id),
    })
}

/// A model with what Anthropic tells of it beside its name.
#[derive(Clone, Copy, Debug)]
pub struct ModelCard<'a> {
    /// The model.
    pub info: &'a ModelInfo,
    /// Its name for people.
    pub display_name: &'a str,
    /// How long a prompt may be.
    pub max_input_tokens: Option<u64>,
    /// How long an answer may be.
    pub max_tokens: Option<u64>,
    /// The levels of effort it takes.
    pub efforts: &'a [&'a str],
    /// The ways of thinking it takes.
    pub thinking: &'a [&'a str],
}

impl<'a> ModelCard<'a> {
    /// A model of which nothing more is known.
    pub fn of(info: &'a ModelInfo) -> Self {
        Self {
            info,
            display_name: &info.id,
            max_input_tokens: None,
            max_tokens: None,
            efforts: &[],
            thinking: &[],
        }
    }
}

const EFFORTS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];
const THINKING: [&str; 2] = ["adaptive", "enabled"];
/// What else `thinking.type` may be: there, nothing is thought before the answer.
const WITHOUT_THINKING: [&str; 2] = ["between_tools", "disabled"];
/// What is done about a conversation that grows.
const CONTEXT: [&str; 3] = ["clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112"];
const SERVER_TOOLS: [&str; 2] = ["code_execution", "web_search"];

/// Encodes a page of the list with all that is told of its models.
pub fn encode_model_cards(cards: &[ModelCard<'_>], has_more: bool) -> Value {
    json!({
        "data": cards.iter().map(encode_model_card).collect::<Value>(),
        "has_more": has_more,
        "first_id": cards.first().map(|card| &*card.info.id),
        "last_id": cards.last().map(|card| &*card.info.id),
    })
}

/// Encodes one model with all that is told of it.
pub fn encode_model_card(card: &ModelCard<'_>) -> Value {
    let mut model = encode_one(card.info);
    model["display_name"] = card.display_name.into();
    model["lifecycle"] = "active".into();
    model["max_input_tokens"] = card.max_input_tokens.into();
    model["max_tokens"] = card.max_tokens.into();
    model["capabilities"] = capabilities(card);
    model
}

fn capabilities(card: &ModelCard<'_>) -> Value {
    let supported = |is_so: bool| json!({ "supported": is_so });
    let each = |names: &[&str], taken: &[&str]| {
        let each = names.iter().map(|name| ((*name).to_owned(), supported(taken.contains(name))));
        each.collect::<serde_json::Map<_, _>>()
    };
    let mut effort = each(&EFFORTS, card.efforts);
    effort.insert("supported".to_owned(), (!card.efforts.is_empty()).into());
    let mut types = each(&THINKING, card.thinking);
    types.extend(each(&WITHOUT_THINKING, card.thinking));
    let all = |names: &[&str]| {
        let mut all = each(names, names);
        all.insert("supported".to_owned(), true.into());
        all
    };
    let thinks = THINKING.iter().any(|kind| card.thinking.contains(kind));
    json!({
        "batch": supported(true),
        "citations": supported(true),
        "code_execution": supported(true),
        "context_management": all(&CONTEXT),
        "effort": effort,
        "image_input": supported(true),
        "pdf_input": supported(true),
        "server_tools": all(&SERVER_TOOLS),
        "structured_outputs": supported(true),
        "thinking": { "supported": thinks, "types": types },
    })
}

/// Encodes one model. A date that is not known is the epoch's, as Anthropic has it.
pub(super) fn encode_one(model: &ModelInfo) -> Value {
    json!({
        "type": "model",
        "id": *model.id,
        "display_name": *model.id,
        "created_at": moment_of(model.created.unwrap_or(0)),
    })
}

/// The Unix time of the moment an RFC 3339 text in UTC names.
fn seconds_of(moment: &str) -> Option<u64> {
    let (date, time) = moment.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    let seconds = days_before(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    u64::try_from(seconds).ok().filter(|_| in_range)
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let parts: Option<Vec<i64>> =
        text.split(separator).map(|part| part.parse::<u16>().ok().map(i64::from)).collect();
    parts?.try_into().ok()
}

/// The days from the epoch to a date (Howard Hinnant, <https://howardhinnant.github.io/date_algorithms.html>).
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let (year_of_era, day_of_year) = (year.rem_euclid(400), (153 * month + 2) / 5 + day - 1);
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn moment_of(seconds: u64) -> String {
    // The last second of the year 9999.
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).min(253_402_300_799);
    let (days, of_day) = (seconds / DAY_S + 719_468, seconds % DAY_S);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day % 3600 / 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
        for (moment, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2024-12-31T00:00:00Z", 1_735_603_200),
            ("2025-02-19T12:30:01Z", 1_739_968_201),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!((seconds_of(moment), &*moment_of(seconds)), (Some(seconds), moment));
        }
        for wrong in ["", "2025-02-19", "2025-13-01T00:00:00Z", "2025-01-01T25:00:00Z", "x-y-zTa:b:cZ"] {
            assert_eq!(seconds_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_survives() {
        let model = |id: &str, created| ModelInfo { id: id.into(), owned_by: OWNER.into(), created };
        let models = [model("claude-opus-4-1", Some(1_754_352_000)), model("fast", None)];
        let read = decode_list(encode_list(&models).to_string().as_bytes()).unwrap();
        assert_eq!(read, [models[0].clone(), ModelInfo { created: Some(0), ..models[1].clone() }]);
        assert!(decode_list(br#"{"data":[{"id":7}]}"#).is_err());
    }
}
