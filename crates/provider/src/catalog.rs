//! The vendors that are known by name: where they are, how they want to be asked, what differs.
//!
//! Adding a vendor is adding a row to [`VENDORS`].

use playhouse_wire::{AnthropicMessages, Codec, Dialect, OpenAiChat, OpenAiResponses};

/// What is known of a vendor.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// The name in configuration, logs and metrics.
    pub name: &'static str,
    /// The name OpenTelemetry gives it (`gen_ai.provider.name`).
    pub otel_name: &'static str,
    /// Its address, up to and including the version; `None` where every customer has another.
    pub base_url: Option<&'static str>,
    /// The environment variable its SDK reads the key from.
    pub key_variable: Option<&'static str>,
    /// The environment variable its SDK reads the address from.
    pub base_url_variable: Option<&'static str>,
    /// Whether it refuses requests without a key.
    pub needs_key: bool,
    /// The protocol it speaks.
    pub codec: &'static dyn Codec,
    /// How it wants to be shown the key.
    pub key_header: KeyHeader,
    /// How its paths are built.
    pub paths: Paths,
    /// What its model names begin with, where that tells it from others.
    pub model_prefixes: &'static [&'static str],
    /// The model that native chat asks for when nobody names one.
    pub default_model: Option<&'static str>,
    /// How it departs from its protocol.
    pub dialect: Dialect,
}

/// The header that carries a vendor's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// `authorization: Bearer …`
    Bearer,
    /// `api-key: …` (Azure).
    ApiKey,
    /// `x-api-key: …` (Anthropic).
    XApiKey,
}

/// How a vendor's paths are built from its base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// The protocol's path below the base URL.
    Plain,
    /// The protocol's path below `/v1`, which the base URL may end with or not, as Anthropic's own clients
    /// leave it out.
    Versioned,
    /// Azure: below `/openai/v1`, or below the model's deployment when an API version is set.
    Azure,
}

const DIALECT: Dialect = Dialect { stream_usage: true };

/// A vendor of which nothing is assumed but the protocol.
pub const CUSTOM: Vendor = Vendor {
    name: "custom",
    otel_name: "custom",
    base_url: None,
    key_variable: None,
    base_url_variable: None,
    needs_key: false,
    codec: &OpenAiChat,
    key_header: KeyHeader::Bearer,
    paths: Paths::Plain,
    model_prefixes: &[],
    default_model: None,
    dialect: DIALECT,
};

/// An address that speaks Anthropic's Messages, of which nothing else is assumed.
const CUSTOM_ANTHROPIC: Vendor = Vendor {
    name: "custom-anthropic",
    codec: &AnthropicMessages,
    key_header: KeyHeader::XApiKey,
    paths: Paths::Versioned,
    ..CUSTOM
};

/// An address that speaks OpenAI's Responses, of which nothing else is assumed.
const CUSTOM_RESPONSES: Vendor = Vendor { name: "custom-responses", codec: &OpenAiResponses, ..CUSTOM };

/// OpenAI, asked in its chat completions.
const OPENAI: Vendor = Vendor {
    name: "openai",
    otel_name: "openai",
    base_url: Some("https://api.openai.com/v1"),
    key_variable: Some("OPENAI_API_KEY"),
    base_url_variable: Some("OPENAI_BASE_URL"),
    needs_key: true,
    model_prefixes: &["gpt-", "chatgpt-", "o1", "o3", "o4", "ft:gpt-", "text-embedding-"],
    default_model: Some("gpt-4o-mini"),
    ..CUSTOM
};

/// The table of vendors. The order is the order in which their variables make providers; of several that read
/// the same one, the first is made.
static VENDORS: &[Vendor] = &[
    OPENAI,
    Vendor {
        name: "anthropic",
        otel_name: "anthropic",
        base_url: Some("https://api.anthropic.com/v1"),
        key_variable: Some("ANTHROPIC_API_KEY"),
        base_url_variable: Some("ANTHROPIC_BASE_URL"),
        needs_key: true,
        model_prefixes: &["claude-"],
        default_model: Some("claude-haiku-4-5"),
        ..CUSTOM_ANTHROPIC
    },
    Vendor {
        name: "azure",
        otel_name: "azure.ai.openai",
        key_variable: Some("AZURE_OPENAI_API_KEY"),
        base_url_variable: Some("AZURE_OPENAI_ENDPOINT"),
        needs_key: true,
        key_header: KeyHeader::ApiKey,
        paths: Paths::Azure,
        ..CUSTOM
    },
    Vendor {
        name: "groq",
        otel_name: "groq",
        base_url: Some("https://api.groq.com/openai/v1"),
        key_variable: Some("GROQ_API_KEY"),
        needs_key: true,
        default_model: Some("llama-3.3-70b-versatile"),
        ..CUSTOM
    },
    Vendor {
        name: "mistral",
        otel_name: "mistral_ai",
        base_url: Some("https://api.mistral.ai/v1"),
        key_variable: Some("MISTRAL_API_KEY"),
        needs_key: true,
        model_prefixes: &["mistral-", "ministral-", "magistral-", "codestral-", "devstral-", "pixtral-"],
        default_model: Some("mistral-small-latest"),
        // Mistral sends usage with the last chunk unasked.
        dialect: Dialect { stream_usage: false },
        ..CUSTOM
    },
    Vendor {
        name: "together",
        otel_name: "together",
        base_url: Some("https://api.together.xyz/v1"),
        key_variable: Some("TOGETHER_API_KEY"),
        needs_key: true,
        default_model: Some("meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ..CUSTOM
    },
    Vendor {
        name: "deepseek",
        otel_name: "deepseek",
        base_url: Some("https://api.deepseek.com/v1"),
        key_variable: Some("DEEPSEEK_API_KEY"),
        needs_key: true,
        model_prefixes: &["deepseek-"],
        default_model: Some("deepseek-chat"),
        ..CUSTOM
    },
    Vendor {
        name: "openrouter",
        otel_name: "openrouter",
        base_url: Some("https://openrouter.ai/api/v1"),
        key_variable: Some("OPENROUTER_API_KEY"),
        needs_key: true,
        default_model: Some("openai/gpt-4o-mini"),
        ..CUSTOM
    },
    Vendor {
        name: "xai",
        otel_name: "x_ai",
        base_url: Some("https://api.x.ai/v1"),
        key_variable: Some("XAI_API_KEY"),
        needs_key: true,
        model_prefixes: &["grok-"],
        default_model: Some("grok-4"),
        ..CUSTOM
    },
    Vendor {
        name: "fireworks",
        otel_name: "fireworks",
        base_url: Some("https://api.fireworks.ai/inference/v1"),
        key_variable: Some("FIREWORKS_API_KEY"),
        needs_key: true,
        model_prefixes: &["accounts/fireworks/"],
        ..CUSTOM
    },
    Vendor { name: "ollama", otel_name: "ollama", base_url: Some("http://127.0.0.1:11434/v1"), ..CUSTOM },
    Vendor { name: "vllm", otel_name: "vllm", base_url: Some("http://127.0.0.1:8001/v1"), ..CUSTOM },
    Vendor { name: "llamacpp", otel_name: "llamacpp", base_url: Some("http://127.0.0.1:8080/v1"), ..CUSTOM },
    Vendor { name: "openai-responses", codec: &OpenAiResponses, ..OPENAI },
    CUSTOM_ANTHROPIC,
    CUSTOM_RESPONSES,
    CUSTOM,
];

/// Every known vendor; the last is `custom`, of which nothing is assumed.
pub fn vendors() -> &'static [Vendor] {
    VENDORS
}

/// The vendor of this name.
///
/// ```
/// let vendor = playhouse_provider::catalog::vendor("groq").unwrap();
/// assert_eq!(vendor.key_variable, Some("GROQ_API_KEY"));
/// ```
pub fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}

impl Vendor {
    /// Whether only the protocol is known of it.
    pub fn is_custom(&self) -> bool {
        self.otel_name == CUSTOM.otel_name
    }

    /// Whether a model's name tells that it is this vendor's.
    pub fn claims(&self, model: &str) -> bool {
        self.model_prefixes.iter().any(|prefix| model.starts_with(prefix))
    }
}
