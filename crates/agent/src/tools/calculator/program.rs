//! What an expression says to do, in order.
//!
//! A program is a flat list for a stack of values, not a tree: however long an expression is, neither
//! running nor dropping it goes deep.

use num_rational::BigRational;

use super::functions::Function;

/// A step and the character that asks for it.
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) at: usize,
}

/// What a step does with the topmost values.
pub(super) enum Action {
    Push(BigRational),
    PushFloat(f64),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Factorial,
    PerCent,
    /// Calls a function with this many values.
    Call(&'static Function, usize),
}
