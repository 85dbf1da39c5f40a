-- Ready answers and macros. Visible to whom: scope 0 all, 1 the members of the team, 2 the person. person 0 with all 1 sees all
-- of teams and the workspace (an API key, or who manages them).

-- canned_add: exec
-- in: id id64, workspace id64, shortcut str, title str, category str, body str, media str, scope i64, owner id64, created_by id64?, now_ms i64
INSERT INTO canned (id, workspace_id, shortcut, title, category, body, media, scope, owner_id, created_by, created_ms, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11);

-- canned_find: one canned
-- in: id id64, workspace id64
-- out: id id64, shortcut str, title str, category str, body str, media str, scope i64, owner_id id64, created_ms i64, updated_ms i64
-- out: channel_id id64?
SELECT id, shortcut, title, category, body, media, scope, owner_id, created_ms, updated_ms, channel_id
FROM canned WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- canned_list: many canned
-- in: workspace id64, person id64, all_teams i64, after id64, max i64
SELECT id, shortcut, title, category, body, media, scope, owner_id, created_ms, updated_ms, channel_id
FROM canned WHERE workspace_id = $1 AND deleted_ms IS NULL AND id > $4
	AND (scope = 0 OR (scope = 2 AND owner_id = $2)
		OR (scope = 1 AND ($3 = 1 OR owner_id IN (SELECT team_id FROM team_member WHERE person_id = $2))))
ORDER BY id LIMIT $5;

-- canned_of_phone: one canned
-- in: channel id64, remote_id str, workspace id64
SELECT id, shortcut, title, category, body, media, scope, owner_id, created_ms, updated_ms, channel_id
FROM canned WHERE channel_id = $1 AND remote_id = $2 AND workspace_id = $3 AND deleted_ms IS NULL;

-- canned_set_phone: exec
-- in: id id64, workspace id64, channel id64, remote_id str
UPDATE canned SET channel_id = $3, remote_id = $4 WHERE id = $1 AND workspace_id = $2;

-- canned_change: exec
-- in: id id64, workspace id64, shortcut str, title str, category str, body str, media str, scope i64, owner id64, now_ms i64
UPDATE canned SET shortcut = $3, title = $4, category = $5, body = $6, media = $7, scope = $8, owner_id = $9, updated_ms = $10
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- canned_remove: exec
-- in: id id64, workspace id64, now_ms i64
UPDATE canned SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- canned_taken: one canned_id
-- in: workspace id64, scope i64, owner id64, shortcut str, except_id id64
-- out: id id64
SELECT id FROM canned WHERE workspace_id = $1 AND scope = $2 AND owner_id = $3 AND shortcut = $4 AND id <> $5 AND deleted_ms IS NULL;

-- canned_count: one canned_total
-- in: workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM canned WHERE workspace_id = $1 AND deleted_ms IS NULL;

-- canned_use_add: exec
-- in: message id64, workspace id64, canned id64
INSERT INTO canned_use (message_id, workspace_id, canned_id) VALUES ($1, $2, $3);

-- canned_figures: many canned_figure
-- What became of the messages made of some of them. Answered: the customer wrote within a day after it.
-- in: ids str, workspace id64, day_ids i64
-- out: canned_id id64, used i64, delivered i64, seen i64, replied i64, last_id id64?
SELECT u.canned_id AS canned_id, COUNT(*) AS used,
	CAST(SUM(CASE WHEN m.delivered_ms IS NOT NULL OR m.read_ms IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT) AS delivered,
	CAST(SUM(CASE WHEN m.read_ms IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT) AS seen,
	CAST(SUM(CASE WHEN EXISTS (SELECT 1 FROM message a WHERE a.conversation_id = m.conversation_id AND a.author_kind = 3
		AND a.id > m.id AND a.id < m.id + $3) THEN 1 ELSE 0 END) AS BIGINT) AS replied,
	MAX(u.message_id) AS last_id
FROM canned_use u JOIN message m ON m.id = u.message_id
WHERE u.canned_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND u.workspace_id = $2
GROUP BY u.canned_id LIMIT 200;

-- owner_is_member: one canned_id
-- in: team id64, person id64, workspace id64
SELECT t.id AS id FROM team t JOIN team_member m ON m.team_id = t.id
WHERE t.id = $1 AND m.person_id = $2 AND t.workspace_id = $3 AND t.deleted_ms IS NULL;

-- owner_team: one canned_id
-- in: team id64, workspace id64
SELECT id FROM team WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- macro_add: exec
-- in: id id64, workspace id64, name str, actions str, scope i64, owner id64, created_by id64?, now_ms i64
INSERT INTO macro (id, workspace_id, name, actions, scope, owner_id, run_count, created_by, created_ms, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $8);

-- macro_find: one macro
-- in: id id64, workspace id64
-- out: id id64, name str, actions str, scope i64, owner_id id64, run_count i64, last_run_ms i64?, created_ms i64, updated_ms i64
SELECT id, name, actions, scope, owner_id, run_count, last_run_ms, created_ms, updated_ms
FROM macro WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- macro_list: many macro
-- in: workspace id64, person id64, all_teams i64, after id64, max i64
SELECT id, name, actions, scope, owner_id, run_count, last_run_ms, created_ms, updated_ms
FROM macro WHERE workspace_id = $1 AND deleted_ms IS NULL AND id > $4
	AND (scope = 0 OR (scope = 2 AND owner_id = $2)
		OR (scope = 1 AND ($3 = 1 OR owner_id IN (SELECT team_id FROM team_member WHERE person_id = $2))))
ORDER BY id LIMIT $5;

-- macro_change: exec
-- in: id id64, workspace id64, name str, actions str, scope i64, owner id64, now_ms i64
UPDATE macro SET name = $3, actions = $4, scope = $5, owner_id = $6, updated_ms = $7
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- macro_remove: exec
-- in: id id64, workspace id64, now_ms i64
UPDATE macro SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- macro_taken: one canned_id
-- in: workspace id64, scope i64, owner id64, name str, except_id id64
SELECT id FROM macro WHERE workspace_id = $1 AND scope = $2 AND owner_id = $3 AND name = $4 AND id <> $5 AND deleted_ms IS NULL;

-- macro_count: one canned_total
-- in: workspace id64
SELECT COUNT(*) AS total FROM macro WHERE workspace_id = $1 AND deleted_ms IS NULL;

-- macro_ran: exec
-- in: id id64, workspace id64, now_ms i64
UPDATE macro SET run_count = run_count + 1, last_run_ms = $3 WHERE id = $1 AND workspace_id = $2;
