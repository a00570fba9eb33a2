//! The judge is the crate that the tables are made from, in its own way of using them.

use proptest::prelude::*;

use super::*;

const MODELS: [&str; 2] = ["gpt-4", "gpt-4o"];

fn reference(model: &str) -> &'static bpe_openai::Tokenizer {
    match model {
        "gpt-4" => bpe_openai::cl100k_base(),
        _ => bpe_openai::o200k_base(),
    }
}

fn assert_exact(text: &str) {
    for model in MODELS {
        let (tokenizer, reference) = (Tokenizer::of_model(model), reference(model));
        let expected: Vec<&str> = reference.split(text).collect();
        assert_eq!(
            words::words(text, tokenizer.cutting()).collect::<Vec<_>>(),
            expected,
            "{model}: {text:?}"
        );
        assert_eq!(tokenizer.count(text), reference.count(text) as u64, "{model}: {text:?}");
        assert_eq!(tokenizer.split(text).concat(), text, "{model}");
        let tokens: u64 = tokenizer.pieces(text).map(|piece| piece.tokens).sum();
        assert_eq!(tokens, tokenizer.count(text), "{model}: {text:?}");
    }
}

#[test]
fn texts_of_many_kinds_are_split_as_the_reference_does() {
    for text in [
        "",
        "Hello, world! It's 12345 o'clock; HE'LL and they'Re fine.",
        "  leading, trailing  \n\n  and\r\n\t tabs \u{3000} \u{a0}x   ",
        "CamelCaseWords HTTPServer IPv6 ÄÖÜß straße ſ'ſ it'ſ",
        "東京は日本の首都です。한국어 텍스트 नमस्ते दुनिया مرحبا بالعالم",
        "👩‍👩‍👧‍👦 🇩🇪 e\u{301}E\u{301} \u{301}a \u{300}\u{301} ǅungla ʰAB ªº",
        "fn main() { println!(\"{}\", a/b//c); } // path/to\n/x\n///",
        "٣٤٥٦ ½ Ⅷ 1234567 ①②③④ x²",
        "\0\u{1}\u{7f}\u{200b}\u{feff}\u{fffd}\u{10ffff}",
    ] {
        assert_exact(text);
    }
}

#[test]
fn a_character_of_several_tokens_is_one_piece() {
    let tokenizer = Tokenizer::of_model("gpt-4o");
    let pieces: Vec<_> = tokenizer.pieces("a🜁b").collect();
    assert_eq!(pieces.iter().map(|piece| piece.text).collect::<Vec<_>>(), ["a", "🜁", "b"]);
    assert!(pieces[1].tokens > 1, "{pieces:?}");
}

#[test]
fn a_word_without_end_is_merged_in_good_time() {
    let text = "a".repeat(300_000);
    let pieces = Tokenizer::of_model("gpt-4o").split(&text);
    assert_eq!(pieces.len() as u64, Tokenizer::of_model("gpt-4o").count(&text));
    assert!(pieces.len() < text.len() / 4);
}

#[test]
fn names_of_models_choose_the_vocabulary() {
    for (model, family) in [
        ("gpt-4", Family::Cl100k),
        ("gpt-4-turbo-2024-04-09", Family::Cl100k),
        ("gpt-3.5-turbo", Family::Cl100k),
        ("ft:gpt-3.5-turbo:acme::id", Family::Cl100k),
        ("openai/gpt-4", Family::Cl100k),
        ("text-embedding-3-small", Family::Cl100k),
        ("gpt-4o", Family::O200k),
        ("ft:gpt-4o-mini-2024-07-18:acme::id", Family::O200k),
        ("gpt-4.1-nano", Family::O200k),
        ("gpt-5", Family::O200k),
        ("o3-mini", Family::O200k),
        ("chatgpt-4o-latest", Family::O200k),
        ("a-model-nobody-knows", Family::O200k),
    ] {
        assert_eq!(Tokenizer::of_model(model), Tokenizer(family), "{model}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_split_as_the_reference_does(text in "(?s).{0,60}") {
        assert_exact(&text);
    }

    #[test]
    fn any_mixture_of_classes_is_split_as_the_reference_does(text in r"[aAäÄʰǅ語\u{301}'sSſrReEvVlL0٣½ \t\n\r\u{3000}/.,!-]{0,40}") {
        assert_exact(&text);
    }
}
