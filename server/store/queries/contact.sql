-- Contacts, the names that point to them, and merges. A list of ids comes as one JSON list ([12,34], or nothing):
-- json_each() is SQLite's own, and a function of 0001_spine.sql on PostgreSQL.

-- fragment contact: id, name_sealed, name_rank, profile_name_sealed, opt_out_ms, preference_ms, source, created_ms, updated_ms, merged_into,
-- fragment contact: seen_ms, blocked_ms, erased_ms, attributes_sealed

-- contact_add: exec
-- in:  id id64, workspace id64, profile_name bytes?, source str, now_ms i64
INSERT INTO contact (id, workspace_id, name_rank, profile_name_sealed, source, created_ms, updated_ms)
VALUES ($1, $2, 0, $3, $4, $5, $5);

-- contact_drop: exec
-- One that lost the race for its first alias: nothing points to it yet.
-- in:  id id64, workspace id64
DELETE FROM contact WHERE id = $1 AND workspace_id = $2;

-- contact_find: one contact
-- in:  id id64, workspace id64
-- out: id id64, name_sealed bytes?, name_rank i64, profile_name_sealed bytes?, opt_out_ms i64?, preference_ms i64?, source str
-- out: created_ms i64, updated_ms i64, merged_into id64?, seen_ms i64, blocked_ms i64?, erased_ms i64?, attributes_sealed bytes?
SELECT {contact}
FROM contact WHERE id = $1 AND workspace_id = $2;

-- contact_by_ids: many contact
-- in:  ids str, workspace id64
SELECT {contact}
FROM contact WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- contact_list: many contact
-- in:  workspace id64, before id64, max i64
SELECT {contact}
FROM contact WHERE workspace_id = $1 AND id < $2 AND merged_into IS NULL AND erased_ms IS NULL ORDER BY id DESC LIMIT $3;

-- contact_set_name: exec
-- A name of lower rank never replaces one of higher rank.
-- in:  id id64, workspace id64, name bytes?, rank i64, now_ms i64
UPDATE contact SET name_sealed = $3, name_rank = $4, updated_ms = $5
WHERE id = $1 AND workspace_id = $2 AND name_rank <= $4;

-- contact_clear_name: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE contact SET name_sealed = NULL, name_rank = 0, updated_ms = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_set_profile: exec
-- in:  id id64, workspace id64, profile_name bytes?, now_ms i64
UPDATE contact SET profile_name_sealed = $3, updated_ms = $4 WHERE id = $1 AND workspace_id = $2;

-- contact_set_preference: exec
-- The latest wish counts, in whatever order they come.
-- in:  id id64, workspace id64, opt_out_ms i64?, at_ms i64, now_ms i64
UPDATE contact SET opt_out_ms = $3, preference_ms = $4, updated_ms = $5
WHERE id = $1 AND workspace_id = $2 AND COALESCE(preference_ms, 0) < $4;

-- contact_set_merged: exec
-- in:  id id64, workspace id64, into_id id64?, now_ms i64
UPDATE contact SET merged_into = $3, updated_ms = $4 WHERE id = $1 AND workspace_id = $2;

-- contact_alias_find: one contact_alias
-- in:  workspace id64, kind str, match_key str
-- out: id id64, contact_id id64, kind str, value str, match_key str, created_ms i64
SELECT id, contact_id, kind, value, match_key, created_ms FROM contact_alias
WHERE workspace_id = $1 AND kind = $2 AND match_key = $3;

-- contact_alias_list: many contact_alias
-- in:  contact id64, workspace id64
SELECT id, contact_id, kind, value, match_key, created_ms FROM contact_alias
WHERE contact_id = $1 AND workspace_id = $2 ORDER BY created_ms, id LIMIT 100;

-- contact_alias_by_contacts: many contact_alias
-- CROSS JOIN: contact by contact. SQLite would walk all aliases of the workspace for IN.
-- in:  ids str, workspace id64
SELECT a.id AS id, a.contact_id AS contact_id, a.kind AS kind, a.value AS value, a.match_key AS match_key,
	a.created_ms AS created_ms
FROM json_each(NULLIF($1, '')) CROSS JOIN contact_alias a
WHERE a.contact_id = json_each.value AND a.workspace_id = $2 ORDER BY a.created_ms, a.id LIMIT 2000;

-- contact_alias_phones: many contact_alias
-- Phones between two texts of digits: those that begin with what was typed.
-- in:  workspace id64, from_key str, to_key str, max i64
SELECT id, contact_id, kind, value, match_key, created_ms FROM contact_alias
WHERE workspace_id = $1 AND kind = 'phone' AND match_key >= $2 AND match_key <= $3
ORDER BY match_key LIMIT $4;

-- contact_alias_add: exec
-- in:  id id64, workspace id64, contact id64, kind str, value str, match_key str, created_ms i64, tail str?
INSERT INTO contact_alias (id, workspace_id, contact_id, kind, value, match_key, created_ms, tail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, kind, match_key) DO NOTHING;

-- contact_alias_drop_username: exec
-- The contact's own usernames of before, and this one of whoever has it.
-- in:  workspace id64, contact id64, match_key str
DELETE FROM contact_alias WHERE workspace_id = $1 AND kind = 'username'
AND id IN (SELECT id FROM contact_alias WHERE contact_id = $2 AND kind = 'username'
	UNION SELECT id FROM contact_alias WHERE workspace_id = $1 AND kind = 'username' AND match_key = $3);

-- contact_alias_set_value: exec
-- in:  id id64, workspace id64, value str
UPDATE contact_alias SET value = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_alias_touch: exec
-- The name that its owner uses from then on.
-- in:  workspace id64, kind str, match_key str, at_ms i64
UPDATE contact_alias SET created_ms = $4 WHERE workspace_id = $1 AND kind = $2 AND match_key = $3 AND created_ms < $4;

-- contact_alias_move: exec
-- in:  id id64, workspace id64, contact id64
UPDATE contact_alias SET contact_id = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_merge_add: exec
-- in:  id id64, workspace id64, kept id64, gone id64, reason str, at_ms i64
INSERT INTO contact_merge (id, workspace_id, kept_id, gone_id, moved, reason, at_ms)
VALUES ($1, $2, $3, $4, '{}', $5, $6);

-- contact_merge_set_moved: exec
-- in:  id id64, workspace id64, moved str
UPDATE contact_merge SET moved = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_merge_find: one contact_merge
-- in:  id id64, workspace id64
-- out: id id64, kept_id id64, gone_id id64, moved str, reason str, at_ms i64, undone_ms i64?
SELECT id, kept_id, gone_id, moved, reason, at_ms, undone_ms FROM contact_merge WHERE id = $1 AND workspace_id = $2;

-- contact_merge_list: many contact_merge
-- in:  kept id64, workspace id64
SELECT id, kept_id, gone_id, moved, reason, at_ms, undone_ms FROM contact_merge
WHERE kept_id = $1 AND workspace_id = $2 ORDER BY id DESC LIMIT 100;

-- contact_merge_undo: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE contact_merge SET undone_ms = $3 WHERE id = $1 AND workspace_id = $2 AND undone_ms IS NULL;

-- contact_merge_note_messages: exec
-- in:  merge id64, conversation id64, workspace id64
INSERT INTO contact_merge_message (merge_id, conversation_id, message_id)
SELECT $1, conversation_id, id FROM message WHERE conversation_id = $2 AND workspace_id = $3;

-- contact_merge_move_messages: exec
-- in:  from_id id64, to_id id64, workspace id64
UPDATE message SET conversation_id = $2 WHERE conversation_id = $1 AND workspace_id = $3;

-- contact_merge_move_outbox: exec
-- in:  from_id id64, to_id id64, workspace id64
UPDATE outbox SET conversation_id = $2 WHERE conversation_id = $1 AND workspace_id = $3;

-- contact_merge_return_messages: exec
-- in:  merge id64, conversation id64, workspace id64
UPDATE message SET conversation_id = $2
WHERE id IN (SELECT message_id FROM contact_merge_message WHERE merge_id = $1 AND conversation_id = $2)
	AND workspace_id = $3;

-- contact_merge_return_outbox: exec
-- in:  merge id64, conversation id64, workspace id64
UPDATE outbox SET conversation_id = $2
WHERE message_id IN (SELECT message_id FROM contact_merge_message WHERE merge_id = $1 AND conversation_id = $2)
	AND workspace_id = $3;
