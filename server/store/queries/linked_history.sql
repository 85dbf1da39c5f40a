-- The past of linked numbers: server/provider/linked/history.c.

-- linked_sync_get: one linked_sync
-- in:  channel id64
-- out: state i64, progress i64, chats_done i64, chats_total i64, messages i64, why str, started_ms i64, changed_ms i64
SELECT state, progress, chats_done, chats_total, messages, why, started_ms, changed_ms FROM linked_sync WHERE channel_id = $1;

-- linked_sync_begin: exec
-- A part came: it goes on, or begins.
-- in:  channel id64, workspace id64, progress i64, now_ms i64
INSERT INTO linked_sync (channel_id, workspace_id, state, progress, chats_done, chats_total, messages, why, started_ms, changed_ms)
VALUES ($1, $2, 1, $3, 0, 0, 0, '', $4, $4)
ON CONFLICT (channel_id) DO UPDATE SET state = CASE WHEN linked_sync.state = 4 THEN 4 ELSE 1 END, why = '',
	progress = CASE WHEN excluded.progress > linked_sync.progress THEN excluded.progress ELSE linked_sync.progress END,
	changed_ms = excluded.changed_ms;

-- linked_sync_wait: exec
-- Paired: the phone is expected to send it.
-- in:  channel id64, workspace id64, now_ms i64
INSERT INTO linked_sync (channel_id, workspace_id, state, progress, chats_done, chats_total, messages, why, started_ms, changed_ms)
VALUES ($1, $2, 0, 0, 0, 0, 0, '', $3, $3)
ON CONFLICT (channel_id) DO UPDATE SET state = 0, progress = 0, why = '', chats_done = 0, chats_total = 0, messages = 0,
	started_ms = excluded.started_ms, changed_ms = excluded.changed_ms;

-- linked_sync_add: exec
-- in:  channel id64, chats_done i64, chats_total i64, messages i64, now_ms i64
UPDATE linked_sync SET chats_done = chats_done + $2, chats_total = chats_total + $3, messages = messages + $4, changed_ms = $5
WHERE channel_id = $1;

-- linked_sync_set_state: exec
-- in:  channel id64, state i64, why str, now_ms i64
UPDATE linked_sync SET state = $2, why = $3, changed_ms = $4 WHERE channel_id = $1;

-- linked_sync_complete: exec
-- Nothing of it waits any more; what was skipped stays so.
-- in:  channel id64, now_ms i64
UPDATE linked_sync SET state = 2, changed_ms = $2 WHERE channel_id = $1 AND state IN (0, 1)
	AND NOT EXISTS (SELECT 1 FROM linked_part WHERE linked_part.channel_id = $1 AND next_ms IS NOT NULL);

-- linked_part_add: exec
-- in:  id id64, workspace id64, channel id64, body_sealed bytes, next_ms i64
INSERT INTO linked_part (id, workspace_id, channel_id, body_sealed, done, attempts, next_ms) VALUES ($1, $2, $3, $4, 0, 0, $5);

-- linked_part_due: many linked_part
-- Of numbers that this node holds: the oldest first.
-- in:  now_ms i64, node i64, max i64
-- out: id id64, workspace id64, channel id64
SELECT p.id, p.workspace_id AS workspace, p.channel_id AS channel
FROM linked_part p JOIN linked_number l ON l.channel_id = p.channel_id
WHERE p.next_ms <= $1 AND l.lease_node = $2 ORDER BY p.next_ms, p.id LIMIT $3;

-- linked_part_get: one linked_part_now
-- If it is due still.
-- in:  id id64, now_ms i64
-- out: body_sealed bytes, done i64, attempts i64
SELECT body_sealed, done, attempts FROM linked_part WHERE id = $1 AND next_ms <= $2;

-- linked_part_done: one linked_part_done
-- in:  id id64
-- out: done i64
SELECT done FROM linked_part WHERE id = $1;

-- linked_part_set: exec
-- in:  id id64, done i64, attempts i64, next_ms i64?
UPDATE linked_part SET done = $2, attempts = $3, next_ms = $4 WHERE id = $1;

-- linked_part_online: exec
-- in:  channel id64, now_ms i64
UPDATE linked_part SET next_ms = $2 WHERE channel_id = $1 AND next_ms > $2;

-- linked_part_end_all: exec
-- in:  channel id64
UPDATE linked_part SET next_ms = NULL WHERE channel_id = $1 AND next_ms IS NOT NULL;

-- linked_part_again: exec
-- All of the number, from the beginning: what is in the store already stays once.
-- in:  channel id64, now_ms i64
UPDATE linked_part SET done = 0, attempts = 0, next_ms = $2 WHERE channel_id = $1;

-- linked_part_drop: exec
-- in:  channel id64
DELETE FROM linked_part WHERE channel_id = $1;

-- linked_past_chat_add: exec
-- in:  channel id64, chat bytes
INSERT INTO linked_past_chat (channel_id, chat) VALUES ($1, $2) ON CONFLICT (channel_id, chat) DO NOTHING;

-- linked_past_chat_get: one linked_past_chat
-- in:  channel id64, chat bytes
-- out: chat bytes
SELECT chat FROM linked_past_chat WHERE channel_id = $1 AND chat = $2;

-- linked_past_chat_count: one linked_total
-- in:  channel id64
SELECT COUNT(*) AS total FROM linked_past_chat WHERE channel_id = $1;

-- linked_past_chat_drop: exec
-- in:  channel id64
DELETE FROM linked_past_chat WHERE channel_id = $1;

-- linked_sync_drop: exec
-- in:  channel id64
DELETE FROM linked_sync WHERE channel_id = $1;

-- linked_part_delete: exec
-- in:  id id64
DELETE FROM linked_part WHERE id = $1;

-- linked_catch_due: many linked_catch
-- Connected numbers of this node whose first sync is over (completed or failed), and that are due.
-- in:  now_ms i64, node i64, max i64
-- out: channel id64, workspace id64, started_ms i64, from_ms i64, from_id id64, until_ms i64
SELECT s.channel_id AS channel, s.workspace_id AS workspace, s.started_ms, s.from_ms, s.from_id, s.until_ms
FROM linked_number l JOIN linked_sync s ON s.channel_id = l.channel_id
WHERE l.lease_node = $2 AND l.state = 4 AND s.state IN (2, 3) AND s.next_ms <= $1
ORDER BY s.next_ms, s.channel_id LIMIT $3;

-- linked_catch_set: exec
-- in:  channel id64, from_ms i64, from_id id64, until_ms i64, next_ms i64
UPDATE linked_sync SET from_ms = $2, from_id = $3, until_ms = $4, next_ms = $5 WHERE channel_id = $1;

-- linked_catch_chat: one linked_catch_chat
-- The next conversation of the round.
-- in:  channel id64, from_ms i64, from_id id64, until_ms i64
-- out: id id64, last_ms i64
SELECT id, last_message_ms AS last_ms FROM conversation
WHERE channel_id = $1 AND status IN (0, 1, 2, 3, 4) AND last_message_ms >= $2 AND last_message_ms <= $4
	AND (last_message_ms > $2 OR id > $3) AND merged_into IS NULL
ORDER BY last_message_ms, id LIMIT 1;
