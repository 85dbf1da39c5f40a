-- One contact on one number. The list is in conversation_list.sql.

-- fragment conversation: id, contact_id, number_id, channel_id, status, assignee_id, unread_count, last_message_id, last_message_ms,
-- fragment conversation: last_in_ms, window_until_ms, created_ms, updated_ms, merged_into, team_id, priority, snoozed_until_ms,
-- fragment conversation: waiting_since_ms, queued_ms, opened_ms, first_answer_id, answered_since_ms, timer_s, timer_set_ms
-- fragment conversation_c: c.id AS id, c.contact_id AS contact_id, c.number_id AS number_id, c.channel_id AS channel_id,
-- fragment conversation_c: c.status AS status, c.assignee_id AS assignee_id, c.unread_count AS unread_count, c.last_message_id AS last_message_id,
-- fragment conversation_c: c.last_message_ms AS last_message_ms, c.last_in_ms AS last_in_ms, c.window_until_ms AS window_until_ms, c.created_ms AS created_ms,
-- fragment conversation_c: c.updated_ms AS updated_ms, c.merged_into AS merged_into, c.team_id AS team_id, c.priority AS priority,
-- fragment conversation_c: c.snoozed_until_ms AS snoozed_until_ms, c.waiting_since_ms AS waiting_since_ms, c.queued_ms AS queued_ms,
-- fragment conversation_c: c.opened_ms AS opened_ms, c.first_answer_id AS first_answer_id, c.answered_since_ms AS answered_since_ms,
-- fragment conversation_c: c.timer_s AS timer_s, c.timer_set_ms AS timer_set_ms

-- conversation_add: exec
-- in:  id id64, workspace id64, contact id64, number id64, channel id64, now_ms i64
INSERT INTO conversation (id, workspace_id, contact_id, number_id, channel_id, status, unread_count, last_message_ms,
	created_ms, updated_ms, opened_ms)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $6, $6, $6) ON CONFLICT (contact_id, number_id) WHERE merged_into IS NULL DO NOTHING;

-- conversation_find: one conversation
-- in:  id id64, workspace id64
-- out: id id64, contact_id id64, number_id id64, channel_id id64, status i64, assignee_id id64?, unread_count i64
-- out: last_message_id id64?, last_message_ms i64, last_in_ms i64?, window_until_ms i64?, created_ms i64, updated_ms i64
-- out: merged_into id64?, team_id id64?, priority i64, snoozed_until_ms i64?, waiting_since_ms i64?, queued_ms i64?
-- out: opened_ms i64, first_answer_id id64?, answered_since_ms i64?, timer_s i64, timer_set_ms i64
SELECT {conversation}
FROM conversation WHERE id = $1 AND workspace_id = $2;

-- conversation_by_ids: many conversation
-- in:  ids str, workspace id64
SELECT {conversation}
FROM conversation WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- conversation_by_pair: one conversation
-- in:  contact id64, number id64, workspace id64
SELECT {conversation}
FROM conversation WHERE contact_id = $1 AND number_id = $2 AND merged_into IS NULL AND workspace_id = $3;

-- conversation_of_contact: many conversation
-- in:  contact id64, workspace id64
SELECT {conversation}
FROM conversation WHERE contact_id = $1 AND workspace_id = $2 AND merged_into IS NULL ORDER BY id LIMIT 100;

-- conversation_merged: many conversation
-- in:  into_id id64, workspace id64
SELECT {conversation}
FROM conversation WHERE merged_into = $1 AND workspace_id = $2 ORDER BY id LIMIT 20;

-- conversation_take: one conversation
-- Takes a new message in: the later of everything, and it opens when asked. reader: whose unread messages are read by writing it, if
-- the conversation is theirs; -1: whoever has it. answered: nobody waits any more.
-- in:  id id64, workspace id64, message id64, message_ms i64, in_ms i64, window_until_ms i64, reader i64, unread_add i64
-- in:  reopen i64, channel id64, now_ms i64, answered i64
UPDATE conversation SET
	last_message_id = CASE WHEN COALESCE(last_message_id, 0) < $3 THEN $3 ELSE last_message_id END,
	last_message_ms = CASE WHEN last_message_id IS NULL OR last_message_ms < $4 THEN $4 ELSE last_message_ms END,
	channel_id = CASE WHEN COALESCE(last_message_id, 0) < $3 THEN $10 ELSE channel_id END,
	last_in_ms = CASE WHEN COALESCE(last_in_ms, 0) < $5 THEN $5 ELSE last_in_ms END,
	window_until_ms = CASE WHEN COALESCE(window_until_ms, 0) < $6 THEN $6 ELSE window_until_ms END,
	unread_count = CASE WHEN $7 = -1 OR assignee_id = $7 THEN 0 ELSE unread_count END + $8,
	status = CASE WHEN $9 = 1 THEN 0 ELSE status END,
	snoozed_until_ms = CASE WHEN $9 = 1 THEN NULL ELSE snoozed_until_ms END,
	opened_ms = CASE WHEN $9 = 1 AND status IN (2, 4) THEN $11 ELSE opened_ms END,
	first_answer_id = CASE WHEN $9 = 1 AND status IN (2, 4) THEN NULL
		WHEN $12 = 1 AND waiting_since_ms IS NOT NULL THEN COALESCE(first_answer_id, $3) ELSE first_answer_id END,
	answered_since_ms = CASE WHEN $12 = 1 THEN waiting_since_ms ELSE answered_since_ms END,
	waiting_since_ms = CASE WHEN $12 = 1 THEN NULL WHEN $8 = 0 THEN waiting_since_ms ELSE COALESCE(waiting_since_ms, $11) END,
	updated_ms = $11
WHERE id = $1 AND workspace_id = $2
RETURNING {conversation};

-- conversation_set_timer: exec
-- What was set later counts.
-- in:  id id64, workspace id64, seconds i64, set_ms i64, now_ms i64
UPDATE conversation SET timer_s = $3, timer_set_ms = $4, updated_ms = $5
WHERE id = $1 AND workspace_id = $2 AND timer_s <> $3 AND timer_set_ms <= $4;

-- conversation_widen: exec
-- A reaction is a customer's message for the window, and for nothing else.
-- in:  id id64, workspace id64, in_ms i64, window_until_ms i64, now_ms i64
UPDATE conversation SET
	last_in_ms = CASE WHEN COALESCE(last_in_ms, 0) < $3 THEN $3 ELSE last_in_ms END,
	window_until_ms = $4, updated_ms = $5
WHERE id = $1 AND workspace_id = $2 AND COALESCE(window_until_ms, 0) < $4;

-- conversation_lock: one conversation
-- Nobody else changes it until this transaction ends: on PostgreSQL a write is the lock that both databases have a word for.
-- in:  id id64, workspace id64
UPDATE conversation SET priority = priority WHERE id = $1 AND workspace_id = $2 RETURNING {conversation};

-- conversation_lock_many: many conversation
-- Those that are there as they are, not merged into another one.
-- in:  ids str, workspace id64
UPDATE conversation SET priority = priority WHERE id IN (SELECT value FROM json_each(NULLIF($1, '')) LIMIT 1000)
	AND workspace_id = $2 AND merged_into IS NULL
RETURNING {conversation};

-- conversation_set: one conversation
-- in:  id id64, workspace id64, status i64, assignee id64?, team id64?, priority i64, snoozed_until_ms i64?, queued_ms i64?
-- in:  waiting_since_ms i64?, now_ms i64
UPDATE conversation SET status = $3, assignee_id = $4, team_id = $5, priority = $6, snoozed_until_ms = $7, queued_ms = $8,
	waiting_since_ms = $9, updated_ms = $10, routed_ms = CASE WHEN $3 = 2 OR $3 = 4 THEN NULL ELSE routed_ms END
WHERE id = $1 AND workspace_id = $2 RETURNING {conversation};

-- conversation_event_add: exec
-- in:  id id64, workspace id64, conversation id64, actor_kind i64, actor id64?, kind str, detail str
INSERT INTO conversation_event (id, workspace_id, conversation_id, actor_kind, actor_id, kind, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- conversation_event_list: many conversation_event
-- in:  conversation id64, workspace id64, before id64, max i64
-- out: id id64, actor_kind i64, actor_id id64?, kind str, detail str
SELECT id, actor_kind, actor_id, kind, detail FROM conversation_event
WHERE conversation_id = $1 AND workspace_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4;

-- conversation_team: one team_name
-- in:  id id64, workspace id64
-- out: id id64, name str
SELECT id, name FROM team WHERE id = $1 AND workspace_id = $2 AND deleted_ms IS NULL;

-- conversation_teams: many team_name
-- in:  ids str, workspace id64
SELECT id, name FROM team WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- conversation_mark_read: one conversation
-- in:  id id64, workspace id64, now_ms i64
UPDATE conversation SET unread_count = 0, updated_ms = $3 WHERE id = $1 AND workspace_id = $2
RETURNING {conversation};

-- conversation_rewrite: exec
-- A merge and its undoing set what they have worked out.
-- in:  id id64, workspace id64, contact id64, status i64, assignee id64?, unread_count i64, last_message_id id64?, last_message_ms i64
-- in:  last_in_ms i64?, window_until_ms i64?, merged_into id64?, now_ms i64, snoozed_until_ms i64?, waiting_since_ms i64?
UPDATE conversation SET contact_id = $3, status = $4, assignee_id = $5, unread_count = $6, last_message_id = $7,
	last_message_ms = $8, last_in_ms = $9, window_until_ms = $10, merged_into = $11, updated_ms = $12, snoozed_until_ms = $13,
	waiting_since_ms = $14
WHERE id = $1 AND workspace_id = $2;

-- conversation_people: many person_name
-- Names of members, for assignees and authors.
-- in:  ids str, workspace id64
-- out: id id64, name str
SELECT p.id AS id, p.name AS name FROM person p JOIN member m ON m.person_id = p.id
WHERE p.id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND m.workspace_id = $2 LIMIT 200;

-- conversation_keys: many person_name
-- in:  ids str, workspace id64
SELECT id, name FROM api_key WHERE id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND workspace_id = $2 LIMIT 200;

-- conversation_member: one person_name
-- Somebody who may be assigned.
-- in:  id id64, workspace id64
SELECT p.id AS id, p.name AS name FROM member m JOIN person p ON p.id = m.person_id
WHERE m.workspace_id = $2 AND m.person_id = $1 AND m.disabled_ms IS NULL;

-- conversation_channels: many channel_brief
-- in:  ids str, workspace id64
-- out: id id64, name str, provider str, phone str
SELECT c.id AS id, c.name AS name, c.provider AS provider, n.phone AS phone FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.id IN (SELECT value FROM json_each(NULLIF($1, ''))) AND c.workspace_id = $2 LIMIT 200;
