-- The past of linked numbers, as their phones send it.

-- How far a number's history has come. state: enum linked_sync_state. progress: per cent, as the phone counts.
CREATE TABLE linked_sync (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state BIGINT NOT NULL,
	progress BIGINT NOT NULL,
	chats_done BIGINT NOT NULL,
	chats_total BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	why TEXT NOT NULL,
	started_ms BIGINT NOT NULL,
	changed_ms BIGINT NOT NULL
);

-- A part of it: body_sealed says where its file is. done: batches that are in the store. next_ms: when it is tried; NULL: it is
-- over.
CREATE TABLE linked_part (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	body_sealed {BYTES} NOT NULL,
	done BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_ms BIGINT
);
CREATE INDEX linked_part_due ON linked_part (next_ms) WHERE next_ms IS NOT NULL;
CREATE INDEX linked_part_channel ON linked_part (channel_id, id);

-- Chats that were taken in, so that all parts together keep to the limit. chat: a hash of its jid.
CREATE TABLE linked_past_chat (
	channel_id BIGINT NOT NULL,
	chat {BYTES} NOT NULL,
	PRIMARY KEY (channel_id, chat)
);
