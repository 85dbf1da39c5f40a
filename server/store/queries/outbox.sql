-- Messages waiting to be sent, and the attempts at it. state: 0 queued, 1 sending, 2 unconfirmed.

-- outbox_add: exec
-- in: message id64, workspace id64, channel id64, conversation id64, priority i64, now_ms i64, pinned i64
INSERT INTO outbox (message_id, workspace_id, channel_id, conversation_id, priority, state, attempts, next_ms, created_ms, pinned)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $6, $7);

-- Nothing of who is under maintenance.
-- outbox_channels: many outbox_channel
-- in: now_ms i64, max i64
-- out: channel id64
SELECT DISTINCT channel_id AS channel FROM outbox o WHERE state = 0 AND next_ms <= $1
AND NOT EXISTS (SELECT 1 FROM maintenance m WHERE m.workspace_id IN (0, o.workspace_id)) LIMIT $2;

-- A conversation keeps its order: a row waits while an earlier one of the same or higher priority is there.
-- outbox_due: many outbox_item
-- in: channel id64, now_ms i64, max i64
-- out: message id64, workspace id64, channel id64, conversation id64, priority i64, attempts i64, created_ms i64, pinned i64, moved i64
SELECT o.message_id AS message, o.workspace_id AS workspace, o.channel_id AS channel, o.conversation_id AS conversation, o.priority,
	 o.attempts, o.created_ms, o.pinned, o.moved
FROM outbox o
WHERE o.channel_id = $1 AND o.state = 0 AND o.next_ms <= $2
AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id
	AND e.message_id < o.message_id AND e.priority <= o.priority)
AND NOT EXISTS (SELECT 1 FROM maintenance m WHERE m.workspace_id IN (0, o.workspace_id))
ORDER BY o.priority, o.message_id LIMIT $3;

-- outbox_claim: exec
-- in: message id64, attempts i64
UPDATE outbox SET state = 1, attempts = $2 WHERE message_id = $1 AND state = 0;

-- Claimed, and surely not handed to anybody.
-- outbox_unclaim: exec
-- in: message id64, now_ms i64
UPDATE outbox SET state = 0, next_ms = $2 WHERE message_id = $1 AND state = 1;

-- outbox_delay: exec
-- in: message id64, next_ms i64
UPDATE outbox SET state = 0, next_ms = $2 WHERE message_id = $1;

-- outbox_unconfirmed: exec
-- in: message id64, next_ms i64
UPDATE outbox SET state = 2, next_ms = $2 WHERE message_id = $1;

-- What a crash left in `sending` may have been sent: settled by its status report, or sent again after the wait.
-- outbox_recover: many outbox_item
-- in: max i64
-- out: message, workspace, channel, conversation, priority, attempts, created_ms, pinned, moved
SELECT message_id AS message, workspace_id AS workspace, channel_id AS channel, conversation_id AS conversation, priority,
	attempts, created_ms, pinned, moved
FROM outbox WHERE state = 1 LIMIT $1;

-- outbox_overdue: many outbox_item
-- in: now_ms i64, max i64
-- out: message, workspace, channel, conversation, priority, attempts, created_ms, pinned, moved
SELECT message_id AS message, workspace_id AS workspace, channel_id AS channel, conversation_id AS conversation, priority,
	attempts, created_ms, pinned, moved
FROM outbox WHERE state = 2 AND next_ms <= $1 ORDER BY next_ms LIMIT $2;

-- outbox_next_due: one outbox_next
-- in: now_ms i64
-- out: next_ms i64?
SELECT MIN(next_ms) AS next_ms FROM outbox WHERE state IN (0, 2) AND next_ms > $1;

-- outbox_depth: one outbox_figures
-- in: workspace id64, max i64
-- out: depth i64, oldest_ms i64?
SELECT COUNT(*) AS depth, MIN(created_ms) AS oldest_ms FROM (SELECT created_ms FROM outbox WHERE workspace_id = $1 LIMIT $2) AS waiting;

-- outbox_get: one outbox_state
-- in: message id64
-- out: state i64, attempts i64, next_ms i64
SELECT state, attempts, next_ms FROM outbox WHERE message_id = $1;

-- send_attempt_add: exec
-- in: id id64, workspace id64, message id64, number i64, started_ms i64, ended_ms i64, result str, code str?, detail str?, provider_trace str?
INSERT INTO send_attempt (id, workspace_id, message_id, number, started_ms, ended_ms, result, code, detail, provider_trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- outbox_target: one outbox_target
-- in: message id64
-- out: contact id64, reply_remote_id str?, media_id id64?, timer_s i64, timer_set_ms i64
-- The quoted message's name is known only to the channel that carried it: by another one the quote is left out.
SELECT c.contact_id AS contact, CASE WHEN r.channel_id = m.channel_id THEN r.remote_id END AS reply_remote_id, m.media_id,
	c.timer_s AS timer_s, c.timer_set_ms AS timer_set_ms
FROM message m JOIN conversation c ON c.id = m.conversation_id LEFT JOIN message r ON r.id = m.reply_to_id
WHERE m.id = $1;

-- idempotency_add: exec
-- Takes the place of one from before before_ms; changes nothing when a younger one is there.
-- in: id id64, workspace id64, key_hash bytes, request_hash bytes, message id64, now_ms i64, before_ms i64
INSERT INTO idempotency (id, workspace_id, key_hash, request_hash, message_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, key_hash) DO UPDATE SET request_hash = excluded.request_hash, message_id = excluded.message_id,
	created_ms = excluded.created_ms
WHERE idempotency.created_ms < $7;

-- idempotency_find: one idempotency
-- in: workspace id64, key_hash bytes
-- out: request_hash bytes, message id64, created_ms i64
SELECT request_hash, message_id AS message, created_ms FROM idempotency WHERE workspace_id = $1 AND key_hash = $2;

-- idempotency_prune: exec
-- in: before_ms i64
DELETE FROM idempotency WHERE created_ms < $1;
