-- Searching: what the filters look at, for a handful of candidates at a time, and the names behind their keys.

-- search_rows: many search_row
-- in:  ids str, workspace id64
-- out: id id64, conversation_id id64, message_channel_id id64, kind i64, author_kind i64, author_id id64?, deleted_ms i64?, contact_id id64
-- out: channel_id id64, team_id id64?, assignee_id id64?, status i64, unread_count i64
SELECT m.id AS id, m.conversation_id AS conversation_id, m.channel_id AS message_channel_id, m.kind AS kind, m.author_kind AS author_kind,
	m.author_id AS author_id, m.deleted_ms AS deleted_ms, c.contact_id AS contact_id, c.channel_id AS channel_id, c.team_id AS team_id,
	c.assignee_id AS assignee_id, c.status AS status, c.unread_count AS unread_count
FROM message m JOIN conversation c ON c.id = m.conversation_id
WHERE m.id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND m.workspace_id = $2 LIMIT 200;

-- search_labelled: many search_id
-- Which of the conversations have one of the labels.
-- in:  conversations str, labels str, workspace id64
-- out: id id64
SELECT DISTINCT conversation_id AS id FROM conversation_label
WHERE conversation_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND label_id IN (SELECT value FROM json_each(NULLIF($2, '')))
	AND workspace_id = $3 LIMIT 200;

-- search_with_label: many search_id
-- The newest conversations (their ids rise with time) that have one of the labels.
-- in:  labels str, workspace id64, max i64
SELECT DISTINCT conversation_id AS id FROM conversation_label
WHERE label_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 ORDER BY conversation_id DESC LIMIT $3;

-- search_labels: many search_name
-- in:  workspace id64
-- out: id id64, name str
SELECT id, name FROM label WHERE workspace_id = $1 AND deleted_ms IS NULL ORDER BY name, id LIMIT 1000;

-- search_people: many search_name
-- in:  workspace id64
SELECT p.id AS id, p.name AS name FROM member m JOIN person p ON p.id = m.person_id
WHERE m.workspace_id = $1 ORDER BY p.name, p.id LIMIT 1000;

-- search_channels: many search_channel
-- in:  workspace id64
-- out: id id64, name str, phone str
SELECT c.id AS id, c.name AS name, n.phone AS phone FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.workspace_id = $1 ORDER BY c.name, c.id LIMIT 500;
