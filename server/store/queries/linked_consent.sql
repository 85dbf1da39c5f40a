-- The notice about linked devices, and who agreed to it: server/account/linked_notice.c.

-- linked_consent_add: exec
-- in:  id id64, workspace id64, channel id64, version str, actor id64
INSERT INTO linked_consent (id, workspace_id, channel_id, version, actor_id) VALUES ($1, $2, $3, $4, $5);

-- linked_consent_latest: one linked_consent
-- in:  workspace id64, channel id64
-- out: id id64, version str, actor id64
SELECT id, version, actor_id AS actor FROM linked_consent
WHERE channel_id = $2 AND workspace_id = $1 ORDER BY id DESC LIMIT 1;
