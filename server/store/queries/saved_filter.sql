-- Views of the list that somebody keeps.

-- fragment saved_filter: f.id AS id, f.owner_id AS owner_id, f.team_id AS team_id, f.shared AS shared, f.name AS name, f.filter AS filter,
-- fragment saved_filter: f.created_ms AS created_ms

-- saved_filter_list: many saved_filter
-- Those that a person sees: shared 0 are the owner's alone, 1 the team's, 2 everybody's.
-- in:  workspace id64, person id64, max i64
-- out: id id64, owner_id id64, team_id id64?, shared i64, name str, filter str, created_ms i64
SELECT {saved_filter} FROM saved_filter f WHERE f.workspace_id = $1 AND (f.shared = 2 OR f.owner_id = $2 OR (f.shared = 1 AND EXISTS (
	SELECT 1 FROM team_member m WHERE m.team_id = f.team_id AND m.person_id = $2)))
ORDER BY f.name, f.id LIMIT $3;

-- saved_filter_find: one saved_filter
-- in:  id id64, workspace id64
SELECT {saved_filter} FROM saved_filter f WHERE f.id = $1 AND f.workspace_id = $2;

-- saved_filter_count: one saved_filter_count
-- in:  owner id64, workspace id64
-- out: count i64
SELECT COUNT(*) AS count FROM saved_filter WHERE owner_id = $1 AND workspace_id = $2;

-- saved_filter_add: exec
-- in:  id id64, workspace id64, owner id64, team id64?, shared i64, name str, filter str, now_ms i64
INSERT INTO saved_filter (id, workspace_id, owner_id, team_id, shared, name, filter, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- saved_filter_set: exec
-- in:  id id64, workspace id64, team id64?, shared i64, name str, filter str
UPDATE saved_filter SET team_id = $3, shared = $4, name = $5, filter = $6 WHERE id = $1 AND workspace_id = $2;

-- saved_filter_delete: exec
-- in:  id id64, workspace id64
DELETE FROM saved_filter WHERE id = $1 AND workspace_id = $2;
