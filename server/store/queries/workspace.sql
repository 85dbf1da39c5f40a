-- Workspaces and their data keys.

-- workspace_insert: exec
-- in:  id id64, name str, now_ms i64
INSERT INTO workspace (id, name, created_ms) VALUES ($1, $2, $3);

-- workspace_get: one workspace
-- in:  id id64
-- out: id id64, name str, require_second_factor i64, time_zone str, locale str, country str, created_ms i64
SELECT id, name, require_second_factor, time_zone, locale, country, created_ms FROM workspace WHERE id = $1;

-- workspace_list: many workspace
-- in:  after id64, count i64
SELECT id, name, require_second_factor, time_zone, locale, country, created_ms FROM workspace WHERE id > $1 ORDER BY id LIMIT $2;

-- workspace_set: exec
-- in:  id id64, name str, require_second_factor i64, time_zone str, locale str, country str
UPDATE workspace SET name = $2, require_second_factor = $3, time_zone = $4, locale = $5, country = $6 WHERE id = $1;

-- workspace_lock: exec
-- Takes the workspace's turn until the end of the transaction, so that audit rows follow each other (PostgreSQL).
-- in:  id id64
UPDATE workspace SET name = name WHERE id = $1;

-- workspace_key_insert: exec
-- in:  id id64, workspace id64, wrapped bytes, now_ms i64
INSERT INTO workspace_key (id, workspace_id, wrapped, created_ms) VALUES ($1, $2, $3, $4);

-- workspace_key_retire: exec
-- in:  workspace id64, now_ms i64
UPDATE workspace_key SET retired_ms = $2 WHERE workspace_id = $1 AND retired_ms IS NULL;

-- workspace_key_list: many workspace_key
-- in:  workspace id64
-- out: id id64, workspace id64, wrapped bytes
SELECT id, workspace_id AS workspace, wrapped FROM workspace_key WHERE workspace_id = $1 ORDER BY id LIMIT 10000;

-- workspace_key_all: many workspace_key
-- in:  after id64, count i64
SELECT id, workspace_id AS workspace, wrapped FROM workspace_key WHERE id > $1 ORDER BY id LIMIT $2;

-- workspace_key_rewrap: exec
-- in:  id id64, wrapped bytes
UPDATE workspace_key SET wrapped = $2 WHERE id = $1;
