-- What a call asked for: chat, embeddings.
ALTER TABLE calls ADD COLUMN operation TEXT NOT NULL DEFAULT 'chat';
