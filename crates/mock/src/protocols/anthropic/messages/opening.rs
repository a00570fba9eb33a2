//! What a stream begins with: Anthropic tells there already what was asked.

use playhouse_llm::{Chunk, Usage};

/// What the first event says of an answer of which nothing is there yet
/// (<https://platform.claude.com/docs/en/build-with-claude/streaming>).
const SAID_SO_FAR: u64 = 1;

/// Has the first piece tell the tokens of what was asked, which the last one tells.
pub(super) fn tell_what_was_asked(chunks: &mut [Chunk]) {
    let Some(told) = chunks.iter().rev().find_map(|chunk| chunk.usage.clone()) else { return };
    if let Some(first) = chunks.first_mut().filter(|first| first.usage.is_none()) {
        let said = told.completion_tokens.min(SAID_SO_FAR);
        let asked = Usage::new(told.prompt_tokens, said);
        let (cached_tokens, cache_write_tokens) = (told.cached_tokens, told.cache_write_tokens);
        first.usage = Some(Usage { cached_tokens, cache_write_tokens, ..asked });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_piece_tells_what_was_asked() {
        let mut chunks = [Chunk::default(), Chunk::default(), Chunk::usage(Usage::new(7, 3))];
        tell_what_was_asked(&mut chunks);
        assert_eq!(chunks[0].usage, Some(Usage::new(7, 1)));
        assert_eq!(chunks[1].usage, None);
        let mut untold = [Chunk::default()];
        tell_what_was_asked(&mut untold);
        assert_eq!(untold[0].usage, None);
    }
}
