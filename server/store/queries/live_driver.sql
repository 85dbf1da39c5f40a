-- Outside servers by which the live events of a workspace go.

-- live_driver_get: one live_driver
-- in:  workspace id64
-- out: workspace id64, driver str, app_id str, app_key str, secret_sealed bytes, cluster str, host str, port i64, secure i64, path str, changed_ms i64
SELECT workspace_id AS workspace, driver, app_id, app_key, secret_sealed, cluster, host, port, secure, path, changed_ms
FROM live_driver WHERE workspace_id = $1;

-- live_driver_list: many live_driver
-- in:  after id64, count i64
SELECT workspace_id AS workspace, driver, app_id, app_key, secret_sealed, cluster, host, port, secure, path, changed_ms
FROM live_driver WHERE workspace_id > $1 ORDER BY workspace_id LIMIT $2;

-- live_driver_set: exec
-- in:  workspace id64, driver str, app_id str, app_key str, secret_sealed bytes, cluster str, host str
-- in:  port i64, secure i64, path str, now_ms i64
INSERT INTO live_driver (workspace_id, driver, app_id, app_key, secret_sealed, cluster, host, port, secure, path, changed_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (workspace_id) DO UPDATE SET driver = excluded.driver, app_id = excluded.app_id, app_key = excluded.app_key,
	secret_sealed = excluded.secret_sealed, cluster = excluded.cluster, host = excluded.host, port = excluded.port,
	secure = excluded.secure, path = excluded.path, changed_ms = excluded.changed_ms;

-- live_driver_clear: exec
-- in:  workspace id64
DELETE FROM live_driver WHERE workspace_id = $1;
