-- What a workspace switched, and maintenance.

-- feature_list: many feature_switch
-- in: workspace id64
-- out: name str, is_on i64, changed_ms i64
SELECT name, is_on, changed_ms FROM feature_switch WHERE workspace_id = $1 LIMIT 100;

-- feature_set: exec
-- in: workspace id64, name str, is_on i64, now_ms i64
INSERT INTO feature_switch (workspace_id, name, is_on, changed_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, name) DO UPDATE SET is_on = excluded.is_on, changed_ms = excluded.changed_ms;

-- maintenance_get: one maintenance
-- The whole server's counts first.
-- in: workspace id64
-- out: workspace id64, since_ms i64, note str, person_name str
SELECT workspace_id AS workspace, since_ms, note, person_name FROM maintenance WHERE workspace_id IN (0, $1) ORDER BY workspace_id LIMIT 1;

-- maintenance_begin: exec
-- in: workspace id64, now_ms i64, note str, person_name str
INSERT INTO maintenance (workspace_id, since_ms, note, person_name) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id) DO UPDATE SET note = excluded.note, person_name = excluded.person_name;

-- maintenance_end: exec
-- in: workspace id64
DELETE FROM maintenance WHERE workspace_id = $1;

-- maintenance_asker: one maintenance_asker
-- in: workspace id64, person id64
-- out: first_workspace id64, role str
SELECT (SELECT MIN(id) FROM workspace) AS first_workspace,
	(SELECT role FROM member WHERE workspace_id = $1 AND person_id = $2 AND disabled_ms IS NULL) AS role;
