//! Reads an expression.
//!
//! ```text
//! sum       = product { ("+" | "-") product }
//! product   = signed { ("*" | "/" | "%") signed }
//! signed    = ("+" | "-") signed | power
//! power     = postfix [ "^" signed ]
//! postfix   = value { "!" | "%" }
//! value     = number | name | name "(" [ sum { "," sum } ] ")" | "(" sum ")"
//! ```
//!
//! `%` is the remainder where a value begins after it, and per cent where none can.

use num_traits::One;

use super::bounds::MAX_DEPTH;
use super::lexer;
use super::mistake::{Failure, Mistake};
use super::names::{self, Meaning};
use super::program::{Action, Step};
use super::token::{Token, TokenKind};

/// Reads an expression into what it says to do.
pub(super) fn program(expression: &str) -> Result<Vec<Step>, Mistake> {
    let tokens = lexer::tokens(expression)?;
    let mut parser = Parser { tokens: &tokens, next: 0, depth: 0, steps: Vec::new() };
    parser.sum()?;
    match parser.peek() {
        Token { kind: TokenKind::End, .. } => Ok(parser.steps),
        _ => Err(parser.out_of_place()),
    }
}

struct Parser<'a> {
    /// Never empty: the last is the end.
    tokens: &'a [Token],
    next: usize,
    depth: usize,
    steps: Vec<Step>,
}

/// What has been read, as far as it matters for what `+` and `-` mean before a percentage.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Nothing but percentages.
    Percentage,
    /// The number 1: ten per cent of it are 0.1.
    One,
    Other,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Shape, Mistake> {
        let mut shape = self.product()?;
        while let Some(action) = sum_action(&self.peek().kind) {
            let at = self.advance().at;
            shape = match (shape, self.product()?) {
                (Shape::Percentage, Shape::Percentage) => Shape::Percentage,
                (Shape::Other, Shape::Percentage) => return Err(ambiguous_percentage().at(at)),
                _ => Shape::Other,
            };
            self.emit(action, at);
        }
        Ok(shape)
    }

    fn product(&mut self) -> Result<Shape, Mistake> {
        let mut shape = self.signed()?;
        while let Some(action) = product_action(&self.peek().kind) {
            let at = self.advance().at;
            self.signed()?;
            shape = Shape::Other;
            self.emit(action, at);
        }
        Ok(shape)
    }

    /// Everything that nests passes through here.
    fn signed(&mut self) -> Result<Shape, Mistake> {
        if self.depth == MAX_DEPTH {
            let failure =
                Failure::new(format!("more than {MAX_DEPTH} brackets, signs or powers in each other"));
            return Err(failure.hint("calculate the inner parts first").at(self.peek().at));
        }
        self.depth += 1;
        let shape = self.signed_within();
        self.depth -= 1;
        shape
    }

    fn signed_within(&mut self) -> Result<Shape, Mistake> {
        match self.peek() {
            Token { kind: TokenKind::Plus, .. } => {
                self.advance();
                self.signed()
            }
            Token { kind: TokenKind::Minus, at } => {
                self.advance();
                let is_percentage = self.signed()? == Shape::Percentage;
                self.emit(Action::Negate, *at);
                Ok(if is_percentage { Shape::Percentage } else { Shape::Other })
            }
            _ => self.power(),
        }
    }

    fn power(&mut self) -> Result<Shape, Mistake> {
        let shape = self.postfix()?;
        if !matches!(self.peek().kind, TokenKind::Power) {
            return Ok(shape);
        }
        let at = self.advance().at;
        self.signed()?;
        self.emit(Action::Power, at);
        Ok(Shape::Other)
    }

    fn postfix(&mut self) -> Result<Shape, Mistake> {
        let mut shape = self.value()?;
        loop {
            let (action, read) = match self.peek().kind {
                TokenKind::Factorial => (Action::Factorial, Shape::Other),
                TokenKind::Percent if self.is_per_cent()? => (Action::PerCent, Shape::Percentage),
                _ => return Ok(shape),
            };
            let at = self.advance().at;
            if matches!((&action, &self.peek().kind), (Action::Factorial, TokenKind::Factorial)) {
                return Err(double_factorial().at(self.peek().at));
            }
            shape = read;
            self.emit(action, at);
        }
    }

    /// Whether the `%` that is next stands for per cent, by what comes after it.
    fn is_per_cent(&self) -> Result<bool, Mistake> {
        match self.tokens.get(self.next + 1) {
            Some(Token { kind: TokenKind::Minus, .. }) => Err(ambiguous_sign().at(self.peek().at)),
            Some(Token { kind, .. }) => Ok(!kind.begins_value()),
            None => Ok(true),
        }
    }

    fn value(&mut self) -> Result<Shape, Mistake> {
        let Token { kind, at } = self.peek();
        if !kind.begins_value() {
            return Err(self.no_value());
        }
        self.advance();
        match kind {
            TokenKind::Number(number) => {
                self.emit(Action::Push(number.clone()), *at);
                return Ok(if number.is_one() { Shape::One } else { Shape::Other });
            }
            TokenKind::Name(name) => self.named(name, *at)?,
            _ => {
                self.sum()?;
                self.close(*at)?;
            }
        }
        Ok(Shape::Other)
    }

    fn named(&mut self, name: &str, at: usize) -> Result<(), Mistake> {
        let is_call = matches!(self.peek().kind, TokenKind::Open);
        match names::meaning(name, is_call).map_err(|failure| failure.at(at))? {
            Meaning::Constant(value) => self.emit(Action::PushFloat(value), at),
            Meaning::Function(function) => {
                let open = self.advance().at;
                let count = self.arguments()?;
                self.close(open)?;
                self.emit(Action::Call(function, count), at);
            }
        }
        Ok(())
    }

    fn arguments(&mut self) -> Result<usize, Mistake> {
        if matches!(self.peek().kind, TokenKind::Close) {
            return Ok(0);
        }
        self.sum()?;
        let mut count = 1;
        while matches!(self.peek().kind, TokenKind::Comma) {
            self.advance();
            self.sum()?;
            count += 1;
        }
        Ok(count)
    }

    fn close(&mut self, open: usize) -> Result<(), Mistake> {
        match self.peek().kind {
            TokenKind::Close => {
                self.advance();
                Ok(())
            }
            TokenKind::End => Err(Failure::new("the bracket is never closed that opens").at(open)),
            _ => Err(self.out_of_place()),
        }
    }

    fn emit(&mut self, action: Action, at: usize) {
        self.steps.push(Step { action, at });
    }

    fn peek(&self) -> &'a Token {
        &self.tokens[self.next]
    }

    /// Goes past a token; the end stays.
    fn advance(&mut self) -> &'a Token {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    /// What is next stands where a value must begin.
    fn no_value(&self) -> Mistake {
        let Token { kind, at } = self.peek();
        let failure = match kind {
            TokenKind::End if self.tokens.len() == 1 => {
                return Failure::new("there is no expression").hint("write one, such as 2 * (3 + 4)").at(*at);
            }
            TokenKind::End => Failure::new("the expression ends"),
            kind => Failure::new(format!("unexpected {}", kind.spoken())),
        };
        failure.hint("a number, a name or '(' must stand there").at(*at)
    }

    /// What is next stands where a value has ended.
    fn out_of_place(&self) -> Mistake {
        let Token { kind, at } = self.peek();
        let failure = Failure::new(format!("unexpected {}", kind.spoken()));
        let failure = match kind {
            TokenKind::Comma => lexer::thousands(),
            TokenKind::Close => failure.hint("no bracket is open there"),
            TokenKind::Number(_) => {
                failure.hint("write an operator before it, and 1000 or 1_000 for thousands")
            }
            TokenKind::Name(name) => failure.hint(names::operator_hint(name)),
            TokenKind::Open => failure.hint("write an operator before it, such as *"),
            _ => failure,
        };
        failure.at(*at)
    }
}

fn sum_action(kind: &TokenKind) -> Option<Action> {
    match kind {
        TokenKind::Plus => Some(Action::Add),
        TokenKind::Minus => Some(Action::Subtract),
        _ => None,
    }
}

fn product_action(kind: &TokenKind) -> Option<Action> {
    match kind {
        TokenKind::Times => Some(Action::Multiply),
        TokenKind::Divide => Some(Action::Divide),
        TokenKind::Percent => Some(Action::Remainder),
        _ => None,
    }
}

fn ambiguous_percentage() -> Failure {
    let hint = "write 200 * (1 + 10%) for ten per cent more, 200 + (10%) for 0.1 more";
    Failure::new("adding or subtracting a percentage has two meanings").hint(hint)
}

fn ambiguous_sign() -> Failure {
    let hint = "write mod(a, -b) for the remainder, (a%) - b for a per cent less b";
    Failure::new("'%' before '-' has two meanings").hint(hint)
}

fn double_factorial() -> Failure {
    Failure::new("unexpected second '!'").hint("write (n!)! for the factorial of a factorial")
}
