-- Applications of the live hub: one for each workspace's console.

-- live_app_insert: exec
-- in:  id id64, workspace id64, app_key str, secret_sealed bytes, now_ms i64
INSERT INTO live_app (id, workspace_id, app_key, secret_sealed, created_ms) VALUES ($1, $2, $3, $4, $5);

-- live_app_get: one live_app
-- in:  workspace id64
-- out: id id64, workspace id64, app_key str, secret_sealed bytes
SELECT id, workspace_id AS workspace, app_key, secret_sealed FROM live_app WHERE workspace_id = $1 ORDER BY id LIMIT 1;

-- live_app_list: many live_app
-- in:  after id64, count i64
SELECT id, workspace_id AS workspace, app_key, secret_sealed FROM live_app WHERE id > $1 ORDER BY id LIMIT $2;
