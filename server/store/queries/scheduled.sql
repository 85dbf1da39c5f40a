-- Messages for later. state: 0 waits, 1 sent, 2 cancelled, 3 not sent.

-- scheduled_add: exec
-- in: id id64, workspace id64, conversation id64, author_kind i64, author id64?, kind i64, body bytes, reply_to_id id64?, canned id64?
-- in: due_ms i64, time_zone str, repeat i64, repeat_until_ms i64?, if_no_reply_ms i64?, now_ms i64
INSERT INTO scheduled_message (id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id,
	due_ms, first_ms, time_zone, repeat, repeat_until_ms, if_no_reply_ms, state, sent_count, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, 0, 0, $15);

-- scheduled_find: one scheduled
-- in: id id64, workspace id64
-- out: id id64, workspace_id id64, conversation_id id64, author_kind i64, author_id id64?, kind i64, body_sealed bytes, reply_to_id id64?
-- out: canned_id id64?, due_ms i64, first_ms i64, time_zone str, repeat i64, repeat_until_ms i64?, if_no_reply_ms i64?, state i64
-- out: code str?, reason str?, sent_count i64, last_message_id id64?, updated_ms i64
SELECT id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id, due_ms, first_ms, time_zone,
	repeat, repeat_until_ms, if_no_reply_ms, state, code, reason, sent_count, last_message_id, updated_ms
FROM scheduled_message WHERE id = $1 AND workspace_id = $2;

-- scheduled_take: one scheduled
-- Locks one that is still due until the end of the transaction.
-- in: id id64, now_ms i64
UPDATE scheduled_message SET updated_ms = $2 WHERE id = $1 AND state = 0 AND due_ms <= $2
RETURNING id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id, due_ms, first_ms, time_zone,
	repeat, repeat_until_ms, if_no_reply_ms, state, code, reason, sent_count, last_message_id, updated_ms;

-- scheduled_lock: one scheduled
-- in: id id64, workspace id64, now_ms i64
UPDATE scheduled_message SET updated_ms = $3 WHERE id = $1 AND workspace_id = $2
RETURNING id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id, due_ms, first_ms, time_zone,
	repeat, repeat_until_ms, if_no_reply_ms, state, code, reason, sent_count, last_message_id, updated_ms;

-- scheduled_due: many scheduled_id
-- in: now_ms i64, max i64
-- out: id id64, workspace_id id64
SELECT id, workspace_id FROM scheduled_message s WHERE state = 0 AND due_ms <= $1
AND NOT EXISTS (SELECT 1 FROM feature_switch f WHERE f.workspace_id = s.workspace_id AND f.name = 'scheduled_messages' AND f.is_on = 0)
ORDER BY due_ms, id LIMIT $2;

-- scheduled_of_conversation: many scheduled
-- in: conversation id64, workspace id64, after_ms i64, after id64, max i64
SELECT id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id, due_ms, first_ms, time_zone,
	repeat, repeat_until_ms, if_no_reply_ms, state, code, reason, sent_count, last_message_id, updated_ms
FROM scheduled_message WHERE conversation_id = $1 AND workspace_id = $2 AND state = 0 AND (due_ms, id) > ($3, $4)
ORDER BY due_ms, id LIMIT $5;

-- scheduled_list: many scheduled
-- in: workspace id64, state i64, after_ms i64, after id64, max i64
SELECT id, workspace_id, conversation_id, author_kind, author_id, kind, body_sealed, reply_to_id, canned_id, due_ms, first_ms, time_zone,
	repeat, repeat_until_ms, if_no_reply_ms, state, code, reason, sent_count, last_message_id, updated_ms
FROM scheduled_message WHERE workspace_id = $1 AND state = $2 AND (due_ms, id) > ($3, $4)
ORDER BY due_ms, id LIMIT $5;

-- scheduled_count: one scheduled_total
-- in: workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM scheduled_message WHERE workspace_id = $1 AND state = 0;

-- scheduled_change: exec
-- in: id id64, workspace id64, kind i64, body bytes, due_ms i64, first_ms i64, time_zone str, repeat i64, repeat_until_ms i64?
-- in: if_no_reply_ms i64?, now_ms i64
UPDATE scheduled_message SET kind = $3, body_sealed = $4, due_ms = $5, first_ms = $6, time_zone = $7, repeat = $8, repeat_until_ms = $9,
	if_no_reply_ms = $10, updated_ms = $11
WHERE id = $1 AND workspace_id = $2;

-- scheduled_settle: exec
-- in: id id64, workspace id64, state i64, code str?, reason str?, due_ms i64, if_no_reply_ms i64?, sent_count i64
-- in: last_message id64?, now_ms i64
UPDATE scheduled_message SET state = $3, code = $4, reason = $5, due_ms = $6, if_no_reply_ms = $7, sent_count = $8, last_message_id = $9,
	updated_ms = $10
WHERE id = $1 AND workspace_id = $2;

-- scheduled_forget: exec
-- A person's data goes: what waits is cancelled, and no text stays.
-- in: conversation id64, workspace id64, body bytes, now_ms i64
UPDATE scheduled_message SET state = CASE WHEN state = 0 THEN 2 ELSE state END, body_sealed = $3, reason = NULL, updated_ms = $4
WHERE conversation_id = $1 AND workspace_id = $2;
