-- Applications of the live hub: one for each workspace's console, and those that people make.

-- fragment live_app_columns: id, workspace_id AS workspace, name, app_key, secret_sealed, is_built_in, disabled_ms, deleted_ms, limits, webhooks_sealed, created_ms, updated_ms

-- live_app_insert: exec
-- in:  id id64, workspace id64, name str, app_key str, secret_sealed bytes, is_built_in i64, limits str
-- in:  webhooks_sealed bytes?, now_ms i64
INSERT INTO live_app (id, workspace_id, name, app_key, secret_sealed, is_built_in, limits, webhooks_sealed, created_ms, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9);

-- live_app_built_in: one live_app
-- in:  workspace id64
-- out: id id64, workspace id64, name str, app_key str, secret_sealed bytes, is_built_in i64, disabled_ms i64?, deleted_ms i64?
-- out: limits str, webhooks_sealed bytes?, created_ms i64, updated_ms i64
SELECT {live_app_columns} FROM live_app WHERE workspace_id = $1 AND is_built_in = 1 ORDER BY id LIMIT 1;

-- live_app_built_ins: many live_app
-- in:  after id64, count i64
SELECT {live_app_columns} FROM live_app WHERE id > $1 AND is_built_in = 1 ORDER BY id LIMIT $2;

-- live_app_find: one live_app
-- in:  id id64, workspace id64
SELECT {live_app_columns} FROM live_app WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- live_app_of_workspace: many live_app
-- in:  workspace id64, after id64, count i64
SELECT {live_app_columns} FROM live_app WHERE workspace_id = $1 AND id > $2 AND deleted_ms IS NULL ORDER BY id LIMIT $3;

-- live_app_changed: many live_app
-- in:  since_ms i64, after id64, count i64
-- Of all workspaces, removed ones too: what the hub has to know.
SELECT {live_app_columns} FROM live_app WHERE updated_ms > $1 OR (updated_ms = $1 AND id > $2) ORDER BY updated_ms, id LIMIT $3;

-- live_app_change: exec
-- in:  id id64, workspace id64, name str, secret_sealed bytes, disabled_ms i64?, deleted_ms i64?, limits str
-- in:  webhooks_sealed bytes?, now_ms i64
UPDATE live_app SET name = $3, secret_sealed = $4, disabled_ms = $5, deleted_ms = $6, limits = $7, webhooks_sealed = $8,
	updated_ms = CASE WHEN updated_ms < $9 THEN $9 ELSE updated_ms + 1 END
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- live_app_count: one live_app_total
-- in:  workspace id64
-- out: total i64
SELECT CAST(count(*) AS BIGINT) AS total FROM live_app WHERE workspace_id = $1 AND deleted_ms IS NULL;
