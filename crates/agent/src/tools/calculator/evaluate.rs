//! Does what a program says.

use super::arithmetic::{Arithmetic, Outcome};
use super::mistake::{Failure, Mistake};
use super::number::Number;
use super::program::{Action, Step};

/// The value of a program.
pub(super) fn value(program: Vec<Step>) -> Result<Number, Mistake> {
    let mut stack = Stack { values: Vec::new(), arithmetic: Arithmetic::default() };
    for Step { action, at } in program {
        let value = stack.run(action).map_err(|failure| failure.at(at))?;
        stack.values.push(value);
    }
    stack.pop().map_err(|failure| failure.at(0))
}

struct Stack {
    values: Vec<Number>,
    arithmetic: Arithmetic,
}

impl Stack {
    fn run(&mut self, action: Action) -> Outcome {
        match action {
            Action::Push(number) => Ok(Number::Exact(number)),
            Action::PushFloat(number) => Ok(Number::Float(number)),
            Action::Negate => Ok(self.pop()?.negated()),
            Action::Add => self.binary(Arithmetic::add),
            Action::Subtract => self.binary(Arithmetic::subtract),
            Action::Multiply => self.binary(Arithmetic::multiply),
            Action::Divide => self.binary(Arithmetic::divide),
            Action::Remainder => self.binary(Arithmetic::remainder),
            Action::Power => self.binary(Arithmetic::power),
            Action::Factorial => {
                let number = self.pop()?;
                self.arithmetic.factorial(&number)
            }
            Action::PerCent => {
                let number = self.pop()?;
                self.arithmetic.divide(&number, &Number::whole(100))
            }
            Action::Call(function, count) => {
                let first = self.values.len().checked_sub(count).ok_or_else(missing)?;
                let arguments = self.values.split_off(first);
                function.call(&mut self.arithmetic, &arguments)
            }
        }
    }

    fn binary(&mut self, run: fn(&mut Arithmetic, &Number, &Number) -> Outcome) -> Outcome {
        let right = self.pop()?;
        let left = self.pop()?;
        run(&mut self.arithmetic, &left, &right)
    }

    fn pop(&mut self) -> Outcome {
        self.values.pop().ok_or_else(missing)
    }
}

/// The parser writes no program that takes more than it has put there; this is for the compiler.
fn missing() -> Failure {
    Failure::new("a value is missing")
}
