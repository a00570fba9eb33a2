//! What calls cost: a dated table that ships as data, and the user's own prices above it.

use std::collections::HashMap;

use playhouse_llm::Usage;

use crate::catalog;
use crate::config::PriceConfig;

/// The table as shipped; see `data/README.md` for where it is from and how old it is.
const SHIPPED: &str = include_str!("../data/prices.csv");

/// The price of a model's tokens, in US dollars per million.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Tokens read by the model.
    pub input: f64,
    /// Tokens written by the model.
    pub output: f64,
    /// Tokens read from the vendor's cache; `None` counts them as input.
    pub cache_read: Option<f64>,
    /// Tokens written to the vendor's cache; `None` counts them as input.
    pub cache_write: Option<f64>,
}

impl Price {
    /// The most that so many tokens may cost, whichever of them come from or go to a cache.
    ///
    /// ```
    /// use playhouse_provider::Price;
    ///
    /// let price = Price { input: 2.0, output: 8.0, cache_read: Some(0.5), cache_write: Some(2.5) };
    /// assert_eq!(price.most_usd(1_000_000, 100_000), 2.5 + 0.8);
    /// ```
    pub fn most_usd(&self, prompt_tokens: u64, completion_tokens: u64) -> f64 {
        let input = self.input.max(self.cache_read.unwrap_or(0.0)).max(self.cache_write.unwrap_or(0.0));
        (prompt_tokens as f64 * input + completion_tokens as f64 * self.output) / 1e6
    }

    /// The dearer of two prices, part by part.
    #[must_use]
    pub fn or_dearer(self, other: Self) -> Self {
        let dearer = |own: Option<f64>, others: Option<f64>, price: f64, other_price: f64| {
            Some(own.unwrap_or(price).max(others.unwrap_or(other_price)))
        };
        Self {
            cache_read: dearer(self.cache_read, other.cache_read, self.input, other.input),
            cache_write: dearer(self.cache_write, other.cache_write, self.input, other.input),
            input: self.input.max(other.input),
            output: self.output.max(other.output),
        }
    }

    /// The cost of a call in US dollars.
    ///
    /// ```
    /// use playhouse_llm::Usage;
    /// use playhouse_provider::Price;
    ///
    /// let price = Price { input: 2.0, output: 8.0, cache_read: Some(0.5), cache_write: None };
    /// let usage = Usage { cached_tokens: Some(500_000), ..Usage::new(1_000_000, 100_000) };
    /// assert_eq!(price.cost_usd(&usage), 1.0 + 0.25 + 0.8);
    /// ```
    pub fn cost_usd(&self, usage: &Usage) -> f64 {
        let read = usage.cached_tokens.unwrap_or(0).min(usage.prompt_tokens);
        let written = usage.cache_write_tokens.unwrap_or(0).min(usage.prompt_tokens - read);
        let fresh = usage.prompt_tokens - read - written;
        let micro_usd = fresh as f64 * self.input
            + read as f64 * self.cache_read.unwrap_or(self.input)
            + written as f64 * self.cache_write.unwrap_or(self.input)
            + usage.completion_tokens as f64 * self.output;
        micro_usd / 1e6
    }
}

/// Says what a call may cost before it is known who will answer it.
pub trait Quote: Send + Sync {
    /// The dearest price among all that may answer this model, part by part; `None` where none is known.
    fn dearest(&self, model: &str) -> Option<Price>;
}

/// Prices by provider and model.
#[derive(Clone, Debug, Default)]
pub struct PriceTable {
    /// Which vendor a provider's name stands for.
    vendors: HashMap<String, String>,
    shipped: HashMap<String, HashMap<String, Price>>,
    own: HashMap<String, Price>,
}

impl PriceTable {
    /// The shipped prices below the user's own, which are named `provider/model`.
    ///
    /// `vendors` says which vendor stands behind each provider's name.
    pub fn new(
        vendors: impl IntoIterator<Item = (String, String)>,
        own: impl IntoIterator<Item = (String, PriceConfig)>,
    ) -> Self {
        let own = own.into_iter().map(|(name, price)| (name, Price::from(&price)));
        Self { vendors: vendors.into_iter().collect(), shipped: shipped(), own: own.collect() }
    }

    /// The cost of a call to a provider, or `None` where no price is known.
    ///
    /// The model asked for is looked up first, then the one that says it answered, then that one
    /// without its date.
    pub fn cost_usd(&self, provider: &str, model: &str, served: Option<&str>, usage: &Usage) -> Option<f64> {
        let price = self.price(provider, model).or_else(|| self.price(provider, served?))?;
        Some(price.cost_usd(usage))
    }

    /// Whether the shipped table lists this model for this vendor.
    pub fn knows(&self, vendor: &str, model: &str) -> bool {
        self.listed(vendor).is_some_and(|models| models.contains_key(model))
    }

    /// A vendor's models. One that is asked in another protocol under another name charges the same.
    fn listed(&self, vendor: &str) -> Option<&HashMap<String, Price>> {
        let same = || self.shipped.get(catalog::vendor(vendor)?.otel_name);
        self.shipped.get(vendor).or_else(same)
    }

    /// The price of a provider's model, where one is known.
    pub fn price(&self, provider: &str, model: &str) -> Option<Price> {
        if !self.own.is_empty()
            && let Some(price) = self.own.get(&format!("{provider}/{model}"))
        {
            return Some(*price);
        }
        let vendor = self.vendors.get(provider).map_or(provider, String::as_str);
        let models = self.listed(vendor)?;
        models.get(model).or_else(|| models.get(undated(model))).copied()
    }
}

impl From<&PriceConfig> for Price {
    fn from(config: &PriceConfig) -> Self {
        Self {
            input: config.input_usd_per_mtok,
            output: config.output_usd_per_mtok,
            cache_read: config.cache_read_usd_per_mtok,
            cache_write: config.cache_write_usd_per_mtok,
        }
    }
}

/// `gpt-4o-mini-2024-07-18` without its date.
fn undated(model: &str) -> &str {
    let bytes = model.as_bytes();
    let Some(at) = model.len().checked_sub("-2024-07-18".len()) else { return model };
    let is_date = bytes[at..].iter().enumerate().all(|(position, byte)| match position {
        0 | 5 | 8 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if is_date { &model[..at] } else { model }
}

fn shipped() -> HashMap<String, HashMap<String, Price>> {
    let mut table: HashMap<String, HashMap<String, Price>> = HashMap::new();
    for (vendor, model, price) in SHIPPED.lines().filter_map(row) {
        table.entry(vendor.to_owned()).or_default().insert(model.to_owned(), price);
    }
    table
}

/// One row: `vendor,model,input,output,cache_read,cache_write`; no field is ever quoted.
fn row(line: &str) -> Option<(&str, &str, Price)> {
    let mut fields = line.split(',');
    let (vendor, model) = (fields.next()?, fields.next()?);
    let mut number = || fields.next().map(|field| field.parse::<f64>().ok());
    let (input, output) = (number()??, number()??);
    let price = Price { input, output, cache_read: number()?, cache_write: number()? };
    Some((vendor, model, price))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_row_is_read() {
        let rows = SHIPPED.lines().skip(1).count();
        let read: usize = shipped().values().map(HashMap::len).sum();
        assert!(rows > 500, "the table has only {rows} rows");
        assert_eq!(read, rows);
    }

    #[test]
    fn a_dated_model_costs_what_the_undated_one_does() {
        let table = PriceTable::new([("main".to_owned(), "openai".to_owned())], []);
        let usage = Usage::new(1_000_000, 0);
        let dated = table.cost_usd("main", "gpt-4o-mini-2099-01-01", None, &usage);
        assert_eq!(dated, table.cost_usd("main", "gpt-4o-mini", None, &usage));
        assert!(dated.is_some());
    }

    #[test]
    fn a_vendor_charges_the_same_in_every_protocol() {
        let table = PriceTable::new([], []);
        let price = |vendor| table.price(vendor, "gpt-4o-mini");
        assert!(price("openai").is_some());
        assert_eq!(price("openai-responses"), price("openai"));
        assert_eq!(price("custom-responses"), None);
    }

    #[test]
    fn own_prices_go_before_shipped_ones() {
        let own = PriceConfig { input_usd_per_mtok: 7.0, ..PriceConfig::default() };
        let table = PriceTable::new([], [("openai/gpt-4o-mini".to_owned(), own)]);
        assert_eq!(table.cost_usd("openai", "gpt-4o-mini", None, &Usage::new(1_000_000, 0)), Some(7.0));
    }
}
