//! The functions of expressions: one table, a file for each kind.

mod aggregate;
mod angle;
mod integer;
mod logarithm;
mod root;
mod rounding;
mod sign;

use super::arithmetic::{Arithmetic, Outcome};
use super::mistake::Failure;
use super::number::Number;

/// A function by its name.
pub(super) struct Function {
    pub(super) name: &'static str,
    body: Body,
}

/// What a function does, by how many arguments it takes.
enum Body {
    One(fn(&mut Arithmetic, &Number) -> Outcome),
    OneOrTwo(fn(&mut Arithmetic, &Number, Option<&Number>) -> Outcome),
    Two(fn(&mut Arithmetic, &Number, &Number) -> Outcome),
    /// One or more; it is given the first and the others.
    Any(fn(&mut Arithmetic, &Number, &[Number]) -> Outcome),
}

/// All functions there are, in the order in which a model is told of them.
pub(super) const FUNCTIONS: &[Function] = &[
    function("sqrt", Body::One(root::sqrt)),
    function("cbrt", Body::One(root::cbrt)),
    function("pow", Body::Two(Arithmetic::power)),
    function("hypot", Body::Two(root::hypot)),
    function("abs", Body::One(sign::abs)),
    function("sign", Body::One(sign::sign)),
    function("round", Body::OneOrTwo(rounding::round)),
    function("floor", Body::One(rounding::floor)),
    function("ceil", Body::One(rounding::ceil)),
    function("trunc", Body::One(rounding::trunc)),
    function("min", Body::Any(aggregate::min)),
    function("max", Body::Any(aggregate::max)),
    function("sum", Body::Any(aggregate::sum)),
    function("avg", Body::Any(aggregate::mean)),
    function("mean", Body::Any(aggregate::mean)),
    function("mod", Body::Two(Arithmetic::remainder)),
    function("gcd", Body::Any(integer::gcd)),
    function("lcm", Body::Any(integer::lcm)),
    function("factorial", Body::One(Arithmetic::factorial)),
    function("exp", Body::One(logarithm::exp)),
    function("ln", Body::One(logarithm::ln)),
    function("log", Body::OneOrTwo(logarithm::log)),
    function("log10", Body::One(logarithm::log10)),
    function("log2", Body::One(logarithm::log2)),
    function("sin", Body::One(angle::sin)),
    function("cos", Body::One(angle::cos)),
    function("tan", Body::One(angle::tan)),
    function("asin", Body::One(angle::asin)),
    function("acos", Body::One(angle::acos)),
    function("atan", Body::One(angle::atan)),
    function("atan2", Body::Two(angle::atan2)),
    function("sinh", Body::One(angle::sinh)),
    function("cosh", Body::One(angle::cosh)),
    function("tanh", Body::One(angle::tanh)),
    function("deg", Body::One(angle::deg)),
    function("rad", Body::One(angle::rad)),
];

const fn function(name: &'static str, body: Body) -> Function {
    Function { name, body }
}

impl Function {
    pub(super) fn call(&self, arithmetic: &mut Arithmetic, arguments: &[Number]) -> Outcome {
        match (&self.body, arguments) {
            (Body::One(run), [one]) => run(arithmetic, one),
            (Body::OneOrTwo(run), [one]) => run(arithmetic, one, None),
            (Body::OneOrTwo(run), [one, two]) => run(arithmetic, one, Some(two)),
            (Body::Two(run), [one, two]) => run(arithmetic, one, two),
            (Body::Any(run), [first, others @ ..]) => run(arithmetic, first, others),
            _ => Err(self.wrong_count(arguments.len())),
        }
    }

    fn wrong_count(&self, count: usize) -> Failure {
        let takes = match self.body {
            Body::One(_) => "1 argument",
            Body::OneOrTwo(_) => "1 or 2 arguments",
            Body::Two(_) => "2 arguments",
            Body::Any(_) => "at least 1 argument",
        };
        Failure::new(format!("the function '{}' has {count} arguments", self.name))
            .hint(format!("it takes {takes}"))
    }
}
