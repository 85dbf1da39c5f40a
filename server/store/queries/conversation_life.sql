-- What happens to conversations by themselves, and to parts of them.

-- conversation_due: many conversation_due
-- Snoozed ones whose time has come, of all workspaces.
-- in:  now_ms i64, max i64
-- out: id id64, workspace_id id64
SELECT id, workspace_id FROM conversation WHERE snoozed_until_ms IS NOT NULL AND snoozed_until_ms <= $1
ORDER BY snoozed_until_ms LIMIT $2;

-- conversation_event_between: many conversation_event
-- in:  conversation id64, workspace id64, after id64, before id64, max i64
SELECT id, actor_kind, actor_id, kind, detail FROM conversation_event
WHERE conversation_id = $1 AND workspace_id = $2 AND id > $3 AND id < $4 ORDER BY id DESC LIMIT $5;

-- conversation_split_rows: many message
-- What goes with a split, the oldest first.
-- in:  conversation id64, workspace id64, first id64, max i64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id >= $3 ORDER BY id LIMIT $4;

-- conversation_split_messages: exec
-- in:  conversation id64, workspace id64, first id64, to_id id64
UPDATE message SET conversation_id = $4 WHERE conversation_id = $1 AND workspace_id = $2 AND id >= $3;

-- conversation_split_outbox: exec
-- in:  conversation id64, workspace id64, first id64, to_id id64
UPDATE outbox SET conversation_id = $4 WHERE conversation_id = $1 AND workspace_id = $2 AND message_id >= $3;

-- conversation_split_events: exec
-- in:  conversation id64, workspace id64, first id64, to_id id64
UPDATE conversation_event SET conversation_id = $4 WHERE conversation_id = $1 AND workspace_id = $2 AND id >= $3;
