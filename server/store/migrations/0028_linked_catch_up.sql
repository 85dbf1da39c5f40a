-- What the phone is asked for again, now and then: chats in which something was said since the last round. from_ms, from_id: the
-- conversation that was asked for last; until_ms: when the round began, 0: none is under way; next_ms: when to look again.
ALTER TABLE linked_sync ADD COLUMN from_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE linked_sync ADD COLUMN from_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE linked_sync ADD COLUMN until_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE linked_sync ADD COLUMN next_ms BIGINT NOT NULL DEFAULT 0;
