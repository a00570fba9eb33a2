//! What the vendor catalog adds: providers made by vendors' own variables, and known addresses.

use playhouse_provider::catalog::{Vendor, vendor, vendors};
use secrecy::{ExposeSecret, SecretString};

use super::problem::Problem;
use super::tree::{Entries, Node, Origin};
use super::variables::{is_set, short};
use crate::environment::Environment;

/// The vendor of which nothing is assumed.
const CUSTOM: &str = "custom";

/// The variable that Azure's own clients read the API version from.
const AZURE_VERSION_VARIABLE: &str = "OPENAI_API_VERSION";

/// Gives vendors' own variables to the providers they belong to, or makes those, and fills in what
/// the catalog knows.
pub(crate) fn apply(tree: &mut Node, environment: &Environment, problems: &mut Vec<Problem>) {
    let named_in_file = providers(tree)
        .map_or(0, |providers| providers.values().filter(|node| matches!(node.key, Origin::File(_))).count());
    for vendor in vendors() {
        for provider in bearers(tree, vendor, environment) {
            give(tree, vendor, &provider, environment, problems);
        }
    }
    let names: Vec<String> = providers(tree).map(|all| all.keys().cloned().collect()).unwrap_or_default();
    for name in &names {
        fill_in(tree, name);
    }
    if names.len() > named_in_file {
        sort(tree);
    }
}

/// Where a provider's key is read from, for messages.
pub(crate) fn key_variables() -> Vec<&'static str> {
    vendors().iter().filter(|vendor| is_made(vendor)).filter_map(|vendor| vendor.key_variable).collect()
}

/// Whether a vendor's variables make a provider: of several that read the same key, the first is made.
fn is_made(vendor: &Vendor) -> bool {
    let first = vendors().iter().find(|other| other.key_variable == vendor.key_variable);
    first.is_some_and(|first| first.name == vendor.name)
}

/// The providers that a vendor's variables belong to; one is made up if there is none yet.
fn bearers(tree: &Node, vendor: &Vendor, environment: &Environment) -> Vec<String> {
    let variables = [vendor.key_variable, vendor.base_url_variable];
    if !variables.into_iter().flatten().any(|name| is_set(environment, name)) {
        return Vec::new();
    }
    let all = providers(tree).into_iter().flatten();
    let of_vendor = all.filter(|(name, node)| vendor_of(name, node) == vendor.name);
    let names: Vec<String> = of_vendor.map(|(name, _)| name.clone()).collect();
    let is_taken = tree.get(&["providers", vendor.name]).is_some();
    let makes_one = names.is_empty() && !is_taken && is_made(vendor);
    if makes_one { vec![vendor.name.to_owned()] } else { names }
}

/// Gives a vendor's variables to a provider.
///
/// They are meant for the provider that bears the vendor's name. Another of the same vendor takes
/// what it lacks, but no key for an address that is not the vendor's.
fn give(
    tree: &mut Node,
    vendor: &Vendor,
    provider: &str,
    environment: &Environment,
    problems: &mut Vec<Problem>,
) {
    let lacks = |tree: &Node, key: &str| tree.get(&["providers", provider, key]).is_none();
    let is_namesake = provider == vendor.name;
    let own_address = vendor.base_url.is_some() && !lacks(tree, "base_url");
    let mut put = |tree: &mut Node, key: &str, variable: Option<&str>| {
        if let Some(variable) = variable {
            short(tree, environment, variable, &["providers", provider, key], problems);
        }
    };
    if is_namesake || (lacks(tree, "api_key") && !own_address) {
        put(tree, "api_key", vendor.key_variable);
    }
    if is_namesake || (lacks(tree, "base_url") && vendor.base_url.is_none()) {
        put(tree, "base_url", vendor.base_url_variable);
    }
    if vendor.name == "azure" && (is_namesake || lacks(tree, "api_version")) {
        put(tree, "api_version", Some(AZURE_VERSION_VARIABLE));
    }
}

/// Fills in a provider's vendor and the address that the catalog has for it.
fn fill_in(tree: &mut Node, provider: &str) {
    let path = |key| ["providers", provider, key];
    let Some(name) = tree.get(&["providers", provider]).map(|node| vendor_of(provider, node)) else { return };
    let Some(vendor) = vendor(&name) else { return };
    let mut known = |key, value: &str| {
        if tree.get(&path(key)).is_none() {
            tree.set(&path(key), Node::plain(Origin::Vendor(vendor.name), SecretString::from(value)));
        }
    };
    known("vendor", vendor.name);
    if let Some(base_url) = vendor.base_url {
        known("base_url", base_url);
    }
}

/// Orders providers: the file's as they stand there, then the catalog's, then the rest by name.
fn sort(tree: &mut Node) {
    let rank = |name: &str, node: &Node| match node.key {
        Origin::File(_) => (0, 0),
        _ => (1, vendors().iter().position(|vendor| vendor.name == name).unwrap_or(usize::MAX)),
    };
    let providers = tree.entries_mut().and_then(|sections| sections.get_mut("providers"));
    if let Some(providers) = providers.and_then(Node::entries_mut) {
        providers.sort_by_cached_key(|name, node| rank(name, node));
    }
}

/// The vendor a provider says it is of, else the one of its own name, else none that is known.
fn vendor_of(name: &str, node: &Node) -> String {
    let said = node.get(&["vendor"]).and_then(Node::text).map(|text| text.expose_secret().to_owned());
    said.unwrap_or_else(|| vendor(name).map_or(CUSTOM, |vendor| vendor.name).to_owned())
}

fn providers(tree: &Node) -> Option<&Entries> {
    tree.get(&["providers"])?.entries()
}
