-- What phones that are linked have beside messages: pins, mutes, stars, labels and quick replies.

-- What the owner of a number said of a chat. what: enum chat_mark_kind. A pin and a mute stand here for good, also before there is
-- a conversation; a label (ref: its id) only until there is one. is_on 0: taken back, and kept for its time, so that an older word
-- does not come back.
CREATE TABLE chat_mark (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	number_id BIGINT NOT NULL REFERENCES number (id),
	what BIGINT NOT NULL,
	ref BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	is_on BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (contact_id, number_id, what, ref)
);

CREATE TABLE message_star (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	is_on BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX message_star_conversation ON message_star (conversation_id, message_id);

-- Which label of a phone is which of ours. remote_id: the phone's. told: the phone has it, as far as we know.
CREATE TABLE channel_label (
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	remote_id TEXT NOT NULL,
	workspace_id BIGINT NOT NULL,
	label_id BIGINT NOT NULL REFERENCES label (id),
	told BIGINT NOT NULL,
	PRIMARY KEY (channel_id, remote_id)
);
CREATE UNIQUE INDEX channel_label_label ON channel_label (label_id, channel_id);

-- A ready answer that is a quick reply of a phone: of which channel's, and its id there.
ALTER TABLE canned ADD COLUMN channel_id BIGINT;
ALTER TABLE canned ADD COLUMN remote_id TEXT;
CREATE UNIQUE INDEX canned_remote ON canned (channel_id, remote_id) WHERE channel_id IS NOT NULL AND deleted_ms IS NULL;
