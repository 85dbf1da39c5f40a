-- What came before its message, by the message's remote key.

-- effect_add: exec
-- in:  id id64, workspace id64, remote_key bytes, effect bytes, now_ms i64
INSERT INTO waiting_effect (id, workspace_id, remote_key, effect_sealed, created_ms) VALUES ($1, $2, $3, $4, $5);

-- effect_list: many waiting_effect
-- in:  remote_key bytes, workspace id64
-- out: id id64, effect_sealed bytes
SELECT id, effect_sealed FROM waiting_effect WHERE remote_key = $1 AND workspace_id = $2 ORDER BY id LIMIT 100;

-- effect_missed: many missed_effect
-- What came while its message was being named by another transaction: neither saw the other.
-- in:  since_ms i64, max i64
-- out: remote_key bytes, workspace id64, message id64
SELECT w.remote_key, w.workspace_id AS workspace, m.id AS message
FROM waiting_effect w JOIN message m ON m.remote_key = w.remote_key AND m.workspace_id = w.workspace_id
WHERE w.created_ms >= $1 ORDER BY w.created_ms LIMIT $2;

-- effect_drop: exec
-- in:  remote_key bytes, workspace id64
DELETE FROM waiting_effect WHERE remote_key = $1 AND workspace_id = $2;

-- effect_prune: exec
-- What waits for messages that are not ours.
-- in:  before_ms i64, max i64
DELETE FROM waiting_effect WHERE id IN (
	SELECT id FROM waiting_effect WHERE created_ms < $1 ORDER BY created_ms LIMIT $2);
