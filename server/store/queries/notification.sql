-- What a person is told of, and mentions in notes.

-- notification_add: exec
-- in: id id64, workspace id64, person id64, kind str, conversation id64?, message id64?, actor id64?, detail str
INSERT INTO notification (id, workspace_id, person_id, kind, conversation_id, message_id, actor_id, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- notification_list: many notification
-- in: person id64, workspace id64, unread_only i64, before id64, max i64
-- out: id id64, person_id id64, kind str, conversation_id id64?, message_id id64?, actor_id id64?, detail str, read_ms i64?
SELECT id, person_id, kind, conversation_id, message_id, actor_id, detail, read_ms
FROM notification WHERE person_id = $1 AND workspace_id = $2 AND id < $4 AND ($3 = 0 OR read_ms IS NULL) ORDER BY id DESC LIMIT $5;

-- notification_find: one notification
-- in: id id64, workspace id64
SELECT id, person_id, kind, conversation_id, message_id, actor_id, detail, read_ms FROM notification WHERE id = $1 AND workspace_id = $2;

-- notification_unread: one notification_total
-- Counted up to a hundred: more is shown as "99+".
-- in: person id64, workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM (SELECT id FROM notification WHERE person_id = $1 AND workspace_id = $2 AND read_ms IS NULL LIMIT 100) AS unread;

-- notification_read: exec
-- id 0: all of the person.
-- in: person id64, workspace id64, id id64, now_ms i64
UPDATE notification SET read_ms = $4 WHERE person_id = $1 AND workspace_id = $2 AND read_ms IS NULL AND ($3 = 0 OR id = $3);

-- notification_read_about: exec
-- in: person id64, workspace id64, conversation id64, now_ms i64
UPDATE notification SET read_ms = $4 WHERE person_id = $1 AND workspace_id = $2 AND read_ms IS NULL AND conversation_id = $3;

-- note_person: one canned_id
-- Somebody of the workspace who can be mentioned.
-- in: person id64, workspace id64
SELECT person_id AS id FROM member WHERE person_id = $1 AND workspace_id = $2 AND disabled_ms IS NULL;

-- note_team_people: many canned_ids
-- in: team id64, workspace id64
-- out: id id64
SELECT m.person_id AS id FROM team_member m JOIN team t ON t.id = m.team_id JOIN member w ON w.person_id = m.person_id AND w.workspace_id = t.workspace_id
WHERE t.id = $1 AND t.workspace_id = $2 AND t.deleted_ms IS NULL AND w.disabled_ms IS NULL ORDER BY m.person_id LIMIT 500;
