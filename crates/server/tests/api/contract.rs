//! The contract is part of the product: a change of it shows in review.

use crate::support::TestApp;

#[tokio::test]
async fn the_contract_is_as_reviewed() {
    let app = TestApp::saying(&[]);
    let contract = app.app.get("/openapi.json").await;
    assert_eq!(contract.header("content-type"), "application/json");
    let version = format!(r#""version": "{}""#, env!("CARGO_PKG_VERSION"));
    assert!(contract.text().contains(&version), "the contract does not name the version");
    insta::assert_snapshot!(contract.text().replace(&version, r#""version": "[version]""#));
}

#[tokio::test]
async fn every_route_of_the_contract_answers() {
    let app = TestApp::saying(&[]);
    let contract = app.app.get("/openapi.json").await.json();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        let known = app.app.get(&path.replace("{id}", "x")).await;
        let is_route = known.status() != 404 || path.contains("{id}");
        assert!(is_route, "{path} is in the contract and nowhere else");
        assert!(!methods.as_object().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_problem_has_the_fields_the_contract_says() {
    let app = TestApp::saying(&[]);
    let contract = app.app.get("/openapi.json").await.json();
    let known = contract["components"]["schemas"]["Problem"]["properties"].as_object().unwrap();
    let problem = app.app.get("/v1/sessions?limit=0").await.json();
    for field in problem.as_object().unwrap().keys() {
        assert!(known.contains_key(field), "{field} is not in the contract");
    }
}

#[tokio::test]
async fn the_page_asks_no_other_host() {
    let app = TestApp::saying(&[]);
    let page = app.app.get("/docs").await;
    assert_eq!(page.status(), 200);
    assert!(!page.text().contains("://"), "the page names another host");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}
