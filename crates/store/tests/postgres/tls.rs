//! How the connection to a server is protected, by the `sslmode` of its URL.

use playhouse_store::testing::postgres;
use playhouse_store::{PostgresStore, StoreError};

use super::PATIENT;
use crate::conformance::take_turn;

async fn open(url: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&url.to_owned().into(), &PATIENT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_checked_as_the_url_asks() {
    let Some(server) = postgres::start_with_tls() else { return };
    let database = server.database();
    let by_address = database.url();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    let authority = format!("sslrootcert={}", server.authority().display());
    let protected = "SELECT coalesce(bool_and(ssl), false)::int FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE application_name = 'playhouse'";
    let cases = [
        (format!("{by_address}?sslmode=disable"), "0"),
        (by_address.clone(), "1"),
        (format!("{by_address}?sslmode=require"), "1"),
        (format!("{by_address}?sslmode=verify-ca&{authority}"), "1"),
        (format!("{by_name}?sslmode=verify-full&{authority}"), "1"),
    ];
    for (n, (url, expected)) in (1..).zip(cases) {
        let store = open(&url).await.unwrap();
        take_turn(&store, "ada", n).await;
        assert_eq!(database.sql(protected), expected, "{url}");
        drop(store);
        while database.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'playhouse'")
            != "0"
        {
            tokio::task::yield_now().await;
        }
    }
    let refused = [
        // Signed by somebody this system does not know, and for another name.
        format!("{by_name}?sslmode=verify-full"),
        format!("{by_address}?sslmode=verify-full&{authority}"),
        format!("{by_address}?sslmode=verify-ca&sslrootcert=/no/such/file"),
    ];
    for url in refused {
        // Opening waits for a server that may be starting; reading does not.
        let error = PostgresStore::open_read_only(&url.clone().into(), &PATIENT).await.map(drop).unwrap_err();
        assert!(error.is_unavailable() && !error.to_string().contains("s3cret"), "{url}: {error}");
    }
}
