-- Message templates: those of a provider's account (Cloud: WABA), and local ones (account_id empty).

-- fragment template: id, account_id, remote_id, name, language, category, status, quality, reason, components, updated_ms, kind, parameter_format, revision, created_ms, deleted_ms

-- template_insert: exec
-- in:  id id64, workspace id64, account_id str, name str, language str, category str, status str, components str
-- in:  kind i64, parameter_format str, now_ms i64, remote_id str, quality str, reason str
INSERT INTO template (id, workspace_id, account_id, remote_id, name, language, category, status, quality, reason, components,
	updated_ms, kind, parameter_format, revision, created_ms)
VALUES ($1, $2, $3, $12, $4, $5, $6, $7, $13, $14, $8, $11, $9, $10, 1, $11);

-- template_find: one template
-- in:  workspace id64, id id64
-- out: id id64, account_id str, remote_id str, name str, language str, category str, status str, quality str, reason str
-- out: components str, updated_ms i64, kind i64, parameter_format str, revision i64, created_ms i64, deleted_ms i64
SELECT {template} FROM template WHERE workspace_id = $1 AND id = $2;

-- template_by_name: one template
-- in:  workspace id64, account_id str, name str, language str
SELECT {template} FROM template WHERE workspace_id = $1 AND account_id = $2 AND name = $3 AND language = $4;

-- template_of_account: many template
-- All of one account, the deleted too: what a sync compares with.
-- in:  workspace id64, account_id str, count i64
SELECT {template} FROM template WHERE workspace_id = $1 AND account_id = $2 ORDER BY id LIMIT $3;

-- template_list: many template
-- Empty texts ask for all; account_id NULL: of every account.
-- in:  workspace id64, after id64, count i64, account_id str?, status str, category str, language str, word str
SELECT {template} FROM template
WHERE workspace_id = $1 AND id > $2 AND deleted_ms IS NULL AND ($4 IS NULL OR account_id = $4)
	AND ($5 = '' OR status = $5) AND ($6 = '' OR category = $6) AND ($7 = '' OR language = $7)
	AND ($8 = '' OR lower(name) LIKE $8 OR lower(components) LIKE $8)
ORDER BY id LIMIT $3;

-- template_family: many template
-- in:  workspace id64, account_id str, language str, pattern str, count i64
SELECT {template} FROM template
WHERE workspace_id = $1 AND account_id = $2 AND language = $3 AND name LIKE $4 AND deleted_ms IS NULL ORDER BY id LIMIT $5;

-- template_languages: many template
-- in:  workspace id64, account_id str, name str, count i64
SELECT {template} FROM template
WHERE workspace_id = $1 AND account_id = $2 AND name = $3 AND deleted_ms IS NULL ORDER BY id LIMIT $4;

-- template_save: exec
-- in:  workspace id64, id id64, remote_id str, category str, status str, quality str, reason str, components str
-- in:  parameter_format str, revision i64, now_ms i64, deleted_ms i64?
UPDATE template SET remote_id = $3, category = $4, status = $5, quality = $6, reason = $7, components = $8,
	parameter_format = $9, revision = $10, updated_ms = $11, deleted_ms = $12
WHERE workspace_id = $1 AND id = $2;

-- template_known: one template_total
-- Whether the account's templates are known at all.
-- in:  workspace id64, account_id str
-- out: total i64
SELECT COUNT(*) AS total FROM (SELECT 1 FROM template
	WHERE workspace_id = $1 AND account_id = $2 AND remote_id <> '' LIMIT 1) found;

-- template_change_add: exec
-- in:  id id64, workspace id64, template id64, source str, actor_name str, kind str, old_value str, new_value str, reason str
INSERT INTO template_change (id, workspace_id, template_id, source, actor_name, kind, old_value, new_value, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- template_change_list: many template_change
-- in:  workspace id64, template id64, before id64, count i64
-- out: id id64, source str, actor_name str, kind str, old_value str, new_value str, reason str
SELECT id, source, actor_name, kind, old_value, new_value, reason FROM template_change
WHERE workspace_id = $1 AND template_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4;

-- template_send_add: exec
-- in:  message id64, workspace id64, template id64, conversation id64, day i64, now_ms i64
INSERT INTO template_send (message_id, workspace_id, template_id, conversation_id, day, sent_ms, counted)
VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (message_id) DO NOTHING;

-- template_send_find: one template_send
-- in:  workspace id64, message id64
-- out: message_id id64, template_id id64, day i64, sent_ms i64, counted i64
SELECT message_id, template_id, day, sent_ms, counted FROM template_send WHERE message_id = $2 AND workspace_id = $1;

-- template_send_latest: one template_send
-- in:  workspace id64, conversation id64
SELECT message_id, template_id, day, sent_ms, counted FROM template_send
WHERE conversation_id = $2 AND workspace_id = $1 ORDER BY message_id DESC LIMIT 1;

-- template_send_count: exec
-- in:  workspace id64, message id64, counted i64
UPDATE template_send SET counted = $3 WHERE message_id = $2 AND workspace_id = $1;

-- template_day_add: exec
-- in:  template id64, day i64, workspace id64, sent i64, delivered i64, seen i64, failed i64, replied i64, replied_week i64
-- in:  clicked i64
INSERT INTO template_day (template_id, day, workspace_id, sent, delivered, seen, failed, replied, replied_week, clicked)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (template_id, day) DO UPDATE SET sent = template_day.sent + excluded.sent,
	delivered = template_day.delivered + excluded.delivered, seen = template_day.seen + excluded.seen,
	failed = template_day.failed + excluded.failed, replied = template_day.replied + excluded.replied,
	replied_week = template_day.replied_week + excluded.replied_week, clicked = template_day.clicked + excluded.clicked;

-- template_day_list: many template_day
-- in:  workspace id64, template id64, from_day i64, count i64
-- out: day i64, sent i64, delivered i64, seen i64, failed i64, replied i64, replied_week i64, clicked i64
SELECT day, sent, delivered, seen, failed, replied, replied_week, clicked FROM template_day
WHERE template_id = $2 AND workspace_id = $1 AND day >= $3 ORDER BY day LIMIT $4;

-- template_setting_find: one template_setting
-- in:  workspace id64
-- out: name_prefix str
SELECT name_prefix FROM template_setting WHERE workspace_id = $1;

-- template_setting_set: exec
-- in:  workspace id64, name_prefix str
INSERT INTO template_setting (workspace_id, name_prefix) VALUES ($1, $2)
ON CONFLICT (workspace_id) DO UPDATE SET name_prefix = excluded.name_prefix;
