-- Webhooks to others: addresses, events, deliveries, attempts.

-- fragment webhook: id, workspace_id AS workspace, url_sealed, description, kinds, channels, secret_sealed, old_secret_sealed, old_secret_until_ms, disabled_ms, disabled_reason, failing_since_ms, success_ms, created_ms, format, verify_token_sealed

-- webhook_add: exec
-- in: id id64, workspace id64, url bytes, description str, kinds i64, channels str, secret bytes, disabled_ms i64?, now_ms i64
-- in: format i64, verify_token bytes?
INSERT INTO webhook (id, workspace_id, url_sealed, description, kinds, channels, secret_sealed, disabled_ms, created_ms, format,
	verify_token_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- webhook_get: one webhook
-- in: id id64, workspace id64
-- out: id id64, workspace id64, url_sealed bytes, description str, kinds i64, channels str, secret_sealed bytes, old_secret_sealed bytes
-- out: old_secret_until_ms i64, disabled_ms i64, disabled_reason str, failing_since_ms i64, success_ms i64, created_ms i64
-- out: format i64, verify_token_sealed bytes
SELECT {webhook} FROM webhook WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- webhook_list: many webhook
-- in: workspace id64, after id64, max i64
SELECT {webhook} FROM webhook WHERE workspace_id = $1 AND id > $2 AND deleted_ms IS NULL ORDER BY id LIMIT $3;

-- Of all workspaces: for the table in memory.
-- webhook_all: many webhook
-- in: after id64, max i64
SELECT {webhook} FROM webhook WHERE id > $1 AND deleted_ms IS NULL ORDER BY id LIMIT $2;

-- webhook_set: exec
-- in: id id64, workspace id64, url bytes, description str, kinds i64, channels str, disabled_ms i64?, disabled_reason str?, failing_since_ms i64?
-- in: verify_token bytes?
UPDATE webhook SET url_sealed = $3, description = $4, kinds = $5, channels = $6, disabled_ms = $7, disabled_reason = $8,
	failing_since_ms = $9, verify_token_sealed = $10
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- webhook_rotate: exec
-- in: id id64, workspace id64, secret bytes, old_secret_until_ms i64
UPDATE webhook SET old_secret_sealed = secret_sealed, old_secret_until_ms = $4, secret_sealed = $3
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- webhook_delete: exec
-- in: id id64, workspace id64, now_ms i64
UPDATE webhook SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- webhook_drop_waiting: exec
-- in: id id64, workspace id64
DELETE FROM webhook_delivery WHERE webhook_id = $1 AND workspace_id = $2 AND state = 0;

-- webhook_disable: exec
-- in: id id64, reason str, now_ms i64
UPDATE webhook SET disabled_ms = $3, disabled_reason = $2 WHERE id = $1 AND disabled_ms IS NULL;

-- webhook_note_success: exec
-- in: id id64, now_ms i64
UPDATE webhook SET success_ms = $2, failing_since_ms = NULL WHERE id = $1;

-- webhook_note_failure: exec
-- in: id id64, now_ms i64
UPDATE webhook SET failing_since_ms = $2 WHERE id = $1 AND failing_since_ms IS NULL;

-- webhook_depth: one webhook_figures
-- Bounded, so that no page counts a million rows.
-- in: id id64, max i64
-- out: waiting i64, dead i64
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM webhook_delivery WHERE webhook_id = $1 AND state = 0 LIMIT $2) AS w) AS waiting,
	(SELECT COUNT(*) FROM (SELECT 1 FROM webhook_delivery WHERE webhook_id = $1 AND state = 2 LIMIT $2) AS d) AS dead;

-- ---- events ----

-- webhook_lane_next: one webhook_place
-- Whoever has taken a place holds the lane until the end of the transaction, so places are in the order of commits.
-- in: lane id64
-- out: last i64
INSERT INTO webhook_lane (lane, last) VALUES ($1, 1) ON CONFLICT (lane) DO UPDATE SET last = webhook_lane.last + 1 RETURNING last;

-- webhook_event_add: exec
-- in: id id64, workspace id64, kind i64, lane id64, sequence i64, conversation id64?, channel id64?, message id64?, contact id64?
-- in: at_ms i64, detail str, source bytes?, audience i64
INSERT INTO webhook_event (id, workspace_id, kind, lane, sequence, conversation_id, channel_id, message_id, contact_id, at_ms, detail,
	source_sealed, audience)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- webhook_event_unmade: many webhook_event
-- in: max i64
-- out: id id64, workspace id64, kind i64, lane id64, sequence i64, conversation_id id64, channel_id id64, message_id id64
-- out: contact_id id64, at_ms i64, detail str, payload_sealed bytes
SELECT id, workspace_id AS workspace, kind, lane, sequence, conversation_id, channel_id, message_id, contact_id, at_ms, detail,
	payload_sealed
FROM webhook_event WHERE payload_sealed IS NULL ORDER BY id LIMIT $1;

-- webhook_event_get: one webhook_event
-- in: id id64, workspace id64
SELECT id, workspace_id AS workspace, kind, lane, sequence, conversation_id, channel_id, message_id, contact_id, at_ms, detail,
	payload_sealed
FROM webhook_event WHERE id = $1 AND workspace_id = $2;

-- webhook_event_cloud: one webhook_cloud
-- The network's own words, and the body in Meta's format.
-- in: id id64, workspace id64
-- out: source_sealed bytes, cloud_sealed bytes
SELECT source_sealed, cloud_sealed FROM webhook_event WHERE id = $1 AND workspace_id = $2;

-- webhook_event_cloud_made: exec
-- in: id id64, workspace id64, body bytes
UPDATE webhook_event SET cloud_sealed = $3 WHERE id = $1 AND workspace_id = $2 AND cloud_sealed IS NULL;

-- webhook_event_made: exec
-- in: id id64, payload bytes
UPDATE webhook_event SET payload_sealed = $2 WHERE id = $1 AND payload_sealed IS NULL;

-- ---- deliveries ----

-- webhook_delivery_add: exec
-- in: webhook id64, event id64, workspace id64, lane id64, sequence i64, now_ms i64
INSERT INTO webhook_delivery (webhook_id, event_id, workspace_id, lane, sequence, state, attempts, next_ms)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6);

-- webhook_due: many webhook_id
-- in: now_ms i64, max i64
-- out: id id64
SELECT w.id FROM webhook w
WHERE w.deleted_ms IS NULL AND w.disabled_ms IS NULL
AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 0 AND d.next_ms <= $1)
AND NOT EXISTS (SELECT 1 FROM feature_switch f WHERE f.workspace_id = w.workspace_id AND f.name = 'webhooks' AND f.is_on = 0)
ORDER BY w.id LIMIT $2;

-- What of one webhook may go now: the first that waits in each lane, if it is due.
-- webhook_delivery_due: many webhook_item
-- in: webhook id64, now_ms i64, max i64
-- out: webhook id64, event id64, workspace id64, attempts i64
SELECT d.webhook_id AS webhook, d.event_id AS event, d.workspace_id AS workspace, d.attempts
FROM webhook_delivery d
WHERE d.webhook_id = $1 AND d.state = 0 AND d.next_ms <= $2
AND NOT EXISTS (SELECT 1 FROM webhook_delivery e WHERE e.webhook_id = d.webhook_id AND e.state = 0 AND e.lane = d.lane
	AND e.sequence < d.sequence)
AND EXISTS (SELECT 1 FROM webhook_event m WHERE m.id = d.event_id AND m.payload_sealed IS NOT NULL)
ORDER BY d.event_id LIMIT $3;

-- webhook_next_due: one webhook_next
-- in: now_ms i64
-- out: next_ms i64?
SELECT MIN(d.next_ms) AS next_ms FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
WHERE w.deleted_ms IS NULL AND w.disabled_ms IS NULL AND d.state = 0 AND d.next_ms > $1;

-- webhook_delivery_settle: exec
-- in: webhook id64, event id64, state i64, attempts i64, next_ms i64, status i64?, error str?, done_ms i64?
UPDATE webhook_delivery SET state = $3, attempts = $4, next_ms = $5, status = $6, error = $7, done_ms = $8
WHERE webhook_id = $1 AND event_id = $2;

-- webhook_delivery_list: many webhook_delivery
-- in: webhook id64, workspace id64, state i64, kinds i64, before id64, max i64
-- out: event id64, kind i64, sequence i64, conversation_id id64, state i64, attempts i64, next_ms i64, status i64, error str, done_ms i64
-- out: at_ms i64, payload_sealed bytes
SELECT d.event_id AS event, e.kind, d.sequence, e.conversation_id, d.state, d.attempts, d.next_ms, d.status, d.error, d.done_ms,
	e.at_ms, e.payload_sealed
FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
WHERE d.webhook_id = $1 AND d.workspace_id = $2 AND d.state = $3 AND (e.kind & $4) <> 0 AND d.event_id < $5
ORDER BY d.event_id DESC LIMIT $6;

-- webhook_delivery_list_all: many webhook_delivery
-- in: webhook id64, workspace id64, kinds i64, before id64, max i64
SELECT d.event_id AS event, e.kind, d.sequence, e.conversation_id, d.state, d.attempts, d.next_ms, d.status, d.error, d.done_ms,
	e.at_ms, e.payload_sealed
FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
WHERE d.webhook_id = $1 AND d.workspace_id = $2 AND (e.kind & $3) <> 0 AND d.event_id < $4
ORDER BY d.event_id DESC LIMIT $5;

-- webhook_delivery_get: one webhook_delivery
-- in: webhook id64, workspace id64, event id64
SELECT d.event_id AS event, e.kind, d.sequence, e.conversation_id, d.state, d.attempts, d.next_ms, d.status, d.error, d.done_ms,
	e.at_ms, e.payload_sealed
FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
WHERE d.webhook_id = $1 AND d.workspace_id = $2 AND d.event_id = $3;

-- webhook_resend: exec
-- in: webhook id64, workspace id64, event id64, now_ms i64
UPDATE webhook_delivery SET state = 0, attempts = 0, next_ms = $4, done_ms = NULL
WHERE webhook_id = $1 AND workspace_id = $2 AND event_id = $3;

-- webhook_resend_dead: exec
-- in: webhook id64, workspace id64, now_ms i64
UPDATE webhook_delivery SET state = 0, attempts = 0, next_ms = $3, done_ms = NULL
WHERE webhook_id = $1 AND workspace_id = $2 AND state = 2;

-- What happened from one id to another and fits the webhook is delivered again, or for the first time.
-- webhook_replay: exec
-- in: webhook id64, workspace id64, kinds i64, channels str, all_channels i64, from id64, until id64, now_ms i64, audience i64
INSERT INTO webhook_delivery (webhook_id, event_id, workspace_id, lane, sequence, state, attempts, next_ms)
SELECT $1, e.id, e.workspace_id, e.lane, e.sequence, 0, 0, $8 FROM webhook_event e
WHERE e.workspace_id = $2 AND e.id >= $6 AND e.id < $7 AND (e.kind & $3) <> 0
AND ($5 = 1 OR e.channel_id IS NULL OR e.channel_id IN (SELECT value FROM json_each($4)))
AND (e.audience & $9) <> 0
ON CONFLICT (webhook_id, event_id) DO UPDATE SET state = 0, attempts = 0, next_ms = excluded.next_ms, done_ms = NULL;

-- webhook_attempt_add: exec
-- in: id id64, workspace id64, webhook id64, event id64, number i64, started_ms i64, took_ms i64, status i64?, error str?, response bytes?
INSERT INTO webhook_attempt (id, workspace_id, webhook_id, event_id, number, started_ms, took_ms, status, error, response_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- webhook_attempt_list: many webhook_attempt
-- in: webhook id64, workspace id64, event id64
-- out: number i64, started_ms i64, took_ms i64, status i64, error str, response_sealed bytes
SELECT number, started_ms, took_ms, status, error, response_sealed FROM webhook_attempt
WHERE webhook_id = $1 AND workspace_id = $2 AND event_id = $3 ORDER BY id DESC LIMIT 100;

-- ---- retention: what is older goes, also what still waits for a webhook that was disabled ----

-- webhook_prune_attempts: exec
-- in: before id64, max i64
DELETE FROM webhook_attempt WHERE id IN (SELECT id FROM webhook_attempt WHERE id < $1 ORDER BY id LIMIT $2);

-- webhook_prune_deliveries: exec
-- in: before id64, max i64
DELETE FROM webhook_delivery WHERE event_id IN (SELECT e.event_id FROM webhook_delivery e WHERE e.event_id < $1 ORDER BY e.event_id LIMIT $2);

-- webhook_prune_events: exec
-- in: before id64, max i64
DELETE FROM webhook_event WHERE id IN (SELECT e.id FROM webhook_event e WHERE e.id < $1
	AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = e.id) ORDER BY e.id LIMIT $2);
