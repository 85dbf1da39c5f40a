-- What figures of service are made of.

-- answer_add: exec
-- in:  id id64, workspace id64, conversation id64, channel id64, team id64?, person id64?, since_ms i64, at_ms i64, is_first i64
INSERT INTO answer (id, workspace_id, conversation_id, channel_id, team_id, person_id, since_ms, at_ms, is_first)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- resolution_add: exec
-- in:  id id64, workspace id64, conversation id64, channel id64, team id64?, person id64?, opened_ms i64, at_ms i64
INSERT INTO resolution (id, workspace_id, conversation_id, channel_id, team_id, person_id, opened_ms, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- answer_page: many answer
-- In order of time. from_ms and after: where the page before ended.
-- in:  workspace id64, from_ms i64, after id64, until_ms i64, max i64
-- out: id id64, conversation_id id64, channel_id id64, team_id id64?, person_id id64?, since_ms i64, at_ms i64, is_first i64
SELECT id, conversation_id, channel_id, team_id, person_id, since_ms, at_ms, is_first FROM answer
WHERE workspace_id = $1 AND (at_ms, id) > ($2, $3) AND at_ms < $4 ORDER BY at_ms, id LIMIT $5;

-- resolution_page: many resolution
-- in:  workspace id64, from_ms i64, after id64, until_ms i64, max i64
-- out: id id64, conversation_id id64, channel_id id64, team_id id64?, person_id id64?, opened_ms i64, at_ms i64
SELECT id, conversation_id, channel_id, team_id, person_id, opened_ms, at_ms FROM resolution
WHERE workspace_id = $1 AND (at_ms, id) > ($2, $3) AND at_ms < $4 ORDER BY at_ms, id LIMIT $5;

-- business_hours_get: one business_hours
-- in:  workspace id64
-- out: time_zone str, week str, holidays str
SELECT time_zone, week, holidays FROM business_hours WHERE workspace_id = $1;

-- business_hours_set: exec
-- in:  id id64, workspace id64, time_zone str, week str, holidays str, now_ms i64
INSERT INTO business_hours (id, workspace_id, time_zone, week, holidays, updated_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id) DO UPDATE SET time_zone = excluded.time_zone, week = excluded.week, holidays = excluded.holidays,
	updated_ms = excluded.updated_ms;

-- fragment sla_policy: id, name, place, team_id, channel_id, least_priority, first_minutes, next_minutes, resolution_minutes, in_hours

-- sla_policy_list: many sla_policy
-- in:  workspace id64
-- out: id id64, name str, place i64, team_id id64?, channel_id id64?, least_priority i64, first_minutes i64, next_minutes i64
-- out: resolution_minutes i64, in_hours i64
SELECT {sla_policy} FROM sla_policy WHERE workspace_id = $1 ORDER BY place, id LIMIT 50;

-- sla_policy_add: exec
-- in:  id id64, workspace id64, name str, place i64, team id64?, channel id64?, least_priority i64, first_minutes i64
-- in:  next_minutes i64, resolution_minutes i64, in_hours i64, now_ms i64
INSERT INTO sla_policy (id, workspace_id, name, place, team_id, channel_id, least_priority, first_minutes, next_minutes,
	resolution_minutes, in_hours, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- sla_policy_remove_all: exec
-- in:  workspace id64
DELETE FROM sla_policy WHERE workspace_id = $1;

-- sla_breach_add: exec
-- in:  id id64, workspace id64, conversation id64, policy id64, person id64?, team id64?, channel id64, kind str, since_ms i64
-- in:  due_ms i64, now_ms i64
INSERT INTO sla_breach (id, workspace_id, conversation_id, policy_id, person_id, team_id, channel_id, kind, since_ms, due_ms, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (conversation_id, kind, since_ms) DO NOTHING;

-- sla_breach_page: many sla_breach
-- in:  workspace id64, from_ms i64, after id64, until_ms i64, max i64
-- out: id id64, conversation_id id64, person_id id64?, team_id id64?, channel_id id64, kind str, due_ms i64, at_ms i64
SELECT id, conversation_id, person_id, team_id, channel_id, kind, due_ms, at_ms FROM sla_breach
WHERE workspace_id = $1 AND (at_ms, id) > ($2, $3) AND at_ms < $4 ORDER BY at_ms, id LIMIT $5;

-- sla_workspaces: many sla_workspace
-- Those with promises.
-- in:  max i64
-- out: workspace_id id64
SELECT DISTINCT workspace_id FROM sla_policy ORDER BY workspace_id LIMIT $1;

-- conversation_waiting_page: many conversation
-- Those whose customer waits, the longest first.
-- in:  workspace id64, since_ms i64, after id64, max i64
SELECT {conversation} FROM conversation
WHERE workspace_id = $1 AND waiting_since_ms IS NOT NULL AND (waiting_since_ms, id) > ($2, $3) AND merged_into IS NULL
ORDER BY waiting_since_ms, id LIMIT $4;

-- conversation_unfinished_page: many conversation
-- Neither resolved nor archived, the oldest case first.
-- in:  workspace id64, opened_ms i64, after id64, max i64
SELECT {conversation} FROM conversation
WHERE workspace_id = $1 AND status IN (0, 1, 3) AND (opened_ms, id) > ($2, $3) AND merged_into IS NULL
ORDER BY opened_ms, id LIMIT $4;

-- board_loads: many board_load
-- What each has open; nobody's is 0.
-- in:  workspace id64
-- out: assignee_id id64?, team_id id64?, open i64, waiting i64, queued i64, oldest_ms i64?
SELECT assignee_id, team_id, COUNT(*) AS open, CAST(COUNT(waiting_since_ms) AS BIGINT) AS waiting,
	CAST(COUNT(queued_ms) AS BIGINT) AS queued, MIN(waiting_since_ms) AS oldest_ms
FROM conversation WHERE workspace_id = $1 AND status = 0 AND merged_into IS NULL
GROUP BY assignee_id, team_id LIMIT 10000;

-- traffic_hours: many traffic_hour
-- in:  workspace id64, from_ms i64, until_ms i64
-- out: hour_ms i64, received i64, sent i64, failed i64
SELECT hour_ms, received, sent, failed FROM traffic_hour
WHERE workspace_id = $1 AND hour_ms >= $2 AND hour_ms < $3 ORDER BY hour_ms LIMIT 2400;

-- traffic_hour_set: exec
-- in:  id id64, workspace id64, hour_ms i64, received i64, sent i64, failed i64
INSERT INTO traffic_hour (id, workspace_id, hour_ms, received, sent, failed) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, hour_ms) DO NOTHING;

-- traffic_count: one traffic
-- Messages with ids in a range: an hour's, along the primary key. author_kind 3 is the customer.
-- in:  workspace id64, from_id id64, until_id id64
-- out: received i64, sent i64, failed i64
SELECT CAST(COALESCE(SUM(CASE WHEN author_kind = 3 THEN 1 ELSE 0 END), 0) AS BIGINT) AS received,
	CAST(COALESCE(SUM(CASE WHEN author_kind <> 3 THEN 1 ELSE 0 END), 0) AS BIGINT) AS sent,
	CAST(COALESCE(SUM(CASE WHEN failed_ms IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS failed
FROM message WHERE id >= $2 AND id < $3 AND workspace_id = $1;

-- report_member_list: many report_member
-- in:  workspace id64
-- out: id id64, name str, disabled i64, agent_status i64
SELECT p.id AS id, p.name AS name, CASE WHEN m.disabled_ms IS NULL THEN 0 ELSE 1 END AS disabled,
	COALESCE(a.status, 0) AS agent_status
FROM member m JOIN person p ON p.id = m.person_id
LEFT JOIN agent a ON a.workspace_id = m.workspace_id AND a.person_id = m.person_id
WHERE m.workspace_id = $1 ORDER BY p.id LIMIT 1000;

-- report_status_before: one report_status
-- What somebody was at a moment.
-- in:  workspace id64, person id64, at_ms i64
-- out: status i64, at_ms i64
SELECT status, at_ms FROM agent_status WHERE workspace_id = $1 AND person_id = $2 AND at_ms < $3 ORDER BY at_ms DESC LIMIT 1;

-- report_status_page: many report_status
-- in:  workspace id64, person id64, from_ms i64, until_ms i64
SELECT status, at_ms FROM agent_status
WHERE workspace_id = $1 AND person_id = $2 AND at_ms >= $3 AND at_ms < $4 ORDER BY at_ms, id LIMIT 20000;
