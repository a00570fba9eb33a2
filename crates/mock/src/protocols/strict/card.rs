//! Every rule with its source and its examples, for people and for tests.

use serde_json::Value;

use super::example::{member, merged, parse, put};
use super::rule::Rule;
use super::shape::{Field, Object, Shape, Tagged};

/// What is checked of requests: a rule, where it comes from, and requests it takes and refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleCard {
    /// Its id (`openai-chat/temperature`).
    pub rule: &'static str,
    /// Where the vendor, or somebody whom it refused, says so.
    pub source: &'static str,
    /// Requests that are taken.
    pub taken: Vec<Value>,
    /// Requests that are refused for this rule first.
    pub refused: Vec<Value>,
}

/// The cards of every rule in a table of parameters and in those it leads to.
pub(crate) fn cards_of_table(root: &'static Object) -> Vec<RuleCard> {
    let mut tables = vec![root];
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(table) = tables.get(at).copied() {
        for field in table.fields {
            gather(&field.shape, &mut tables, &mut tags);
        }
        at += 1;
    }
    let of_tables = tables.iter().flat_map(|table| cards_of_object(table, root));
    of_tables.chain(tags.iter().map(|tagged| tagged_card(tagged, root))).collect()
}

/// The cards of rules between parameters; their examples stand beside the smallest request.
pub(crate) fn cards_of_rules<Find>(rules: &'static [Rule<Find>], root: &'static Object) -> Vec<RuleCard> {
    let card = |rule: &'static Rule<Find>| {
        let requests = |examples: &[&str]| {
            examples.iter().map(|members| merged(parse(root.least), &parse(members))).collect()
        };
        RuleCard {
            rule: rule.id,
            source: rule.source,
            taken: requests(rule.takes),
            refused: requests(rule.refuses),
        }
    };
    rules.iter().map(card).collect()
}

fn gather(shape: &'static Shape, tables: &mut Vec<&'static Object>, tags: &mut Vec<&'static Tagged>) {
    let mut note = |table: &'static Object| {
        if !tables.iter().any(|known| std::ptr::eq(*known, table)) {
            tables.push(table);
        }
    };
    match shape {
        Shape::Object(object) => note(object),
        Shape::Tagged(tagged) => {
            tagged.kinds.iter().for_each(|(_, object)| note(object));
            if !tags.iter().any(|known| std::ptr::eq(*known, *tagged)) {
                tags.push(tagged);
            }
        }
        Shape::Array(array) => gather(array.items, tables, tags),
        Shape::Map(map) => gather(&map.values, tables, tags),
        Shape::Either { arms, .. } => arms.iter().for_each(|arm| gather(arm, tables, tags)),
        _ => {}
    }
}

fn cards_of_object(object: &'static Object, root: &'static Object) -> Vec<RuleCard> {
    let asked = object.fields.iter().filter(|field| !matches!(field.shape, Shape::Anything));
    let mut cards: Vec<RuleCard> = asked.map(|field| field_card(field, object, root)).collect();
    if let Some(rule) = object.closed {
        let strange = member(object.least, "unheard_of", "1");
        let refused = vec![request_with(strange, object, root)];
        let taken = vec![request_with(parse(object.least), object, root)];
        cards.push(RuleCard { rule, source: object.source, taken, refused });
    }
    cards
}

fn field_card(field: &'static Field, object: &'static Object, root: &'static Object) -> RuleCard {
    let with = |value: &&str| {
        let request = request_with(member(object.least, field.name, value), object, root);
        merged(request, &parse(field.beside))
    };
    let mut refused: Vec<Value> = field.refuses.iter().map(with).collect();
    if field.required {
        let mut least = parse(object.least);
        least.as_object_mut().map(|members| members.remove(field.name));
        refused.push(request_with(least, object, root));
    }
    RuleCard {
        rule: field.rule,
        source: object.source,
        taken: field.takes.iter().map(with).collect(),
        refused,
    }
}

fn tagged_card(tagged: &'static Tagged, root: &'static Object) -> RuleCard {
    let (_, first) = tagged.kinds[0];
    let unknown = member(first.least, tagged.tag, "\"unheard-of\"");
    let mut without = parse(first.least);
    without.as_object_mut().map(|members| members.remove(tagged.tag));
    let taken =
        tagged.kinds.iter().map(|(_, object)| request_with(parse(object.least), object, root)).collect();
    // What need not be said is not missed.
    let refused = [Some(unknown), tagged.default.is_none().then_some(without)];
    let refused = refused.into_iter().flatten().map(|value| request_with(value, first, root)).collect();
    RuleCard { rule: tagged.rule, source: first.source, taken, refused }
}

/// A request that holds this object where such objects stand.
fn request_with(object: Value, table: &'static Object, root: &'static Object) -> Value {
    if std::ptr::eq(table, root) {
        return object;
    }
    let mut members = parse(table.within);
    put(&mut members, &object);
    merged(parse(root.least), &members)
}
