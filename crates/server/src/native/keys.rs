//! `/v1/admin/keys`: the stored API keys, for operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::key::MAX_KEY_MODEL_CHARS;
use playhouse_store::{
    ApiKey, Budget, BudgetPeriod, KeyChange, KeySecret, KeySettings, KeyUsage, NewKey, Page, StoreError,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use super::extract::{Failure, JsonBody, Params, PathId, Who};
use super::{moment, timestamp};
use crate::app::App;
use crate::failure::store_failure;
use crate::ops::docs::ProblemResponse;

const MAX_KEYS: u32 = 100;

/// A pattern of models, in which `*` stands for anything.
#[derive(Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct ModelPattern(String);

impl PartialSchema for ModelPattern {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.description(Some("A pattern of models, in which `*` stands for anything."))
            .min_length(Some(1))
            .max_length(Some(MAX_KEY_MODEL_CHARS))
            .into()
    }
}

impl ToSchema for ModelPattern {}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// What people call it.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\x00-\\x20\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "search team"
    )]
    name: String,
    /// Patterns of the models it may ask, in which `*` stands for anything; all models by default.
    #[schema(max_items = 64, example = json!(["gpt-4o*"]))]
    models: Option<Vec<ModelPattern>>,
    /// How many requests it may make in a minute; no limit by default.
    #[schema(minimum = 1, maximum = 1000000000000_u64)]
    requests_per_minute: Option<u64>,
    /// How many tokens it may use in a minute; no limit by default.
    #[schema(minimum = 1, maximum = 1000000000000_u64)]
    tokens_per_minute: Option<u64>,
    /// How much money it may spend; no limit by default.
    budget: Option<BudgetView>,
    /// When it stops to be of use (RFC 3339); never by default.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A change of a key: what is left out stays as it is, and null takes a limit away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PatchKey {
    /// What people call it.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\x00-\\x20\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    name: Option<String>,
    /// Patterns of the models it may ask; null or an empty list for all.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<ModelPattern>>, max_items = 64)]
    models: Option<Option<Vec<ModelPattern>>>,
    /// How many requests it may make in a minute.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1000000000000_u64)]
    requests_per_minute: Option<Option<u64>>,
    /// How many tokens it may use in a minute.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1000000000000_u64)]
    tokens_per_minute: Option<Option<u64>>,
    /// How much money it may spend.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<BudgetView>)]
    budget: Option<Option<BudgetView>>,
    /// When it stops to be of use (RFC 3339).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<String>>,
}

/// How much money may be spent in a time.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetView {
    /// In US dollars.
    #[schema(exclusive_minimum = 0.0, maximum = 9000000.0)]
    usd: f64,
    /// A `day` or a `month`, in UTC.
    #[schema(inline)]
    per: BudgetPeriodName,
}

/// A time that a budget is for, in UTC.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BudgetPeriodName {
    /// From midnight to midnight.
    Day,
    /// From the first of the month to the next one.
    Month,
}

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    after: Option<String>,
}

/// Keys, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// The keys, revoked and expired ones too.
    keys: Vec<KeyView>,
    /// What to ask `after` for the next page; null on the last.
    next: Option<String>,
}

/// A stored API key; the key itself is not kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Its id, which calls, sessions and runs name.
    id: String,
    /// How the key begins.
    prefix: String,
    /// What people call it.
    name: String,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    /// Patterns of the models it may ask; an empty list allows all.
    models: Vec<String>,
    /// How many requests it may make in a minute; null for no limit.
    requests_per_minute: Option<u64>,
    /// How many tokens it may use in a minute; null for no limit.
    tokens_per_minute: Option<u64>,
    /// How much money it may spend; null for no limit.
    budget: Option<BudgetView>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops to be of use; null for never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was revoked, if it was.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// A key that has just been made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeKey {
    /// The key, which is shown this once.
    key: String,
    #[serde(flatten)]
    made: KeyView,
}

/// A key with what was used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyDetail {
    #[serde(flatten)]
    key: KeyView,
    /// What was used with it, as far as it is in the call log.
    usage: KeyUsageView,
}

/// What was used with a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyUsageView {
    /// Since midnight (UTC).
    day: UsageSums,
    /// Since the first of the month (UTC).
    month: UsageSums,
}

/// Sums over the calls of a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageSums {
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// How many calls.
    calls: u64,
    /// Tokens, as far as providers counted them.
    tokens: u64,
    /// Money in US dollars, as far as prices are known.
    cost_usd: f64,
}

/// Unlike an `Option`, this tells null from nothing.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<BudgetView> for Budget {
    fn from(view: BudgetView) -> Self {
        let period = match view.per {
            BudgetPeriodName::Day => BudgetPeriod::Day,
            BudgetPeriodName::Month => BudgetPeriod::Month,
        };
        Self { usd: view.usd, period }
    }
}

impl From<Budget> for BudgetView {
    fn from(budget: Budget) -> Self {
        let per = match budget.period {
            BudgetPeriod::Day => BudgetPeriodName::Day,
            BudgetPeriod::Month => BudgetPeriodName::Month,
        };
        Self { usd: budget.usd, per }
    }
}

impl KeyView {
    /// A key as it stands at a time, in Unix microseconds.
    pub fn at(key: &ApiKey, now_us: i64) -> Self {
        let settings = &key.settings;
        Self {
            id: key.id.to_string(),
            prefix: key.prefix.to_string(),
            name: settings.name.to_string(),
            state: key.state(now_us).as_str(),
            models: settings.models.iter().map(|pattern| pattern.to_string()).collect(),
            requests_per_minute: settings.requests_per_minute,
            tokens_per_minute: settings.tokens_per_minute,
            budget: settings.budget.map(BudgetView::from),
            created_at: timestamp(key.created_at_us),
            expires_at: settings.expires_at_us.map(timestamp),
            revoked_at: key.revoked_at_us.map(timestamp),
        }
    }
}

/// Make a key.
#[utoipa::path(
    post,
    path = "/v1/admin/keys",
    operation_id = "create_key",
    tag = "keys",
    request_body = CreateKey,
    responses(
        (status = 201, description = "The key, which is shown this once.", body = MadeKey),
        (status = "default", response = ProblemResponse),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Who(identity): Who,
    JsonBody(request): JsonBody<CreateKey>,
) -> Result<Response, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let now_us = now_us();
    let settings = settings(request, now_us).map_err(refuse)?;
    let secret = KeySecret::generate();
    let secret = secret.map_err(|error| refuse(Error::new(ErrorKind::Internal, error.to_string())))?;
    let new = NewKey {
        id: Arc::from(Uuid::now_v7().to_string()),
        hash: secret.hash(),
        prefix: Arc::from(secret.prefix()),
        settings,
        now_us,
    };
    let made = app.store().create_key(new).await.map_err(|error| refuse(store_failure(&error)))?;
    app.gate().book.note(made.clone());
    let body = MadeKey { key: secret.expose().to_owned(), made: KeyView::at(&made, now_us) };
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(body)).into_response())
}

/// List the keys, the newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/keys",
    operation_id = "list_keys",
    tag = "keys",
    params(ListParams),
    responses((status = 200, body = KeyList), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Who(identity): Who,
    Params(params): Params<ListParams>,
) -> Result<Json<KeyList>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let limit = super::limit(params.limit, 50, MAX_KEYS).map_err(refuse)?;
    let page = app.store().list_keys(Page { limit, after: params.after }).await;
    let page = page.map_err(|error| refuse(store_failure(&error)))?;
    let now_us = now_us();
    Ok(Json(KeyList {
        keys: page.keys.iter().map(|key| KeyView::at(key, now_us)).collect(),
        next: page.next,
    }))
}

/// Read a key, and what was used with it.
#[utoipa::path(
    get,
    path = "/v1/admin/keys/{id}",
    operation_id = "read_key",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, body = KeyDetail), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Who(identity): Who,
    PathId(id): PathId,
) -> Result<Json<KeyDetail>, Failure> {
    detail(&app, &id).await.map(Json).map_err(|error| Failure::new(error, &identity))
}

/// Change what a key may do.
#[utoipa::path(
    patch,
    path = "/v1/admin/keys/{id}",
    operation_id = "update_key",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id.")),
    request_body = PatchKey,
    responses((status = 200, body = KeyView), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn update(
    State(app): State<App>,
    Who(identity): Who,
    PathId(id): PathId,
    JsonBody(request): JsonBody<PatchKey>,
) -> Result<Json<KeyView>, Failure> {
    let refuse = |error: Error| Failure::new(error, &identity);
    let change = change(request).map_err(refuse)?;
    let changed = app.store().update_key(&id, change).await;
    noted(&app, &id, changed).map(Json).map_err(refuse)
}

/// Revoke a key for good. It stays in the list.
#[utoipa::path(
    delete,
    path = "/v1/admin/keys/{id}",
    operation_id = "revoke_key",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, body = KeyView), (status = "default", response = ProblemResponse)),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    Who(identity): Who,
    PathId(id): PathId,
) -> Result<Json<KeyView>, Failure> {
    let revoked = app.store().revoke_key(&id, now_us()).await;
    noted(&app, &id, revoked).map(Json).map_err(|error| Failure::new(error, &identity))
}

/// A key that has been changed, which holds here at once.
fn noted(app: &App, id: &str, changed: Result<Option<ApiKey>, StoreError>) -> Result<KeyView, Error> {
    let key = changed.map_err(|error| store_failure(&error))?.ok_or_else(|| unknown(id))?;
    let view = KeyView::at(&key, now_us());
    app.gate().book.note(key);
    Ok(view)
}

async fn detail(app: &App, id: &str) -> Result<KeyDetail, Error> {
    let key = app.store().key(id).await.map_err(|error| store_failure(&error))?;
    let key = key.ok_or_else(|| unknown(id))?;
    let now_us = now_us();
    let sums = async |period: BudgetPeriod| {
        let (since_us, _) = period.around(now_us);
        let usage = app.store().key_usage(id, since_us).await.map_err(|error| store_failure(&error))?;
        let KeyUsage { calls, tokens, cost_usd } = usage;
        Ok::<_, Error>(UsageSums { since: timestamp(since_us), calls, tokens, cost_usd })
    };
    let usage = KeyUsageView { day: sums(BudgetPeriod::Day).await?, month: sums(BudgetPeriod::Month).await? };
    Ok(KeyDetail { key: KeyView::at(&key, now_us), usage })
}

fn settings(request: CreateKey, now_us: i64) -> Result<KeySettings, Error> {
    let expires_at_us = moment("expires_at", request.expires_at.as_deref())?;
    if expires_at_us.is_some_and(|expires_at_us| expires_at_us <= now_us) {
        // Well formed, and wrong only by the clock.
        let message = "expires_at is over; name a moment to come, or leave it out";
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    Ok(KeySettings {
        name: request.name.into(),
        models: patterns(request.models),
        requests_per_minute: request.requests_per_minute,
        tokens_per_minute: request.tokens_per_minute,
        budget: request.budget.map(Budget::from),
        expires_at_us,
    })
}

fn change(request: PatchKey) -> Result<KeyChange, Error> {
    let expires_at_us = request.expires_at.map(|text| moment("expires_at", text.as_deref())).transpose()?;
    Ok(KeyChange {
        name: request.name.map(Arc::from),
        models: request.models.map(patterns),
        requests_per_minute: request.requests_per_minute,
        tokens_per_minute: request.tokens_per_minute,
        budget: request.budget.map(|budget| budget.map(Budget::from)),
        expires_at_us,
    })
}

fn patterns(models: Option<Vec<ModelPattern>>) -> Vec<Arc<str>> {
    models.unwrap_or_default().into_iter().map(|ModelPattern(pattern)| Arc::from(pattern)).collect()
}

fn unknown(id: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("there is no API key '{id}'; GET /v1/admin/keys lists those there are"),
    )
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
