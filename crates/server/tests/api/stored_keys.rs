//! Stored API keys: who may come in, what they see, and the operators' API of them.

use std::time::Duration;

use playhouse_server::http::Method;
use serde_json::{Value, json};

use crate::keyed::{Keyed, OPERATOR, Worker};

fn app() -> Keyed {
    Keyed::over(Worker::counting(10, 5))
}

#[tokio::test]
async fn a_made_key_opens_and_is_shown_once() {
    let app = app();
    let (id, key) = app.make(json!({"name": "search", "models": ["small*"]})).await;
    assert!(key.starts_with("phk_"), "{key}");
    assert_eq!(app.complete(&key, 5).await.status(), 200);

    let shown = app.get(&format!("/v1/admin/keys/{id}"), OPERATOR).await;
    assert!(!shown.text().contains(&key), "the key is shown again");
    let (view, prefix) = (shown.json(), &key[..10]);
    assert_eq!((&view["name"], &view["prefix"]), (&json!("search"), &json!(prefix)));
    assert_eq!((&view["models"], &view["state"]), (&json!(["small*"]), &json!("active")));
    app.app.flush().await;
    let used = app.get(&format!("/v1/admin/keys/{id}"), OPERATOR).await.json();
    assert_eq!(used["usage"]["day"]["calls"], 1);
    assert_eq!(used["usage"]["month"]["tokens"], 15);
    assert_eq!(used["usage"]["month"]["cost_usd"], 0.00015);
}

#[tokio::test]
async fn only_operators_manage_keys_and_see_the_metrics() {
    let app = app();
    let (id, key) = app.make(json!({"name": "search"})).await;
    let one = format!("/v1/admin/keys/{id}");
    for (method, path) in [
        (Method::GET, "/v1/admin/keys"),
        (Method::POST, "/v1/admin/keys"),
        (Method::GET, &*one),
        (Method::PATCH, &*one),
        (Method::DELETE, &*one),
        (Method::GET, "/metrics"),
    ] {
        let refused = app.send(method.clone(), path, &key, &json!({"name": "mine"})).await;
        assert_eq!(refused.status(), 403, "{method} {path}");
        assert_eq!(refused.json()["code"], "permission_denied", "{method} {path}");
        assert_eq!(app.send(method.clone(), path, "sk-wrong", &json!({})).await.status(), 401);
    }
}

#[tokio::test]
async fn a_server_with_stored_keys_alone_is_not_open() {
    let app = Keyed::with_keys(Worker::counting(10, 5), &[]);
    assert_eq!(app.get("/v1/sessions", "").await.status(), 200);
    assert_eq!(app.get("/v1/sessions", "any").await.status(), 200);
    let made = app.send(Method::POST, "/v1/admin/keys", "", &json!({"name": "first"})).await;
    assert_eq!(made.status(), 201, "{}", made.text());
    let key = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(made.header("cache-control"), "no-store");

    assert_eq!(app.get("/v1/sessions", "").await.status(), 401);
    assert_eq!(app.get("/v1/sessions", "any").await.status(), 401);
    assert_eq!(app.get("/v1/sessions", &key).await.status(), 200);
    assert_eq!(app.get("/v1/admin/keys", &key).await.status(), 403);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_here_and_soon_elsewhere() {
    let app = app();
    let other = app.another();
    let (id, key) = app.make(json!({"name": "search"})).await;
    assert_eq!(app.get("/v1/calls", &key).await.status(), 200);
    assert_eq!(other.get("/v1/calls", &key).await.status(), 200);

    let revoked = app.send(Method::DELETE, &format!("/v1/admin/keys/{id}"), OPERATOR, &Value::Null).await;
    assert_eq!((revoked.status().as_u16(), &revoked.json()["state"]), (200, &json!("revoked")));
    let refused = app.get("/v1/calls", &key).await;
    assert_eq!(refused.status(), 401);
    assert!(refused.json()["detail"].as_str().unwrap().contains("was revoked"), "{}", refused.text());

    let refused_elsewhere = async {
        while other.get("/v1/calls", &key).await.status() != 401 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused_elsewhere)
        .await
        .expect("it goes on working elsewhere");
    let listed = app.get("/v1/admin/keys", OPERATOR).await.json();
    assert_eq!(listed["keys"][0]["state"], "revoked");
}

#[tokio::test]
async fn keys_never_see_each_others_things() {
    let app = app();
    let (ada_id, ada) = app.make(json!({"name": "ada"})).await;
    let (_, bob) = app.make(json!({"name": "bob"})).await;
    let turn = |answer: playhouse_server::Answer| answer.json()["turn_id"].as_str().unwrap().to_owned();
    let of_ada = turn(app.chat(&ada, "s1", "I am Ada").await);
    let of_bob = turn(app.chat(&bob, "s1", "I am Bob").await);
    let of_operator = turn(app.chat(OPERATOR, "s2", "I am nobody").await);
    app.app.flush().await;

    let session = app.get("/v1/sessions/s1", &ada).await.json();
    assert_eq!((&session["turns"], &session["messages"][0]["content"]), (&json!(1), &json!("I am Ada")));
    assert_eq!(session["key_id"], json!(ada_id));
    assert_eq!(app.get("/v1/sessions/s2", &ada).await.status(), 404);
    for (turn, status) in [(&of_ada, 200), (&of_bob, 404), (&of_operator, 404)] {
        assert_eq!(app.get(&format!("/v1/turns/{turn}"), &ada).await.status(), status);
        assert_eq!(app.get(&format!("/v1/turns/{turn}"), OPERATOR).await.status(), 200);
    }
    for (key, sessions, calls) in [(&*ada, 1, 1), (&*bob, 1, 1), (OPERATOR, 3, 3)] {
        assert_eq!(app.get("/v1/sessions", key).await.json()["sessions"].as_array().unwrap().len(), sessions);
        assert_eq!(app.get("/v1/calls", key).await.json()["calls"].as_array().unwrap().len(), calls);
        assert_eq!(app.get("/v1/calls/stats", key).await.json()["stats"][0]["calls"], calls);
    }
    assert_eq!(app.send(Method::DELETE, "/v1/sessions/s2", &ada, &Value::Null).await.status(), 404);
    assert_eq!(app.send(Method::DELETE, "/v1/sessions/s1", &ada, &Value::Null).await.status(), 204);
    assert_eq!(app.get("/v1/sessions/s1", &bob).await.status(), 200);
}

#[tokio::test]
async fn operators_may_look_at_one_key() {
    let app = app();
    let (ada_id, ada) = app.make(json!({"name": "ada"})).await;
    let (bob_id, _) = app.make(json!({"name": "bob"})).await;
    app.chat(&ada, "s1", "I am Ada").await;
    app.chat(OPERATOR, "s1", "I am nobody").await;
    app.app.flush().await;

    let count =
        async |path: &str, list: &str| app.get(path, OPERATOR).await.json()[list].as_array().unwrap().len();
    for (id, found) in [(&ada_id, 1), (&bob_id, 0)] {
        assert_eq!(count(&format!("/v1/sessions?key_id={id}"), "sessions").await, found);
        assert_eq!(count(&format!("/v1/calls?key_id={id}"), "calls").await, found);
        assert_eq!(count(&format!("/v1/calls/stats?key_id={id}"), "stats").await, found);
        assert_eq!(count(&format!("/v1/runs?key_id={id}"), "runs").await, 0);
    }
    let own = app.get("/v1/sessions/s1", OPERATOR).await.json();
    assert_eq!(own["messages"][0]["content"], "I am nobody");
    let hers = app.get(&format!("/v1/sessions/s1?key_id={ada_id}"), OPERATOR).await.json();
    assert_eq!(hers["messages"][0]["content"], "I am Ada");

    assert_eq!(app.get(&format!("/v1/calls?key_id={ada_id}"), &ada).await.status(), 200);
    assert_eq!(app.get(&format!("/v1/calls?key_id={bob_id}"), &ada).await.status(), 403);
}

#[tokio::test]
async fn a_key_asks_the_models_it_may() {
    let app = app();
    let (_, key) = app.make(json!({"name": "search", "models": ["small*"]})).await;
    let models = app.get("/v1/models", &key).await.json();
    let ids: Vec<&Value> = models["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, ["small", "small-2026"]);
    assert_eq!(app.get("/v1/models/large", &key).await.status(), 404);
    assert_eq!(app.get("/v1/models", OPERATOR).await.json()["data"].as_array().unwrap().len(), 4);

    let body = json!({"model": "large", "messages": [{"role": "user", "content": "Hello"}]});
    let refused = app.send(Method::POST, "/v1/chat/completions", &key, &body).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json()["error"]["code"], "model_not_found");
    let body = json!({"model": "large", "message": "Hello", "session_id": "s1"});
    let refused = app.send(Method::POST, "/v1/chat", &key, &body).await;
    assert_eq!((refused.status().as_u16(), &refused.json()["param"]), (403, &json!("model")));
    assert_eq!(app.get("/v1/sessions/s1", &key).await.status(), 404, "a refused question is kept");
    assert_eq!(app.worker.asked(), 0);
    let metrics = app.get("/metrics", OPERATOR).await.text();
    assert!(metrics.contains(r#"playhouse_key_refusals_total{reason="model"} 2"#), "{metrics}");
}

#[tokio::test]
async fn a_key_has_agents_ask_only_what_it_may() {
    let app = app();
    let (_, narrow) = app.make(json!({"name": "narrow", "models": ["small*"]})).await;
    let (id, wide) = app.make(json!({"name": "wide", "models": ["large"], "requests_per_minute": 3})).await;
    let asks = [
        ("/v1/agents/helper/runs", json!({"input": "Hello"})),
        ("/v1/chat", json!({"message": "Hello", "agent": "helper"})),
        (
            "/v1/chat/completions",
            json!({"model": "agent:helper", "messages": [{"role": "user", "content": "Hi"}]}),
        ),
    ];
    for (path, body) in &asks {
        assert_eq!(app.send(Method::POST, path, &narrow, body).await.status(), 403, "{path}");
        let answer = app.send(Method::POST, path, &wide, body).await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    }
    assert_eq!(app.worker.asked(), 3, "each call of an agent is one of its key's requests");
    let other =
        app.send(Method::POST, "/v1/chat", &wide, &json!({"message": "Hello", "agent": "helper"})).await;
    assert_eq!(other.status(), 429, "{}", other.text());
    let runs = app.get(&format!("/v1/runs?key_id={id}"), OPERATOR).await.json();
    assert!(runs["runs"].as_array().unwrap().iter().all(|run| run["key_id"] == json!(id)), "{runs}");

    let run = runs["runs"][1]["id"].as_str().unwrap();
    for (method, path) in [
        (Method::GET, format!("/v1/runs/{run}")),
        (Method::DELETE, format!("/v1/runs/{run}")),
        (Method::POST, format!("/v1/runs/{run}/resume")),
    ] {
        let body = json!({"stream": false});
        assert_eq!(app.send(method.clone(), &path, &narrow, &body).await.status(), 404, "{method} {path}");
        assert_ne!(app.send(method.clone(), &path, &wide, &body).await.status(), 404, "{method} {path}");
    }
    let seen = app.get("/v1/runs", &narrow).await.json();
    assert_eq!(seen["runs"], json!([]));
}

#[tokio::test]
async fn a_change_holds_at_once_and_null_takes_a_limit_away() {
    let app = app();
    let (id, key) = app.make(json!({"name": "search", "models": ["large"], "requests_per_minute": 1})).await;
    assert_eq!(app.complete(&key, 5).await.status(), 403);
    let path = format!("/v1/admin/keys/{id}");
    let change = json!({"models": null, "tokens_per_minute": 500, "budget": {"usd": 2.5, "per": "day"}});
    let changed = app.send(Method::PATCH, &path, OPERATOR, &change).await.json();
    assert_eq!((&changed["models"], &changed["requests_per_minute"]), (&json!([]), &json!(1)));
    assert_eq!(changed["budget"], json!({"usd": 2.5, "per": "day"}));
    assert_eq!(app.complete(&key, 5).await.status(), 200);
    assert_eq!(app.complete(&key, 5).await.status(), 429);
    app.send(Method::PATCH, &path, OPERATOR, &json!({"requests_per_minute": null})).await;
    assert_eq!(app.complete(&key, 5).await.status(), 200);
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let app = app();
    let (id, _) = app.make(json!({"name": "search"})).await;
    let path = format!("/v1/admin/keys/{id}");
    for unfit in [
        json!({}),
        json!({"name": ""}),
        json!({"name": 5}),
        json!({"name": "a\u{0}b"}),
        json!({"name": "x", "nmae": "y"}),
        json!({"name": "x", "requests_per_minute": 0}),
        json!({"name": "x", "requests_per_minute": -1}),
        json!({"name": "x", "tokens_per_minute": 1.5}),
        json!({"name": "x", "models": [""]}),
        json!({"name": "x", "models": "small"}),
        json!({"name": "x", "budget": {"usd": 0, "per": "day"}}),
        json!({"name": "x", "budget": {"usd": 1, "per": "week"}}),
        json!({"name": "x", "budget": {"usd": 1}}),
        json!({"name": "x", "expires_at": "tomorrow"}),
    ] {
        let refused = app.send(Method::POST, "/v1/admin/keys", OPERATOR, &unfit).await;
        assert_eq!(refused.status(), 400, "{unfit}");
    }
    let over = json!({"name": "x", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(app.send(Method::POST, "/v1/admin/keys", OPERATOR, &over).await.status(), 409);
    for unfit in [json!({"name": ""}), json!({"budget": {"usd": -1, "per": "day"}}), json!({"id": "x"})] {
        let refused = app.send(Method::PATCH, &path, OPERATOR, &unfit).await;
        assert_eq!(refused.status(), 400, "{unfit}");
    }
    for (method, path) in [(Method::GET, "/v1/admin/keys?limit=0"), (Method::GET, "/v1/admin/keys?size=1")] {
        assert_eq!(app.send(method, path, OPERATOR, &Value::Null).await.status(), 400, "{path}");
    }
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let unknown = app.send(method, "/v1/admin/keys/nobody", OPERATOR, &json!({})).await;
        assert_eq!(unknown.status(), 404);
    }
}

#[tokio::test]
async fn a_key_past_its_time_is_refused() {
    let app = app();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(300);
    let (_, key) = app.make(json!({"name": "trial", "expires_at": soon.to_string()})).await;
    assert_eq!(app.get("/v1/calls", &key).await.status(), 200);
    let refused = async {
        loop {
            let answer = app.get("/v1/calls", &key).await;
            if answer.status() == 401 {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(5), refused).await.expect("it does not expire");
    assert!(refused.json()["detail"].as_str().unwrap().contains("has expired"), "{}", refused.text());
}
