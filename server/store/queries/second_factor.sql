-- The second factor of people (TOTP), and the recovery codes that stand in for it.

-- second_factor_get: one second_factor
-- in:  person id64
-- out: workspace id64, secret_sealed bytes, last_step i64, confirmed_ms i64
SELECT workspace_id AS workspace, secret_sealed, last_step, confirmed_ms FROM second_factor WHERE person_id = $1;

-- second_factor_begin: exec
-- One that is in use stays.
-- in:  person id64, workspace id64, secret_sealed bytes, now_ms i64
INSERT INTO second_factor (person_id, workspace_id, secret_sealed, last_step, created_ms) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (person_id) DO UPDATE SET workspace_id = $2, secret_sealed = $3, last_step = 0, created_ms = $4
WHERE second_factor.confirmed_ms IS NULL;

-- second_factor_confirm: exec
-- in:  person id64, step i64, now_ms i64
UPDATE second_factor SET confirmed_ms = $3, last_step = $2 WHERE person_id = $1 AND confirmed_ms IS NULL;

-- second_factor_use: exec
-- Changes nothing when the step, or a later one, was used before.
-- in:  person id64, step i64
UPDATE second_factor SET last_step = $2 WHERE person_id = $1 AND last_step < $2 AND confirmed_ms IS NOT NULL;

-- second_factor_delete: exec
-- in:  person id64
DELETE FROM second_factor WHERE person_id = $1;

-- recovery_code_insert: exec
-- in:  id id64, person id64, code_hash bytes
INSERT INTO recovery_code (id, person_id, code_hash) VALUES ($1, $2, $3);

-- recovery_code_use: exec
-- in:  person id64, code_hash bytes, now_ms i64
UPDATE recovery_code SET used_ms = $3 WHERE person_id = $1 AND code_hash = $2 AND used_ms IS NULL;

-- recovery_code_left: one recovery_code_total
-- in:  person id64
-- out: total i64
SELECT COUNT(*) AS total FROM recovery_code WHERE person_id = $1 AND used_ms IS NULL;

-- recovery_code_delete: exec
-- in:  person id64
DELETE FROM recovery_code WHERE person_id = $1;
