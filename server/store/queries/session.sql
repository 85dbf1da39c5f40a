-- Sessions, and failed sign-ins.

-- session_insert: exec
-- in:  id id64, person id64, workspace id64, token_hash bytes, csrf_token str, address str, user_agent str, now_ms i64
-- in:  expires_ms i64
INSERT INTO session (id, person_id, workspace_id, token_hash, csrf_token, address, user_agent, created_ms, seen_ms,
	expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9);

-- session_find: one session
-- in:  token_hash bytes, now_ms i64
-- out: id id64, workspace id64, person id64, csrf_token str, created_ms i64, seen_ms i64, expires_ms i64
-- out: email str, name str, locale str, role str, person_seen_ms i64, person_created_ms i64
SELECT s.id, s.workspace_id AS workspace, s.person_id AS person, s.csrf_token, s.created_ms, s.seen_ms, s.expires_ms,
	p.email, p.name, p.locale, m.role, m.seen_ms AS person_seen_ms, p.created_ms AS person_created_ms
FROM session s
JOIN person p ON p.id = s.person_id
JOIN member m ON m.person_id = s.person_id AND m.workspace_id = s.workspace_id
WHERE s.token_hash = $1 AND s.expires_ms > $2 AND m.disabled_ms IS NULL;

-- session_seen: exec
-- in:  id id64, now_ms i64, expires_ms i64
UPDATE session SET seen_ms = $2, expires_ms = $3 WHERE id = $1;

-- session_delete: exec
-- in:  workspace id64, id id64
DELETE FROM session WHERE workspace_id = $1 AND id = $2;

-- session_delete_person: exec
-- All of one person in a workspace, but the one to keep (0: none).
-- in:  workspace id64, person id64, keep id64
DELETE FROM session WHERE workspace_id = $1 AND person_id = $2 AND id <> $3;

-- session_delete_others: exec
-- All of one person anywhere, but the one to keep: after a new password.
-- in:  person id64, keep id64
DELETE FROM session WHERE person_id = $1 AND id <> $2;

-- session_delete_expired: exec
-- in:  now_ms i64
DELETE FROM session WHERE expires_ms <= $1;

-- sign_in_failure_insert: exec
-- in:  id id64, subject bytes, at_ms i64
INSERT INTO sign_in_failure (id, subject, at_ms) VALUES ($1, $2, $3);

-- sign_in_failure_count: one sign_in_failure_total
-- in:  subject bytes, since_ms i64
-- out: total i64, oldest_ms i64
SELECT COUNT(*) AS total, MIN(at_ms) AS oldest_ms FROM sign_in_failure WHERE subject = $1 AND at_ms > $2;

-- sign_in_failure_delete: exec
-- in:  id id64
DELETE FROM sign_in_failure WHERE id = $1;

-- sign_in_failure_forget: exec
-- in:  subject bytes
DELETE FROM sign_in_failure WHERE subject = $1;

-- sign_in_failure_delete_old: exec
-- in:  until_ms i64
DELETE FROM sign_in_failure WHERE at_ms <= $1;
