//! What every backend must do, over `dyn Store`.
//!
//! A backend joins in by implementing [`Backend`] and listing itself once with [`conformance_tests!`].

pub(crate) mod calls;
pub(crate) mod history;
pub(crate) mod idempotency;
pub(crate) mod keys;
pub(crate) mod load;
pub(crate) mod replicas;
pub(crate) mod responses;
pub(crate) mod restart;
pub(crate) mod resuming;
pub(crate) mod run_lists;
pub(crate) mod run_support;
pub(crate) mod runs;
pub(crate) mod scopes;
pub(crate) mod sessions;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use playhouse_llm::Message;
use playhouse_store::{
    BeginTurn, BegunTurn, FinishTurn, HistoryWindow, Store, StoreError, TurnEnding, TurnTerms,
};

/// A database that belongs to one test.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Opens the database. Opening it again, after what was opened before has been dropped, is a
    /// restart of the process.
    async fn open(&self) -> Arc<dyn Store>;

    /// Opens the database as two server processes at once.
    async fn open_twice(&self) -> [Arc<dyn Store>; 2];
}

/// One test for each behaviour; the argument makes a [`Backend`], or says that there is none to be had.
macro_rules! conformance_tests {
    ($backend:expr) => {
        crate::conformance::tests_of!(
            $backend,
            sessions,
            a_session_begins_with_its_first_turn,
            a_message_is_stored_before_it_is_answered,
            of_turns_at_once_one_proceeds,
            every_ending_lets_the_next_turn_begin,
            a_turn_ends_once,
            a_turn_that_was_never_begun_is_not_found,
            odd_ids_are_refused,
            a_turn_id_serves_once,
            a_beginning_that_is_given_up_leaves_the_session_free,
            a_turn_reads_back_as_it_was_told,
            sessions_are_listed_by_activity,
            sessions_are_listed_in_pages,
            a_made_up_cursor_is_refused,
            messages_are_read_in_pages_backwards,
            a_deleted_session_is_gone,
            a_long_session_is_deleted_as_a_whole,
            what_is_not_there_is_none
        );
        crate::conformance::tests_of!(
            $backend,
            history,
            a_history_is_what_was_said_oldest_first,
            failed_turns_are_left_out,
            an_interrupted_answer_is_kept,
            an_interruption_without_an_answer_is_left_out,
            a_history_keeps_to_its_messages,
            a_history_keeps_to_its_tokens,
            a_vendors_count_of_the_answer_holds,
            a_turn_too_large_is_cut,
            an_empty_window_gives_no_history,
            rich_messages_come_back_as_they_were,
            sessions_do_not_mix
        );
        crate::conformance::tests_of!(
            $backend,
            calls,
            calls_come_newest_first_as_they_were,
            a_batch_sent_twice_counts_once,
            a_large_batch_is_stored_whole_in_whatever_order,
            a_batch_with_a_bad_id_is_refused_whole,
            filters_choose,
            a_span_of_time_includes_its_start,
            cursors_go_on_where_a_page_ended,
            limits_are_kept,
            stats_sum_up_by_day_and_model,
            old_calls_are_forgotten_in_steps,
            retention_keeps_what_is_young
        );
        crate::conformance::tests_of!(
            $backend,
            runs,
            a_run_is_there_as_soon_as_it_begins,
            a_run_reads_back_as_it_was_told,
            a_step_is_stored_before_its_tools_and_each_tool_as_it_ends,
            tools_stay_with_their_step_and_their_run,
            steps_follow_one_another,
            a_tool_ends_once_and_in_a_step_that_is_there,
            nothing_is_added_to_a_run_that_has_ended,
            a_run_that_was_never_begun_is_not_found,
            odd_beginnings_are_refused,
            a_run_belongs_to_a_session_that_is_there,
            a_run_id_serves_once,
            a_status_that_is_no_ending_is_refused,
            a_beginning_that_is_given_up_does_not_run_for_ever,
            a_refusal_that_nobody_hears_ends_no_run
        );
        crate::conformance::tests_of!(
            $backend,
            resuming,
            an_interrupted_run_goes_on_with_all_it_did,
            of_resumes_at_once_one_proceeds,
            a_run_that_cannot_go_on_says_why,
            a_resume_that_is_given_up_can_be_made_again
        );
        crate::conformance::tests_of!(
            $backend,
            run_lists,
            runs_are_listed_newest_first_in_pages,
            a_cursor_goes_on_whatever_comes_and_goes,
            filters_choose_runs,
            a_made_up_run_cursor_is_refused,
            a_deleted_session_takes_its_runs,
            many_runs_of_a_session_go_as_a_whole,
            old_runs_are_forgotten_in_steps,
            retention_keeps_young_runs
        );
        crate::conformance::tests_of!(
            $backend,
            keys,
            a_key_reads_back_as_it_was_made,
            a_key_that_is_not_there_is_none,
            a_key_is_made_once,
            keys_are_listed_newest_first_in_pages,
            a_change_leaves_the_rest_as_it_was,
            a_revoked_key_stays_revoked,
            usage_is_summed_up_by_key_and_time
        );
        crate::conformance::tests_of!(
            $backend,
            scopes,
            the_same_session_id_of_two_keys_is_two_sessions,
            operators_see_everything_their_own_first,
            what_belongs_to_another_key_is_not_there,
            deleting_a_session_leaves_those_of_others,
            sessions_of_a_key_are_listed_in_pages,
            runs_belong_to_their_key,
            calls_are_listed_and_summed_up_by_key
        );
        crate::conformance::tests_of!(
            $backend,
            restart,
            everything_is_kept,
            runs_that_have_ended_stay_as_they_ended,
            half_a_deletion_is_finished
        );
        crate::conformance::tests_of!(
            $backend,
            replicas,
            a_replica_counts_its_beats,
            a_dead_replica_is_buried_with_the_text_that_was_kept,
            a_replica_that_beats_is_not_buried,
            a_replica_that_was_buried_cannot_write,
            a_run_that_goes_on_elsewhere_is_not_written_to,
            a_replica_that_never_beat_is_found_by_what_it_runs,
            many_lost_turns_go_in_steps,
            of_those_who_bury_one_finds_each_turn,
            a_replica_that_leaves_ends_what_it_ran,
            progress_is_seen_and_the_end_replaces_it,
            a_restart_keeps_the_text_that_was_kept
        );
        crate::conformance::tests_of!(
            $backend,
            responses,
            a_response_reads_back_as_it_was_kept,
            a_response_id_serves_once,
            a_response_that_runs_ends_once,
            a_chain_goes_back_to_its_first_response,
            responses_belong_to_their_key,
            responses_are_found_by_what_they_made,
            the_same_request_begins_one_response,
            responses_of_a_dead_replica_have_failed,
            old_responses_go_when_nothing_goes_on_from_them
        );
        crate::conformance::tests_of!(
            $backend,
            idempotency,
            the_same_request_begins_one_turn,
            of_the_same_requests_at_once_one_begins,
            another_body_is_refused,
            a_refused_beginning_takes_no_key,
            runs_begin_and_go_on_once,
            keys_are_forgotten_when_they_are_old,
            a_turn_in_the_place_of_the_last_is_asked_without_it
        );
        crate::conformance::tests_of!(
            $backend,
            load,
            five_hundred_turns_at_once_are_all_stored,
            hundreds_of_runs_at_once_are_all_stored
        );
    };
}

/// What only a backend does that belongs to one process: whoever opens it knows that everybody else is gone.
macro_rules! single_process_tests {
    ($backend:expr) => {
        mod alone {
            crate::conformance::tests_of!(
                $backend,
                restart,
                running_turns_are_interrupted,
                running_runs_are_interrupted_and_keep_what_they_did,
                running_responses_have_failed
            );
        }
    };
}

macro_rules! tests_of {
    ($backend:expr, $module:ident, $($test:ident),+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let Some(backend) = $backend else { return };
                    crate::conformance::$module::$test(&backend).await;
                }
            )+
        }
    };
}

pub(crate) use {conformance_tests, single_process_tests, tests_of};

/// A window that holds everything a test says.
pub(crate) const WIDE: HistoryWindow = HistoryWindow { max_messages: 1_000, max_tokens: 1_000_000 };

/// The id of a test's n-th turn.
pub(crate) fn turn_id(n: u32) -> Arc<str> {
    format!("0190b6e4-7a3c-7def-8000-{n:012x}").into()
}

/// Begins the n-th turn with the text `question n`.
pub(crate) async fn begin(store: &dyn Store, session: &str, n: u32) -> Result<BegunTurn, StoreError> {
    store.begin_turn(beginning(session, n, WIDE)).await
}

/// What the n-th turn begins with.
pub(crate) fn beginning(session: &str, n: u32, history: HistoryWindow) -> BeginTurn {
    BeginTurn {
        key_id: None,
        session_id: session.into(),
        turn_id: turn_id(n),
        message: Message::user(format!("question {n}")),
        now_us: i64::from(n) * 1_000,
        history,
        terms: TurnTerms::default(),
    }
}

/// Ends the n-th turn with the text `answer n`.
pub(crate) async fn answer(store: &dyn Store, n: u32) {
    end(store, n, TurnEnding::Completed, vec![Message::assistant(format!("answer {n}"))]).await;
}

/// Ends the n-th turn.
pub(crate) async fn end(store: &dyn Store, n: u32, ending: TurnEnding, messages: Vec<Message>) {
    let finish = FinishTurn::new(turn_id(n), ending, i64::from(n) * 1_000 + 500);
    store.finish_turn(finish.with_messages(messages)).await.unwrap();
}

/// Takes a whole turn.
pub(crate) async fn take_turn(store: &dyn Store, session: &str, n: u32) {
    begin(store, session, n).await.unwrap();
    answer(store, n).await;
}

/// Has an operation under way and gives it up; whether it was done all the same, because the store was
/// faster.
pub(crate) async fn give_up<T, E>(operation: impl Future<Output = Result<T, E>>) -> bool {
    let mut operation = pin!(operation);
    let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context)));
    matches!(polled.await, Poll::Ready(Ok(_)))
}

/// The texts of messages.
pub(crate) fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(Message::text).collect()
}
