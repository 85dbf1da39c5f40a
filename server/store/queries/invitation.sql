-- Invitations. Whoever has the token may set name and password, until it expires.
-- fragment invitation: i.id AS id, i.workspace_id AS workspace, i.email AS email, i.name AS name, i.role AS role,
-- fragment invitation: i.role_id AS role_id, r.name AS role_name, r.permissions AS role_permissions, r.sees AS role_sees,
-- fragment invitation: i.channels AS channels, i.teams AS teams, i.created_ms AS created_ms, i.expires_ms AS expires_ms,
-- fragment invitation: i.invited_by AS invited_by, p.name AS inviter
-- fragment invitation_from: invitation i LEFT JOIN custom_role r ON r.id = i.role_id LEFT JOIN person p ON p.id = i.invited_by
-- fragment invitation_open: i.accepted_ms IS NULL AND i.revoked_ms IS NULL

-- invitation_insert: exec
-- in:  id id64, workspace id64, email str, name str, role str, role_id id64?, channels str, teams str, token_hash bytes
-- in:  invited_by id64?, now_ms i64, expires_ms i64
INSERT INTO invitation (id, workspace_id, email, name, role, role_id, channels, teams, token_hash, invited_by, created_ms,
	expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- invitation_get: one invitation
-- in:  workspace id64, id id64
-- out: id id64, workspace id64, email str, name str, role str, role_id id64, role_name str, role_permissions str
-- out: role_sees i64, channels str, teams str, created_ms i64, expires_ms i64, invited_by id64, inviter str
SELECT {invitation} FROM {invitation_from} WHERE i.workspace_id = $1 AND i.id = $2 AND {invitation_open};

-- invitation_list: many invitation
-- Newest first, below an id; those that expired, too, until they are revoked or a month old.
-- in:  workspace id64, before id64, since_ms i64, count i64
SELECT {invitation} FROM {invitation_from}
WHERE i.workspace_id = $1 AND i.id < $2 AND i.created_ms > $3 AND {invitation_open} ORDER BY i.id DESC LIMIT $4;

-- invitation_find: one invitation
-- in:  token_hash bytes, now_ms i64
SELECT {invitation} FROM {invitation_from} WHERE i.token_hash = $1 AND i.expires_ms > $2 AND {invitation_open};

-- invitation_count: one invitation_total
-- in:  workspace id64, now_ms i64
-- out: total i64
SELECT COUNT(*) AS total FROM invitation i WHERE i.workspace_id = $1 AND i.expires_ms > $2 AND {invitation_open};

-- invitation_accept: exec
-- in:  id id64, now_ms i64
UPDATE invitation SET accepted_ms = $2 WHERE id = $1 AND accepted_ms IS NULL AND revoked_ms IS NULL;

-- invitation_revoke: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE invitation SET revoked_ms = $3 WHERE workspace_id = $1 AND id = $2 AND accepted_ms IS NULL AND revoked_ms IS NULL;

-- invitation_revoke_email: exec
-- A new invitation takes the place of the older ones.
-- in:  workspace id64, email str, now_ms i64
UPDATE invitation SET revoked_ms = $3 WHERE workspace_id = $1 AND email = $2 AND accepted_ms IS NULL AND revoked_ms IS NULL;
