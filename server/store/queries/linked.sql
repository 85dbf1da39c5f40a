-- Numbers paired as linked devices: server/provider/linked/.
-- fragment linked_number: l.channel_id AS channel, l.workspace_id AS workspace, c.name, l.state, l.reason, l.sentence, l.next_step, l.since_ms, l.wanted, l.paired, l.is_primary, l.kept, l.phone, l.lid, l.push_name_sealed, l.platform, l.proof_ms, l.connected_ms, l.paired_ms, l.consent_ms, l.touched_ms, l.complete_ms, COALESCE(l.lease_node, -1) AS lease_node, l.lease_until_ms

-- linked_number_add: exec
-- The row of a channel, if it has none.
-- in:  channel id64, workspace id64, now_ms i64
INSERT INTO linked_number (channel_id, workspace_id, state, reason, sentence, next_step, since_ms, wanted, paired, phone, lid, platform,
	touched_ms, created_ms)
VALUES ($1, $2, 0, '', '', '', $3, 0, 0, '', '', '', $3, $3)
ON CONFLICT (channel_id) DO NOTHING;

-- linked_number_get: one linked_number
-- in:  channel id64
-- out: channel id64, workspace id64, name str, state i64, reason str, sentence str, next_step str, since_ms i64, wanted i64, paired i64
-- out: is_primary i64, kept i64, phone str, lid str, push_name_sealed bytes, platform str, proof_ms i64, connected_ms i64, paired_ms i64
-- out: consent_ms i64, touched_ms i64, complete_ms i64, lease_node i64, lease_until_ms i64
SELECT {linked_number} FROM linked_number l JOIN channel c ON c.id = l.channel_id WHERE l.channel_id = $1;

-- linked_number_list: many linked_number
-- Of the workspace: primary first, then newest.
-- in:  workspace id64, max i64
SELECT {linked_number} FROM linked_number l JOIN channel c ON c.id = l.channel_id
WHERE l.workspace_id = $1 AND c.deleted_ms IS NULL ORDER BY l.is_primary DESC, l.channel_id DESC LIMIT $2;

-- linked_number_all: many linked_number
-- Of all workspaces, by id above `after`.
-- in:  after id64, max i64
SELECT {linked_number} FROM linked_number l JOIN channel c ON c.id = l.channel_id
WHERE l.channel_id > $1 AND c.deleted_ms IS NULL ORDER BY l.channel_id LIMIT $2;

-- linked_number_wanted: many linked_number
-- in:  after id64, max i64
SELECT {linked_number} FROM linked_number l JOIN channel c ON c.id = l.channel_id
WHERE l.wanted = 1 AND l.channel_id > $1 AND c.deleted_ms IS NULL ORDER BY l.channel_id LIMIT $2;

-- linked_number_left: many linked_number
-- Wanted, and no node holds it: that of its lease is over, or ended. One that has failed without a holder waits for a person.
-- in:  node i64, now_ms i64, failed i64, max i64
SELECT {linked_number} FROM linked_number l JOIN channel c ON c.id = l.channel_id
WHERE l.wanted = 1 AND c.deleted_ms IS NULL
	AND (l.lease_node IS NULL AND l.state < $3 OR l.lease_node <> $1 AND l.lease_until_ms < $2)
ORDER BY l.channel_id LIMIT $4;

-- linked_number_set_state: exec
-- in:  channel id64, state i64, reason str, sentence str, next_step str, now_ms i64, connected_ms i64?
UPDATE linked_number SET since_ms = CASE WHEN state = $2 THEN since_ms ELSE $6 END, state = $2, reason = $3, sentence = $4,
	next_step = $5, connected_ms = COALESCE($7, connected_ms)
WHERE channel_id = $1;

-- linked_number_set_wanted: exec
-- in:  channel id64, wanted i64, now_ms i64
UPDATE linked_number SET wanted = $2, touched_ms = $3 WHERE channel_id = $1;

-- linked_number_set_paired: exec
-- in:  channel id64, paired i64, phone str, lid str, push_name_sealed bytes?, platform str, paired_ms i64?
UPDATE linked_number SET paired = $2, phone = $3, lid = $4, push_name_sealed = $5, platform = $6, paired_ms = COALESCE($7, paired_ms)
WHERE channel_id = $1;

-- linked_number_unpair: exec
-- The phone stays: it is the one to pair again.
-- in:  channel id64
UPDATE linked_number SET paired = 0 WHERE channel_id = $1;

-- linked_number_remove: exec
-- in:  channel id64
DELETE FROM linked_number WHERE channel_id = $1;

-- linked_change_remove: exec
-- in:  channel id64
DELETE FROM linked_change WHERE channel_id = $1;

-- linked_number_set_proof: exec
-- in:  channel id64, proof_ms i64
UPDATE linked_number SET proof_ms = $2 WHERE channel_id = $1;

-- linked_number_set_complete: exec
-- in:  channel id64, complete_ms i64
UPDATE linked_number SET complete_ms = $2 WHERE channel_id = $1;

-- linked_number_set_consent: exec
-- in:  channel id64, now_ms i64
UPDATE linked_number SET consent_ms = $2, touched_ms = $2 WHERE channel_id = $1;

-- linked_number_set_kept: exec
-- in:  channel id64, kept i64
UPDATE linked_number SET kept = $2 WHERE channel_id = $1;

-- linked_number_set_primary: exec
-- That one alone of its workspace.
-- in:  workspace id64, channel id64
UPDATE linked_number SET is_primary = CASE WHEN channel_id = $2 THEN 1 ELSE 0 END WHERE workspace_id = $1;

-- linked_number_count: one linked_total
-- in:  workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM channel WHERE workspace_id = $1 AND provider = 'linked' AND deleted_ms IS NULL;

-- linked_number_orphans: many linked_orphan
-- Not paired and not wanted, and untouched since then.
-- in:  before_ms i64, max i64
-- out: channel id64, workspace id64
SELECT channel_id AS channel, workspace_id AS workspace FROM linked_number
WHERE wanted = 0 AND paired = 0 AND kept = 0 AND touched_ms < $1 ORDER BY channel_id LIMIT $2;

-- linked_lease_take: exec
-- 0 rows: another node has it.
-- in:  channel id64, node i64, until_ms i64, now_ms i64
UPDATE linked_number SET lease_node = $2, lease_until_ms = $3
WHERE channel_id = $1 AND (lease_node IS NULL OR lease_node = $2 OR lease_until_ms < $4);

-- linked_lease_renew: exec
-- All that the node holds.
-- in:  node i64, until_ms i64
UPDATE linked_number SET lease_until_ms = $2 WHERE lease_node = $1;

-- linked_lease_drop_all: exec
-- in:  node i64
UPDATE linked_number SET lease_node = NULL, lease_until_ms = NULL WHERE lease_node = $1;

-- linked_record_get: one linked_record
-- in:  channel id64, kind i64, key bytes
-- out: key bytes, value_sealed bytes
SELECT key, value_sealed FROM linked_record WHERE channel_id = $1 AND kind = $2 AND key = $3;

-- linked_record_put: exec
-- in:  channel id64, kind i64, key bytes, value_sealed bytes
INSERT INTO linked_record (channel_id, kind, key, value_sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (channel_id, kind, key) DO UPDATE SET value_sealed = excluded.value_sealed;

-- linked_record_erase: exec
-- in:  channel id64, kind i64, key bytes
DELETE FROM linked_record WHERE channel_id = $1 AND kind = $2 AND key = $3;

-- linked_record_erase_kind: exec
-- in:  channel id64, kind i64
DELETE FROM linked_record WHERE channel_id = $1 AND kind = $2;

-- linked_record_erase_all: exec
-- in:  channel id64
DELETE FROM linked_record WHERE channel_id = $1;

-- linked_record_scan: many linked_record
-- In the order of keys: those from `from` on (and not that one itself unless `with_first`).
-- in:  channel id64, kind i64, from bytes, with_first i64, max i64
SELECT key, value_sealed FROM linked_record
WHERE channel_id = $1 AND kind = $2 AND key >= $3 AND ($4 = 1 OR key > $3) ORDER BY key LIMIT $5;

-- linked_record_list: many linked_packed
-- All of a number, by kind and key behind that one.
-- in:  channel id64, kind i64, key bytes, max i64
-- out: kind i64, key bytes, value_sealed bytes
SELECT kind, key, value_sealed FROM linked_record
WHERE channel_id = $1 AND (kind > $2 OR (kind = $2 AND key > $3)) ORDER BY kind, key LIMIT $4;

-- linked_record_size: one linked_size
-- in:  channel id64
-- out: octets i64, records i64
SELECT CAST(COALESCE(SUM(LENGTH(value_sealed) + LENGTH(key)), 0) AS BIGINT) AS octets, COUNT(*) AS records
FROM linked_record WHERE channel_id = $1;

-- linked_change_add: exec
-- in:  id id64, workspace id64, channel id64, state i64, reason str, sentence str
INSERT INTO linked_change (id, workspace_id, channel_id, state, reason, sentence) VALUES ($1, $2, $3, $4, $5, $6);

-- linked_change_list: many linked_change
-- in:  channel id64, before id64, max i64
-- out: id id64, state i64, reason str, sentence str
SELECT id, state, reason, sentence FROM linked_change WHERE channel_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- linked_change_drops: one linked_total
-- Lost connections since that id.
-- in:  channel id64, since id64
SELECT COUNT(*) AS total FROM linked_change WHERE channel_id = $1 AND id >= $2 AND state = 0 AND reason <> 'stopped';

-- linked_change_prune: exec
-- All but the newest `keep`.
-- in:  channel id64, keep i64
DELETE FROM linked_change WHERE channel_id = $1 AND id < (
	SELECT MIN(id) FROM (SELECT id FROM linked_change WHERE channel_id = $1 ORDER BY id DESC LIMIT $2) newest);

-- linked_pairing_add: exec
-- in:  id id64, workspace id64, channel id64
INSERT INTO linked_pairing (id, workspace_id, channel_id) VALUES ($1, $2, $3);

-- linked_pairing_since: many linked_pairing
-- Newest first.
-- in:  workspace id64, since id64, max i64
-- out: id id64
SELECT id FROM linked_pairing WHERE workspace_id = $1 AND id >= $2 ORDER BY id DESC LIMIT $3;

-- linked_pairing_prune: exec
-- in:  workspace id64, before id64
DELETE FROM linked_pairing WHERE workspace_id = $1 AND id < $2;

-- setting_get: one setting
-- workspace 0: the server's own.
-- in:  workspace id64, name str
-- out: value str, updated_ms i64
SELECT value, updated_ms FROM setting WHERE workspace_id = $1 AND name = $2;

-- setting_put: exec
-- in:  workspace id64, name str, value str, now_ms i64
INSERT INTO setting (workspace_id, name, value, updated_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, name) DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms;

-- setting_drop: exec
-- in:  workspace id64, name str
DELETE FROM setting WHERE workspace_id = $1 AND name = $2;
