//! Making what a rule's reply says: content, headers, token counts.
//!
//! In reading order: `compile` (a script's replies → `prepared` ones; `template`, `fixture`, `raw`,
//! `headers` are their parts) → `asking` (what the request wants) → `voice` (a reply → `speech`;
//! `generate` makes JSON to a schema) → `chunks`, `usage` (a speech → pieces) → `callback`,
//! `closure` (replies that others make) → `mismatch`, `memo`.

mod asking;
mod callback;
mod chunks;
mod closure;
mod compile;
mod fixture;
mod generate;
mod headers;
mod memo;
mod mismatch;
mod prepared;
mod raw;
mod speech;
mod template;
mod usage;
mod voice;

use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use playhouse_llm::{Chunk, EmbedReply, Error, ErrorKind, Extra, Usage};

use crate::call::{Asked, Call, Facts};
use crate::matching::RuleProblem;
use crate::pace::draw::Draw;
use crate::plan::Content;
use crate::script::{FaultSpec, PaceSpec, Script};
use crate::tokens;
use crate::verdict::Hit;
use asking::Asking;
use callback::Callbacks;
use memo::{Memo, MemoKey};
use mismatch::mismatch;
use prepared::{Prepared, Source};
use speech::Speech;
use template::Templates;
use voice::Voice;

/// The replies of a script, ready to be given: templates parsed, fixtures read.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::{collections::BTreeMap, path::Path, sync::Arc};
///
/// use playhouse_llm::{Message, Prompt, Request};
/// use playhouse_mock::call::{Call, Facts, Form};
/// use playhouse_mock::plan::Content;
/// use playhouse_mock::reply::{Replies, Scene};
/// use playhouse_mock::script::{Rule, Script};
/// use playhouse_mock::verdict::Hit;
///
/// let script = Script::default().rule(Rule::reply("Hello there!"));
/// let replies = Replies::compile(&script, Path::new(".")).unwrap();
///
/// let request = Request::new("gpt-4o", Prompt::new(vec![Message::user("Hi")]));
/// let facts = Facts::chat("openai-chat", request, Form::default(), "".into());
/// let call = Call { namespace: "tests".into(), headers: Arc::default(), facts: Arc::new(facts) };
/// let hit = Hit { index: 0, name: "rule 1".into(), call: 1, captures: BTreeMap::new() };
///
/// let scene = Scene { call: &call, hit: &hit, step: 0, seed: 0 };
/// let Content::Chat(chunks) = replies.render(scene).await.unwrap().content else { panic!() };
/// let texts: Vec<String> = chunks.iter().map(|chunk| chunk.content()).collect();
/// assert_eq!(texts, ["", "Hello", " there", "!", "", ""]);
/// # });
/// ```
#[derive(Debug, Default)]
pub struct Replies {
    /// For each rule its reply, or those of its sequence.
    prepared: Vec<Vec<Prepared>>,
    templates: Templates,
    callbacks: Callbacks,
    memo: Memo,
}

/// What surrounds one answer.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The request.
    pub call: &'a Call,
    /// The rule that answers it.
    pub hit: &'a Hit,
    /// The place of the reply in the rule's sequence; 0 where it has none.
    pub step: usize,
    /// What everything that is drawn is drawn from.
    pub seed: u64,
}

/// A reply, made.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What is said.
    pub content: Content,
    /// Headers beside the protocol's own.
    pub headers: HeaderMap,
    /// How fast it comes, where the reply itself says.
    pub pace: Option<PaceSpec>,
    /// What goes wrong with it, where the reply itself says.
    pub fault: Option<FaultSpec>,
}

impl From<Content> for Rendered {
    /// Content of which nothing more is said.
    fn from(content: Content) -> Self {
        Self { content, headers: HeaderMap::new(), pace: None, fault: None }
    }
}

/// Says what the user said last, counted like any other answer.
pub(crate) fn echo(facts: &Facts) -> Content {
    let asking = Asking::of(facts);
    let speeches = vec![Speech::text(facts.user.as_str()); asking.choices];
    Content::Chat(chunks::chunks(&speeches, &asking, None).into())
}

impl Scene<'_> {
    /// The request's facts.
    fn facts(&self) -> &Facts {
        &self.call.facts
    }

    /// Where this answer's numbers are drawn from.
    fn draw(&self) -> Draw {
        let place = (self.hit.index as u64) << 32 | u64::from(self.hit.call);
        Draw::new(Draw::new(self.seed).number() ^ place)
    }
}

impl Replies {
    /// Prepares the replies of a script; relative fixtures are found from `folder`.
    ///
    /// # Errors
    /// Every template, fixture, header and whatever else of a reply that cannot be used.
    pub fn compile(script: &Script, folder: &Path) -> Result<Self, Vec<RuleProblem>> {
        let (prepared, templates) = compile::compile(script, folder)?;
        Ok(Self { prepared, templates, ..Self::default() })
    }

    /// Makes the reply of the rule that was hit, at the scene's step of its sequence.
    ///
    /// # Errors
    /// When a template fails, a callback does not answer, or the reply is of another kind than what
    /// was asked.
    pub async fn render(&self, scene: Scene<'_>) -> Result<Rendered, Error> {
        let prepared = self.prepared(scene)?;
        match &prepared.source {
            Source::Callback(callback) => {
                let answered = self.callbacks.ask(callback, scene).await?;
                self.rendered(&answered, scene, false)
            }
            _ => self.rendered(prepared, scene, true),
        }
    }

    fn prepared(&self, scene: Scene<'_>) -> Result<&Prepared, Error> {
        let found = self.prepared.get(scene.hit.index).and_then(|steps| steps.get(scene.step));
        found.ok_or_else(|| {
            let message = format!("the rule `{}` has no reply: give it a `reply`", scene.hit.name);
            Error::new(ErrorKind::Internal, message)
        })
    }

    fn rendered(&self, prepared: &Prepared, scene: Scene<'_>, is_own: bool) -> Result<Rendered, Error> {
        let mut pace = prepared.pace.clone();
        let content = match &prepared.source {
            Source::Raw(raw) => Content::Raw(raw.clone()),
            Source::Voices(voices) => self.spoken(prepared, voices, scene, is_own)?,
            Source::Embedding(vector) => embedded(prepared, vector, scene)?,
            Source::Fixture(fixture) => fixture.content(scene)?,
            Source::Closure(respond) => {
                let (content, wanted) = closure::answer(respond, prepared, scene)?;
                pace = pace.or(wanted);
                content
            }
            Source::Callback(_) => return Err(callback::nested(scene)),
        };
        let (headers, fault) = (prepared.headers.clone(), prepared.fault.clone());
        Ok(Rendered { content, headers, pace, fault })
    }

    /// What does not change from one request to the next is made once for requests that are alike.
    fn spoken(
        &self,
        prepared: &Prepared,
        voices: &[Voice],
        scene: Scene<'_>,
        is_own: bool,
    ) -> Result<Content, Error> {
        if !matches!(scene.facts().asked, Asked::Chat(_)) {
            return Err(mismatch(scene, prepared.source.name()));
        }
        let asking = Asking::of(scene.facts());
        let is_fixed = is_own && voices.iter().all(Voice::is_fixed) && asking.stop.is_empty();
        let make = || self.chunks(prepared, voices, scene, &asking);
        let chunks = match is_fixed {
            true => self.memo.once(MemoKey::of(scene, &asking), make)?,
            false => make()?,
        };
        Ok(Content::Chat(chunks))
    }

    fn chunks(
        &self,
        prepared: &Prepared,
        voices: &[Voice],
        scene: Scene<'_>,
        asking: &Asking<'_>,
    ) -> Result<Arc<[Chunk]>, Error> {
        let mut draw = scene.draw();
        let speeches = voices.iter().map(|voice| voice.speak(&self.templates, scene, &mut draw));
        let mut speeches = speeches.collect::<Result<Vec<Speech>, Error>>()?;
        if let [only] = speeches.as_slice() {
            speeches = vec![only.clone(); asking.choices];
        }
        let mut chunks = chunks::chunks(&speeches, asking, prepared.usage);
        prepared.sign(&mut chunks);
        Ok(chunks.into())
    }
}

fn embedded(prepared: &Prepared, vector: &[f32], scene: Scene<'_>) -> Result<Content, Error> {
    let Asked::Embeddings(request) = &scene.facts().asked else {
        return Err(mismatch(scene, prepared.source.name()));
    };
    let counted = Usage::new(tokens::prompt_tokens(scene.facts()), 0);
    Ok(Content::Embeddings(EmbedReply {
        model: prepared.model.clone().unwrap_or_else(|| request.model.to_string()),
        vectors: vec![vector.to_vec(); request.inputs.len()],
        usage: Some(usage::said_over_counted(prepared.usage, counted)),
        extra: Extra::new(),
    }))
}
