-- Attachments, and their contents by hash.

-- media_insert: exec
-- in:  id id64, workspace id64, channel id64?, blob id64?, state i64, mime_type str, file_name_sealed bytes?
-- in:  size_bytes i64?, remote_id str?, url_sealed bytes?, next_ms i64?, now_ms i64
INSERT INTO media (id, workspace_id, channel_id, blob_id, state, mime_type, file_name_sealed, size_bytes, remote_id, url_sealed,
	attempts, next_ms, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12);

-- media_find: one media
-- in:  workspace id64, id id64
-- out: id id64, channel id64, blob id64, state i64, mime_type str, file_name_sealed bytes, size_bytes i64, remote_id str
-- out: url_sealed bytes, remote_uploaded_ms i64, attempts i64, error str, created_ms i64
SELECT id, channel_id AS channel, blob_id AS blob, state, mime_type, file_name_sealed, size_bytes, remote_id, url_sealed,
	remote_uploaded_ms, attempts, error, created_ms
FROM media WHERE workspace_id = $1 AND id = $2;

-- media_due: many media_waiting
-- Of all workspaces: what is to be fetched now, the longest waiting first.
-- in:  now_ms i64, max i64
-- out: id id64, workspace id64
SELECT id, workspace_id AS workspace FROM media WHERE state = 0 AND next_ms <= $1 ORDER BY next_ms LIMIT $2;

-- media_lease: exec
-- For whoever fetches it: nobody else does until then.
-- in:  workspace id64, id id64, until_ms i64, now_ms i64
UPDATE media SET next_ms = $3 WHERE workspace_id = $1 AND id = $2 AND state = 0 AND next_ms <= $4;

-- media_online: exec
-- The channel is connected: what waited for it is due.
-- in:  channel id64, now_ms i64
UPDATE media SET next_ms = $2 WHERE channel_id = $1 AND state = 0 AND next_ms > $2;

-- media_release_all: exec
-- At start: what was under way when we ended is due at once.
-- in:  now_ms i64
UPDATE media SET next_ms = $1 WHERE state = 0 AND attempts = 0;

-- media_stored: exec
-- in:  workspace id64, id id64, blob id64, mime_type str, size_bytes i64
UPDATE media SET state = 1, blob_id = $3, mime_type = $4, size_bytes = $5, next_ms = NULL, error = NULL
WHERE workspace_id = $1 AND id = $2 AND state = 0;

-- media_not_stored: exec
-- in:  workspace id64, id id64, state i64, attempts i64, next_ms i64?, error str
UPDATE media SET state = $3, attempts = $4, next_ms = $5, error = $6 WHERE workspace_id = $1 AND id = $2 AND state = 0;

-- media_retry: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE media SET state = 0, attempts = 0, next_ms = $3, error = NULL
WHERE workspace_id = $1 AND id = $2 AND state <> 1 AND channel_id IS NOT NULL;

-- media_uploaded: exec
-- in:  workspace id64, id id64, channel id64, remote_id str, now_ms i64
UPDATE media SET channel_id = $3, remote_id = $4, remote_uploaded_ms = $5 WHERE workspace_id = $1 AND id = $2 AND state = 1;

-- media_messages: many media_message
-- Which messages carry it.
-- in:  workspace id64, media id64
-- out: id id64, conversation id64
SELECT id, conversation_id AS conversation FROM message WHERE media_id = $2 AND workspace_id = $1 ORDER BY id LIMIT 100;

-- media_counts: one media_count
-- What waits to be fetched, and what of it was tried in vain.
-- in:  workspace id64
-- out: waiting i64, late i64
SELECT COUNT(*) AS waiting, COUNT(CASE WHEN attempts > 0 THEN 1 END) AS late
FROM (SELECT attempts FROM media WHERE state = 0 AND next_ms > 0 AND workspace_id = $1 LIMIT 10000) due;

-- blob_insert: exec
-- Nothing when the same content is there.
-- in:  id id64, workspace id64, hash bytes, size_bytes i64, key_sealed bytes, now_ms i64
INSERT INTO media_blob (id, workspace_id, hash, size_bytes, key_sealed, created_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, hash) DO NOTHING;

-- blob_by_hash: one blob
-- in:  workspace id64, hash bytes
-- out: id id64, size_bytes i64, key_sealed bytes
SELECT id, size_bytes, key_sealed FROM media_blob WHERE workspace_id = $1 AND hash = $2;

-- blob_get: one blob
-- in:  workspace id64, id id64
SELECT id, size_bytes, key_sealed FROM media_blob WHERE workspace_id = $1 AND id = $2;

-- blob_known: one blob_id
-- Of any workspace: does a file of this name belong to somebody?
-- in:  id id64
-- out: id id64
SELECT id FROM media_blob WHERE id = $1;
