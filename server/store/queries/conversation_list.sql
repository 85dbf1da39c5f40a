-- The list of conversations: one statement for each index that it may be walked along, down (the newest first) and up. All have the
-- same parameters, and what the index does not decide is looked at row by row (fits, in a CASE, so that no planner takes it for something to
-- choose an index by). See inbox/conversation_list.c for who is asked when.
--
-- status -1: all but the archived, -2: all. channel, team, assignee, label 0: any; team and assignee -1: none. priority -1: any.
-- unread_more_than -1: any. waiting_until_ms 0: any. at_ms and at_id: where the page before ended.

-- fragment fits: merged_into IS NULL AND last_message_ms >= $9 AND last_message_ms <= $10 AND CASE WHEN
-- fragment fits: (status = $2 OR ($2 = -1 AND status <> 4) OR $2 = -2) AND ($3 = 0 OR channel_id = $3)
-- fragment fits: AND ($4 = 0 OR ($4 < 0 AND assignee_id IS NULL) OR assignee_id = $4)
-- fragment fits: AND ($5 = 0 OR ($5 < 0 AND team_id IS NULL) OR team_id = $5)
-- fragment fits: AND ($6 = 0 OR EXISTS (SELECT 1 FROM conversation_label l WHERE l.conversation_id = conversation.id AND l.label_id = $6))
-- fragment fits: AND ($7 < 0 OR priority = $7) AND unread_count > $8 AND ($11 = 0 OR waiting_since_ms <= $11)
-- fragment fits: THEN TRUE ELSE FALSE END
-- fragment down: AND (last_message_ms, id) < ($12, $13) ORDER BY last_message_ms DESC, id DESC LIMIT $14
-- fragment up: AND (last_message_ms, id) > ($12, $13) ORDER BY last_message_ms, id LIMIT $14

-- conversation_down_status: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND status = $2
	AND {fits} {down};

-- conversation_up_status: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND status = $2
	AND {fits} {up};

-- conversation_down_assignee: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND assignee_id = $4 AND status = $2
	AND {fits} {down};

-- conversation_up_assignee: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND assignee_id = $4 AND status = $2
	AND {fits} {up};

-- conversation_down_unassigned: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND COALESCE(assignee_id, 0) = 0 AND status = $2
	AND {fits} {down};

-- conversation_up_unassigned: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND COALESCE(assignee_id, 0) = 0 AND status = $2
	AND {fits} {up};

-- conversation_down_channel: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND status = $2
	AND {fits} {down};

-- conversation_up_channel: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND status = $2
	AND {fits} {up};

-- conversation_down_channel_assignee: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND assignee_id = $4 AND status = $2
	AND {fits} {down};

-- conversation_up_channel_assignee: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND assignee_id = $4 AND status = $2
	AND {fits} {up};

-- conversation_down_channel_unassigned: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND COALESCE(assignee_id, 0) = 0 AND status = $2
	AND {fits} {down};

-- conversation_up_channel_unassigned: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND channel_id = $3 AND COALESCE(assignee_id, 0) = 0 AND status = $2
	AND {fits} {up};

-- conversation_down_team: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND team_id = $5 AND status = $2
	AND {fits} {down};

-- conversation_up_team: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND team_id = $5 AND status = $2
	AND {fits} {up};

-- conversation_down_unread: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND unread_count > 0
	AND {fits} {down};

-- conversation_up_unread: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND unread_count > 0
	AND {fits} {up};

-- conversation_down_priority: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND priority = $7 AND priority > 0
	AND {fits} {down};

-- conversation_up_priority: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND priority = $7 AND priority > 0
	AND {fits} {up};

-- conversation_down_contacts: many conversation
-- Those of some contacts, found by name or number: contact by contact; + 0 keeps SQLite from walking the workspace instead.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64, ids str
SELECT {conversation} FROM conversation WHERE contact_id IN (SELECT value FROM json_each(NULLIF($15, ''))) AND workspace_id + 0 = $1
	AND {fits} {down};

-- conversation_up_contacts: many conversation
-- Those of some contacts, found by name or number: contact by contact; + 0 keeps SQLite from walking the workspace instead.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64, ids str
SELECT {conversation} FROM conversation WHERE contact_id IN (SELECT value FROM json_each(NULLIF($15, ''))) AND workspace_id + 0 = $1
	AND {fits} {up};

-- conversation_down_ids: many conversation
-- Those of a label that few have.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64, ids str
SELECT {conversation} FROM conversation WHERE id IN (SELECT value FROM json_each(NULLIF($15, ''))) AND workspace_id + 0 = $1
	AND {fits} {down};

-- conversation_up_ids: many conversation
-- Those of a label that few have.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64, ids str
SELECT {conversation} FROM conversation WHERE id IN (SELECT value FROM json_each(NULLIF($15, ''))) AND workspace_id + 0 = $1
	AND {fits} {up};

-- conversation_longest: many conversation
-- Those that wait, the longest first: at_ms is a time since when.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id = $1 AND waiting_since_ms IS NOT NULL
	AND {fits} AND (waiting_since_ms, id) > ($12, $13) ORDER BY waiting_since_ms, id LIMIT $14;

-- conversation_longest_contacts: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64, ids str
SELECT {conversation} FROM conversation WHERE contact_id IN (SELECT value FROM json_each(NULLIF($15, ''))) AND workspace_id + 0 = $1
	AND {fits} AND (waiting_since_ms, id) > ($12, $13) ORDER BY waiting_since_ms, id LIMIT $14;

-- conversation_down_waiting: many conversation
-- Those that have waited for some time, in the order of the list: they are few.
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id + 0 = $1 AND conversation.id IN (
		SELECT w.id FROM conversation w WHERE w.workspace_id = $1 AND w.waiting_since_ms IS NOT NULL AND w.waiting_since_ms <= $11)
	AND {fits} {down};

-- conversation_up_waiting: many conversation
-- in:  workspace id64, status i64, channel id64, assignee id64, team id64, label id64, priority i64, unread_more_than i64, from_ms i64
-- in:  until_ms i64, waiting_until_ms i64, at_ms i64, at_id id64, max i64
SELECT {conversation} FROM conversation WHERE workspace_id + 0 = $1 AND conversation.id IN (
		SELECT w.id FROM conversation w WHERE w.workspace_id = $1 AND w.waiting_since_ms IS NOT NULL AND w.waiting_since_ms <= $11)
	AND {fits} {up};

-- conversation_labelled: many conversation_id
-- in:  label id64, workspace id64, max i64
-- out: id id64
SELECT conversation_id AS id FROM conversation_label WHERE label_id = $1 AND workspace_id = $2 LIMIT $3;
