-- What a provider told of account, numbers and templates.

-- notice_add: exec
-- in:  id id64, workspace id64, channel id64, kind str, severity str, sentence str, detail bytes, dedup bytes, at_ms i64
INSERT INTO notice (id, workspace_id, channel_id, kind, severity, sentence, detail_sealed, dedup, at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dedup) DO NOTHING;

-- notice_list: many notice
-- in:  workspace id64, before id64, max i64
-- out: id id64, channel_id id64, kind str, severity str, sentence str, detail_sealed bytes, at_ms i64
SELECT id, channel_id, kind, severity, sentence, detail_sealed, at_ms FROM notice
WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;
