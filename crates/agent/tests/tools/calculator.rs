//! The calculator, by data: each file of `calculator/` holds expressions and what comes of them.
//!
//! A line is `expression => result`, or `expression =! what is wrong`. Empty lines and those that begin
//! with `#` say nothing.

use std::fs;
use std::path::Path;

use num_bigint::BigInt;
use num_rational::BigRational;
use playhouse_agent::ToolRegistry;
use playhouse_agent::tools::Calculator;
use proptest::prelude::*;
use serde_json::json;

/// A line of a file of cases.
struct Case {
    place: String,
    expression: String,
    expected: Result<String, String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/calculator");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| read(&file)).collect()
}

fn read(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| case(format!("{name}:{}", number + 1), line)).collect()
}

fn case(place: String, line: &str) -> Case {
    let good = line.rsplit_once(" => ").map(|(expression, result)| (expression, Ok(result.to_owned())));
    let bad = || line.rsplit_once(" =! ").map(|(expression, error)| (expression, Err(error.to_owned())));
    let (expression, expected) = good.or_else(bad).unwrap_or_else(|| panic!("{place}: no case: {line}"));
    Case { place, expression: expression.to_owned(), expected }
}

#[test]
fn expressions_come_to_what_is_written_beside_them() {
    let cases = cases();
    assert!(cases.len() >= 120, "there are only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong(case: &Case) -> Option<String> {
    let Case { place, expression, expected } = case;
    let actual = Calculator::calculate(expression).map_err(|error| error.to_string());
    (actual != *expected)
        .then(|| format!("{place}: {expression}\n  expected {expected:?}\n  actual   {actual:?}"))
}

#[test]
fn as_deep_as_allowed_fits_a_small_stack() {
    let nest = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    let calculate = move || {
        let deepest = Calculator::calculate(&nest(99)).unwrap();
        (deepest, Calculator::calculate(&nest(100)).unwrap_err().to_string())
    };
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let (deepest, deeper) = small.spawn(calculate).unwrap().join().unwrap();
    assert_eq!(deepest, "1");
    assert_eq!(
        deeper,
        "more than 100 brackets, signs or powers in each other at character 101, \
         after '…(((((((((((((((((((('; calculate the inner parts first"
    );
}

#[test]
fn everything_that_nests_counts() {
    for nesting in ["-", "+", "(", "2^", "sqrt(", "1+(2*-", "max(1,"] {
        let error = Calculator::calculate(&nesting.repeat(300)).unwrap_err().to_string();
        assert!(error.starts_with("more than 100 brackets, signs or powers"), "{nesting}: {error}");
    }
}

#[test]
fn a_long_expression_is_no_deep_one() {
    let sum = vec!["1"; 2048].join("+");
    assert_eq!(Calculator::calculate(&sum).unwrap(), "2048");
    let error = Calculator::calculate(&format!("{sum}++")).unwrap_err().to_string();
    assert!(error.starts_with("the expression is longer than 4096 characters"), "{error}");
}

#[test]
fn long_numbers_are_refused_before_they_are_read() {
    let longest = "9".repeat(1000);
    assert_eq!(Calculator::calculate(&longest).unwrap(), longest);
    let error = Calculator::calculate(&format!("1 + {longest}9")).unwrap_err().to_string();
    assert_eq!(error, "a number of more than 1000 digits at character 5, after '1 + '");
}

#[tokio::test]
async fn a_model_is_told_all_it_can_use() {
    let tools = ToolRegistry::new().with(Calculator::default()).unwrap();
    let spec = tools.specs().remove(0);
    insta::assert_json_snapshot!(json!({"description": spec.description, "parameters": spec.parameters}));
    let error = tools.execute("calculator", json!({"expression": 4})).await.error.unwrap();
    assert!(error.contains("is not of type \"string\""), "{error}");
}

#[test]
fn the_guide_names_every_function() {
    let guide = include_str!("../../../../docs/agent-tools.md");
    let unknown = Calculator::calculate("nothing(1)").unwrap_err().to_string();
    let (_, names) = unknown.split_once("there are ").unwrap();
    for name in names.split(' ') {
        assert!(guide.contains(&format!("`{name}(")), "docs/agent-tools.md does not name {name}");
    }
}

/// A sum, difference or product with the fraction that it is.
fn exact_tree() -> impl Strategy<Value = (String, BigRational)> {
    let tenths = |tenths: i64| (format!("{}.{}", tenths / 10, tenths % 10), ratio(tenths, 10));
    let leaf = (0i64..100_000).prop_map(tenths);
    leaf.prop_recursive(4, 16, 2, |inner| {
        let sign = prop::sample::select(vec!["+", "-", "*", "−", "×", "·"]);
        (inner.clone(), sign, inner).prop_map(|((left, a), sign, (right, b))| {
            let value = match sign {
                "+" => a + b,
                "-" | "−" => a - b,
                _ => a * b,
            };
            (format!("({left} {sign} {right})"), value)
        })
    })
}

fn ratio(numer: i64, denom: i64) -> BigRational {
    BigRational::new(numer.into(), denom.into())
}

/// The fraction that a result stands for.
fn read_result(text: &str) -> BigRational {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{decimals}").parse().unwrap();
    let places = exponent.parse::<i32>().unwrap() - i32::try_from(decimals.len()).unwrap();
    BigRational::from_integer(digits) * ratio(10, 1).pow(places)
}

/// What could be an expression, and mostly is none.
fn scribble() -> impl Strategy<Value = String> {
    let words = [
        "1", "0", "9", "2.5", "1e5", "-", "+", "*", "/", "%", "^", "**", "!", "(", ")", ",", " ", "e", "pi",
        "sqrt(", "round(", "max(", "gcd(", "lcm(", "log(", "tan(", "atan2(", "99999", "0.001", "_", ".", "×",
        "π", "x", "²",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn sums_and_products_are_exact((expression, value) in exact_tree()) {
        let result = Calculator::calculate(&expression).unwrap();
        prop_assert_eq!(read_result(&result), value, "{} => {}", expression, result);
    }

    #[test]
    fn nothing_that_is_written_breaks_it(text in "\\PC{0,60}") {
        let _ = Calculator::calculate(&text);
    }

    #[test]
    fn no_scribble_breaks_it(text in scribble()) {
        if let Ok(result) = Calculator::calculate(&text) {
            let is_zero = read_result(&result) == ratio(0, 1);
            prop_assert!(!is_zero || result == "0", "{} => {}", text, result);
        }
    }
}
