//! Finds the way back into the text behind something that cannot be read.

use super::lexer::{Token, TokenKind};
use super::parser::{MAX_DEPTH, Parser};
use super::report::Parsed;

impl Parser<'_> {
    /// Skips the rest of a field: up to and with a separator, or up to a closing brace or what looks like a field.
    pub(super) fn recover(&mut self) -> Parsed {
        loop {
            match self.token.kind {
                TokenKind::End | TokenKind::Symbol(b'}' | b'>') => return Ok(()),
                TokenKind::Symbol(b',' | b';') => return self.advance(),
                TokenKind::Identifier if self.begins_a_field() => return Ok(()),
                _ => self.skip()?,
            }
        }
    }

    /// Skips the rest of a list's element, up to a comma, a bracket or where the list cannot go on.
    pub(super) fn recover_in_list(&mut self) -> Parsed {
        loop {
            match self.token.kind {
                TokenKind::End | TokenKind::Symbol(b'}' | b'>' | b']' | b',') => return Ok(()),
                TokenKind::Identifier if self.begins_a_field() => return Ok(()),
                _ => self.skip()?,
            }
        }
    }

    /// Skips the rest of a list with its bracket, if that comes before the list cannot go on.
    pub(super) fn recover_behind_list(&mut self) -> Parsed {
        loop {
            self.recover_in_list()?;
            match self.token.kind {
                TokenKind::Symbol(b',') => self.advance_quietly(),
                TokenKind::Symbol(b']') => return self.advance(),
                _ => return Ok(()),
            }
        }
    }

    /// Whether the identifier at hand is the name of a field rather than a value.
    pub(super) fn begins_a_field(&self) -> bool {
        matches!(self.lexer.clone().next().kind, TokenKind::Symbol(b':' | b'{' | b'<' | b'='))
    }

    /// Skips a token, with all that it encloses.
    fn skip(&mut self) -> Parsed {
        let mut open: Vec<Token> = Vec::new();
        loop {
            match (self.token.kind, open.last()) {
                (TokenKind::Symbol(b'{' | b'<' | b'['), _) => {
                    if self.open.len() + open.len() > MAX_DEPTH {
                        return Err(self.too_deep());
                    }
                    open.push(self.token);
                }
                (TokenKind::End, None) => return Ok(()),
                (TokenKind::Symbol(b'}' | b'>' | b']') | TokenKind::End, Some(&last)) => {
                    if !self.closes(last) {
                        return Err(self.not_closed(last));
                    }
                    open.pop();
                }
                _ => {}
            }
            self.advance_quietly();
            self.passed_over += 1;
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn closes(&self, open: Token) -> bool {
        self.closing(open).map_or(self.token.is(b']'), |close| self.token.is(close))
    }
}
