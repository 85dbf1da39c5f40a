-- Counts, kept by the triggers of migration 0006; conversation_count_change is PostgreSQL's part of them (see there).

-- conversation_count_list: many conversation_count
-- in:  workspace id64, max i64
-- out: channel_id id64, team_id id64, assignee_id id64, status i64, total i64, unread i64
SELECT channel_id, team_id, assignee_id, status, CAST(SUM(total) AS BIGINT) AS total, CAST(SUM(unread) AS BIGINT) AS unread FROM (
	SELECT channel_id, team_id, assignee_id, status, total, unread FROM conversation_count WHERE workspace_id = $1
	UNION ALL
	SELECT channel_id, team_id, assignee_id, status, total, unread FROM conversation_count_change WHERE workspace_id = $1) AS both_tables
GROUP BY channel_id, team_id, assignee_id, status ORDER BY channel_id, team_id, assignee_id, status LIMIT $2;

-- conversation_count_taken: many conversation_count
-- What waits to be folded in, taken out.
-- in:  workspace id64, max i64
DELETE FROM conversation_count_change WHERE id IN (
	SELECT id FROM conversation_count_change WHERE workspace_id = $1 ORDER BY id LIMIT $2)
RETURNING channel_id, team_id, assignee_id, status, total, unread;

-- conversation_count_add: exec
-- in:  workspace id64, channel id64, team id64, assignee id64, status i64, total i64, unread i64
INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (workspace_id, channel_id, team_id, assignee_id, status) DO UPDATE SET
	total = conversation_count.total + excluded.total, unread = conversation_count.unread + excluded.unread;

-- conversation_count_wrong: many conversation_count
-- What is to be added so that the counts are right: counted anew from all rows, in one snapshot. For the check only.
-- in:  workspace id64, max i64
SELECT channel_id, team_id, assignee_id, status, CAST(SUM(total) AS BIGINT) AS total, CAST(SUM(unread) AS BIGINT) AS unread FROM (
	SELECT channel_id, COALESCE(team_id, 0) AS team_id, COALESCE(assignee_id, 0) AS assignee_id, status, 1 AS total,
		CASE WHEN unread_count > 0 THEN 1 ELSE 0 END AS unread
	FROM conversation WHERE workspace_id = $1 AND merged_into IS NULL
	UNION ALL
	SELECT channel_id, team_id, assignee_id, status, -total, -unread FROM conversation_count WHERE workspace_id = $1
	UNION ALL
	SELECT channel_id, team_id, assignee_id, status, -total, -unread FROM conversation_count_change WHERE workspace_id = $1) AS all_rows
GROUP BY channel_id, team_id, assignee_id, status HAVING SUM(total) <> 0 OR SUM(unread) <> 0
ORDER BY channel_id, team_id, assignee_id, status LIMIT $2;
