-- All of one message. Kinds 21, 25 and 26 are reactions, edits and revokes on their way out: they stand
-- in no thread.

-- message_add: exec
-- Changes nothing when the id or the remote key is there already.
-- in:  id id64, workspace id64, conversation id64, channel id64, kind i64, status i64, flags i64, author_kind i64, author id64?
-- in:  remote_key bytes?, remote_id str?, reply_to_id id64?, reply_to_remote str?, media_id id64?, event_id id64?, trace bytes?
-- in:  body bytes, provider_ms i64?, sent_ms i64?, delivered_ms i64?, read_ms i64?, played_ms i64?, failed_ms i64?, error str?
INSERT INTO message (id, workspace_id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key,
	remote_id, reply_to_id, reply_to_remote, media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms,
	read_ms, played_ms, failed_ms, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
ON CONFLICT DO NOTHING;

-- message_find: one message
-- in:  id id64, workspace id64
-- out: id id64, conversation_id id64, channel_id id64, kind i64, status i64, flags i64, author_kind i64, author_id id64?
-- out: remote_key bytes?, remote_id str?, reply_to_id id64?, reply_to_remote str?, media_id id64?, event_id id64?, trace bytes?
-- out: body_sealed bytes, provider_ms i64?, sent_ms i64?, delivered_ms i64?, read_ms i64?, played_ms i64?, failed_ms i64?
-- out: error str?, edited_ms i64?, deleted_ms i64?, reactions_sealed bytes?
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE id = $1 AND workspace_id = $2;

-- message_lock: one message
-- Reads it and keeps others from changing it until the end of the transaction.
-- in:  id id64, workspace id64
UPDATE message SET flags = flags WHERE id = $1 AND workspace_id = $2
RETURNING id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed;

-- message_by_ids: many message
-- in:  ids str, workspace id64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- message_by_key: one message_place
-- in:  remote_key bytes, workspace id64
-- out: id id64, conversation_id id64, kind i64
SELECT id, conversation_id, kind FROM message WHERE remote_key = $1 AND workspace_id = $2;

-- message_before: many message
-- in:  conversation id64, workspace id64, before id64, max i64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id < $3 AND kind NOT IN (21, 25, 26) ORDER BY id DESC LIMIT $4;

-- message_after: many message
-- in:  conversation id64, workspace id64, after id64, max i64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id > $3 AND kind NOT IN (21, 25, 26) ORDER BY id LIMIT $4;

-- message_last_in: one message
-- The customer's last, to mark it as read.
-- in:  conversation id64, workspace id64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND author_kind = 3 AND remote_id IS NOT NULL
ORDER BY id DESC LIMIT 1;

-- message_said_before: one message
-- The newest that somebody said before that one: no notes, lines of the system, pins, changes.
-- in:  conversation id64, workspace id64, before id64
SELECT id, conversation_id, channel_id, kind, status, flags, author_kind, author_id, remote_key, remote_id, reply_to_id, reply_to_remote,
	media_id, event_id, trace, body_sealed, provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, error, edited_ms,
	deleted_ms, reactions_sealed
FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id < $3 AND kind NOT IN (18, 21, 23, 24, 25, 26)
ORDER BY id DESC LIMIT 1;

-- message_settle: exec
-- in:  id id64, workspace id64, status i64, flags i64, remote_key bytes?, remote_id str?, sent_ms i64?, delivered_ms i64?
-- in:  read_ms i64?, played_ms i64?, failed_ms i64?, error str?
UPDATE message SET status = $3, flags = $4, remote_key = $5, remote_id = $6, sent_ms = $7, delivered_ms = $8, read_ms = $9,
	played_ms = $10, failed_ms = $11, error = $12
WHERE id = $1 AND workspace_id = $2;

-- message_edit: exec
-- in:  id id64, workspace id64, body bytes, edited_ms i64
UPDATE message SET body_sealed = $3, edited_ms = $4 WHERE id = $1 AND workspace_id = $2;

-- message_revoke: exec
-- in:  id id64, workspace id64, deleted_ms i64
UPDATE message SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2;

-- message_react: exec
-- in:  id id64, workspace id64, reactions bytes?
UPDATE message SET reactions_sealed = $3 WHERE id = $1 AND workspace_id = $2;

-- message_quote: exec
-- in:  id id64, workspace id64, reply_to_id id64
UPDATE message SET reply_to_id = $3 WHERE id = $1 AND workspace_id = $2;

-- message_fill: exec
-- The media of a placeholder from a history sync came.
-- in:  id id64, workspace id64, kind i64, body bytes, media_id id64?
UPDATE message SET kind = $3, body_sealed = $4, media_id = $5 WHERE id = $1 AND workspace_id = $2;

-- message_version_add: exec
-- in:  id id64, workspace id64, message id64, body bytes, until_ms i64
INSERT INTO message_version (id, workspace_id, message_id, body_sealed, until_ms) VALUES ($1, $2, $3, $4, $5);

-- message_version_list: many message_version
-- in:  message id64, workspace id64
-- out: id id64, body_sealed bytes, until_ms i64
SELECT id, body_sealed, until_ms FROM message_version WHERE message_id = $1 AND workspace_id = $2 ORDER BY id LIMIT 100;

-- message_first_place: one message_first_place
-- The conversation that a message came to, if it was moved since.
-- in:  message id64, workspace id64
-- out: conversation_id id64
SELECT p.conversation_id AS conversation_id FROM contact_merge_message p JOIN contact_merge m ON m.id = p.merge_id
WHERE p.message_id = $1 AND m.workspace_id = $2 ORDER BY p.merge_id LIMIT 1;

-- message_leave_outbox: exec
-- in:  message id64, workspace id64
DELETE FROM outbox WHERE message_id = $1 AND workspace_id = $2;

-- message_media: many message_media
-- in:  ids str, workspace id64
-- out: id id64, state i64, mime_type str, file_name_sealed bytes?, size_bytes i64?, error str?
SELECT id, state, mime_type, file_name_sealed, size_bytes, error FROM media
WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 400;

-- message_attempts: many message_attempt
-- in:  message id64, workspace id64
-- out: id id64, number i64, started_ms i64, ended_ms i64?, result str, code str?, detail str?, provider_trace str?
SELECT id, number, started_ms, ended_ms, result, code, detail, provider_trace FROM send_attempt
WHERE message_id = $1 AND workspace_id = $2 ORDER BY id LIMIT 100;

-- message_waiting: one message_waiting
-- in:  message id64, workspace id64
-- out: state i64, attempts i64, next_ms i64, created_ms i64
SELECT state, attempts, next_ms, created_ms FROM outbox WHERE message_id = $1 AND workspace_id = $2;

-- message_waiting_by_ids: many message_in_outbox
-- in:  ids str, workspace id64
-- out: message_id id64, state i64, attempts i64, next_ms i64, created_ms i64
SELECT message_id, state, attempts, next_ms, created_ms FROM outbox
WHERE message_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- message_event: one message_event
-- in:  id id64, workspace id64
-- out: id id64, kind str?, state i64, applied_ms i64?
SELECT id, kind, state, applied_ms FROM intake_event WHERE id = $1 AND workspace_id = $2;

-- message_newest: one message_newest
-- Of a conversation, the newest that its network knows by this channel.
-- in:  conversation id64, channel id64
-- out: remote_id str, is_customer i64, at_ms i64
SELECT remote_id, CASE WHEN author_kind = 3 THEN 1 ELSE 0 END AS is_customer, COALESCE(provider_ms, sent_ms, 0) AS at_ms FROM message
WHERE conversation_id = $1 AND channel_id = $2 AND remote_id IS NOT NULL ORDER BY id DESC LIMIT 1;
