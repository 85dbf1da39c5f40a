-- Roles that a workspace made for itself, and what a scope lists.

-- role_insert: exec
-- in:  id id64, workspace id64, name str, permissions str, sees i64, now_ms i64
INSERT INTO custom_role (id, workspace_id, name, permissions, sees, created_ms) VALUES ($1, $2, $3, $4, $5, $6);

-- role_get: one role
-- in:  workspace id64, id id64
-- out: id id64, name str, permissions str, sees i64, created_ms i64
SELECT id, name, permissions, sees, created_ms FROM custom_role WHERE workspace_id = $1 AND id = $2;

-- role_list: many role
-- in:  workspace id64, max i64
SELECT id, name, permissions, sees, created_ms FROM custom_role WHERE workspace_id = $1 ORDER BY id LIMIT $2;

-- role_set: exec
-- in:  workspace id64, id id64, name str, permissions str, sees i64
UPDATE custom_role SET name = $3, permissions = $4, sees = $5 WHERE workspace_id = $1 AND id = $2;

-- role_delete: exec
-- in:  workspace id64, id id64
DELETE FROM custom_role WHERE workspace_id = $1 AND id = $2;

-- role_users: many role_user
-- Who has it, and who was invited to it.
-- in:  workspace id64, id id64, now_ms i64, max i64
-- out: name str
SELECT p.name AS name FROM member m JOIN person p ON p.id = m.person_id WHERE m.workspace_id = $1 AND m.role_id = $2
UNION ALL
SELECT i.email AS name FROM invitation i
WHERE i.workspace_id = $1 AND i.role_id = $2 AND i.accepted_ms IS NULL AND i.revoked_ms IS NULL AND i.expires_ms > $3
LIMIT $4;

-- role_member_totals: many role_member_total
-- in:  workspace id64
-- out: role str, role_id id64, total i64
SELECT role, role_id, COUNT(*) AS total FROM member WHERE workspace_id = $1 AND disabled_ms IS NULL GROUP BY role, role_id
ORDER BY role, role_id LIMIT 1000;

-- scope_channels_known: one scope_total
-- How many of the ids are channels of the workspace.
-- in:  workspace id64, ids str
-- out: total i64
SELECT COUNT(*) AS total FROM channel WHERE workspace_id = $1 AND id IN (SELECT value FROM json_each(NULLIF($2, '')));

-- scope_channels_of_numbers: many scope_channel
-- Those, and all others of their numbers.
-- in:  ids str
-- out: id id64
SELECT o.id FROM channel c JOIN channel o ON o.number_id = c.number_id
WHERE c.id IN (SELECT value FROM json_each(NULLIF($1, ''))) GROUP BY o.id LIMIT 1000;

-- scope_teams_known: one scope_total
-- in:  workspace id64, ids str
SELECT COUNT(*) AS total FROM team
WHERE workspace_id = $1 AND deleted_ms IS NULL AND id IN (SELECT value FROM json_each(NULLIF($2, '')));
