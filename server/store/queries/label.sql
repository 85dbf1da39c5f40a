-- Labels of a workspace, and those on conversations. One that was deleted stays on its rows and is shown nowhere.

-- label_list: many label
-- in:  workspace id64, max i64
-- out: id id64, name str, colour str, created_ms i64
SELECT id, name, colour, created_ms FROM label WHERE workspace_id = $1 AND deleted_ms IS NULL ORDER BY name LIMIT $2;

-- label_find: one label
-- in:  id id64, workspace id64
SELECT id, name, colour, created_ms FROM label WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- label_add: exec
-- in:  id id64, workspace id64, name str, colour str, now_ms i64
INSERT INTO label (id, workspace_id, name, colour, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, name) WHERE deleted_ms IS NULL DO NOTHING;

-- label_change: exec
-- Nothing when another one has the name.
-- in:  id id64, workspace id64, name str, colour str
UPDATE label SET name = $3, colour = $4 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL
	AND NOT EXISTS (SELECT 1 FROM label o WHERE o.workspace_id = $2 AND o.name = $3 AND o.id <> $1 AND o.deleted_ms IS NULL);

-- label_delete: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE label SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- label_put: exec
-- in:  conversation id64, label id64, workspace id64
INSERT INTO conversation_label (conversation_id, label_id, workspace_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- label_take_off: exec
-- in:  conversation id64, label id64, workspace id64
DELETE FROM conversation_label WHERE conversation_id = $1 AND label_id = $2 AND workspace_id = $3;

-- label_of_conversations: many conversation_label
-- in:  conversations str, workspace id64
-- out: conversation_id id64, id id64, name str, colour str
SELECT cl.conversation_id AS conversation_id, l.id AS id, l.name AS name, l.colour AS colour
FROM conversation_label cl JOIN label l ON l.id = cl.label_id
WHERE cl.conversation_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND cl.workspace_id = $2 AND l.deleted_ms IS NULL
ORDER BY l.name LIMIT 2000;
