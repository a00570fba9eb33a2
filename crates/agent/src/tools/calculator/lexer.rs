//! Cuts an expression into its words.

use super::bounds::MAX_EXPRESSION_CHARS;
use super::literal;
use super::mistake::{Failure, Mistake};
use super::token::{Token, TokenKind};

/// The words of an expression; the last is its end.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>, Mistake> {
    let chars: Vec<char> = expression.chars().take(MAX_EXPRESSION_CHARS + 1).collect();
    if chars.len() > MAX_EXPRESSION_CHARS {
        let failure =
            Failure::new(format!("the expression is longer than {MAX_EXPRESSION_CHARS} characters"));
        return Err(failure.hint("calculate its parts one by one").at(MAX_EXPRESSION_CHARS));
    }
    let mut lexer = Lexer { chars: &chars, at: 0, tokens: Vec::new() };
    while lexer.at < chars.len() {
        lexer.step().map_err(|failure| failure.at(lexer.at))?;
    }
    lexer.push(TokenKind::End, 0);
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> Result<(), Failure> {
        match self.chars[self.at..] {
            [space, ..] if space.is_whitespace() => self.at += 1,
            ['*', '*', ..] => self.push(TokenKind::Power, 2),
            ['/', '/', ..] => return Err(unexpected("//", "write floor(a / b)")),
            [digit, ..] if digit.is_ascii_digit() => return self.number(),
            ['.', digit, ..] if digit.is_ascii_digit() => return self.number(),
            [letter, ..] if is_letter(letter) => self.name(),
            [',', ..] => return self.comma(),
            [sign, ..] => {
                let kind = sign_of(sign).ok_or_else(|| unknown(sign))?;
                self.push(kind, 1);
            }
            [] => {}
        }
        Ok(())
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        self.tokens.push(Token { kind, at: self.at });
        self.at += length;
    }

    fn number(&mut self) -> Result<(), Failure> {
        let rest = &self.chars[self.at..];
        let length = literal::length(rest);
        let written: String = rest[..length].iter().collect();
        if written == "0" && matches!(rest.get(1), Some('x' | 'X' | 'b' | 'B' | 'o' | 'O')) {
            return Err(Failure::new("a number that is not decimal").hint("write it with the digits 0 to 9"));
        }
        let value = literal::value(&written)?;
        self.push(TokenKind::Number(value), length);
        Ok(())
    }

    fn name(&mut self) {
        let belongs = |char: &&char| is_letter(**char) || char.is_ascii_digit();
        let name: String = self.chars[self.at..].iter().take_while(belongs).collect();
        let length = name.chars().count();
        self.push(TokenKind::Name(name.to_lowercase()), length);
    }

    /// A comma stands between arguments; `1,000` there would be read as two of them.
    fn comma(&mut self) -> Result<(), Failure> {
        let is_after_digit = self.at > 0 && self.chars[self.at - 1].is_ascii_digit();
        let group: Vec<char> =
            self.chars[self.at + 1..].iter().copied().take_while(char::is_ascii_digit).collect();
        if is_after_digit && matches!(group[..], ['0', _, _]) {
            return Err(thousands());
        }
        self.push(TokenKind::Comma, 1);
        Ok(())
    }
}

/// A comma where none may stand.
pub(super) fn thousands() -> Failure {
    let hint = "a comma stands only between the arguments of a function; write 1000 or 1_000 for thousands, 0.5 for decimals";
    unexpected(",", hint)
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic() || char == '_'
}

fn sign_of(sign: char) -> Option<TokenKind> {
    Some(match sign {
        '+' => TokenKind::Plus,
        '-' | '−' | '–' => TokenKind::Minus,
        '*' | '×' | '·' | '⋅' | '∙' | '∗' => TokenKind::Times,
        '/' | '÷' | '∕' | '⁄' => TokenKind::Divide,
        '%' => TokenKind::Percent,
        '^' => TokenKind::Power,
        '!' => TokenKind::Factorial,
        '(' => TokenKind::Open,
        ')' => TokenKind::Close,
        _ => return None,
    })
}

fn unexpected(what: &str, hint: &str) -> Failure {
    Failure::new(format!("unexpected '{what}'")).hint(hint)
}

fn unknown(sign: char) -> Failure {
    let hint = match sign {
        '=' | '<' | '>' | '≈' | '≠' => {
            "only the expression is calculated: leave out what compares or assigns"
        }
        '[' | ']' | '{' | '}' => "use round brackets",
        '$' | '€' | '£' | '¥' => "write the number without the currency",
        '²' => "write ^2",
        '³' => "write ^3",
        '√' => "write sqrt(x)",
        '°' => "angles are in radians: write rad(x) for x degrees",
        '.' => "a point stands between digits only; functions are written alone, such as sqrt(2)",
        '&' | '|' | '~' => "there are no bitwise operators",
        _ => "an expression has numbers, + - * / ^ % !, brackets and functions",
    };
    let failure = Failure::new(format!("unexpected {}", quoted(sign)));
    failure.hint(hint)
}

/// A character that shows.
fn quoted(char: char) -> String {
    if char.is_control() { format!("U+{:04X}", u32::from(char)) } else { format!("'{char}'") }
}
