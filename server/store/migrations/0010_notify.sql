-- Notices: what leaves for a person who does not look. The list under the bell is the table notification.

-- How somebody wants to be told in a workspace; no row: as notify_defaults() says. on_*: a sum of 1 sound, 2 browser, 4 push, 8 mail.
-- quiet_*_min: minutes of the day in time_zone, -1: no quiet hours. mailed_ms: of the last digest.
CREATE TABLE notify_setting (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	on_mine BIGINT NOT NULL,
	on_unassigned BIGINT NOT NULL,
	on_other BIGINT NOT NULL,
	on_mention BIGINT NOT NULL,
	on_assigned BIGINT NOT NULL,
	on_sla BIGINT NOT NULL,
	quiet_from_min BIGINT NOT NULL,
	quiet_until_min BIGINT NOT NULL,
	time_zone TEXT NOT NULL,
	shows_text BIGINT NOT NULL,
	mail_after_min BIGINT NOT NULL,
	mail_every_min BIGINT NOT NULL,
	mailed_ms BIGINT,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, person_id)
);

CREATE TABLE notify_mute (
	person_id BIGINT NOT NULL REFERENCES person (id),
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	workspace_id BIGINT NOT NULL,
	muted_ms BIGINT NOT NULL,
	PRIMARY KEY (person_id, conversation_id)
);
CREATE INDEX notify_mute_conversation ON notify_mute (conversation_id);

-- The pair that signs what we send to push services; never changed, or all subscriptions are void.
CREATE TABLE push_key (
	workspace_id BIGINT PRIMARY KEY REFERENCES workspace (id),
	public_key {BYTES} NOT NULL,
	private_sealed {BYTES} NOT NULL,
	created_ms BIGINT NOT NULL
);

-- A browser that wants to be told. target_sealed: endpoint and keys as JSON; whoever has them can write to that browser.
CREATE TABLE push_subscription (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	endpoint_hash {BYTES} NOT NULL,
	target_sealed {BYTES} NOT NULL,
	device TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	used_ms BIGINT,
	UNIQUE (workspace_id, endpoint_hash)
);
CREATE INDEX push_subscription_person ON push_subscription (person_id, workspace_id, id);

-- What is still to leave, and goes when it has left or is read. kind message: one row for a person and conversation, however many
-- messages there are. notification_id: the row under the bell, if it has one. *_due_ms: NULL: not that way (any more).
CREATE TABLE notify_due (
	id {ID},
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	conversation_id BIGINT NOT NULL,
	message_id BIGINT,
	notification_id BIGINT,
	push_due_ms BIGINT,
	push_attempts BIGINT NOT NULL,
	mail_due_ms BIGINT
);
CREATE UNIQUE INDEX notify_due_message ON notify_due (person_id, conversation_id) WHERE kind = 'message';
CREATE UNIQUE INDEX notify_due_notification ON notify_due (notification_id) WHERE notification_id IS NOT NULL;
CREATE INDEX notify_due_push ON notify_due (push_due_ms) WHERE push_due_ms IS NOT NULL;
CREATE INDEX notify_due_mail ON notify_due (mail_due_ms, person_id) WHERE mail_due_ms IS NOT NULL;
CREATE INDEX notify_due_conversation ON notify_due (conversation_id);
