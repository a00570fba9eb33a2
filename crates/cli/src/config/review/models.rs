//! Checks of `[models]` and `[prices]`: that what they name is there.

use playhouse_provider::{ModelConfig, PriceConfig};

use super::View;
use crate::config::problem::Problem;
use crate::config::suggest;

pub(super) fn review(view: &View<'_>, problems: &mut Vec<Problem>) {
    for (alias, model) in &view.config.models {
        if alias.is_empty() || alias.contains('/') {
            problems.push(bad_alias(view, alias));
        }
        if model.chain.is_empty() && model.balance.is_empty() && says_chain(view, alias) {
            problems.push(
                view.problem(&["models", alias, "chain"], format!("the chain of '{alias}' is empty"))
                    .label("name at least one \"provider/model\""),
            );
        }
        if model.chain.is_empty() && model.balance.is_empty() && !says_chain(view, alias) {
            let message = format!("the alias '{alias}' names nobody to ask");
            problems.push(view.problem(&["models", alias], message).label("add chain or balance here"));
        }
        for (index, link) in model.chain.iter().enumerate() {
            let told = |message: String| view.item_problem(&["models", alias, "chain"], index, message);
            problems.extend(bad_link(view, &format!("the chain of '{alias}'"), link, told));
        }
        for name in model.balance.keys() {
            let told = |message: String| view.problem(&["models", alias, "balance", name], message);
            problems.extend(bad_link(view, &format!("the balance of '{alias}'"), name, told));
        }
        problems.extend(weightless(view, alias, model));
    }
    for (name, price) in &view.config.prices {
        problems.extend(bad_price(view, name, price));
    }
    if view.config.chat.model.as_deref().is_some_and(|model| model.trim().is_empty()) {
        problems.push(
            view.problem(&["chat", "model"], "chat.model is empty").label("name a model, or remove the key"),
        );
    }
}

fn bad_alias(view: &View<'_>, alias: &str) -> Problem {
    view.problem(&["models", alias], format!("the alias '{alias}' cannot be asked for"))
        .label("an alias has no '/' in it")
        .help("a name with a '/' is read as provider/model, so nobody would find this alias")
}

fn says_chain(view: &View<'_>, alias: &str) -> bool {
    view.tree.get(&["models", alias, "chain"]).is_some()
}

/// A group of which nobody would ever be asked.
fn weightless(view: &View<'_>, alias: &str, model: &ModelConfig) -> Option<Problem> {
    let is_weightless = !model.balance.is_empty() && model.balance.values().all(|weight| *weight == 0);
    is_weightless.then(|| {
        view.problem(&["models", alias, "balance"], format!("the balance of '{alias}' weighs nothing"))
            .label("give at least one a weight above 0")
    })
}

/// A link of a chain or of a group that leads nowhere.
fn bad_link(view: &View<'_>, whose: &str, link: &str, told: impl Fn(String) -> Problem) -> Option<Problem> {
    let providers = || view.config.providers.keys().map(String::as_str);
    let problem = match link.split_once('/') {
        Some((provider, model)) if !model.is_empty() && view.config.providers.contains_key(provider) => {
            return None;
        }
        Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
            let meant = suggest::nearest(provider, providers());
            let label = meant.map(|meant| format!("did you mean \"{meant}/{model}\"?")).unwrap_or_default();
            let message = format!("{whose} names the provider '{provider}', which is not configured");
            let known = providers().collect::<Vec<_>>().join(", ");
            let help = format!("add [providers.{provider}]");
            let help = if known.is_empty() { help } else { format!("the providers are: {known}; or {help}") };
            told(message).label(label).help(help)
        }
        _ => {
            let example = providers().next().unwrap_or("openai");
            told(format!("{whose} has \"{link}\", which names no provider"))
                .label(format!("write \"provider/model\", such as \"{example}/{}\"", link.trim_matches('/')))
        }
    };
    Some(problem)
}

fn bad_price(view: &View<'_>, name: &str, price: &PriceConfig) -> Option<Problem> {
    if !name.split_once('/').is_some_and(|(provider, model)| !provider.is_empty() && !model.is_empty()) {
        let problem = view.problem(&["prices", name], format!("the price of '{name}' names no provider"));
        return Some(problem.label(format!("write [prices.\"provider/{}\"]", name.trim_matches('/'))));
    }
    let amounts = [
        ("input_usd_per_mtok", Some(price.input_usd_per_mtok)),
        ("output_usd_per_mtok", Some(price.output_usd_per_mtok)),
        ("cache_read_usd_per_mtok", price.cache_read_usd_per_mtok),
        ("cache_write_usd_per_mtok", price.cache_write_usd_per_mtok),
    ];
    let (key, _) = amounts.into_iter().find(|(_, amount)| amount.is_some_and(|amount| amount < 0.0))?;
    let problem = view.problem(&["prices", name, key], format!("the price of '{name}' is less than nothing"));
    Some(problem.label("zero or more, in US dollars per million tokens"))
}
