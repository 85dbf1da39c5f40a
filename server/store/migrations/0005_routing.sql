-- Routing: who is there, and who gets a waiting conversation.

-- Of a member who answers. status and chosen: 0 offline, 1 away, 2 online; chosen is what the person set by hand, status what
-- it comes to with idleness and sockets; why: hand, idle, disconnect, connect, activity. connected: has a live socket; else gone_ms
-- is when the last one went. capacity: NULL takes the workspace's. takes: is given conversations automatically. shift: JSON, or NULL
-- for that of the teams. due_ms: when the status or the shift may next change by itself.
CREATE TABLE agent (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	chosen BIGINT NOT NULL,
	status BIGINT NOT NULL,
	why TEXT NOT NULL,
	status_ms BIGINT NOT NULL,
	connected BIGINT NOT NULL,
	gone_ms BIGINT NOT NULL,
	active_ms BIGINT NOT NULL,
	capacity BIGINT,
	takes BIGINT NOT NULL,
	shift TEXT,
	on_shift BIGINT NOT NULL,
	due_ms BIGINT,
	PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX agent_due ON agent (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX agent_connected ON agent (connected) WHERE connected = 1;
CREATE INDEX agent_person ON agent (person_id);

-- A bound for one channel, beside the agent's own.
CREATE TABLE agent_capacity (
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	capacity BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, person_id, channel_id)
);
CREATE INDEX agent_capacity_person ON agent_capacity (person_id);
CREATE INDEX agent_capacity_channel ON agent_capacity (channel_id);

-- Each change of a status: what online time is counted from.
CREATE TABLE agent_status (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	status BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	why TEXT NOT NULL
);
CREATE INDEX agent_status_person ON agent_status (workspace_id, person_id, at_ms);
CREATE INDEX agent_status_of ON agent_status (person_id);

-- One row a workspace; its row is also the lock under which conversations are given out. shift_end: 0 keep, 1 requeue what
-- nobody answered, 2 requeue all. place_text: what a waiting customer is told, empty for nothing; place_again_ms: told again so
-- much later when the place is a better one, 0 never. active: some scope is not manual, or there is a rule.
CREATE TABLE routing_setting (
	workspace_id BIGINT PRIMARY KEY REFERENCES workspace (id),
	capacity BIGINT NOT NULL,
	away_after_ms BIGINT NOT NULL,
	offline_after_ms BIGINT NOT NULL,
	shift_end BIGINT NOT NULL,
	place_text TEXT NOT NULL,
	place_again_ms BIGINT NOT NULL,
	active BIGINT NOT NULL
);

-- A team, or the workspace itself (team 0). mode: 0 manual, 1 round-robin, 2 least busy. turn: number of the last gift.
CREATE TABLE routing_scope (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	team_id BIGINT NOT NULL,
	mode BIGINT NOT NULL,
	turn BIGINT NOT NULL,
	shift TEXT,
	PRIMARY KEY (workspace_id, team_id)
);

-- turn: the number of the last gift to that person in that scope.
CREATE TABLE routing_seat (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	team_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	turn BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, team_id, person_id)
);
CREATE INDEX routing_seat_person ON routing_seat (person_id);

-- The first that matches, by place, says what happens to a new conversation. conditions, actions: JSON (routing/rule.h).
CREATE TABLE routing_rule (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	place BIGINT NOT NULL,
	name TEXT NOT NULL,
	enabled BIGINT NOT NULL,
	conditions TEXT NOT NULL,
	actions TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL
);
CREATE INDEX routing_rule_place ON routing_rule (workspace_id, place, id);

-- What place in the queue a customer was told, in which wait (its queued_ms).
CREATE TABLE routing_told (
	conversation_id BIGINT PRIMARY KEY REFERENCES conversation (id),
	workspace_id BIGINT NOT NULL,
	queued_ms BIGINT NOT NULL,
	place BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);

-- routed_ms: the rules had a look since it was opened; NULL again when it is resolved or archived.
ALTER TABLE conversation ADD COLUMN routed_ms BIGINT;
UPDATE conversation SET routed_ms = updated_ms;
CREATE INDEX conversation_unrouted ON conversation (workspace_id, id)
	WHERE routed_ms IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL;
CREATE INDEX conversation_unqueued ON conversation (workspace_id, COALESCE(team_id, 0), id)
	WHERE queued_ms IS NULL AND assignee_id IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL;
CREATE INDEX conversation_queue ON conversation (workspace_id, priority DESC, queued_ms, id) WHERE queued_ms IS NOT NULL;
CREATE INDEX conversation_load ON conversation (workspace_id, assignee_id, channel_id)
	WHERE status = 0 AND assignee_id IS NOT NULL AND merged_into IS NULL;
