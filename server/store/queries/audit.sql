-- The audit chain of each workspace.

-- audit_last: one audit_end
-- in:  workspace id64
-- out: seq i64, hash bytes
SELECT seq, hash FROM audit WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1;

-- audit_insert: exec
-- in:  id id64, workspace id64, seq i64, at_ms i64, actor_kind str, actor_id id64?, actor_name str, action str
-- in:  target_kind str, target_id id64?, reason str, address str, detail str, prev_hash bytes, hash bytes
INSERT INTO audit (id, workspace_id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason,
	address, detail, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- audit_walk: many audit
-- in:  workspace id64, after i64, count i64
-- out: id id64, seq i64, at_ms i64, actor_kind str, actor_id id64, actor_name str, action str, target_kind str
-- out: target_id id64, reason str, address str, detail str, prev_hash bytes, hash bytes
SELECT id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, address, detail, prev_hash,
	hash
FROM audit WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- audit_list: many audit
-- Newest first, below a seq.
-- in:  workspace id64, before i64, count i64
SELECT id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, address, detail, prev_hash,
	hash
FROM audit WHERE workspace_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3;
