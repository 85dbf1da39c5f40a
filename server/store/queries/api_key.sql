-- API keys. scopes: permission words, blank-separated.

-- api_key_insert: exec
-- in:  id id64, workspace id64, name str, prefix str, key_hash bytes, scopes str, created_by id64?, channels str
-- in:  teams str, now_ms i64
INSERT INTO api_key (id, workspace_id, name, prefix, key_hash, scopes, created_by, channels, teams, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- api_key_list: many api_key
-- in:  workspace id64, after id64, count i64
-- out: id id64, workspace id64, name str, prefix str, scopes str, channels str, teams str, created_ms i64
-- out: last_used_ms i64
SELECT id, workspace_id AS workspace, name, prefix, scopes, channels, teams, created_ms, last_used_ms
FROM api_key WHERE workspace_id = $1 AND id > $2 AND revoked_ms IS NULL ORDER BY id LIMIT $3;

-- api_key_scoped: many api_key
-- in:  workspace id64
SELECT id, workspace_id AS workspace, name, prefix, scopes, channels, teams, created_ms, last_used_ms
FROM api_key WHERE workspace_id = $1 AND revoked_ms IS NULL AND (channels <> '' OR teams <> '') ORDER BY id LIMIT 200;

-- api_key_get: one api_key
-- in:  workspace id64, id id64
SELECT id, workspace_id AS workspace, name, prefix, scopes, channels, teams, created_ms, last_used_ms
FROM api_key WHERE workspace_id = $1 AND id = $2 AND revoked_ms IS NULL;

-- api_key_find: one api_key
-- in:  key_hash bytes
SELECT id, workspace_id AS workspace, name, prefix, scopes, channels, teams, created_ms, last_used_ms
FROM api_key WHERE key_hash = $1 AND revoked_ms IS NULL;

-- api_key_count: one api_key_total
-- in:  workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM api_key WHERE workspace_id = $1 AND revoked_ms IS NULL;

-- api_key_revoke: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE api_key SET revoked_ms = $3 WHERE workspace_id = $1 AND id = $2 AND revoked_ms IS NULL;

-- api_key_used: exec
-- in:  id id64, now_ms i64
UPDATE api_key SET last_used_ms = $2 WHERE id = $1;
