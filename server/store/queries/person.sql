-- People, and their membership of a workspace.

-- person_insert: exec
-- in:  id id64, email str, name str, password_hash str, locale str, now_ms i64
INSERT INTO person (id, email, name, password_hash, locale, created_ms) VALUES ($1, $2, $3, $4, $5, $6);

-- member_insert: exec
-- in:  id id64, workspace id64, person id64, role str, now_ms i64
INSERT INTO member (id, workspace_id, person_id, role, created_ms) VALUES ($1, $2, $3, $4, $5);

-- person_get: one person
-- in:  workspace id64, id id64
-- out: id id64, email str, name str, locale str, role str, disabled_ms i64, seen_ms i64, created_ms i64
SELECT p.id, p.email, p.name, p.locale, m.role, m.disabled_ms, m.seen_ms, p.created_ms
FROM member m JOIN person p ON p.id = m.person_id
WHERE m.workspace_id = $1 AND m.person_id = $2;

-- person_list: many person
-- in:  workspace id64, after id64, count i64
SELECT p.id, p.email, p.name, p.locale, m.role, m.disabled_ms, m.seen_ms, p.created_ms
FROM member m JOIN person p ON p.id = m.person_id
WHERE m.workspace_id = $1 AND m.person_id > $2
ORDER BY m.person_id LIMIT $3;

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

-- person_set_name: exec
-- in:  workspace id64, id id64, name str
UPDATE person SET name = $3
WHERE id = $2 AND EXISTS (SELECT 1 FROM member WHERE workspace_id = $1 AND person_id = $2);

-- person_set_self: exec
-- in:  id id64, name str, locale str, password_hash str
UPDATE person SET name = $2, locale = $3, password_hash = $4 WHERE id = $1;

-- member_set: exec
-- in:  workspace id64, person id64, role str, disabled_ms i64?
UPDATE member SET role = $3, disabled_ms = $4 WHERE workspace_id = $1 AND person_id = $2;

-- member_seen: exec
-- in:  workspace id64, person id64, now_ms i64
UPDATE member SET seen_ms = $3 WHERE workspace_id = $1 AND person_id = $2;

-- member_owners: one member_total
-- How many can still sign in as owners.
-- in:  workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM member WHERE workspace_id = $1 AND role = 'owner' AND disabled_ms IS NULL;
