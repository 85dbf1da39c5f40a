-- People, and their membership of a workspace.
-- fragment person: p.id AS id, p.email AS email, p.name AS name, p.locale AS locale, p.time_zone AS time_zone,
-- fragment person: p.created_ms AS created_ms, m.disabled_ms AS disabled_ms, m.seen_ms AS seen_ms, m.role AS role,
-- fragment person: m.role_id AS role_id, r.name AS role_name, r.permissions AS role_permissions, r.sees AS role_sees,
-- fragment person: m.channels AS channels, m.teams AS teams, f.confirmed_ms AS second_factor_ms
-- fragment person_from: member m JOIN person p ON p.id = m.person_id LEFT JOIN custom_role r ON r.id = m.role_id
-- fragment person_from: LEFT JOIN second_factor f ON f.person_id = m.person_id

-- person_insert: exec
-- in:  id id64, email str, name str, password_hash str, locale str, time_zone str, now_ms i64
INSERT INTO person (id, email, name, password_hash, locale, time_zone, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- member_insert: exec
-- in:  id id64, workspace id64, person id64, role str, role_id id64?, channels str, teams str, now_ms i64
INSERT INTO member (id, workspace_id, person_id, role, role_id, channels, teams, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- person_get: one person
-- in:  workspace id64, id id64
-- out: id id64, email str, name str, locale str, time_zone str, created_ms i64, disabled_ms i64, seen_ms i64, role str
-- out: role_id id64, role_name str, role_permissions str, role_sees i64, channels str, teams str, second_factor_ms i64
SELECT {person} FROM {person_from} WHERE m.workspace_id = $1 AND m.person_id = $2;

-- person_list: many person
-- in:  workspace id64, after id64, count i64
SELECT {person} FROM {person_from} WHERE m.workspace_id = $1 AND m.person_id > $2 ORDER BY m.person_id LIMIT $3;

-- person_scoped: many person
-- Those who do not see everything: the few whom the live events of conversations are given to one by one.
-- in:  workspace id64
SELECT {person} FROM {person_from}
WHERE m.workspace_id = $1 AND m.disabled_ms IS NULL AND (m.channels <> '' OR m.teams <> '' OR r.sees > 0)
ORDER BY m.person_id LIMIT 1000;

-- person_sign_in: one person_secret
-- The membership that was used last; disabled ones do not count.
-- in:  email str
-- out: id id64, workspace id64, name str, password_hash str
SELECT p.id, m.workspace_id AS workspace, p.name, p.password_hash
FROM person p JOIN member m ON m.person_id = p.id
WHERE p.email = $1 AND m.disabled_ms IS NULL
ORDER BY COALESCE(m.seen_ms, 0) DESC, m.id LIMIT 1;

-- person_secret: one person_secret
-- in:  workspace id64, id id64
SELECT p.id, m.workspace_id AS workspace, p.name, p.password_hash
FROM person p JOIN member m ON m.person_id = p.id
WHERE m.workspace_id = $1 AND p.id = $2;

-- person_by_email: one person_total
-- in:  email str
-- out: total i64
SELECT COUNT(*) AS total FROM person WHERE email = $1;

-- person_set_name: exec
-- in:  workspace id64, id id64, name str
UPDATE person SET name = $3
WHERE id = $2 AND EXISTS (SELECT 1 FROM member WHERE workspace_id = $1 AND person_id = $2);

-- person_set_self: exec
-- in:  id id64, name str, locale str, time_zone str, password_hash str
UPDATE person SET name = $2, locale = $3, time_zone = $4, password_hash = $5 WHERE id = $1;

-- member_set: exec
-- in:  workspace id64, person id64, role str, role_id id64?, channels str, teams str, disabled_ms i64?
UPDATE member SET role = $3, role_id = $4, channels = $5, teams = $6, disabled_ms = $7 WHERE workspace_id = $1 AND person_id = $2;

-- member_seen: exec
-- in:  workspace id64, person id64, now_ms i64
UPDATE member SET seen_ms = $3 WHERE workspace_id = $1 AND person_id = $2;

-- member_owners: one member_total
-- How many can still sign in as owners.
-- in:  workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM member WHERE workspace_id = $1 AND role = 'owner' AND disabled_ms IS NULL;
