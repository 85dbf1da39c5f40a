-- Figures of service. A case begins when a customer writes to a new or finished conversation and ends when it is resolved.

-- opened_ms: when the present case began. first_answer_id: the first answer of a person in it. answered_since_ms: what the
-- newest answer of a person ended: waiting_since_ms as it was then; NULL: nobody had waited.
ALTER TABLE conversation ADD COLUMN opened_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN first_answer_id BIGINT;
ALTER TABLE conversation ADD COLUMN answered_since_ms BIGINT;
UPDATE conversation SET opened_ms = created_ms;
CREATE INDEX conversation_waiting ON conversation (workspace_id, waiting_since_ms, id) WHERE waiting_since_ms IS NOT NULL;
CREATE INDEX conversation_opened ON conversation (workspace_id, opened_ms, id) WHERE status IN (0, 1, 3);

-- A wait of a customer that a person ended. id: the answer, a message. person_id NULL: on the business's phone.
CREATE TABLE answer (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT,
	person_id BIGINT,
	since_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	is_first BIGINT NOT NULL
);
CREATE INDEX answer_time ON answer (workspace_id, at_ms, id);

-- A case that was resolved. person_id: who did it; by a machine: whose it was.
CREATE TABLE resolution (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT,
	person_id BIGINT,
	opened_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX resolution_time ON resolution (workspace_id, at_ms, id);

-- When somebody is there. week: JSON, seven lists (Monday first) of [from, to] in minutes; holidays: JSON list of "2026-12-25".
CREATE TABLE business_hours (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	time_zone TEXT NOT NULL,
	week TEXT NOT NULL,
	holidays TEXT NOT NULL,
	updated_ms BIGINT NOT NULL,
	UNIQUE (workspace_id)
);

-- What is promised. The first by place that fits a conversation counts. Times in minutes, 0: nothing promised.
CREATE TABLE sla_policy (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	place BIGINT NOT NULL,
	team_id BIGINT,
	channel_id BIGINT,
	least_priority BIGINT NOT NULL,
	first_minutes BIGINT NOT NULL,
	next_minutes BIGINT NOT NULL,
	resolution_minutes BIGINT NOT NULL,
	in_hours BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX sla_policy_workspace ON sla_policy (workspace_id, place, id);

-- A promise that was not kept; once for each start of its time. kind: first, next, resolution.
CREATE TABLE sla_breach (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	policy_id BIGINT NOT NULL,
	person_id BIGINT,
	team_id BIGINT,
	channel_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	since_ms BIGINT NOT NULL,
	due_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	UNIQUE (conversation_id, kind, since_ms)
);
CREATE INDEX sla_breach_time ON sla_breach (workspace_id, at_ms, id);

-- Messages of an hour that is over, counted once.
CREATE TABLE traffic_hour (
	id {ID},
	workspace_id BIGINT NOT NULL,
	hour_ms BIGINT NOT NULL,
	received BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	UNIQUE (workspace_id, hour_ms)
);
