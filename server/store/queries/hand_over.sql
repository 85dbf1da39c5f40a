-- What somebody who leaves still has.

-- conversation_of_assignee: many conversation_of_assignee
-- in:  workspace id64, assignee id64, max i64
-- out: id id64
SELECT id FROM conversation WHERE workspace_id = $1 AND assignee_id = $2 AND status IN (0, 1, 3) AND merged_into IS NULL
ORDER BY id LIMIT $3;
