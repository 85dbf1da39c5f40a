-- What owners of numbers do to chats on their phones, and people here: pins, mutes, stars, labels.

-- chat_mark_put: exec
-- Nothing when a later word stands.
-- in:  contact id64, number id64, what i64, ref id64, workspace id64, is_on i64, until_ms i64, at_ms i64
INSERT INTO chat_mark (contact_id, number_id, what, ref, workspace_id, is_on, until_ms, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (contact_id, number_id, what, ref) DO UPDATE SET is_on = excluded.is_on, until_ms = excluded.until_ms, at_ms = excluded.at_ms
WHERE chat_mark.at_ms <= excluded.at_ms;

-- chat_mark_find: one chat_mark
-- in:  contact id64, number id64, what i64, ref id64, workspace id64
-- out: contact_id id64, number_id id64, what i64, ref id64, is_on i64, until_ms i64, at_ms i64
SELECT contact_id, number_id, what, ref, is_on, until_ms, at_ms FROM chat_mark
WHERE contact_id = $1 AND number_id = $2 AND what = $3 AND ref = $4 AND workspace_id = $5;

-- chat_mark_of_contacts: many chat_mark
-- Those that are so: pins and mutes.
-- in:  contacts str, workspace id64
SELECT contact_id, number_id, what, ref, is_on, until_ms, at_ms FROM chat_mark
WHERE contact_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 AND what < 2 AND is_on = 1 LIMIT 1000;

-- chat_mark_waiting: many chat_mark
-- Labels of a chat that has no conversation yet.
-- in:  contact id64, number id64, workspace id64
SELECT contact_id, number_id, what, ref, is_on, until_ms, at_ms FROM chat_mark
WHERE contact_id = $1 AND number_id = $2 AND workspace_id = $3 AND what = 2 ORDER BY ref LIMIT 20;

-- chat_mark_waited: exec
-- in:  contact id64, number id64, workspace id64
DELETE FROM chat_mark WHERE contact_id = $1 AND number_id = $2 AND workspace_id = $3 AND what = 2;

-- chat_mark_join: exec
-- Of two contacts that become one, the later word of either.
-- in:  kept id64, gone id64, workspace id64
INSERT INTO chat_mark (contact_id, number_id, what, ref, workspace_id, is_on, until_ms, at_ms)
SELECT $1, number_id, what, ref, workspace_id, is_on, until_ms, at_ms FROM chat_mark WHERE contact_id = $2 AND workspace_id = $3
ON CONFLICT (contact_id, number_id, what, ref) DO UPDATE SET is_on = excluded.is_on, until_ms = excluded.until_ms, at_ms = excluded.at_ms
WHERE chat_mark.at_ms < excluded.at_ms;

-- chat_mark_clear: exec
-- in:  contact id64, workspace id64
DELETE FROM chat_mark WHERE contact_id = $1 AND workspace_id = $2;

-- message_star_put: exec
-- Nothing when a later word stands.
-- in:  message id64, workspace id64, conversation id64, is_on i64, at_ms i64
INSERT INTO message_star (message_id, workspace_id, conversation_id, is_on, at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (message_id) DO UPDATE SET is_on = excluded.is_on, at_ms = excluded.at_ms WHERE message_star.at_ms <= excluded.at_ms;

-- message_star_find: one message_star
-- in:  message id64, workspace id64
-- out: message_id id64, is_on i64, at_ms i64
SELECT message_id, is_on, at_ms FROM message_star WHERE message_id = $1 AND workspace_id = $2;

-- message_star_of: many message_star
-- Those of the messages that are starred.
-- in:  messages str, workspace id64
SELECT message_id, is_on, at_ms FROM message_star
WHERE message_id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 AND is_on = 1 LIMIT 400;

-- message_star_list: many message_star
-- Of a conversation, the newest first. A merge moves messages, so it is their row that says whose they are.
-- in:  conversation id64, workspace id64, before id64, max i64
SELECT s.message_id AS message_id, s.is_on AS is_on, s.at_ms AS at_ms FROM message_star s JOIN message m ON m.id = s.message_id
WHERE m.conversation_id = $1 AND s.workspace_id = $2 AND s.is_on = 1 AND s.message_id < $3 ORDER BY s.message_id DESC LIMIT $4;

-- channel_label_of: one channel_label
-- By the phone's id.
-- in:  channel id64, remote_id str, workspace id64
-- out: channel_id id64, remote_id str, label_id id64, told i64
SELECT channel_id, remote_id, label_id, told FROM channel_label WHERE channel_id = $1 AND remote_id = $2 AND workspace_id = $3;

-- channel_label_by_label: one channel_label
-- in:  channel id64, label id64, workspace id64
SELECT channel_id, remote_id, label_id, told FROM channel_label WHERE channel_id = $1 AND label_id = $2 AND workspace_id = $3;

-- channel_label_everywhere: many channel_label
-- in:  label id64, workspace id64
SELECT channel_id, remote_id, label_id, told FROM channel_label WHERE label_id = $1 AND workspace_id = $2 ORDER BY channel_id LIMIT 200;

-- channel_label_list: many channel_label
-- in:  channel id64, workspace id64
SELECT channel_id, remote_id, label_id, told FROM channel_label WHERE channel_id = $1 AND workspace_id = $2 ORDER BY remote_id LIMIT 500;

-- channel_label_add: exec
-- Nothing when either is in use there.
-- in:  channel id64, remote_id str, workspace id64, label id64, told i64
INSERT INTO channel_label (channel_id, remote_id, workspace_id, label_id, told) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- channel_label_told: exec
-- in:  channel id64, remote_id str, workspace id64
UPDATE channel_label SET told = 1 WHERE channel_id = $1 AND remote_id = $2 AND workspace_id = $3;

-- channel_label_drop: exec
-- in:  channel id64, remote_id str, workspace id64
DELETE FROM channel_label WHERE channel_id = $1 AND remote_id = $2 AND workspace_id = $3;

-- channel_label_forget: exec
-- The phone is not linked any more: another one has other labels.
-- in:  channel id64
DELETE FROM channel_label WHERE channel_id = $1;

-- label_named: one label
-- in:  workspace id64, name str
SELECT id, name, colour, created_ms FROM label WHERE workspace_id = $1 AND name = $2 AND deleted_ms IS NULL;
