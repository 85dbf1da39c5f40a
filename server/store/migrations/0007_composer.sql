-- The composer: ready answers, macros, messages for later, and what tells a person that somebody wants them.

-- scope: 0 the workspace, 1 a team, 2 a person; owner_id is the team or the person, 0 for the workspace. body holds variables
-- ({{contact.name|friend}}), so it is text of the business and no message. media: a JSON list of media ids.
CREATE TABLE canned (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	shortcut TEXT NOT NULL,
	title TEXT NOT NULL,
	category TEXT NOT NULL,
	body TEXT NOT NULL,
	media TEXT NOT NULL,
	scope BIGINT NOT NULL,
	owner_id BIGINT NOT NULL,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX canned_shortcut ON canned (workspace_id, scope, owner_id, shortcut) WHERE deleted_ms IS NULL;

-- Which message was made of which ready answer: what its figures are counted from.
CREATE TABLE canned_use (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	canned_id BIGINT NOT NULL REFERENCES canned (id)
);
CREATE INDEX canned_use_canned ON canned_use (canned_id, message_id);

-- actions: a JSON list, in the order of running.
CREATE TABLE macro (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	actions TEXT NOT NULL,
	scope BIGINT NOT NULL,
	owner_id BIGINT NOT NULL,
	run_count BIGINT NOT NULL,
	last_run_ms BIGINT,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX macro_name ON macro (workspace_id, scope, owner_id, name) WHERE deleted_ms IS NULL;

-- One thing that a person is told of; the time is in the id. kind: mention, scheduled_not_sent. detail: a JSON object without bodies.
CREATE TABLE notification (
	id {ID},
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	kind TEXT NOT NULL,
	conversation_id BIGINT REFERENCES conversation (id),
	message_id BIGINT,
	actor_id BIGINT,
	detail TEXT NOT NULL,
	read_ms BIGINT
);
CREATE INDEX notification_person ON notification (person_id, workspace_id, id);
CREATE INDEX notification_unread ON notification (person_id, workspace_id, id) WHERE read_ms IS NULL;
CREATE INDEX notification_conversation ON notification (conversation_id);

-- A message for later. due_ms: when it goes next; first_ms: when the first one goes, from which repeats are counted in time_zone.
-- state: 0 waits, 1 sent, 2 cancelled, 3 not sent (reason says why). repeat: 0 once, 1 daily, 2 weekly, 3 monthly.
-- if_no_reply_ms: goes only if the customer has not written since; NULL: goes in any case.
CREATE TABLE scheduled_message (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	kind BIGINT NOT NULL,
	body_sealed {BYTES} NOT NULL,
	reply_to_id BIGINT,
	canned_id BIGINT,
	due_ms BIGINT NOT NULL,
	first_ms BIGINT NOT NULL,
	time_zone TEXT NOT NULL,
	repeat BIGINT NOT NULL,
	repeat_until_ms BIGINT,
	if_no_reply_ms BIGINT,
	state BIGINT NOT NULL,
	code TEXT,
	reason TEXT,
	sent_count BIGINT NOT NULL,
	last_message_id BIGINT,
	updated_ms BIGINT NOT NULL
);
CREATE INDEX scheduled_message_due ON scheduled_message (due_ms, id) WHERE state = 0;
CREATE INDEX scheduled_message_conversation ON scheduled_message (conversation_id, due_ms, id);
CREATE INDEX scheduled_message_workspace ON scheduled_message (workspace_id, state, due_ms, id);
