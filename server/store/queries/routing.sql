-- Routing: agents and their status, teams, rules, the queue (server/routing/).

-- ---- settings and scopes ----

-- routing_setting_add: exec
-- The row that everything else locks; manual in all until somebody says otherwise.
-- in:  workspace id64, capacity i64, away_after_ms i64, offline_after_ms i64
INSERT INTO routing_setting (workspace_id, capacity, away_after_ms, offline_after_ms, shift_end, place_text, place_again_ms, active)
VALUES ($1, $2, $3, $4, 0, '', 0, 0) ON CONFLICT (workspace_id) DO NOTHING;

-- routing_setting_get: one routing_setting
-- in:  workspace id64
-- out: capacity i64, away_after_ms i64, offline_after_ms i64, shift_end i64, place_text str, place_again_ms i64, reopen i64, active i64
SELECT capacity, away_after_ms, offline_after_ms, shift_end, place_text, place_again_ms, reopen, active
FROM routing_setting WHERE workspace_id = $1;

-- routing_setting_lock: one routing_setting
-- Nobody else gives out conversations of the workspace, or changes who may, until the transaction ends.
-- in:  workspace id64
UPDATE routing_setting SET capacity = capacity WHERE workspace_id = $1
RETURNING capacity, away_after_ms, offline_after_ms, shift_end, place_text, place_again_ms, reopen, active;

-- routing_setting_set: exec
-- in:  workspace id64, capacity i64, away_after_ms i64, offline_after_ms i64, shift_end i64, place_text str, place_again_ms i64
-- in:  reopen i64
UPDATE routing_setting SET capacity = $2, away_after_ms = $3, offline_after_ms = $4, shift_end = $5, place_text = $6,
	place_again_ms = $7, reopen = $8
WHERE workspace_id = $1;

-- routing_set_active: exec
-- in:  workspace id64, active i64
UPDATE routing_setting SET active = $2 WHERE workspace_id = $1;

-- routing_wants: one routing_wants
-- How many scopes and rules there are that do something.
-- in:  workspace id64
-- out: scopes i64, rules i64
SELECT (SELECT COUNT(*) FROM routing_scope WHERE workspace_id = $1 AND mode <> 0) AS scopes,
	(SELECT COUNT(*) FROM routing_rule WHERE workspace_id = $1 AND enabled = 1) AS rules;

-- routing_active: many routing_workspace
-- in:  after id64, max i64
-- out: workspace_id id64
SELECT workspace_id FROM routing_setting WHERE active = 1 AND workspace_id > $1 ORDER BY workspace_id LIMIT $2;

-- routing_skip_old: exec
-- What was open before there was a rule is not the rules' to judge.
-- in:  workspace id64, now_ms i64
UPDATE conversation SET routed_ms = $2
WHERE workspace_id = $1 AND routed_ms IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL;

-- routing_scope_list: many routing_scope
-- in:  workspace id64
-- out: team_id id64, mode i64, turn i64, shift str?
SELECT team_id, mode, turn, shift FROM routing_scope WHERE workspace_id = $1 ORDER BY team_id LIMIT 1000;

-- routing_scope_set: exec
-- in:  workspace id64, team id64, mode i64, shift str?
INSERT INTO routing_scope (workspace_id, team_id, mode, turn, shift) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (workspace_id, team_id) DO UPDATE SET mode = excluded.mode, shift = excluded.shift;

-- routing_scope_turn: exec
-- in:  workspace id64, team id64, turn i64
UPDATE routing_scope SET turn = $3 WHERE workspace_id = $1 AND team_id = $2;

-- routing_scope_drop: exec
-- in:  workspace id64, team id64
DELETE FROM routing_scope WHERE workspace_id = $1 AND team_id = $2;

-- routing_seat_list: many routing_seat
-- The turns of those who take part: the workspace's (team 0) and those of their teams.
-- in:  workspace id64
-- out: team_id id64, person_id id64, turn i64
SELECT s.team_id AS team_id, s.person_id AS person_id, s.turn AS turn FROM routing_seat s
WHERE s.workspace_id = $1 ORDER BY s.person_id, s.team_id LIMIT 20000;

-- routing_seat_set: exec
-- in:  workspace id64, team id64, person id64, turn i64
INSERT INTO routing_seat (workspace_id, team_id, person_id, turn) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, team_id, person_id) DO UPDATE SET turn = excluded.turn;

-- ---- agents ----

-- fragment agent: person_id, chosen, status, why, status_ms, connected, gone_ms, active_ms, capacity, takes, shift, on_shift, due_ms

-- agent_lock: one agent
-- Makes the row if need be; nobody else changes it until the transaction ends. capacity -1: the workspace's.
-- in:  workspace id64, person id64, now_ms i64
-- out: person_id id64, chosen i64, status i64, why str, status_ms i64, connected i64, gone_ms i64, active_ms i64, capacity i64
-- out: takes i64, shift str?, on_shift i64, due_ms i64?
INSERT INTO agent (workspace_id, person_id, chosen, status, why, status_ms, connected, gone_ms, active_ms, takes, on_shift)
VALUES ($1, $2, 2, 0, 'disconnect', $3, 0, 0, 0, 1, 1)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET chosen = agent.chosen
RETURNING person_id, chosen, status, why, status_ms, connected, gone_ms, active_ms, COALESCE(capacity, -1) AS capacity, takes, shift,
	on_shift, due_ms;

-- agent_set: exec
-- in:  workspace id64, person id64, chosen i64, status i64, why str, status_ms i64, connected i64, gone_ms i64, active_ms i64
-- in:  capacity i64, takes i64, shift str?, on_shift i64, due_ms i64?
UPDATE agent SET chosen = $3, status = $4, why = $5, status_ms = $6, connected = $7, gone_ms = $8, active_ms = $9,
	capacity = CASE WHEN $10 < 0 THEN NULL ELSE $10 END, takes = $11, shift = $12, on_shift = $13, due_ms = $14
WHERE workspace_id = $1 AND person_id = $2;

-- fragment agent_person: m.person_id AS person_id, p.name AS name, m.role AS role, m.role_id AS role_id, r.name AS role_name,
-- fragment agent_person: r.permissions AS role_permissions, r.sees AS role_sees, m.channels AS channels, m.teams AS teams,
-- fragment agent_person: COALESCE(a.chosen, 2) AS chosen, COALESCE(a.status, 0) AS status, COALESCE(a.why, 'disconnect') AS why,
-- fragment agent_person: COALESCE(a.status_ms, m.created_ms) AS status_ms, COALESCE(a.active_ms, 0) AS active_ms,
-- fragment agent_person: COALESCE(a.capacity, -1) AS capacity, COALESCE(a.takes, 1) AS takes, a.shift AS shift,
-- fragment agent_person: COALESCE(a.on_shift, 1) AS on_shift
-- fragment agent_person_from: member m JOIN person p ON p.id = m.person_id LEFT JOIN custom_role r ON r.id = m.role_id
-- fragment agent_person_from: LEFT JOIN agent a ON a.workspace_id = m.workspace_id AND a.person_id = m.person_id

-- agent_people: many agent_person
-- Members who are not disabled, with their row if they have one.
-- in:  workspace id64, after id64, max i64
-- out: person_id id64, name str, role str, role_id id64?, role_name str?, role_permissions str?, role_sees i64?, channels str
-- out: teams str, chosen i64, status i64, why str, status_ms i64, active_ms i64, capacity i64, takes i64, shift str?, on_shift i64
SELECT {agent_person} FROM {agent_person_from}
WHERE m.workspace_id = $1 AND m.person_id > $2 AND m.disabled_ms IS NULL ORDER BY m.person_id LIMIT $3;

-- agent_person_one: one agent_person
-- in:  workspace id64, person id64
SELECT {agent_person} FROM {agent_person_from} WHERE m.workspace_id = $1 AND m.person_id = $2 AND m.disabled_ms IS NULL;

-- agent_capacity_list: many agent_bound
-- in:  workspace id64
-- out: person_id id64, channel_id id64, capacity i64
SELECT person_id, channel_id, capacity FROM agent_capacity WHERE workspace_id = $1 ORDER BY person_id, channel_id LIMIT 10000;

-- agent_capacity_clear: exec
-- in:  workspace id64, person id64
DELETE FROM agent_capacity WHERE workspace_id = $1 AND person_id = $2;

-- agent_capacity_add: exec
-- Only for channels of the workspace: 0 rows otherwise.
-- in:  workspace id64, person id64, channel id64, capacity i64
INSERT INTO agent_capacity (workspace_id, person_id, channel_id, capacity)
SELECT $1, $2, id, $4 FROM channel WHERE id = $3 AND workspace_id = $1 AND deleted_ms IS NULL;

-- agent_loads: many agent_load
-- Open conversations by who has them and where they came in.
-- in:  workspace id64
-- out: person_id id64, channel_id id64, open i64
SELECT assignee_id AS person_id, channel_id, COUNT(*) AS open FROM conversation
WHERE workspace_id = $1 AND status = 0 AND assignee_id IS NOT NULL AND merged_into IS NULL
GROUP BY assignee_id, channel_id ORDER BY assignee_id, channel_id LIMIT 20000;

-- agent_status_add: exec
-- in:  id id64, workspace id64, person id64, status i64, now_ms i64, why str
INSERT INTO agent_status (id, workspace_id, person_id, status, at_ms, why) VALUES ($1, $2, $3, $4, $5, $6);

-- agent_status_list: many agent_status
-- Newest first, before a time.
-- in:  workspace id64, person id64, before_ms i64, before_id id64, max i64
-- out: id id64, status i64, at_ms i64, why str
SELECT id, status, at_ms, why FROM agent_status
WHERE workspace_id = $1 AND person_id = $2 AND (at_ms, id) < ($3, $4) ORDER BY at_ms DESC, id DESC LIMIT $5;

-- agent_due: many agent_key
-- in:  now_ms i64, max i64
-- out: workspace_id id64, person_id id64
SELECT workspace_id, person_id FROM agent WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2;

-- agent_due_all: exec
-- Everybody's status and shift is worked out anew.
-- in:  workspace id64, now_ms i64
UPDATE agent SET due_ms = $2 WHERE workspace_id = $1;

-- agent_gone_all: exec
-- After a start nobody has a socket; those who do not come back in time go offline.
-- in:  now_ms i64
UPDATE agent SET connected = 0, gone_ms = $1, due_ms = $1 WHERE connected = 1;

-- agent_taken_back: many routing_id
-- What an agent has open; unanswered_only 1: where a customer waits.
-- in:  workspace id64, person id64, unanswered_only i64, after id64, max i64
-- out: id id64
SELECT id FROM conversation
WHERE workspace_id = $1 AND assignee_id = $2 AND status = 0 AND merged_into IS NULL AND id > $4
	AND ($3 = 0 OR waiting_since_ms IS NOT NULL)
ORDER BY id LIMIT $5;

-- ---- teams ----

-- team_add: exec
-- in:  id id64, workspace id64, name str, now_ms i64
INSERT INTO team (id, workspace_id, name, created_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, name) WHERE deleted_ms IS NULL DO NOTHING;

-- team_by_name: one routing_id
-- in:  workspace id64, name str
SELECT id FROM team WHERE workspace_id = $1 AND name = $2 AND deleted_ms IS NULL;

-- team_rename: exec
-- in:  workspace id64, id id64, name str
UPDATE team SET name = $3 WHERE workspace_id = $1 AND id = $2 AND deleted_ms IS NULL;

-- team_drop: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE team SET deleted_ms = $3 WHERE workspace_id = $1 AND id = $2 AND deleted_ms IS NULL;

-- team_list: many team
-- in:  workspace id64
-- out: id id64, name str, mode i64, shift str?, created_ms i64
SELECT t.id AS id, t.name AS name, COALESCE(s.mode, 0) AS mode, s.shift AS shift, t.created_ms AS created_ms
FROM team t LEFT JOIN routing_scope s ON s.workspace_id = t.workspace_id AND s.team_id = t.id
WHERE t.workspace_id = $1 AND t.deleted_ms IS NULL ORDER BY t.name, t.id LIMIT 500;

-- team_get: one team
-- in:  workspace id64, id id64
SELECT t.id AS id, t.name AS name, COALESCE(s.mode, 0) AS mode, s.shift AS shift, t.created_ms AS created_ms
FROM team t LEFT JOIN routing_scope s ON s.workspace_id = t.workspace_id AND s.team_id = t.id
WHERE t.workspace_id = $1 AND t.id = $2 AND t.deleted_ms IS NULL;

-- team_people: many team_member
-- Everybody's teams.
-- in:  workspace id64
-- out: team_id id64, person_id id64
SELECT tm.team_id AS team_id, tm.person_id AS person_id FROM team t JOIN team_member tm ON tm.team_id = t.id
WHERE t.workspace_id = $1 AND t.deleted_ms IS NULL ORDER BY tm.person_id, tm.team_id LIMIT 20000;

-- team_clear: exec
-- in:  team id64
DELETE FROM team_member WHERE team_id = $1;

-- team_join: exec
-- Only for members of the workspace: 0 rows otherwise.
-- in:  workspace id64, team id64, person id64
INSERT INTO team_member (team_id, person_id)
SELECT $2, person_id FROM member WHERE workspace_id = $1 AND person_id = $3;

-- team_open: many routing_id
-- in:  workspace id64, team id64, after id64, max i64
SELECT id FROM conversation WHERE workspace_id = $1 AND team_id = $2 AND merged_into IS NULL AND status <> 2 AND status <> 4 AND id > $3
ORDER BY id LIMIT $4;

-- ---- rules ----

-- routing_rule_list: many routing_rule
-- in:  workspace id64
-- out: id id64, place i64, name str, enabled i64, conditions str, actions str, created_ms i64, updated_ms i64
SELECT id, place, name, enabled, conditions, actions, created_ms, updated_ms
FROM routing_rule WHERE workspace_id = $1 ORDER BY place, id LIMIT 200;

-- routing_rule_add: exec
-- Behind all others.
-- in:  id id64, workspace id64, name str, enabled i64, conditions str, actions str, now_ms i64
INSERT INTO routing_rule (id, workspace_id, place, name, enabled, conditions, actions, created_ms, updated_ms)
SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3, $4, $5, $6, $7, $7 FROM routing_rule WHERE workspace_id = $2;

-- routing_rule_set: exec
-- in:  workspace id64, id id64, name str, enabled i64, conditions str, actions str, now_ms i64
UPDATE routing_rule SET name = $3, enabled = $4, conditions = $5, actions = $6, updated_ms = $7
WHERE workspace_id = $1 AND id = $2;

-- routing_rule_place: exec
-- in:  workspace id64, id id64, place i64
UPDATE routing_rule SET place = $3 WHERE workspace_id = $1 AND id = $2;

-- routing_rule_drop: exec
-- in:  workspace id64, id id64
DELETE FROM routing_rule WHERE workspace_id = $1 AND id = $2;

-- ---- giving out ----

-- routing_unrouted: many routing_id
-- in:  workspace id64, max i64
SELECT id FROM conversation
WHERE workspace_id = $1 AND routed_ms IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL
ORDER BY id LIMIT $2;

-- routing_mark: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE conversation SET routed_ms = $3 WHERE workspace_id = $1 AND id = $2;

-- routing_unqueued: many routing_id
-- Open, nobody's, and not in the queue, of one scope.
-- in:  workspace id64, team id64, max i64
SELECT id FROM conversation
WHERE workspace_id = $1 AND COALESCE(team_id, 0) = $2 AND queued_ms IS NULL AND assignee_id IS NULL AND status = 0
	AND last_in_ms IS NOT NULL AND merged_into IS NULL
ORDER BY id LIMIT $3;

-- routing_queue: many routing_queued
-- In the order in which they are given out, with what the customer was told. The first page: priority 99, queued 0, id 0.
-- in:  workspace id64, priority i64, queued_ms i64, id id64, max i64
-- out: id id64, team_id id64, channel_id id64, priority i64, queued_ms i64, assignee_id id64?, status i64, told_queued_ms i64?
-- out: told_place i64?, told_ms i64?
SELECT c.id AS id, c.team_id AS team_id, c.channel_id AS channel_id, c.priority AS priority, c.queued_ms AS queued_ms,
	c.assignee_id AS assignee_id, c.status AS status, t.queued_ms AS told_queued_ms, t.place AS told_place, t.at_ms AS told_ms
FROM conversation c LEFT JOIN routing_told t ON t.conversation_id = c.id
WHERE c.workspace_id = $1 AND c.queued_ms IS NOT NULL AND c.merged_into IS NULL
	AND (c.priority < $2 OR (c.priority = $2 AND (c.queued_ms, c.id) > ($3, $4)))
ORDER BY c.priority DESC, c.queued_ms, c.id LIMIT $5;

-- routing_labels_of: many routing_id
-- Of a conversation and its contact.
-- in:  workspace id64, conversation id64, contact id64
SELECT label_id AS id FROM conversation_label WHERE conversation_id = $2 AND workspace_id = $1
UNION SELECT label_id AS id FROM contact_label WHERE contact_id = $3 AND workspace_id = $1
ORDER BY id LIMIT 200;

-- routing_source: one routing_source
-- How a contact came to us.
-- in:  workspace id64, contact id64
-- out: source str
SELECT source FROM contact WHERE id = $2 AND workspace_id = $1;

-- routing_tell: exec
-- Notes that a customer is told a place: 0 rows when somebody else did so first.
-- in:  workspace id64, conversation id64, queued_ms i64, place i64, now_ms i64, not_after_ms i64
INSERT INTO routing_told (conversation_id, workspace_id, queued_ms, place, at_ms) VALUES ($2, $1, $3, $4, $5)
ON CONFLICT (conversation_id) DO UPDATE SET queued_ms = excluded.queued_ms, place = excluded.place, at_ms = excluded.at_ms
WHERE routing_told.queued_ms <> excluded.queued_ms OR (routing_told.place > excluded.place AND routing_told.at_ms <= $6);

-- live_app_by_key: one routing_workspace
-- in:  app_key str
SELECT workspace_id FROM live_app WHERE app_key = $1 AND is_built_in = 1;
