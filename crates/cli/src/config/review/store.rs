//! Checks of `[store]`: where everything is kept.

use playhouse_store::check_database_url;

use super::View;
use crate::config::problem::Problem;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    problems.extend(bad_url(view));
    problems.extend(too_few_connections(view));
    problems.extend(no_bounds(view));
}

fn bad_url(view: &View<'_>) -> Option<Problem> {
    let flaw = check_database_url(view.config.store.database_url.as_ref()?).err()?;
    Some(view.problem(&["store", "database_url"], "the database URL cannot be used").label(flaw.to_string()))
}

fn too_few_connections(view: &View<'_>) -> Option<Problem> {
    let path = ["store", "postgres", "max_connections"];
    let message = "store.postgres.max_connections is below 2";
    (view.config.store.postgres.max_connections < 2)
        .then(|| view.problem(&path, message).label("one for requests, one for everything else"))
}

/// PostgreSQL takes a zero for no bound at all.
fn no_bounds(view: &View<'_>) -> impl Iterator<Item = Problem> {
    let postgres = &view.config.store.postgres;
    let bounds = [
        ("connect_timeout_ms", postgres.connect_timeout_ms),
        ("acquire_timeout_ms", postgres.acquire_timeout_ms),
        ("statement_timeout_ms", postgres.statement_timeout_ms),
        ("lock_timeout_ms", postgres.lock_timeout_ms),
    ];
    bounds.into_iter().filter(|(_, bound)| *bound == 0).map(|(key, _)| {
        let problem = view.problem(&["store", "postgres", key], format!("store.postgres.{key} is zero"));
        problem.label("everything needs a bound; remove the key for the default")
    })
}
