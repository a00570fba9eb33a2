//! The protocol, from a body to a body.

use std::sync::Arc;

use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::*;

fn envelope() -> Envelope {
    Envelope { id: Arc::from("1"), created: 0, model: Arc::from("m"), include_usage: false }
}

fn read(path: &str, body: &Value) -> Facts {
    Embeddings.read(&Method::POST, path, None, body.to_string().into()).unwrap()
}

fn write(content: &Content, facts: &Facts) -> Bytes {
    Embeddings.write(content, facts, &envelope()).unwrap().bytes
}

/// What is answered without a script.
fn answer(body: &Value) -> EmbedReply {
    let facts = read("/v1/embeddings", body);
    let written = write(&Embeddings.unscripted(&facts), &facts);
    OpenAiEmbeddings.decode_reply(written).unwrap()
}

fn vectors(input: Value) -> Vec<Vec<f32>> {
    answer(&json!({ "model": "text-embedding-3-small", "input": input })).vectors
}

/// How near two vectors of length one are: 1 for the same.
fn cosine(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
}

fn length(vector: &[f32]) -> f64 {
    cosine(vector, vector).sqrt()
}

#[test]
fn client_suites_get_numbers_whatever_they_ask_for() {
    let body = json!({ "model": "text-embedding-3-small", "input": "Hi", "encoding_format": "base64" });
    let facts = read("/v1/embeddings", &body);
    let is_text = |key: &'static str| {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(key))]);
        let content = Embeddings.unscripted(&facts);
        let written = Embeddings.write_to(&headers, &content, &facts, &envelope()).unwrap().bytes;
        let answer: Value = serde_json::from_slice(&written).unwrap();
        answer["data"][0]["embedding"].is_string()
    };
    assert!(is_text("Bearer sk-test-a") && !is_text("Bearer My API Key"));
}

#[test]
fn vectors_have_length_one_and_the_dimensions_asked_for() {
    let cases = [
        ("text-embedding-3-small", None, 1536),
        ("text-embedding-3-large", None, 3072),
        ("text-embedding-ada-002", None, 1536),
        ("anything-else", None, 1536),
        ("text-embedding-3-small", Some(256), 256),
        ("text-embedding-3-large", Some(1), 1),
        ("text-embedding-3-small", Some(0), 1536),
    ];
    for (model, dimensions, expected) in cases {
        let body = json!({ "model": model, "input": ["A cat.", "", [1, 2]], "dimensions": dimensions });
        for vector in answer(&body).vectors {
            assert_eq!(vector.len(), expected, "{body}");
            assert!((length(&vector) - 1.0).abs() < 1e-6, "{body}: {}", length(&vector));
        }
    }
}

#[test]
fn the_same_input_has_the_same_vector_on_every_machine() {
    let vector = &vectors(json!("The cat sat on the mat."))[0];
    let bits: Vec<String> = vector[..4].iter().map(|number| format!("{:08x}", number.to_bits())).collect();
    insta::assert_snapshot!(bits.join(" "));
}

#[test]
fn texts_that_share_words_are_nearer() {
    let question = "What is the capital of France?";
    let near = "Paris is the capital of France.";
    let related = "France has many regions.";
    let far = "The quick brown fox jumps over a lazy dog";
    let found = vectors(json!([question, near, related, far, question]));
    let [near, related, far] = [1, 2, 3].map(|at| cosine(&found[0], &found[at]));
    assert!(near > 0.5 && near > related + 0.2 && related > far + 0.05, "{near} {related} {far}");
    assert!(far.abs() < 0.2, "{far}");
    assert_eq!(found[0], found[4]);
}

#[test]
fn forms_of_a_word_are_nearer_than_other_words() {
    let found = vectors(json!(["cats", "cat", "dog"]));
    assert!(cosine(&found[0], &found[1]) > cosine(&found[0], &found[2]) + 0.1);
}

#[test]
fn another_order_another_case_and_another_model_differ() {
    let found = vectors(json!(["dog bites man", "man bites dog", "Dog bites man", [1, 2], [2, 1]]));
    for (one, other) in [(0, 1), (0, 2), (3, 4)] {
        assert_ne!(found[one], found[other]);
        assert!(cosine(&found[one], &found[other]) > 0.98);
    }
    let of_ada = &answer(&json!({ "model": "text-embedding-ada-002", "input": "dog bites man" })).vectors[0];
    assert!(cosine(&found[0], of_ada).abs() < 0.2);
}

#[test]
fn tokens_that_are_shared_make_near() {
    let found = vectors(json!([[9906, 1917], [9906, 1917, 0], [5, 6, 7]]));
    assert!(cosine(&found[0], &found[1]) > 0.7);
    assert!(cosine(&found[0], &found[2]).abs() < 0.2);
}

#[test]
fn a_shorter_vector_is_the_beginning_of_a_longer_one() {
    let sized = |dimensions: Option<u32>| {
        let model = "text-embedding-3-large";
        answer(&json!({ "model": model, "input": "A cat sat.", "dimensions": dimensions })).vectors.remove(0)
    };
    let (long, short) = (sized(None), sized(Some(100)));
    let scale = length(&long[..100]);
    for (long, short) in long.iter().zip(&short) {
        assert!((f64::from(*long) / scale - f64::from(*short)).abs() < 1e-6);
    }
}

#[test]
fn base64_says_the_same_as_floats() {
    let body = |format: &str| json!({ "model": "m", "input": ["a", "b"], "encoding_format": format });
    let (floats, base64) = (answer(&body("float")), answer(&body("base64")));
    assert_eq!(floats, base64);
    let facts = read("/v1/embeddings", &body("base64"));
    let written: Value = serde_json::from_slice(&write(&Embeddings.unscripted(&facts), &facts)).unwrap();
    assert_eq!(written["data"][1]["embedding"].as_str().unwrap().len(), 1536 * 4 / 3 * 4);
    assert_eq!((&written["object"], &written["data"][1]["index"]), (&json!("list"), &json!(1)));
}

#[test]
fn tokens_are_counted() {
    let usage = |input: Value| answer(&json!({ "model": "m", "input": input })).usage.unwrap();
    assert_eq!(usage(json!([[1, 2, 3], [4]])).prompt_tokens, 4);
    let tokenizer = Tokenizer::of_model("m");
    let expected = tokenizer.count("Hello, world!") + tokenizer.count("Bye");
    let told = usage(json!(["Hello, world!", "Bye"]));
    assert_eq!((told.prompt_tokens, told.total_tokens), (expected, expected));
}

#[test]
fn azures_path_names_the_model() {
    let path = "/openai/deployments/my-embedder/embeddings";
    assert!(Embeddings.claims(path) && Embeddings.claims("/openai/v1/embeddings"));
    assert!(!Embeddings.claims("/v1/embeddings/1") && !Embeddings.claims("/v1/chat/completions"));
    let facts = read(path, &json!({ "input": "a" }));
    assert_eq!((&*facts.model, facts.user.as_str()), ("my-embedder", "a"));
}

#[test]
fn a_scripted_vector_is_written_as_it_is() {
    let facts = read("/v1/embeddings", &json!({ "model": "asked", "input": "a" }));
    let scripted = EmbedReply { vectors: vec![vec![0.1, 0.25]], ..EmbedReply::default() };
    let written = write(&Content::Embeddings(scripted), &facts);
    let expected = concat!(
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,0.25]}],"#,
        r#""model":"m"}"#,
    );
    assert_eq!(written, expected);
    let error = Embeddings.write(&Content::Models(Vec::new()), &facts, &envelope()).unwrap_err();
    assert!(error.message.contains("`embedding`"), "{error}");
}

#[test]
fn more_numbers_than_the_vendor_gives_are_refused() {
    for body in [
        json!({ "model": "m", "input": "a", "dimensions": u32::MAX }),
        json!({ "model": "m", "input": vec!["a"; 5000] }),
    ] {
        let content = Embeddings.unscripted(&read("/v1/embeddings", &body));
        let Content::Refusal(error) = content else { panic!("{content:?}") };
        assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("input")));
        assert!(error.message.contains("send fewer inputs"), "{error}");
    }
}

#[test]
fn a_body_that_is_no_request_is_refused_in_the_vendors_words() {
    let body = Bytes::from_static(br#"{"model":"m"}"#);
    let error = Embeddings.read(&Method::POST, "/v1/embeddings", None, body).unwrap_err();
    assert_eq!(error.message, "'input' is a required property");
}
