-- What a team keeps about a contact: attributes, labels, notes, consent, blocks; and what a page about one person shows.

-- contact_seen: exec
-- Only when it moved by more than the step: a lively chat writes here once a minute.
-- in:  id id64, workspace id64, at_ms i64, step_ms i64
UPDATE contact SET seen_ms = $3 WHERE id = $1 AND workspace_id = $2 AND seen_ms < $3 - $4;

-- contact_set_attributes: exec
-- in:  id id64, workspace id64, attributes bytes?, now_ms i64
UPDATE contact SET attributes_sealed = $3, updated_ms = $4 WHERE id = $1 AND workspace_id = $2;

-- contact_put_name: exec
-- A merge, an import or their undoing puts a name back as it was, with its rank.
-- in:  id id64, workspace id64, name bytes?, rank i64, now_ms i64
UPDATE contact SET name_sealed = $3, name_rank = $4, updated_ms = $5 WHERE id = $1 AND workspace_id = $2;

-- contact_put_preference: exec
-- in:  id id64, workspace id64, opt_out_ms i64?, preference_ms i64?, now_ms i64
UPDATE contact SET opt_out_ms = $3, preference_ms = $4, updated_ms = $5 WHERE id = $1 AND workspace_id = $2;

-- contact_set_blocked: exec
-- in:  id id64, workspace id64, blocked_ms i64?, now_ms i64
UPDATE contact SET blocked_ms = $3, updated_ms = $4 WHERE id = $1 AND workspace_id = $2;

-- contact_touch: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE contact SET updated_ms = $3 WHERE id = $1 AND workspace_id = $2;

-- ---- attributes

-- contact_attribute_list: many contact_attribute
-- in:  workspace id64
-- out: id id64, attribute_key str, title str, kind str, options str, required i64, created_ms i64
SELECT id, attribute_key, title, kind, options, required, created_ms FROM contact_attribute
WHERE workspace_id = $1 AND deleted_ms IS NULL ORDER BY id LIMIT 200;

-- contact_attribute_find: one contact_attribute
-- in:  id id64, workspace id64
SELECT id, attribute_key, title, kind, options, required, created_ms FROM contact_attribute
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_attribute_add: exec
-- in:  id id64, workspace id64, attribute_key str, title str, kind str, options str, required i64, now_ms i64
INSERT INTO contact_attribute (id, workspace_id, attribute_key, title, kind, options, required, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, attribute_key) WHERE deleted_ms IS NULL DO NOTHING;

-- contact_attribute_set: exec
-- in:  id id64, workspace id64, title str, options str, required i64
UPDATE contact_attribute SET title = $3, options = $4, required = $5 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_attribute_delete: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE contact_attribute SET deleted_ms = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_facet_clear: exec
-- in:  contact id64
DELETE FROM contact_facet WHERE contact_id = $1;

-- contact_facet_add: exec
-- in:  workspace id64, kind i64, facet i64, contact id64
INSERT INTO contact_facet (workspace_id, kind, facet, contact_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (workspace_id, kind, facet, contact_id) DO NOTHING;

-- contact_facet_of: many contact_facet
-- in:  contact id64
-- out: kind i64, facet i64
SELECT kind, facet FROM contact_facet WHERE contact_id = $1 ORDER BY kind, facet LIMIT 300;

-- contact_facet_twice: many contact_facet
-- Facets that several contacts have, among the next so many rows.
-- in:  workspace id64, kind i64, after i64, rows i64, max i64
SELECT MIN(kind) AS kind, facet FROM (SELECT kind, facet, contact_id FROM contact_facet
	WHERE workspace_id = $1 AND kind = $2 AND facet > $3 ORDER BY facet, contact_id LIMIT $4) f
GROUP BY facet HAVING COUNT(*) > 1 ORDER BY facet LIMIT $5;

-- contact_facet_edge: one contact_facet
-- in:  workspace id64, kind i64, after i64, skip i64
SELECT kind, facet FROM contact_facet WHERE workspace_id = $1 AND kind = $2 AND facet > $3
ORDER BY facet, contact_id LIMIT 1 OFFSET $4;

-- ---- labels

-- contact_labels: many contact_label
-- in:  ids str, workspace id64
-- out: contact_id id64, id id64, name str, colour str
SELECT l.contact_id AS contact_id, n.id AS id, n.name AS name, n.colour AS colour
FROM json_each(NULLIF($1, '')) CROSS JOIN contact_label l CROSS JOIN label n
WHERE l.contact_id = json_each.value AND n.id = l.label_id AND l.workspace_id = $2 AND n.deleted_ms IS NULL
ORDER BY l.contact_id, n.name LIMIT 20000;

-- contact_label_names: many label_name
-- in:  workspace id64
-- out: id id64, name str
SELECT id, name FROM label WHERE workspace_id = $1 AND deleted_ms IS NULL ORDER BY id LIMIT 1000;

-- contact_label_make: exec
-- in:  id id64, workspace id64, name str, colour str, now_ms i64
INSERT INTO label (id, workspace_id, name, colour, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, name) WHERE deleted_ms IS NULL DO NOTHING;

-- contact_label_add: exec
-- in:  contact id64, label id64, workspace id64
INSERT INTO contact_label (contact_id, label_id, workspace_id) VALUES ($1, $2, $3) ON CONFLICT (contact_id, label_id) DO NOTHING;

-- contact_label_remove: exec
-- in:  contact id64, label id64, workspace id64
DELETE FROM contact_label WHERE contact_id = $1 AND label_id = $2 AND workspace_id = $3;

-- contact_label_clear: exec
-- in:  contact id64, workspace id64
DELETE FROM contact_label WHERE contact_id = $1 AND workspace_id = $2;

-- ---- notes

-- contact_note_add: exec
-- in:  id id64, workspace id64, contact id64, author_kind i64, author id64?, author_name str, body bytes
INSERT INTO contact_note (id, workspace_id, contact_id, author_kind, author_id, author_name, body_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- contact_note_list: many contact_note
-- in:  contact id64, workspace id64, before id64, max i64
-- out: id id64, contact_id id64, author_kind i64, author_id id64?, author_name str, body_sealed bytes, edited_ms i64?
SELECT id, contact_id, author_kind, author_id, author_name, body_sealed, edited_ms FROM contact_note
WHERE contact_id = $1 AND workspace_id = $2 AND id < $3 AND deleted_ms IS NULL ORDER BY id DESC LIMIT $4;

-- contact_note_find: one contact_note
-- in:  id id64, workspace id64
SELECT id, contact_id, author_kind, author_id, author_name, body_sealed, edited_ms FROM contact_note
WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_note_set: exec
-- in:  id id64, workspace id64, body bytes, now_ms i64
UPDATE contact_note SET body_sealed = $3, edited_ms = $4 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_note_delete: exec
-- The row stays, its words go.
-- in:  id id64, workspace id64, nothing bytes, now_ms i64
UPDATE contact_note SET deleted_ms = $4, body_sealed = $3 WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- contact_note_move: exec
-- in:  id id64, workspace id64, contact id64
UPDATE contact_note SET contact_id = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_note_clear: exec
-- in:  contact id64, workspace id64
DELETE FROM contact_note WHERE contact_id = $1 AND workspace_id = $2;

-- ---- consent

-- contact_consent_add: exec
-- in:  id id64, workspace id64, contact id64, state str, source str, actor_kind i64, actor id64?, actor_name str, at_ms i64
INSERT INTO contact_consent (id, workspace_id, contact_id, state, source, actor_kind, actor_id, actor_name, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- contact_consent_list: many contact_consent
-- in:  contact id64, workspace id64, before id64, max i64
-- out: id id64, state str, source str, actor_kind i64, actor_id id64?, actor_name str, at_ms i64
SELECT id, state, source, actor_kind, actor_id, actor_name, at_ms FROM contact_consent
WHERE contact_id = $1 AND workspace_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4;

-- contact_opted_out: one contact_opted_out
-- Whether the person of a contact wants no marketing, and whether a template is marketing.
-- in:  contact id64, workspace id64, account_id str, name str, language str
-- out: opt_out_ms i64?, category str?
SELECT c.opt_out_ms AS opt_out_ms, (SELECT t.category FROM template t WHERE t.workspace_id = $2 AND t.account_id = $3 AND t.name = $4
	AND t.language = $5 LIMIT 1) AS category
FROM contact c WHERE c.id = $1 AND c.workspace_id = $2;

-- ---- blocks

-- contact_block_set: exec
-- in:  contact id64, channel id64, workspace id64, state str, error str, now_ms i64
INSERT INTO contact_block (contact_id, channel_id, workspace_id, state, error, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (contact_id, channel_id) DO UPDATE SET state = excluded.state, error = excluded.error, at_ms = excluded.at_ms;

-- contact_block_list: many contact_block
-- in:  contact id64, workspace id64
-- out: channel_id id64, state str, error str, at_ms i64
SELECT channel_id, state, error, at_ms FROM contact_block WHERE contact_id = $1 AND workspace_id = $2 ORDER BY channel_id LIMIT 100;

-- contact_block_clear: exec
-- in:  contact id64, channel id64, workspace id64
DELETE FROM contact_block WHERE contact_id = $1 AND channel_id = $2 AND workspace_id = $3;

-- ---- one person

-- contact_numbers: many contact_number
-- The numbers of the business that somebody ever spoke with, the first one first.
-- in:  contact id64, workspace id64
-- out: conversation_id id64, number_id id64, channel_id id64, phone str, channel_name str, created_ms i64, last_message_ms i64
-- out: last_message_id id64?
SELECT v.id AS conversation_id, v.number_id AS number_id, v.channel_id AS channel_id, n.phone AS phone, h.name AS channel_name,
	v.created_ms AS created_ms, v.last_message_ms AS last_message_ms, v.last_message_id AS last_message_id
FROM conversation v JOIN number n ON n.id = v.number_id JOIN channel h ON h.id = v.channel_id
WHERE v.contact_id = $1 AND v.workspace_id = $2 AND v.merged_into IS NULL ORDER BY v.created_ms, v.id LIMIT 100;

-- contact_media: many contact_id
-- Messages with an attachment, newest first.
-- in:  conversation id64, workspace id64, before id64, max i64
SELECT id FROM message
WHERE conversation_id = $1 AND workspace_id = $2 AND media_id IS NOT NULL AND id < $3 ORDER BY id DESC LIMIT $4;

-- contact_imports: many contact_import_mark
-- in:  contact id64, workspace id64, before id64
-- out: import_id id64, row_number i64, is_made i64, after_ms i64
SELECT import_id, row_number, CASE WHEN before_sealed IS NULL THEN 1 ELSE 0 END AS is_made, after_ms FROM contact_import_row
WHERE contact_id = $1 AND workspace_id = $2 AND import_id < $3 ORDER BY import_id DESC LIMIT 100;

-- ---- erasing

-- contact_erase: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE contact SET erased_ms = $3, name_sealed = NULL, profile_name_sealed = NULL, attributes_sealed = NULL, updated_ms = $3,
	name_rank = 0, opt_out_ms = NULL, blocked_ms = NULL
WHERE id = $1 AND workspace_id = $2 AND erased_ms IS NULL;

-- contact_erased: exec
-- Nothing is left to be wiped.
-- in:  id id64, workspace id64
UPDATE contact SET name_rank = -1 WHERE id = $1 AND workspace_id = $2;

-- contact_erasing: many contact_erasing
-- Of all workspaces: whose messages are still to be wiped.
-- in:  max i64
-- out: id id64, workspace id64
SELECT id, workspace_id AS workspace FROM contact WHERE erased_ms IS NOT NULL AND name_rank >= 0 ORDER BY id LIMIT $1;

-- contact_alias_clear: exec
-- in:  contact id64, workspace id64
DELETE FROM contact_alias WHERE contact_id = $1 AND workspace_id = $2;

-- contact_consent_clear: exec
-- in:  contact id64, workspace id64
DELETE FROM contact_consent WHERE contact_id = $1 AND workspace_id = $2;

-- contact_import_row_wipe: exec
-- in:  contact id64, workspace id64
DELETE FROM contact_import_row WHERE contact_id = $1 AND workspace_id = $2;

-- contact_wipe_message: exec
-- in:  id id64, workspace id64, nothing bytes, now_ms i64
UPDATE message SET body_sealed = $3, reactions_sealed = NULL, deleted_ms = COALESCE(deleted_ms, $4), error = NULL,
	reply_to_remote = NULL, edited_ms = NULL
WHERE id = $1 AND workspace_id = $2;

-- contact_wipe_versions: exec
-- in:  message id64, workspace id64
DELETE FROM message_version WHERE message_id = $1 AND workspace_id = $2;

-- contact_wipe_media: exec
-- The content goes with the next sweep, when nothing else names it.
-- in:  media id64, workspace id64
UPDATE media SET blob_id = NULL, state = 2, file_name_sealed = NULL, url_sealed = NULL, error = 'erased', next_ms = NULL
WHERE id = $1 AND workspace_id = $2;

-- contact_unused_blob: many blob_id
-- Contents that a contact's attachments named, and nothing names any more.
-- in:  id id64, workspace id64
SELECT b.id AS id FROM media_blob b WHERE b.id = $1 AND b.workspace_id = $2
	AND NOT EXISTS (SELECT 1 FROM media m WHERE m.blob_id = b.id) AND NOT EXISTS (SELECT 1 FROM contact_import i WHERE i.blob_id = b.id)
	AND NOT EXISTS (SELECT 1 FROM contact_export e WHERE e.blob_id = b.id) LIMIT 1;

-- contact_drop_blob: exec
-- in:  id id64, workspace id64
DELETE FROM media_blob WHERE id = $1 AND workspace_id = $2;

-- contact_messages_after: many contact_id
-- All rows of a conversation, reactions of ours too.
-- in:  conversation id64, workspace id64, after id64, max i64
SELECT id FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id > $3 ORDER BY id LIMIT $4;

-- contact_consent_move: exec
-- in:  id id64, workspace id64, contact id64
UPDATE contact_consent SET contact_id = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_places: many contact_id
-- All conversations of a contact, joined ones too.
-- in:  contact id64, workspace id64
SELECT id FROM conversation WHERE contact_id = $1 AND workspace_id = $2 ORDER BY id LIMIT 1000;

-- contact_merge_forget: exec
-- What a merge moved has sealed names in it.
-- in:  contact id64, workspace id64
UPDATE contact_merge SET moved = '{}', undone_ms = COALESCE(undone_ms, at_ms)
WHERE id IN (SELECT id FROM contact_merge WHERE kept_id = $1 UNION SELECT id FROM contact_merge WHERE gone_id = $1) AND workspace_id = $2;

-- contact_texts_before: many contact_id
-- Messages of a conversation that have words, newest first.
-- in:  conversation id64, workspace id64, before id64, max i64
SELECT id FROM message WHERE conversation_id = $1 AND workspace_id = $2 AND id < $3 AND kind IN (1, 2, 3, 6, 13) ORDER BY id DESC LIMIT $4;
