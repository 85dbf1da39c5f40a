-- Sessions, and failed sign-ins.

-- session_insert: exec
-- in:  id id64, person id64, workspace id64, token_hash bytes, csrf_token str, address str, user_agent str, now_ms i64
-- in:  expires_ms i64
INSERT INTO session (id, person_id, workspace_id, token_hash, csrf_token, address, user_agent, created_ms, seen_ms,
	expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9);

-- session_find: one session
-- in:  token_hash bytes, now_ms i64
-- out: session_id id64, workspace id64, csrf_token str, session_created_ms i64, session_seen_ms i64, required i64
-- out: id id64, email str, name str, locale str, time_zone str, created_ms i64, disabled_ms i64, seen_ms i64, role str
-- out: role_id id64, role_name str, role_permissions str, role_sees i64, channels str, teams str, second_factor_ms i64
SELECT s.id AS session_id, s.workspace_id AS workspace, s.csrf_token AS csrf_token, s.created_ms AS session_created_ms,
	s.seen_ms AS session_seen_ms, w.require_second_factor AS required, {person}
FROM {person_from}
JOIN session s ON s.person_id = m.person_id AND s.workspace_id = m.workspace_id
JOIN workspace w ON w.id = s.workspace_id
WHERE s.token_hash = $1 AND s.expires_ms > $2 AND m.disabled_ms IS NULL;

-- session_list: many session_item
-- The newest use first.
-- in:  workspace id64, person id64, now_ms i64, max i64
-- out: id id64, address str, user_agent str, created_ms i64, seen_ms i64, expires_ms i64
SELECT id, address, user_agent, created_ms, seen_ms, expires_ms FROM session
WHERE workspace_id = $1 AND person_id = $2 AND expires_ms > $3 ORDER BY seen_ms DESC, id DESC LIMIT $4;

-- session_home: one session_home
-- Is the person of this e-mail signed in from this address?
-- in:  email str, address str, now_ms i64
-- out: total i64
SELECT COUNT(*) AS total FROM session s JOIN person p ON p.id = s.person_id
WHERE p.email = $1 AND s.address = $2 AND s.expires_ms > $3;

-- session_delete_of: exec
-- in:  workspace id64, person id64, id id64
DELETE FROM session WHERE workspace_id = $1 AND person_id = $2 AND id = $3;

-- session_alive: many session_owner
-- Those of the ids that may still listen: sessions that last, and keys that were not revoked.
-- in:  ids str, now_ms i64
-- out: id id64
SELECT s.id AS id FROM session s JOIN member m ON m.person_id = s.person_id AND m.workspace_id = s.workspace_id
WHERE s.id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND s.expires_ms > $2 AND m.disabled_ms IS NULL
UNION ALL
SELECT k.id AS id FROM api_key k WHERE k.id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND k.revoked_ms IS NULL
LIMIT 100000;

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
-- in:  id id64, subject bytes, person id64?, at_ms i64
INSERT INTO sign_in_failure (id, subject, person_id, at_ms) VALUES ($1, $2, $3, $4);

-- sign_in_failure_name: exec
-- Whose e-mail it was, once that is known.
-- in:  id id64, person id64?
UPDATE sign_in_failure SET person_id = $2 WHERE id = $1;

-- sign_in_locked: many sign_in_lock
-- People of the workspace whom an address may not try any more, and since when. max: how many failures are too many.
-- in:  workspace id64, since_ms i64, max i64
-- out: person id64, failures i64, oldest_ms i64
SELECT q.person AS person, MAX(q.failures) AS failures, MAX(q.oldest_ms) AS oldest_ms
FROM (
	SELECT f.person_id AS person, COUNT(*) AS failures, MIN(f.at_ms) AS oldest_ms
	FROM member m JOIN sign_in_failure f ON f.person_id = m.person_id
	WHERE m.workspace_id = $1 AND f.at_ms > $2 GROUP BY f.person_id, f.subject HAVING COUNT(*) >= $3
) q
GROUP BY q.person ORDER BY q.person LIMIT 1000;

-- sign_in_failure_release: exec
-- in:  person id64
DELETE FROM sign_in_failure WHERE person_id = $1;

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
