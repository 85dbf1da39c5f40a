-- Who agreed to which version of the notice about linked devices, for which number; the id holds the time.
CREATE TABLE linked_consent (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	version TEXT NOT NULL,
	actor_id BIGINT NOT NULL
);
CREATE INDEX linked_consent_channel ON linked_consent (channel_id, id);
