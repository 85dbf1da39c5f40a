-- Webhooks to others (Standard Webhooks), feature switches, maintenance.

-- An address that is told of events. kinds: the sum of the bits that it wants (account/webhook.h). channels: JSON list of
-- ids, [] for all. The secret is what it checks signatures with; the old one signs too until old_secret_until_ms.
CREATE TABLE webhook (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	url_sealed {BYTES} NOT NULL,
	description TEXT NOT NULL,
	kinds BIGINT NOT NULL,
	channels TEXT NOT NULL,
	secret_sealed {BYTES} NOT NULL,
	old_secret_sealed {BYTES},
	old_secret_until_ms BIGINT,
	disabled_ms BIGINT,
	disabled_reason TEXT,
	failing_since_ms BIGINT,
	success_ms BIGINT,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE INDEX webhook_workspace ON webhook (workspace_id, id) WHERE deleted_ms IS NULL;

-- Something that happened, written in the transaction in which it did. kind: one bit. lane: whose order it keeps (a
-- conversation, else a contact or channel), sequence: its place there. payload_sealed: the body, made right after.
CREATE TABLE webhook_event (
	id {ID},
	workspace_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	lane BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	conversation_id BIGINT,
	channel_id BIGINT,
	message_id BIGINT,
	contact_id BIGINT,
	at_ms BIGINT NOT NULL,
	detail TEXT NOT NULL,
	payload_sealed {BYTES}
);
CREATE INDEX webhook_event_workspace ON webhook_event (workspace_id, id);
CREATE INDEX webhook_event_unmade ON webhook_event (id) WHERE payload_sealed IS NULL;

CREATE TABLE webhook_lane (
	lane {ID},
	last BIGINT NOT NULL
);

-- An event for one webhook. state: 0 waiting, 1 delivered, 2 dead. It goes when no earlier one of its lane waits.
CREATE TABLE webhook_delivery (
	webhook_id BIGINT NOT NULL REFERENCES webhook (id),
	event_id BIGINT NOT NULL REFERENCES webhook_event (id),
	workspace_id BIGINT NOT NULL,
	lane BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	state BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_ms BIGINT NOT NULL,
	status BIGINT,
	error TEXT,
	done_ms BIGINT,
	PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_ms) WHERE state = 0;
CREATE INDEX webhook_delivery_lane ON webhook_delivery (webhook_id, lane, sequence) WHERE state = 0;
CREATE INDEX webhook_delivery_state ON webhook_delivery (webhook_id, state, event_id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);

CREATE TABLE webhook_attempt (
	id {ID},
	workspace_id BIGINT NOT NULL,
	webhook_id BIGINT NOT NULL,
	event_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	started_ms BIGINT NOT NULL,
	took_ms BIGINT NOT NULL,
	status BIGINT,
	error TEXT,
	response_sealed {BYTES}
);
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (webhook_id, event_id, id);

-- Only what differs from the default (account/feature.h).
CREATE TABLE feature_switch (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	is_on BIGINT NOT NULL,
	changed_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, name)
);

-- Who is under maintenance: receives, and sends nothing. workspace_id 0: the whole server.
CREATE TABLE maintenance (
	workspace_id BIGINT PRIMARY KEY,
	since_ms BIGINT NOT NULL,
	note TEXT NOT NULL,
	person_name TEXT NOT NULL
);

ALTER TABLE workspace ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE workspace ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
ALTER TABLE workspace ADD COLUMN country TEXT NOT NULL DEFAULT '';
