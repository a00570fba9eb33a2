//! Checks of `[redis]`.

use playhouse_store::shared::check_redis_url;

use super::View;
use crate::config::problem::Problem;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    let redis = &view.config.redis;
    if let Some(Err(error)) = redis.url.as_ref().map(check_redis_url) {
        problems.push(view.problem(&["redis", "url"], error.to_string()));
    }
    let fits =
        |letter: char| letter.is_ascii_graphic() && !matches!(letter, '{' | '}' | '*' | '?' | '[' | ']');
    if redis.key_prefix.is_empty() || redis.key_prefix.len() > 64 || !redis.key_prefix.chars().all(fits) {
        let problem =
            view.problem(&["redis", "key_prefix"], "redis.key_prefix cannot begin the name of a key");
        problems.push(problem.label("1 to 64 visible ASCII characters, without braces, brackets, * and ?"));
    }
}
