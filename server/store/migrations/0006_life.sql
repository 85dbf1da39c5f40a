-- The life of a conversation: lists by team, priority and waiting; counts kept as things happen; saved filters.

-- "IS NULL" in an index keeps SQLite from using its order, so what nobody has is kept apart.
CREATE INDEX conversation_unassigned ON conversation (workspace_id, status, last_message_ms, id) WHERE COALESCE(assignee_id, 0) = 0;
CREATE INDEX conversation_channel_unassigned ON conversation (channel_id, status, last_message_ms, id) WHERE COALESCE(assignee_id, 0) = 0;
CREATE INDEX conversation_team ON conversation (workspace_id, team_id, status, last_message_ms, id) WHERE team_id IS NOT NULL;
CREATE INDEX conversation_priority ON conversation (workspace_id, priority, last_message_ms, id) WHERE priority > 0;
CREATE INDEX outbox_workspace ON outbox (workspace_id, message_id);

-- How many conversations there are of each kind, and how many of these have something unread; team_id and assignee_id 0: none.
-- Triggers below keep it, so whoever writes a conversation counts it in the same transaction and nobody can forget to.
CREATE TABLE conversation_count (
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT NOT NULL,
	assignee_id BIGINT NOT NULL,
	status BIGINT NOT NULL,
	total BIGINT NOT NULL,
	unread BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, channel_id, team_id, assignee_id, status)
) {WITHOUT_ROWID};

-- PostgreSQL writes down what is to be added here, because two writers of one row of conversation_count would wait for each other to
-- the end of their transactions; counts are the sum of both tables, and what is here is folded into the other now and then. On
-- SQLite, with its one writer, it stays empty.
-- only: sqlite
CREATE TABLE conversation_count_change (
	id INTEGER PRIMARY KEY,
-- end
-- only: postgres
CREATE TABLE conversation_count_change (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
-- end
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT NOT NULL,
	assignee_id BIGINT NOT NULL,
	status BIGINT NOT NULL,
	total BIGINT NOT NULL,
	unread BIGINT NOT NULL
);
CREATE INDEX conversation_count_change_workspace ON conversation_count_change (workspace_id, id);

INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
SELECT workspace_id, channel_id, COALESCE(team_id, 0), COALESCE(assignee_id, 0), status, COUNT(*),
	SUM(CASE WHEN unread_count > 0 THEN 1 ELSE 0 END)
FROM conversation WHERE merged_into IS NULL GROUP BY 1, 2, 3, 4, 5;

-- only: sqlite
CREATE TRIGGER conversation_counted_add AFTER INSERT ON conversation WHEN NEW.merged_into IS NULL BEGIN
	INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
	VALUES (NEW.workspace_id, NEW.channel_id, COALESCE(NEW.team_id, 0), COALESCE(NEW.assignee_id, 0), NEW.status, 1,
		NEW.unread_count > 0)
	ON CONFLICT DO UPDATE SET total = total + 1, unread = unread + excluded.unread;
END;
CREATE TRIGGER conversation_counted_remove AFTER DELETE ON conversation WHEN OLD.merged_into IS NULL BEGIN
	UPDATE conversation_count SET total = total - 1, unread = unread - (OLD.unread_count > 0)
	WHERE workspace_id = OLD.workspace_id AND channel_id = OLD.channel_id AND team_id = COALESCE(OLD.team_id, 0)
		AND assignee_id = COALESCE(OLD.assignee_id, 0) AND status = OLD.status;
END;
CREATE TRIGGER conversation_counted_change AFTER UPDATE OF channel_id, team_id, assignee_id, status, unread_count, merged_into
ON conversation WHEN OLD.channel_id <> NEW.channel_id OR OLD.team_id IS NOT NEW.team_id OR OLD.assignee_id IS NOT NEW.assignee_id
	OR OLD.status <> NEW.status OR (OLD.unread_count > 0) <> (NEW.unread_count > 0)
	OR (OLD.merged_into IS NULL) <> (NEW.merged_into IS NULL) BEGIN
	UPDATE conversation_count SET total = total - 1, unread = unread - (OLD.unread_count > 0)
	WHERE OLD.merged_into IS NULL AND workspace_id = OLD.workspace_id AND channel_id = OLD.channel_id
		AND team_id = COALESCE(OLD.team_id, 0) AND assignee_id = COALESCE(OLD.assignee_id, 0) AND status = OLD.status;
	INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
	SELECT NEW.workspace_id, NEW.channel_id, COALESCE(NEW.team_id, 0), COALESCE(NEW.assignee_id, 0), NEW.status, 1,
		NEW.unread_count > 0
	WHERE NEW.merged_into IS NULL
	ON CONFLICT DO UPDATE SET total = total + 1, unread = unread + excluded.unread;
END;
-- end

-- only: postgres
CREATE FUNCTION conversation_counted() RETURNS TRIGGER LANGUAGE plpgsql AS $body$
BEGIN
	IF TG_OP <> 'INSERT' AND OLD.merged_into IS NULL THEN
		INSERT INTO conversation_count_change (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
		VALUES (OLD.workspace_id, OLD.channel_id, COALESCE(OLD.team_id, 0), COALESCE(OLD.assignee_id, 0), OLD.status, -1,
			CASE WHEN OLD.unread_count > 0 THEN -1 ELSE 0 END);
	END IF;
	IF TG_OP <> 'DELETE' AND NEW.merged_into IS NULL THEN
		INSERT INTO conversation_count_change (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
		VALUES (NEW.workspace_id, NEW.channel_id, COALESCE(NEW.team_id, 0), COALESCE(NEW.assignee_id, 0), NEW.status, 1,
			CASE WHEN NEW.unread_count > 0 THEN 1 ELSE 0 END);
	END IF;
	RETURN NULL;
END
$body$;
CREATE TRIGGER conversation_counted_add AFTER INSERT OR DELETE ON conversation FOR EACH ROW EXECUTE FUNCTION conversation_counted();
CREATE TRIGGER conversation_counted_change AFTER UPDATE OF channel_id, team_id, assignee_id, status, unread_count, merged_into
ON conversation FOR EACH ROW
WHEN (OLD.channel_id <> NEW.channel_id OR OLD.team_id IS DISTINCT FROM NEW.team_id OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id
	OR OLD.status <> NEW.status OR (OLD.unread_count > 0) <> (NEW.unread_count > 0)
	OR (OLD.merged_into IS NULL) <> (NEW.merged_into IS NULL))
EXECUTE FUNCTION conversation_counted();
-- end

-- A view of the list that somebody keeps: filter is a JSON object of the list's query parameters. It is its owner's, or shared with a
-- team, or with all (shared: 0 nobody, 1 the team, 2 the workspace).
CREATE TABLE saved_filter (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	owner_id BIGINT NOT NULL REFERENCES person (id),
	team_id BIGINT REFERENCES team (id),
	shared BIGINT NOT NULL,
	name TEXT NOT NULL,
	filter TEXT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX saved_filter_workspace ON saved_filter (workspace_id, shared, id);
CREATE INDEX saved_filter_owner ON saved_filter (owner_id);
CREATE INDEX saved_filter_team ON saved_filter (team_id) WHERE team_id IS NOT NULL;
