-- The desk: what a team needs around a conversation. status of a conversation: 0 open, 1 waiting (for somebody else: the
-- customer, a third party), 2 resolved, 3 snoozed, 4 archived. priority: 0 none, 1 low, 2 medium, 3 high, 4 urgent.

CREATE TABLE team (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX team_name ON team (workspace_id, name) WHERE deleted_ms IS NULL;

CREATE TABLE team_member (
	team_id BIGINT NOT NULL REFERENCES team (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	PRIMARY KEY (team_id, person_id)
);
CREATE INDEX team_member_person ON team_member (person_id);

CREATE TABLE label (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	colour TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX label_name ON label (workspace_id, name) WHERE deleted_ms IS NULL;

CREATE TABLE conversation_label (
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	label_id BIGINT NOT NULL REFERENCES label (id),
	workspace_id BIGINT NOT NULL,
	PRIMARY KEY (conversation_id, label_id)
);
CREATE INDEX conversation_label_label ON conversation_label (label_id, conversation_id);

CREATE TABLE contact_label (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	label_id BIGINT NOT NULL REFERENCES label (id),
	workspace_id BIGINT NOT NULL,
	PRIMARY KEY (contact_id, label_id)
);
CREATE INDEX contact_label_label ON contact_label (label_id, contact_id);

-- waiting_since_ms: the customer's oldest message that nobody has answered. queued_ms: waits for an agent since then.
ALTER TABLE conversation ADD COLUMN team_id BIGINT;
ALTER TABLE conversation ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN snoozed_until_ms BIGINT;
ALTER TABLE conversation ADD COLUMN waiting_since_ms BIGINT;
ALTER TABLE conversation ADD COLUMN queued_ms BIGINT;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until_ms) WHERE snoozed_until_ms IS NOT NULL;

-- What happened to a conversation, in order; the time is in the id. detail: a JSON object without bodies.
CREATE TABLE conversation_event (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	actor_kind BIGINT NOT NULL,
	actor_id BIGINT,
	kind TEXT NOT NULL,
	detail TEXT NOT NULL
);
CREATE INDEX conversation_event_conversation ON conversation_event (conversation_id, id);
CREATE INDEX conversation_event_workspace ON conversation_event (workspace_id, id);
