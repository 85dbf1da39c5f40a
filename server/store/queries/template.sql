-- Message templates, as the provider lists them; they belong to an account (Cloud: WABA).

-- template_upsert: exec
-- in:  id id64, workspace id64, account_id str, remote_id str, name str, language str, category str, status str
-- in:  quality str, components str, now_ms i64
INSERT INTO template (id, workspace_id, account_id, remote_id, name, language, category, status, quality, reason, components,
	updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11)
ON CONFLICT (workspace_id, account_id, name, language) DO UPDATE SET remote_id = excluded.remote_id,
	category = excluded.category, status = excluded.status, quality = excluded.quality,
	components = excluded.components, updated_ms = excluded.updated_ms;

-- template_delete_older: exec
-- Those that a sync did not see.
-- in:  workspace id64, account_id str, before_ms i64
DELETE FROM template WHERE workspace_id = $1 AND account_id = $2 AND updated_ms < $3;

-- template_list: many template
-- in:  workspace id64, after id64, count i64
-- out: id id64, account_id str, remote_id str, name str, language str, category str, status str, quality str, reason str
-- out: components str, updated_ms i64
SELECT id, account_id, remote_id, name, language, category, status, quality, reason, components, updated_ms
FROM template WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3;

-- template_list_account: many template
-- in:  workspace id64, account_id str, after id64, count i64
SELECT id, account_id, remote_id, name, language, category, status, quality, reason, components, updated_ms
FROM template WHERE workspace_id = $1 AND account_id = $2 AND id > $3 ORDER BY id LIMIT $4;

-- template_set: exec
-- What an event tells of one; a missing text keeps what is there.
-- in:  workspace id64, account_id str, name str, language str, status str?, category str?, quality str?, reason str?
-- in:  now_ms i64
UPDATE template SET status = COALESCE($5, status), category = COALESCE($6, category), quality = COALESCE($7, quality),
	reason = COALESCE($8, reason), updated_ms = $9
WHERE workspace_id = $1 AND account_id = $2 AND name = $3 AND language = $4;
