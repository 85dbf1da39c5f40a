-- Raw webhooks: stored before they are looked at, applied in the order of their ids.

-- intake_event_add: exec
-- in: id id64, workspace id64, channel id64, dedup bytes, payload bytes
INSERT INTO intake_event (id, workspace_id, channel_id, dedup, state, attempts, payload_sealed)
VALUES ($1, $2, $3, $4, 0, 0, $5)
ON CONFLICT (dedup) DO NOTHING;

-- intake_event_sizes: many intake_size
-- In octets, in the order of intake_event_pending: so that a batch fits into memory.
-- in: after id64, max i64
-- out: octets i64
SELECT LENGTH(payload_sealed) AS octets FROM intake_event WHERE state = 0 AND id > $1 ORDER BY id LIMIT $2;

-- intake_event_pending: many intake_event
-- in: after id64, max i64
-- out: id id64, workspace id64, channel id64, state i64, kind str?, attempts i64, next_ms i64?, error str?, applied_ms i64?, payload bytes
SELECT id, workspace_id AS workspace, channel_id AS channel, state, kind, attempts, next_ms, error, applied_ms,
	payload_sealed AS payload
FROM intake_event WHERE state = 0 AND id > $1 ORDER BY id LIMIT $2;

-- intake_event_retryable: many intake_event
-- in: now_ms i64, max i64
-- out: id, workspace, channel, state, kind, attempts, next_ms, error, applied_ms, payload
SELECT id, workspace_id AS workspace, channel_id AS channel, state, kind, attempts, next_ms, error, applied_ms,
	payload_sealed AS payload
FROM intake_event WHERE state = 2 AND next_ms <= $1 ORDER BY next_ms, id LIMIT $2;

-- intake_event_get: one intake_event
-- in: workspace id64, id id64
-- out: id, workspace, channel, state, kind, attempts, next_ms, error, applied_ms, payload
SELECT id, workspace_id AS workspace, channel_id AS channel, state, kind, attempts, next_ms, error, applied_ms,
	payload_sealed AS payload
FROM intake_event WHERE id = $2 AND workspace_id = $1;

-- intake_event_list: many intake_summary
-- in: workspace id64, state i64, channel id64, before id64, max i64
-- out: id id64, channel id64, state i64, kind str?, attempts i64, error str?, applied_ms i64?
SELECT id, channel_id AS channel, state, kind, attempts, error, applied_ms
FROM intake_event WHERE workspace_id = $1 AND state = $2 AND ($3 = 0 OR channel_id = $3) AND id < $4 ORDER BY id DESC LIMIT $5;

-- intake_event_done: exec
-- in: id id64, state i64, kind str, now_ms i64
UPDATE intake_event SET state = $2, kind = $3, applied_ms = $4, next_ms = NULL, error = NULL WHERE id = $1;

-- intake_event_failed: exec
-- in: id id64, attempts i64, next_ms i64?, error str, kind str?
UPDATE intake_event SET state = 2, attempts = $2, next_ms = $3, error = $4, kind = $5 WHERE id = $1;

-- intake_event_replay: exec
-- in: workspace id64, id id64, now_ms i64
UPDATE intake_event SET state = 2, attempts = 0, next_ms = $3 WHERE id = $2 AND workspace_id = $1;

-- intake_event_prune: exec
-- in: before id64, max i64
DELETE FROM intake_event WHERE id IN (
	SELECT id FROM intake_event WHERE state = 1 AND id < $1 ORDER BY id LIMIT $2);

-- intake_event_failed_count: one count
-- in: workspace id64, max i64
-- out: count i64
SELECT COUNT(*) AS count FROM (SELECT id FROM intake_event WHERE workspace_id = $1 AND state = 2 LIMIT $2) AS failed;

-- intake_event_state_count: one count
-- Of the newest `max` in that state, those of the channel.
-- in: workspace id64, state i64, channel id64, max i64
SELECT COUNT(*) AS count FROM (SELECT channel_id FROM intake_event WHERE workspace_id = $1 AND state = $2 ORDER BY id DESC
	LIMIT $4) AS newest WHERE channel_id = $3;

-- intake_event_newest: many intake_summary
-- Of the channel, above an id, in one state.
-- in: workspace id64, state i64, channel id64, after id64, max i64
SELECT id, channel_id AS channel, state, kind, attempts, error, applied_ms
FROM intake_event WHERE workspace_id = $1 AND state = $2 AND channel_id = $3 AND id > $4 ORDER BY id DESC LIMIT $5;

-- intake_event_messages: many intake_message
-- What it made: ids carry their time, and it was made while the event was applied.
-- in: workspace id64, event id64?, from id64, until id64, max i64
-- out: id id64, conversation id64, kind i64, status i64
SELECT id, conversation_id AS conversation, kind, status
FROM message WHERE id >= $3 AND id <= $4 AND event_id = $2 AND workspace_id = $1 ORDER BY id LIMIT $5;
