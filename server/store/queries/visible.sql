-- Where a file was sent, for who sees a part of the inbox.

-- message_uses_of_media: many media_use
-- in:  workspace id64, media id64, max i64
-- out: conversation id64
SELECT DISTINCT conversation_id AS conversation FROM message WHERE media_id = $2 AND workspace_id = $1 LIMIT $3;
