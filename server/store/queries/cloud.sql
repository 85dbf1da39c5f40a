-- What the Cloud API knows beside messages: options of a send, endpoints of Flows.

-- message_option_add: exec
-- in: message id64, workspace id64, options bytes
INSERT INTO message_option (message_id, workspace_id, options_sealed) VALUES ($1, $2, $3);

-- message_option_find: one message_option
-- in: message id64, workspace id64
-- out: message id64, options_sealed bytes
SELECT message_id AS message, options_sealed FROM message_option WHERE message_id = $1 AND workspace_id = $2;

-- message_option_by_ids: many message_option
-- in: ids str, workspace id64
SELECT message_id AS message, options_sealed FROM message_option
WHERE message_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 400;

-- message_option_drop: exec
-- in: message id64, workspace id64
DELETE FROM message_option WHERE message_id = $1 AND workspace_id = $2;

-- flow_endpoint_find: one flow_endpoint
-- in: channel id64, workspace id64
-- out: private_sealed bytes, public_key str, config_sealed bytes, signature str, uploaded_ms i64?, created_ms i64, updated_ms i64
SELECT private_sealed, public_key, config_sealed, signature, uploaded_ms, created_ms, updated_ms
FROM flow_endpoint WHERE channel_id = $1 AND workspace_id = $2;

-- flow_endpoint_put: exec
-- in: channel id64, workspace id64, private bytes, public str, config bytes, signature str, uploaded_ms i64?, now_ms i64
INSERT INTO flow_endpoint (channel_id, workspace_id, private_sealed, public_key, config_sealed, signature, uploaded_ms, created_ms, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (channel_id) DO UPDATE SET private_sealed = excluded.private_sealed, public_key = excluded.public_key,
	config_sealed = excluded.config_sealed, signature = excluded.signature, uploaded_ms = excluded.uploaded_ms,
	updated_ms = excluded.updated_ms;

-- flow_endpoint_drop: exec
-- in: channel id64, workspace id64
DELETE FROM flow_endpoint WHERE channel_id = $1 AND workspace_id = $2;
