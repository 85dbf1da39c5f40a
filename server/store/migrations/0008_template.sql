-- Templates that are made here: their life, their history, what was sent with them, and those that only we keep.

-- production or development; channels of one account are all of one kind, and no secret serves both.
ALTER TABLE channel ADD COLUMN environment TEXT NOT NULL DEFAULT 'production';

-- kind 0: of a provider's account; 1: local, account_id is empty. revision counts the contents it has had. A deleted one
-- stays for its history and figures.
ALTER TABLE template ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE template ADD COLUMN parameter_format TEXT NOT NULL DEFAULT 'POSITIONAL';
ALTER TABLE template ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE template ADD COLUMN created_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE template ADD COLUMN deleted_ms BIGINT;

-- What happened to a template, in order; the time is in the id. kind: created, submitted, status, quality, category,
-- content, planned, deleted, restored. For content old_value and new_value are the component lists.
CREATE TABLE template_change (
	id {ID},
	workspace_id BIGINT NOT NULL,
	template_id BIGINT NOT NULL REFERENCES template (id),
	source TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	kind TEXT NOT NULL,
	old_value TEXT NOT NULL,
	new_value TEXT NOT NULL,
	reason TEXT NOT NULL
);
CREATE INDEX template_change_template ON template_change (workspace_id, template_id, id);

-- One row for each message that was sent with a template: which of its events are counted already. day: Unix day, UTC.
CREATE TABLE template_send (
	message_id {ID},
	workspace_id BIGINT NOT NULL,
	template_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	day BIGINT NOT NULL,
	sent_ms BIGINT NOT NULL,
	counted BIGINT NOT NULL
);
CREATE INDEX template_send_conversation ON template_send (conversation_id, message_id);

-- Figures of a day are about the messages of that day, whenever they were read or answered.
CREATE TABLE template_day (
	template_id BIGINT NOT NULL,
	day BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	delivered BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	replied BIGINT NOT NULL,
	replied_week BIGINT NOT NULL,
	clicked BIGINT NOT NULL,
	PRIMARY KEY (template_id, day)
);

CREATE TABLE template_setting (
	workspace_id {ID},
	name_prefix TEXT NOT NULL
);
