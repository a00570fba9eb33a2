//! Several server processes over one database: who lives, and what becomes of what the dead had under way.

use std::sync::Arc;

use playhouse_llm::Message;
use playhouse_store::run::INTERRUPTED;
use playhouse_store::{
    FinishTurn, Lost, Said, Scope, Standing, Store, StoreError, Turn, TurnEnding, TurnState, estimate_tokens,
};

use super::run_support::{begin_run, interrupt, run_end, run_id, status_of, step, tool_end};
use super::{Backend, answer, begin, take_turn, texts, turn_id};

/// The other replica as this one sees it.
async fn standing(store: &dyn Store) -> Standing {
    let others = store.other_replicas().await.unwrap();
    let [other] = others.as_slice() else { panic!("{others:?}") };
    *other
}

/// Buries the other replica, which does not beat.
async fn bury(store: &dyn Store) -> Lost {
    store.bury(standing(store).await, 100).await.unwrap()
}

async fn say(store: &dyn Store, n: u32, text: &str) {
    let said = Said { turn_id: turn_id(n), text: text.to_owned() };
    store.save_progress(Arc::from([said])).await.unwrap();
}

async fn turn(store: &dyn Store, n: u32) -> Turn {
    store.turn(&Scope::Everything, &turn_id(n)).await.unwrap().unwrap()
}

pub(crate) async fn a_replica_counts_its_beats(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    assert!(!other.beat().await.unwrap(), "the first beat");
    let first = standing(&*one).await;
    assert!(other.beat().await.unwrap());
    let second = standing(&*one).await;
    assert_eq!((first.replica, first.beats + 1), (second.replica, second.beats));
    assert!(other.other_replicas().await.unwrap().is_empty(), "nobody is another to itself");
}

pub(crate) async fn a_dead_replica_is_buried_with_the_text_that_was_kept(backend: &dyn Backend) {
    let [one, dead] = backend.open_twice().await;
    dead.beat().await.unwrap();
    take_turn(&*dead, "ada", 1).await;
    begin(&*dead, "ada", 2).await.unwrap();
    say(&*dead, 2, "Once upon a").await;
    begin(&*dead, "bob", 3).await.unwrap();
    begin(&*one, "cy", 4).await.unwrap();
    begin_run(&*dead, 5).await;

    let lost = bury(&*one).await;
    let mut turns = lost.turns;
    turns.sort_unstable();
    assert_eq!((turns, lost.runs), (vec![turn_id(2), turn_id(3)], vec![run_id(5)]));
    let cut = turn(&*one, 2).await;
    assert_eq!(
        (cut.state, texts(&cut.messages)),
        (TurnState::Interrupted, vec!["question 2".to_owned(), "Once upon a".to_owned()])
    );
    assert_eq!(texts(&turn(&*one, 3).await.messages), ["question 3"]);
    assert_eq!(turn(&*one, 4).await.state, TurnState::Running, "it is not the dead one's");
    assert_eq!(status_of(&*one, 5).await.as_deref(), Some(INTERRUPTED));
    assert!(one.other_replicas().await.unwrap().is_empty());

    // The text counts as said, and the session takes the next turn.
    let next = begin(&*one, "ada", 6).await.unwrap();
    assert_eq!(texts(&next.history), ["question 1", "answer 1", "question 2", "Once upon a"]);
    assert!(begin(&*one, "bob", 7).await.unwrap().history.is_empty());
}

pub(crate) async fn a_replica_that_beats_is_not_buried(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    other.beat().await.unwrap();
    begin(&*other, "ada", 1).await.unwrap();
    let seen = standing(&*one).await;
    other.beat().await.unwrap();
    assert!(one.bury(seen, 100).await.unwrap().is_empty());
    answer(&*other, 1).await;
    assert!(other.beat().await.unwrap(), "it is on the list still");
}

pub(crate) async fn a_replica_that_was_buried_cannot_write(backend: &dyn Backend) {
    let [one, paused] = backend.open_twice().await;
    paused.beat().await.unwrap();
    begin(&*paused, "ada", 1).await.unwrap();
    say(&*paused, 1, "Once").await;
    begin_run(&*paused, 2).await;
    paused.add_step(&run_id(2), step(1, &["c1"])).await.unwrap();
    bury(&*one).await;

    say(&*paused, 1, "Once upon a time").await;
    let finish = FinishTurn::new(turn_id(1), TurnEnding::Completed, 9);
    let refusal = paused.finish_turn(finish.with_messages(vec![Message::assistant("The end")])).await;
    assert_eq!(refusal, Err(StoreError::TurnEnded { turn_id: turn_id(1), state: TurnState::Interrupted }));
    assert_eq!(texts(&turn(&*one, 1).await.messages), ["question 1", "Once"]);
    for refusal in [paused.end_tool(&run_id(2), 1, tool_end("c1")).await, paused.finish_run(run_end(2)).await]
    {
        assert!(matches!(refusal, Err(StoreError::RunEnded { .. })), "{refusal:?}");
    }
    assert!(!paused.beat().await.unwrap(), "it learns that it was taken for dead");
    begin(&*paused, "ada", 3).await.unwrap();
    answer(&*paused, 3).await;
}

pub(crate) async fn a_run_that_goes_on_elsewhere_is_not_written_to(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    begin_run(&*other, 1).await;
    other.add_step(&run_id(1), step(1, &["c1"])).await.unwrap();
    interrupt(&*other, 1).await;
    one.resume_run(&Scope::Everything, &run_id(1), None, 9).await.unwrap();

    let lost = Err(StoreError::LeaseLost { id: run_id(1) });
    assert_eq!(other.end_tool(&run_id(1), 1, tool_end("c1")).await, lost);
    assert_eq!(other.add_step(&run_id(1), step(2, &[])).await, lost);
    assert_eq!(other.finish_run(run_end(1)).await, lost);
    one.end_tool(&run_id(1), 1, tool_end("c1")).await.unwrap();
    one.finish_run(run_end(1)).await.unwrap();
}

pub(crate) async fn a_replica_that_never_beat_is_found_by_what_it_runs(backend: &dyn Backend) {
    let [one, silent] = backend.open_twice().await;
    assert!(one.other_replicas().await.unwrap().is_empty());
    begin(&*silent, "ada", 1).await.unwrap();
    assert_eq!(bury(&*one).await.turns, [turn_id(1)]);
    begin_run(&*silent, 2).await;
    assert_eq!(bury(&*one).await.runs, [run_id(2)]);
}

pub(crate) async fn many_lost_turns_go_in_steps(backend: &dyn Backend) {
    let [one, dead] = backend.open_twice().await;
    for n in 1..=25 {
        begin(&*dead, &format!("s-{n}"), n).await.unwrap();
    }
    let mut steps = Vec::new();
    while let [dead] = one.other_replicas().await.unwrap().as_slice() {
        steps.push(one.bury(*dead, 10).await.unwrap().turns.len());
    }
    assert_eq!(steps, [10, 10, 5]);
}

pub(crate) async fn of_those_who_bury_one_finds_each_turn(backend: &dyn Backend) {
    let [one, dead] = backend.open_twice().await;
    for n in 1..=30 {
        begin(&*dead, &format!("s-{n}"), n).await.unwrap();
    }
    let seen = standing(&*one).await;
    let burials: Vec<_> = (0..4)
        .map(|_| {
            let one = Arc::clone(&one);
            tokio::spawn(async move { one.bury(seen, 100).await.unwrap().turns })
        })
        .collect();
    let mut found = Vec::new();
    for burial in burials {
        found.extend(burial.await.unwrap());
    }
    found.sort_unstable();
    assert_eq!(found, (1..=30).map(turn_id).collect::<Vec<_>>());
}

pub(crate) async fn a_replica_that_leaves_ends_what_it_ran(backend: &dyn Backend) {
    let [one, leaving] = backend.open_twice().await;
    leaving.beat().await.unwrap();
    begin(&*leaving, "ada", 1).await.unwrap();
    begin(&*one, "bob", 2).await.unwrap();
    begin_run(&*leaving, 3).await;
    assert_eq!(
        leaving.leave().await.unwrap(),
        Lost { turns: vec![turn_id(1)], runs: vec![run_id(3)], responses: Vec::new() }
    );
    assert!(one.other_replicas().await.unwrap().is_empty());
    assert_eq!(turn(&*one, 1).await.state, TurnState::Interrupted);
    assert_eq!(turn(&*one, 2).await.state, TurnState::Running);
}

pub(crate) async fn progress_is_seen_and_the_end_replaces_it(backend: &dyn Backend) {
    let [one, other] = backend.open_twice().await;
    for n in [1, 2] {
        begin(&*one, &format!("s-{n}"), n).await.unwrap();
    }
    let said = [(1, "Once"), (2, "Twice"), (9, "never begun")];
    let said = said.map(|(n, text)| Said { turn_id: turn_id(n), text: text.to_owned() });
    one.save_progress(Arc::from(said)).await.unwrap();
    say(&*other, 1, "another's word").await;
    assert_eq!(texts(&turn(&*one, 1).await.messages), ["question 1", "Once"]);
    assert_eq!(texts(&turn(&*other, 2).await.messages), ["question 2", "Twice"]);

    answer(&*one, 1).await;
    say(&*one, 1, "too late").await;
    let whole = turn(&*one, 1).await;
    assert_eq!(
        (whole.state, texts(&whole.messages)),
        (TurnState::Completed, vec!["question 1".to_owned(), "answer 1".to_owned()])
    );
    let odd = Said { turn_id: "turn-1".into(), text: String::new() };
    assert!(matches!(one.save_progress(Arc::from([odd])).await, Err(StoreError::Invalid { .. })));
}

pub(crate) async fn a_restart_keeps_the_text_that_was_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    // Bytes count, not characters.
    let text = "Es war einmal – früher, da hieß es so".repeat(20);
    say(&*store, 2, &text).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(turn(&*store, 2).await.state, TurnState::Interrupted);
    let tokens = estimate_tokens(&Message::user("question 2")) + estimate_tokens(&Message::assistant(&*text));
    for (n, room, kept) in [(3, tokens, 2), (4, tokens - 1, 1)] {
        let window = playhouse_store::HistoryWindow { max_messages: 10, max_tokens: room };
        let next = store.begin_turn(super::beginning("ada", n, window)).await.unwrap();
        assert_eq!(next.history.len(), kept, "{room} tokens");
        super::end(&*store, n, TurnEnding::Interrupted, Vec::new()).await;
    }
}
