-- Channels and the numbers they are on.

-- number_insert: exec
-- in:  id id64, workspace id64, phone str, now_ms i64
INSERT INTO number (id, workspace_id, phone, created_ms) VALUES ($1, $2, $3, $4);

-- number_find: one number
-- in:  workspace id64, phone str
-- out: id id64, phone str
SELECT id, phone FROM number WHERE workspace_id = $1 AND phone = $2;

-- number_set_phone: exec
-- in:  workspace id64, id id64, phone str
UPDATE number SET phone = $3 WHERE workspace_id = $1 AND id = $2;

-- number_use: one number_total
-- How many conversations are on it.
-- in:  workspace id64, id id64
-- out: total i64
SELECT COUNT(*) AS total FROM (SELECT 1 FROM conversation WHERE workspace_id = $1 AND number_id = $2 LIMIT 1) found;

-- channel_insert: exec
-- in:  id id64, workspace id64, number id64, provider str, name str, remote_id str, account_id str, app_tag bytes?
-- in:  config_sealed bytes, pace_per_second i64, pair_interval_ms i64, pair_burst i64, health_reason str
-- in:  health_next_step str, now_ms i64
INSERT INTO channel (id, workspace_id, number_id, provider, name, remote_id, account_id, app_tag, config_sealed, profile,
	pace_per_second, pair_interval_ms, pair_burst, health, health_reason, health_next_step, health_since_ms, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', $10, $11, $12, 'unverified', $13, $14, $15, $15);

-- channel_get: one channel
-- Of the workspace, or of any (0).
-- in:  workspace id64, id id64
-- out: id id64, workspace id64, number id64, phone str, provider str, name str, remote_id str, account_id str
-- out: app_tag bytes, config_sealed bytes, profile str, pace_per_second i64, pair_interval_ms i64, pair_burst i64
-- out: health str, health_reason str, health_next_step str, health_since_ms i64, proof_ms i64, last_event_ms i64
-- out: last_send_ms i64, created_ms i64, disabled_ms i64, environment str
SELECT c.id, c.workspace_id AS workspace, c.number_id AS number, n.phone, c.provider, c.name, c.remote_id, c.account_id,
	c.app_tag, c.config_sealed, c.profile, c.pace_per_second, c.pair_interval_ms, c.pair_burst, c.health, c.health_reason,
	c.health_next_step, c.health_since_ms, c.proof_ms, c.last_event_ms, c.last_send_ms, c.created_ms, c.disabled_ms,
	c.environment
FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.id = $2 AND ($1 = 0 OR c.workspace_id = $1) AND c.deleted_ms IS NULL;

-- channel_list: many channel
-- in:  workspace id64, after id64, count i64
SELECT c.id, c.workspace_id AS workspace, c.number_id AS number, n.phone, c.provider, c.name, c.remote_id, c.account_id,
	c.app_tag, c.config_sealed, c.profile, c.pace_per_second, c.pair_interval_ms, c.pair_burst, c.health, c.health_reason,
	c.health_next_step, c.health_since_ms, c.proof_ms, c.last_event_ms, c.last_send_ms, c.created_ms, c.disabled_ms,
	c.environment
FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.workspace_id = $1 AND c.id > $2 AND c.deleted_ms IS NULL ORDER BY c.id LIMIT $3;

-- channel_all: many channel
-- Of all workspaces: for the intake's keys.
-- in:  after id64, count i64
SELECT c.id, c.workspace_id AS workspace, c.number_id AS number, n.phone, c.provider, c.name, c.remote_id, c.account_id,
	c.app_tag, c.config_sealed, c.profile, c.pace_per_second, c.pair_interval_ms, c.pair_burst, c.health, c.health_reason,
	c.health_next_step, c.health_since_ms, c.proof_ms, c.last_event_ms, c.last_send_ms, c.created_ms, c.disabled_ms,
	c.environment
FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.id > $1 AND c.deleted_ms IS NULL ORDER BY c.id LIMIT $2;

-- channel_by_remote: many channel
-- Oldest first, of all workspaces: the caller compares the app's tag.
-- in:  provider str, remote_id str
SELECT c.id, c.workspace_id AS workspace, c.number_id AS number, n.phone, c.provider, c.name, c.remote_id, c.account_id,
	c.app_tag, c.config_sealed, c.profile, c.pace_per_second, c.pair_interval_ms, c.pair_burst, c.health, c.health_reason,
	c.health_next_step, c.health_since_ms, c.proof_ms, c.last_event_ms, c.last_send_ms, c.created_ms, c.disabled_ms,
	c.environment
FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.provider = $1 AND c.remote_id = $2 AND c.deleted_ms IS NULL ORDER BY c.id LIMIT 100;

-- channel_set: exec
-- in:  workspace id64, id id64, name str, app_tag bytes?, config_sealed bytes, pace_per_second i64, pair_interval_ms i64
-- in:  pair_burst i64, disabled_ms i64?
UPDATE channel SET name = $3, app_tag = $4, config_sealed = $5, pace_per_second = $6, pair_interval_ms = $7,
	pair_burst = $8, disabled_ms = $9
WHERE workspace_id = $1 AND id = $2 AND deleted_ms IS NULL;

-- channel_set_environment: exec
-- Of all channels of an account.
-- in:  workspace id64, account_id str, environment str
UPDATE channel SET environment = $3 WHERE workspace_id = $1 AND account_id = $2 AND deleted_ms IS NULL;

-- channel_set_number: exec
-- in:  workspace id64, id id64, number id64
UPDATE channel SET number_id = $3 WHERE workspace_id = $1 AND id = $2;

-- channel_set_profile: exec
-- in:  workspace id64, id id64, profile str
UPDATE channel SET profile = $3 WHERE workspace_id = $1 AND id = $2;

-- channel_set_tag: exec
-- in:  id id64, app_tag bytes?
UPDATE channel SET app_tag = $2 WHERE id = $1;

-- channel_set_health: exec
-- in:  workspace id64, id id64, health str, reason str, next_step str, now_ms i64, proof_ms i64?
UPDATE channel SET health_since_ms = CASE WHEN health = $3 THEN health_since_ms ELSE $6 END, health = $3,
	health_reason = $4, health_next_step = $5, proof_ms = COALESCE($7, proof_ms)
WHERE workspace_id = $1 AND id = $2 AND deleted_ms IS NULL;

-- channel_set_traffic: exec
-- A missing time keeps the one that is there.
-- in:  workspace id64, id id64, event_ms i64?, send_ms i64?
UPDATE channel SET last_event_ms = COALESCE($3, last_event_ms), last_send_ms = COALESCE($4, last_send_ms)
WHERE workspace_id = $1 AND id = $2;

-- channel_delete: exec
-- The row stays for its history, without its secrets.
-- in:  workspace id64, id id64, config_sealed bytes, now_ms i64
UPDATE channel SET deleted_ms = $4, disabled_ms = $4, app_tag = NULL, config_sealed = $3
WHERE workspace_id = $1 AND id = $2 AND deleted_ms IS NULL;
