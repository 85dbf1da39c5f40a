-- Notices that leave: who wants what, what is due, and the browsers that hear it.

-- notify_setting_get: one notify_setting
-- in:  workspace id64, person id64
-- out: person_id id64, on_mine i64, on_unassigned i64, on_other i64, on_mention i64, on_assigned i64, on_sla i64, quiet_from_min i64
-- out: quiet_until_min i64, time_zone str, shows_text i64, mail_after_min i64, mail_every_min i64, mailed_ms i64?
SELECT s.person_id, s.on_mine, s.on_unassigned, s.on_other, s.on_mention, s.on_assigned, s.on_sla, s.quiet_from_min, s.quiet_until_min,
	COALESCE(NULLIF(s.time_zone, ''), p.time_zone) AS time_zone, s.shows_text, s.mail_after_min, s.mail_every_min, s.mailed_ms
FROM notify_setting s JOIN person p ON p.id = s.person_id WHERE s.workspace_id = $1 AND s.person_id = $2;

-- notify_setting_put: exec
-- in:  workspace id64, person id64, on_mine i64, on_unassigned i64, on_other i64, on_mention i64, on_assigned i64, on_sla i64
-- in:  quiet_from_min i64, quiet_until_min i64, time_zone str, shows_text i64, mail_after_min i64, mail_every_min i64, now_ms i64
INSERT INTO notify_setting (workspace_id, person_id, on_mine, on_unassigned, on_other, on_mention, on_assigned, on_sla, quiet_from_min,
	quiet_until_min, time_zone, shows_text, mail_after_min, mail_every_min, updated_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET on_mine = excluded.on_mine, on_unassigned = excluded.on_unassigned,
	on_other = excluded.on_other, on_mention = excluded.on_mention, on_assigned = excluded.on_assigned, on_sla = excluded.on_sla,
	quiet_from_min = excluded.quiet_from_min, quiet_until_min = excluded.quiet_until_min, time_zone = excluded.time_zone,
	shows_text = excluded.shows_text, mail_after_min = excluded.mail_after_min, mail_every_min = excluded.mail_every_min,
	updated_ms = excluded.updated_ms;

-- notify_mailed: exec
-- in:  workspace id64, person id64, now_ms i64
UPDATE notify_setting SET mailed_ms = $3 WHERE workspace_id = $1 AND person_id = $2;

-- notify_wanting: many notify_person
-- Who wants to be pushed or mailed about messages that are not theirs; bit 4 push, 8 mail.
-- in:  workspace id64, unassigned i64
-- out: id id64
SELECT s.person_id AS id FROM notify_setting s JOIN member m ON m.workspace_id = s.workspace_id AND m.person_id = s.person_id
WHERE s.workspace_id = $1 AND m.disabled_ms IS NULL AND (CASE WHEN $2 = 1 THEN s.on_unassigned ELSE s.on_other END) >= 4
ORDER BY s.person_id LIMIT 500;

-- notify_message: one notify_message
-- in:  message id64, workspace id64
-- out: author_kind i64, flags i64, kind i64, conversation_id id64, assignee_id id64?, channel_id id64, team_id id64?, unread_count i64
SELECT m.author_kind AS author_kind, m.flags AS flags, m.kind AS kind, c.id AS conversation_id, c.assignee_id AS assignee_id,
	c.channel_id AS channel_id, c.team_id AS team_id, c.unread_count AS unread_count
FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE m.id = $1 AND m.workspace_id = $2;

-- notify_unheard: many notify_unheard
-- Customers' messages of the last minutes whose notices a stop may have cut off: those of conversations that nobody has read.
-- in:  since_ms i64
-- out: message_id id64, workspace_id id64, conversation_id id64
SELECT c.last_message_id AS message_id, c.workspace_id AS workspace_id, c.id AS conversation_id FROM workspace w CROSS JOIN conversation c
WHERE c.workspace_id = w.id AND c.unread_count > 0 AND c.last_message_ms >= $1 AND c.last_message_id IS NOT NULL AND c.merged_into IS NULL
	AND NOT EXISTS (SELECT 1 FROM notify_due d WHERE d.conversation_id = c.id)
ORDER BY c.last_message_ms LIMIT 500;

-- ---- mute ----

-- notify_mute_add: exec
-- in:  person id64, conversation id64, workspace id64, now_ms i64
INSERT INTO notify_mute (person_id, conversation_id, workspace_id, muted_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id, conversation_id) DO NOTHING;

-- notify_mute_remove: exec
-- in:  person id64, conversation id64, workspace id64
DELETE FROM notify_mute WHERE person_id = $1 AND conversation_id = $2 AND workspace_id = $3;

-- notify_mute_list: many notify_muted
-- in:  person id64, workspace id64
-- out: conversation_id id64
SELECT conversation_id FROM notify_mute WHERE person_id = $1 AND workspace_id = $2 ORDER BY muted_ms DESC LIMIT 1000;

-- notify_mute_total: one notify_total
-- in:  person id64, workspace id64
-- out: total i64
SELECT COUNT(*) AS total FROM notify_mute WHERE person_id = $1 AND workspace_id = $2;

-- notify_mute_find: one notify_muted
-- in:  person id64, conversation id64, workspace id64
SELECT conversation_id FROM notify_mute WHERE person_id = $1 AND conversation_id = $2 AND workspace_id = $3;

-- ---- what is due ----

-- notify_due_message: exec
-- first: 1 when all before was read, so that the wait for a mail begins with this one.
-- in:  id id64, workspace id64, person id64, conversation id64, message id64, push_due_ms i64?, mail_due_ms i64?, first i64
INSERT INTO notify_due (id, workspace_id, person_id, kind, conversation_id, message_id, push_due_ms, push_attempts, mail_due_ms)
VALUES ($1, $2, $3, 'message', $4, $5, $6, 0, $7)
ON CONFLICT (person_id, conversation_id) WHERE kind = 'message' DO UPDATE SET message_id = excluded.message_id,
	push_due_ms = excluded.push_due_ms, push_attempts = 0,
	mail_due_ms = CASE WHEN $8 = 1 THEN excluded.mail_due_ms ELSE COALESCE(notify_due.mail_due_ms, excluded.mail_due_ms) END;

-- notify_due_add: exec
-- in:  id id64, workspace id64, person id64, kind str, conversation id64, message id64?, notification id64, push_due_ms i64?, mail_due_ms i64?
INSERT INTO notify_due (id, workspace_id, person_id, kind, conversation_id, message_id, notification_id, push_due_ms, push_attempts,
	mail_due_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT (notification_id) WHERE notification_id IS NOT NULL DO NOTHING;

-- notify_due_pushes: many notify_due
-- in:  now_ms i64
-- out: id id64, workspace_id id64, person_id id64, kind str, conversation_id id64, message_id id64?, notification_id id64?
-- out: push_attempts i64
SELECT id, workspace_id, person_id, kind, conversation_id, message_id, notification_id, push_attempts FROM notify_due
WHERE push_due_ms <= $1 ORDER BY push_due_ms LIMIT 64;

-- notify_due_find: one notify_due
-- in:  id id64, workspace id64
SELECT id, workspace_id, person_id, kind, conversation_id, message_id, notification_id, push_attempts FROM notify_due
WHERE id = $1 AND workspace_id = $2;

-- notify_push_lease: exec
-- Whoever sends it now has it until then; a crash gives it back.
-- in:  id id64, workspace id64, until_ms i64
UPDATE notify_due SET push_due_ms = $3, push_attempts = push_attempts + 1 WHERE id = $1 AND workspace_id = $2;

-- notify_push_done: exec
-- Unless something new came for it meanwhile (attempts begin anew).
-- in:  id id64, workspace id64, attempts i64
UPDATE notify_due SET push_due_ms = NULL WHERE id = $1 AND workspace_id = $2 AND push_attempts = $3;

-- notify_push_later: exec
-- in:  id id64, workspace id64, attempts i64, due_ms i64
UPDATE notify_due SET push_due_ms = $4 WHERE id = $1 AND workspace_id = $2 AND push_attempts = $3;

-- notify_due_mails: many notify_mail_person
-- in:  now_ms i64
-- out: workspace_id id64, person_id id64
SELECT DISTINCT workspace_id, person_id FROM notify_due WHERE mail_due_ms <= $1 LIMIT 32;

-- notify_mail_rows: many notify_due
-- in:  workspace id64, person id64, now_ms i64
SELECT id, workspace_id, person_id, kind, conversation_id, message_id, notification_id, push_attempts FROM notify_due
WHERE workspace_id = $1 AND person_id = $2 AND mail_due_ms <= $3 ORDER BY mail_due_ms, id LIMIT 50;

-- notify_mail_claim: exec
-- in:  id id64, workspace id64
UPDATE notify_due SET mail_due_ms = NULL WHERE id = $1 AND workspace_id = $2;

-- notify_mail_again: exec
-- in:  id id64, workspace id64, due_ms i64
UPDATE notify_due SET mail_due_ms = $3 WHERE id = $1 AND workspace_id = $2;

-- notify_mail_postpone: exec
-- in:  workspace id64, person id64, due_ms i64
UPDATE notify_due SET mail_due_ms = $3 WHERE workspace_id = $1 AND person_id = $2 AND mail_due_ms < $3;

-- notify_due_drop: exec
-- in:  id id64, workspace id64
DELETE FROM notify_due WHERE id = $1 AND workspace_id = $2;

-- notify_due_clean: exec
-- What has left both ways and is older than that.
-- in:  before id64
DELETE FROM notify_due WHERE id IN (SELECT id FROM notify_due WHERE push_due_ms IS NULL AND mail_due_ms IS NULL AND id < $1 ORDER BY id LIMIT 500);

-- ---- browsers ----

-- push_key_get: one push_key
-- in:  workspace id64
-- out: public_key bytes, private_sealed bytes
SELECT public_key, private_sealed FROM push_key WHERE workspace_id = $1;

-- push_key_add: exec
-- in:  workspace id64, public_key bytes, private_sealed bytes, now_ms i64
INSERT INTO push_key (workspace_id, public_key, private_sealed, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id) DO NOTHING;

-- push_subscription_put: exec
-- in:  id id64, workspace id64, person id64, endpoint_hash bytes, target bytes, device str, now_ms i64
INSERT INTO push_subscription (id, workspace_id, person_id, endpoint_hash, target_sealed, device, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (workspace_id, endpoint_hash) DO UPDATE SET person_id = excluded.person_id, target_sealed = excluded.target_sealed,
	device = excluded.device, created_ms = excluded.created_ms, used_ms = NULL;

-- push_subscription_list: many push_subscription
-- in:  person id64, workspace id64
-- out: id id64, endpoint_hash bytes, target_sealed bytes, device str, created_ms i64, used_ms i64?
SELECT id, endpoint_hash, target_sealed, device, created_ms, used_ms FROM push_subscription
WHERE person_id = $1 AND workspace_id = $2 ORDER BY id DESC LIMIT 20;

-- push_subscription_any: one notify_total
-- in:  person id64, workspace id64
SELECT COUNT(*) AS total FROM push_subscription WHERE person_id = $1 AND workspace_id = $2;

-- push_subscription_trim: exec
-- The newest twenty stay.
-- in:  person id64, workspace id64
DELETE FROM push_subscription WHERE id IN (SELECT id FROM push_subscription WHERE person_id = $1 AND workspace_id = $2
	ORDER BY id DESC LIMIT 100 OFFSET 20);

-- push_subscription_remove: exec
-- in:  id id64, person id64, workspace id64
DELETE FROM push_subscription WHERE id = $1 AND person_id = $2 AND workspace_id = $3;

-- push_subscription_used: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE push_subscription SET used_ms = $3 WHERE id = $1 AND workspace_id = $2;
