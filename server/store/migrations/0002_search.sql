-- Full-text search over keyed tokens. The two databases do it differently and answer the same.

-- only: sqlite
-- An index without content, positions or sizes: about two octets for each word of a message. Its rows are numbered by
-- doc, small numbers in the order of message ids, so that neighbours are close and newest first is doc downwards. See
-- store/sqlite_search.c for the numbering; below 0 are the few that came too late to find a number in order.
CREATE TABLE message_search (
	doc INTEGER PRIMARY KEY,
	message_id BIGINT NOT NULL
);
CREATE UNIQUE INDEX message_search_late ON message_search (message_id) WHERE doc < 0;
CREATE VIRTUAL TABLE message_token USING fts5 (tokens, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
-- end

-- only: postgres
CREATE TABLE message_search (
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	tokens TSVECTOR NOT NULL,
	PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX message_search_tokens ON message_search USING GIN (tokens);
-- end
