-- The Graph-shaped API (api/graph*.c): finding things by the network's names.

-- graph_channel: one graph_id
-- in:  workspace id64, remote_id str
-- out: id id64
SELECT id FROM channel WHERE workspace_id = $1 AND remote_id = $2 AND deleted_ms IS NULL ORDER BY id LIMIT 1;

-- graph_account: one graph_id
-- A channel of the account.
-- in:  workspace id64, account_id str
SELECT id FROM channel WHERE workspace_id = $1 AND account_id = $2 AND deleted_ms IS NULL ORDER BY id LIMIT 1;

-- graph_template: one graph_id
-- in:  workspace id64, remote_id str
SELECT id FROM template WHERE workspace_id = $1 AND remote_id = $2 AND deleted_ms IS NULL ORDER BY id LIMIT 1;

-- graph_media: one graph_media
-- in:  workspace id64, id id64
-- out: withdrawn_ms i64?
SELECT withdrawn_ms FROM media WHERE id = $2 AND workspace_id = $1;

-- graph_media_withdraw: exec
-- in:  workspace id64, id id64, now_ms i64
UPDATE media SET withdrawn_ms = $3 WHERE id = $2 AND workspace_id = $1 AND withdrawn_ms IS NULL;

-- graph_media_of_message: one graph_media_name
-- The file of a message that came, by its names at the network.
-- in:  workspace id64, message id64
-- out: id id64, remote_id str
SELECT f.id, f.remote_id FROM message m JOIN media f ON f.id = m.media_id WHERE m.id = $2 AND m.workspace_id = $1;
