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
-- Newest first, below a seq. action: its beginning; empty and 0: any.
-- in:  workspace id64, before i64, action str, target_kind str, from_ms i64, until_ms i64, count i64
SELECT id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, address, detail, prev_hash,
	hash
FROM audit WHERE workspace_id = $1 AND seq < $2 AND substr(action, 1, length($3)) = $3 AND ($4 = '' OR target_kind = $4)
AND at_ms >= $5 AND at_ms < $6
ORDER BY seq DESC LIMIT $7;

-- audit_list_actor: many audit
-- in:  workspace id64, before i64, action str, target_kind str, from_ms i64, until_ms i64, count i64, actor id64
SELECT id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, address, detail, prev_hash,
	hash
FROM audit WHERE workspace_id = $1 AND seq < $2 AND substr(action, 1, length($3)) = $3 AND ($4 = '' OR target_kind = $4)
AND at_ms >= $5 AND at_ms < $6 AND actor_id = $8
ORDER BY seq DESC LIMIT $7;

-- audit_list_target: many audit
-- in:  workspace id64, before i64, action str, target_kind str, from_ms i64, until_ms i64, count i64, target id64, actor id64
SELECT id, seq, at_ms, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, address, detail, prev_hash,
	hash
FROM audit WHERE workspace_id = $1 AND seq < $2 AND substr(action, 1, length($3)) = $3 AND ($4 = '' OR target_kind = $4)
AND at_ms >= $5 AND at_ms < $6 AND target_id = $8 AND ($9 = 0 OR actor_id = $9)
ORDER BY seq DESC LIMIT $7;
