-- How fast linked numbers may send (account/pace_number.c).

-- Of any channel: those that nothing was set of have none of the columns of pace.
-- pace_find: one pace
-- in:  channel id64
-- out: workspace id64, tier str, limit_minute i64, limit_hour i64, limit_day i64, limit_fresh i64, typing i64, reject_calls i64
-- out: call_answer_sealed bytes, state str, quiet_until_ms i64, pause_code str, pause_since_ms i64, pause_until_ms i64
-- out: restriction str, restricted_until_ms i64, paired_ms i64, created_ms i64, linked_state i64
SELECT c.workspace_id AS workspace, p.tier, p.limit_minute, p.limit_hour, p.limit_day, p.limit_fresh, p.typing, p.reject_calls,
	p.call_answer_sealed, p.state, p.quiet_until_ms, p.pause_code, p.pause_since_ms, p.pause_until_ms,
	p.restriction, p.restricted_until_ms, n.paired_ms, c.created_ms, n.state AS linked_state
FROM channel c LEFT JOIN pace p ON p.channel_id = c.id LEFT JOIN linked_number n ON n.channel_id = c.id
WHERE c.id = $1 AND c.deleted_ms IS NULL;

-- pace_add: exec
-- in:  channel id64, workspace id64
INSERT INTO pace (channel_id, workspace_id) VALUES ($1, $2) ON CONFLICT (channel_id) DO NOTHING;

-- pace_set_state: exec
-- in:  channel id64, state str
UPDATE pace SET state = $2 WHERE channel_id = $1;

-- pace_set_rules: exec
-- in:  channel id64, tier str, limit_minute i64, limit_hour i64, limit_day i64, limit_fresh i64, typing i64, reject_calls i64
-- in:  call_answer_sealed bytes?
UPDATE pace SET tier = $2, limit_minute = $3, limit_hour = $4, limit_day = $5, limit_fresh = $6, typing = $7, reject_calls = $8,
	call_answer_sealed = $9 WHERE channel_id = $1;

-- pace_set_quiet: exec
-- in:  channel id64, until_ms i64
UPDATE pace SET quiet_until_ms = $2 WHERE channel_id = $1;

-- pace_set_pause: exec
-- in:  channel id64, code str, since_ms i64, until_ms i64
UPDATE pace SET pause_code = $2, pause_since_ms = $3, pause_until_ms = $4 WHERE channel_id = $1;

-- pace_set_restriction: exec
-- in:  channel id64, restriction str, until_ms i64
UPDATE pace SET restriction = $2, restricted_until_ms = $3 WHERE channel_id = $1;

-- pace_first_add: exec
-- in:  conversation id64, channel id64, at_ms i64
INSERT INTO pace_first (conversation_id, channel_id, at_ms) VALUES ($1, $2, $3) ON CONFLICT (conversation_id) DO NOTHING;

-- How many of the last `max` people answered.
-- pace_answered: one pace_answered
-- in:  channel id64, from_ms i64, max i64
-- out: first i64, answered i64
SELECT COUNT(*) AS first, CAST(COALESCE(SUM(CASE WHEN c.last_in_ms IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT) AS answered
FROM (SELECT conversation_id FROM pace_first WHERE channel_id = $1 AND at_ms >= $2 ORDER BY at_ms DESC LIMIT $3) AS f
JOIN conversation c ON c.id = f.conversation_id;

-- pace_first_prune: exec
-- in:  before_ms i64, max i64
DELETE FROM pace_first WHERE conversation_id IN (SELECT conversation_id FROM pace_first WHERE at_ms < $1 LIMIT $2);

-- What a message of the outbox is to the one who gets it.
-- pace_message: one pace_message
-- in:  message id64, conversation id64
-- out: last_in_ms i64, is_first i64
SELECT c.last_in_ms, CASE WHEN EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = $2 AND m.id < $1) THEN 0 ELSE 1 END AS is_first
FROM conversation c WHERE c.id = $2;

-- Somebody said "go on": what was put off is looked at again.
-- pace_release: exec
-- in:  channel id64, now_ms i64
UPDATE outbox SET next_ms = $2 WHERE channel_id = $1 AND state = 0 AND next_ms > $2;
