-- What inbox/send.c looks up and changes.

-- The number to send from: by its phone, or the only one that can; first and last tell whether there are more.
-- number_pick: one number_pick
-- in: workspace id64, phone str
-- out: first id64, last id64
SELECT MIN(n.id) AS first, MAX(n.id) AS last FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.workspace_id = $1 AND c.deleted_ms IS NULL AND c.disabled_ms IS NULL AND ($2 = '' OR n.phone = $2)
HAVING COUNT(*) > 0;

-- conversation_by_alias: one conversation_pair
-- in: workspace id64, kind str, match_key str, number id64
-- out: id id64
SELECT c.id FROM contact_alias a JOIN conversation c ON c.contact_id = a.contact_id
WHERE a.workspace_id = $1 AND a.kind = $2 AND a.match_key = $3 AND c.number_id = $4 AND c.merged_into IS NULL;

-- message_requeue: exec
-- in: workspace id64, id id64, accepted i64, failed i64
UPDATE message SET status = $3, failed_ms = NULL, error = NULL WHERE id = $2 AND workspace_id = $1 AND status = $4;

-- channel_health: many channel_health
-- in: workspace id64, max i64
-- out: id id64, name str, health str, reason str, next_step str, since_ms i64, proof_ms i64?, disabled_ms i64?
SELECT id, name, health, health_reason AS reason, health_next_step AS next_step, health_since_ms AS since_ms, proof_ms, disabled_ms
FROM channel WHERE workspace_id = $1 AND deleted_ms IS NULL ORDER BY id LIMIT $2;
