//! What a journal keeps, how long, and what it tells about an answer that is going out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use playhouse_llm::{Message, Prompt, Provider, Request};
use playhouse_mock::MockProvider;
use playhouse_mock::journal::{After, Ended, HeaderLines, Journal, JournalBudget, JournalLimits, exact_size};

use crate::support::{Sample, answer};

fn bounded(max_calls: usize, max_bytes: usize) -> Arc<Journal> {
    Arc::new(Journal::new(JournalLimits { max_calls, max_bytes }))
}

fn numbers(journal: &Journal) -> Vec<u64> {
    journal.calls().iter().map(|entry| entry.number).collect()
}

#[tokio::test]
async fn a_call_in_process_is_kept() {
    let mock = MockProvider::echo();
    let request = Request::new("any-model", Prompt::new(vec![Message::user("Hi")]));
    drop(mock.chat(request).await.unwrap());
    let journal = mock.journal();
    assert_eq!((journal.len(), journal.requests().len()), (1, 1));
    assert_eq!(journal.last_messages()[0].text(), "Hi");
    assert_eq!(journal.last().unwrap().sent().ended(), Ended::Complete);
}

#[tokio::test]
async fn the_oldest_calls_go_first_and_are_counted() {
    let journal = bounded(3, usize::MAX);
    for _ in 0..5 {
        Sample::user("Hi").answered(&journal);
    }
    assert_eq!(numbers(&journal), [3, 4, 5]);
    assert_eq!((journal.len(), journal.dropped()), (5, 2));
    assert!(journal.call(2).is_none());
    assert_eq!(journal.call(4).unwrap().number, 4);
    assert!(journal.call(6).is_none());
}

#[tokio::test]
async fn a_journal_is_bounded_in_bytes() {
    let journal = bounded(1000, 100_000);
    for _ in 0..20 {
        Sample::user(&"x".repeat(10_000)).answered(&journal);
    }
    let kept = journal.calls().len();
    assert!((3..=5).contains(&kept), "kept {kept} calls of about 21 KB each");
    assert_eq!(journal.dropped(), 20 - kept as u64);
}

#[tokio::test]
async fn journals_share_their_room() {
    let budget = Arc::new(JournalBudget::new(400_000));
    let journals = [0; 3].map(|_| Journal::within(JournalLimits::default(), &budget));
    let large = "x".repeat(10_000);
    for journal in &journals {
        for _ in 0..15 {
            Sample::user(&large).answered(journal);
            assert!(budget.held_bytes() <= 400_000, "{} bytes are held", budget.held_bytes());
        }
    }
    // Whoever was asked last has lost nothing of what it was asked last.
    assert_eq!(journals[2].last_number(), 15);
    assert_eq!(journals[2].last().unwrap().number, 15);
    assert!(journals[0].dropped() > 0, "the others gave way");
    let held = journals.iter().map(|journal| journal.held_bytes()).sum::<usize>();
    assert_eq!(held, budget.held_bytes());
    let [first, ..] = journals;
    drop(first);
    assert!(budget.held_bytes() < held, "what is gone takes no room");
}

#[tokio::test]
async fn one_call_that_is_larger_than_all_room_is_kept_alone() {
    let budget = Arc::new(JournalBudget::new(10_000));
    let [other, journal] = [0; 2].map(|_| Journal::within(JournalLimits::default(), &budget));
    Sample::user("Hi").answered(&other);
    Sample::user(&"x".repeat(100_000)).answered(&journal);
    assert_eq!((numbers(&other), numbers(&journal)), (vec![], vec![1]));
    assert_eq!(other.dropped(), 1);
}

#[tokio::test]
async fn answers_count_against_the_bound() {
    let journal = bounded(1000, 100_000);
    for _ in 0..20 {
        let mut recording = Sample::user("Hi").begin(&journal);
        recording.begin_answer(answer(vec![b'x'; 40_000]));
        recording.finish(Ended::Complete);
    }
    assert_eq!(journal.calls().len(), 2);
}

#[tokio::test]
async fn an_answer_to_a_dropped_call_is_not_counted() {
    let journal = bounded(1, 100_000);
    let mut gone = Sample::user("Hi").begin(&journal);
    Sample::user("Ho").answered(&journal);
    gone.begin_answer(answer(vec![b'x'; 200_000]));
    gone.finish(Ended::Complete);
    Sample::user("Ha").answered(&journal);
    assert_eq!(numbers(&journal), [3]);
}

#[tokio::test]
async fn the_newest_call_is_kept_whatever_its_size() {
    let journal = bounded(10, 1000);
    Sample::user(&"x".repeat(10_000)).answered(&journal);
    assert_eq!(numbers(&journal), [1]);
}

#[tokio::test]
async fn numbers_go_on_after_clearing() {
    let journal = bounded(1, usize::MAX);
    Sample::user("Hi").answered(&journal);
    Sample::user("Hi").answered(&journal);
    journal.clear();
    assert!(journal.is_empty());
    assert_eq!(journal.dropped(), 0);
    Sample::user("Hi").answered(&journal);
    assert_eq!(numbers(&journal), [3]);
}

#[tokio::test]
async fn a_recording_that_is_dropped_says_that_the_client_left() {
    let journal = Arc::<Journal>::default();
    let recording = Sample::user("Hi").begin(&journal);
    recording.begin_answer(answer("data: 1\n\ndata: 2\n\n"));
    recording.sent(9, 1);
    let entry = recording.entry().clone();
    assert_eq!(entry.sent().ended(), Ended::Running);
    drop(recording);
    assert_eq!(entry.sent().ended(), Ended::ClientLeft);
    assert_eq!(entry.sent_body(), "data: 1\n\n");
    assert_eq!((entry.sent().bytes(), entry.sent().events()), (9, 1));
}

#[tokio::test]
async fn the_first_end_counts() {
    let journal = Arc::<Journal>::default();
    let mut recording = Sample::user("Hi").begin(&journal);
    recording.finish(Ended::Cut);
    recording.finish(Ended::Complete);
    let entry = recording.entry().clone();
    drop(recording);
    assert_eq!(entry.sent().ended(), Ended::Cut);
}

#[tokio::test(start_paused = true)]
async fn times_are_taken_from_the_request_on() {
    let journal = Arc::<Journal>::default();
    let mut recording = Sample::user("Hi").begin(&journal);
    recording.begin_answer(answer("two"));
    tokio::time::advance(Duration::from_millis(30)).await;
    recording.sent(1, 1);
    tokio::time::advance(Duration::from_millis(20)).await;
    recording.sent(2, 1);
    recording.finish(Ended::Complete);
    let sent = recording.entry().sent();
    assert_eq!((sent.first_byte_ms(), sent.duration_ms()), (Some(30.0), Some(50.0)));
}

#[tokio::test]
async fn a_large_answer_is_kept_in_part() {
    let journal = Arc::<Journal>::default();
    let recording = Sample::user("Hi").begin(&journal);
    recording.begin_answer(answer(vec![b'x'; 3 << 20]));
    recording.sent(3 << 20, 1);
    let entry = recording.entry();
    assert_eq!(entry.sent_body().len(), 64 << 10);
    assert_eq!(entry.sent().bytes(), 3 << 20);
}

#[tokio::test]
async fn credentials_are_not_kept() {
    let journal = Arc::<Journal>::default();
    let sample = Sample::user("Hi").to("/v1/chat/completions?key=0123456789abcdef");
    let sample =
        sample.header("authorization", "Bearer sk-test-ns1-secret99").header("cookie", "session=topsecret");
    let entry = sample.header("x-mine", "seen").answered(&journal);
    assert_eq!(entry.headers.get("Authorization").unwrap(), "Bearer …et99");
    assert_eq!(entry.call().unwrap().headers["x-mine"], "seen");
    let all = format!("{entry:?}");
    assert!(all.contains("…et99"), "the headers are not in {all}");
    for secret in ["ns1-secret", "topsecret", "0123456789"] {
        assert!(!all.contains(secret), "{secret} is still in {all}");
    }
}

#[test]
fn headers_come_back_as_they_came() {
    let mut headers = HeaderMap::new();
    headers.append("x-a", "one: two".parse().unwrap());
    headers.append("x-a", "".parse().unwrap());
    headers.append("x-b", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
    assert_eq!(HeaderLines::of_request(&headers).to_map(), headers);
}

#[test]
fn small_bodies_leave_their_read_buffer() {
    let buffer = Bytes::from(vec![b'x'; 8192]);
    let body = exact_size(buffer.slice(..10));
    assert!(!buffer.as_ptr_range().contains(&body.as_ptr()));
    assert_eq!(body, "xxxxxxxxxx");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_by_the_call() {
    let journal = Arc::<Journal>::default();
    let waiting = tokio::spawn({
        let journal = journal.clone();
        async move { journal.wait_until(|journal| journal.len() == 2, Duration::from_secs(5)).await }
    });
    tokio::task::yield_now().await;
    Sample::user("Hi").answered(&journal);
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    Sample::user("Hi").answered(&journal);
    assert!(waiting.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_call_to_end_works_too() {
    let journal = Arc::<Journal>::default();
    let mut recording = Sample::user("Hi").begin(&journal);
    let waiting = tokio::spawn({
        let journal = journal.clone();
        let ended =
            |journal: &Journal| journal.last().is_some_and(|entry| entry.sent().ended() == Ended::Cut);
        async move { journal.wait_until(ended, Duration::from_secs(5)).await }
    });
    tokio::task::yield_now().await;
    recording.finish(Ended::Cut);
    assert!(waiting.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_time() {
    let journal = Journal::default();
    let before = tokio::time::Instant::now();
    assert!(!journal.wait_until(|journal| !journal.is_empty(), Duration::from_secs(5)).await);
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn changes_are_found_by_revision() {
    let journal = Arc::<Journal>::default();
    let mut first = Sample::user("one").begin(&journal);
    Sample::user("two").answered(&journal);
    let seen = journal.revision();
    first.finish(Ended::Complete);
    let changed = journal.page(After::Revision(seen), 10);
    assert_eq!(changed.entries.iter().map(|(_, entry)| entry.number).collect::<Vec<_>>(), [1]);
    assert!(journal.page(After::Revision(changed.next), 10).entries.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let journal = bounded(5, usize::MAX);
    for _ in 0..7 {
        Sample::user("Hi").answered(&journal);
    }
    for start in [After::Number(0), After::Revision(0)] {
        let (mut after, mut seen) = (start, Vec::new());
        loop {
            let page = journal.page(after, 2);
            seen.extend(page.entries.iter().map(|(_, entry)| entry.number));
            if page.entries.is_empty() {
                break;
            }
            after =
                if start == After::Number(0) { After::Number(page.next) } else { After::Revision(page.next) };
        }
        assert_eq!(seen, [3, 4, 5, 6, 7]);
    }
    let page = journal.page(After::Number(0), 100);
    assert_eq!((page.oldest, page.dropped, page.next), (3, 2, 7));
}

#[tokio::test]
async fn a_revision_from_before_a_restart_starts_anew() {
    let journal = Arc::<Journal>::default();
    Sample::user("Hi").answered(&journal);
    assert_eq!(journal.page(After::Revision(1000), 10).entries.len(), 1);
    assert!(journal.page(After::Number(1000), 10).entries.is_empty());
}

#[tokio::test]
async fn misses_are_counted() {
    let journal = bounded(1, usize::MAX);
    Sample::user("Hi").missed("weather", "user: another").answered(&journal);
    Sample::user("Hi").answered(&journal);
    assert_eq!(journal.missed(), 1);
    journal.clear();
    assert_eq!(journal.missed(), 0);
}
