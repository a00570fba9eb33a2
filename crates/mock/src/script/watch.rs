//! Loading a script again when its files change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::load::{LoadFailure, Loaded, ScriptProblem, files, load};
use super::{Reply, Script};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(250);

/// How long files must stay as they are before they are read: editors write in steps.
const SETTLE: Duration = Duration::from_millis(20);

/// A file that never settles is read nevertheless.
const MAX_LOOKS: u32 = 10;

/// Fixtures beyond this many are not watched.
const MAX_FIXTURES: usize = 1000;

/// Loads scripts, and loads them again whenever their files change.
///
/// It looks four times a second at when the files, and the fixtures they name, were modified, at
/// their sizes, and at which files there are. It keeps no script: who uses it keeps the last good one.
///
/// ```no_run
/// # async fn example(mut use_script: impl FnMut(playhouse_mock::script::Loaded)) {
/// use playhouse_mock::script::Watch;
///
/// let (mut watch, first) = Watch::start(&["scripts"]);
/// let mut next = first;
/// loop {
///     match next {
///         Ok(loaded) => use_script(loaded),
///         Err(failure) => println!("{failure}; the last good script stays"),
///     }
///     next = watch.next().await;
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Watch {
    paths: Arc<[PathBuf]>,
    seen: Traces,
    /// None before the first look.
    ticks: Option<Interval>,
}

/// What can be seen of files from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Traces {
    scripts: Vec<Trace>,
    fixtures: Vec<Trace>,
}

/// A file, when it was modified, and its size; of one that is not there only its path.
type Trace = (PathBuf, Option<(SystemTime, u64)>);

impl Watch {
    /// Loads the scripts at these paths, and remembers how their files look.
    pub fn start<P: AsRef<Path>>(paths: &[P]) -> (Self, Result<Loaded, LoadFailure>) {
        let paths: Arc<[PathBuf]> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        let (seen, loaded) = load_seen(&paths, Traces::of(&paths, &[]));
        (Self { paths, seen, ticks: None }, loaded)
    }

    /// Waits until the files change, and loads them.
    ///
    /// Nothing is lost if this is cancelled: the next call finds the same change.
    ///
    /// # Errors
    /// What is wrong with the script as it is now.
    pub async fn next(&mut self) -> Result<Loaded, LoadFailure> {
        loop {
            self.ticks.get_or_insert_with(ticks).tick().await;
            if self.look().await != self.seen {
                self.settle().await;
                return self.load().await;
            }
        }
    }

    /// Waits until the files look the same twice.
    async fn settle(&self) {
        let mut last = self.look().await;
        for _ in 0..MAX_LOOKS {
            sleep(SETTLE).await;
            let now = self.look().await;
            if now == last {
                return;
            }
            last = now;
        }
    }

    /// Loads what is there; a change meanwhile is found again, because the look comes first.
    async fn load(&mut self) -> Result<Loaded, LoadFailure> {
        let (seen, paths) = (self.look().await, self.paths.clone());
        let as_before = seen.clone();
        let loading = tokio::task::spawn_blocking(move || load_seen(&paths, seen));
        let (seen, loaded) = loading.await.unwrap_or_else(|_| (as_before, Err(broken_off())));
        self.seen = seen;
        loaded
    }

    async fn look(&self) -> Traces {
        let (paths, fixtures) = (self.paths.clone(), self.seen.fixtures.clone());
        let looking = tokio::task::spawn_blocking(move || Traces::of(&paths, &fixtures));
        looking.await.unwrap_or_default()
    }
}

impl Traces {
    /// What is to be seen of scripts, and of fixtures that were seen before.
    fn of(paths: &[PathBuf], fixtures: &[Trace]) -> Self {
        Self {
            scripts: traces(files::find(paths).unwrap_or_default()),
            fixtures: traces(fixtures.iter().map(|(path, _)| path.clone())),
        }
    }
}

/// Loads scripts that look like this; what is to be seen of their fixtures too, if they can be used.
fn load_seen(paths: &[PathBuf], seen: Traces) -> (Traces, Result<Loaded, LoadFailure>) {
    let loaded = load(paths);
    let fixtures = loaded.as_ref().ok().map(|loaded| traces(fixtures(&loaded.script)));
    (Traces { fixtures: fixtures.unwrap_or(seen.fixtures), ..seen }, loaded)
}

fn ticks() -> Interval {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn traces(paths: impl IntoIterator<Item = PathBuf>) -> Vec<Trace> {
    let look = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let seen = paths.into_iter().map(|path| {
        let seen = look(&path);
        (path, seen)
    });
    seen.collect()
}

/// The files that replies name, as many as can be watched.
fn fixtures(script: &Script) -> Vec<PathBuf> {
    let replies = script.rules.iter().flat_map(|rule| {
        let in_turn = rule.sequence.iter().flat_map(|sequence| &sequence.replies);
        rule.reply.iter().chain(in_turn)
    });
    let named: BTreeSet<&PathBuf> = replies.filter_map(|Reply { fixture, .. }| fixture.as_ref()).collect();
    named.into_iter().take(MAX_FIXTURES).cloned().collect()
}

fn broken_off() -> LoadFailure {
    vec![ScriptProblem::of_file("the script", "loading it broke off; this is a bug")].into()
}
