-- More than one app of the live hub in a workspace. is_built_in: the console's own, which cannot be removed. limits: JSON
-- object of what differs from the settings. webhooks_sealed: JSON list of who is told of channels and members.
-- updated_ms: so that a running server finds what another process changed; a removed one stays as a mark.
ALTER TABLE live_app ADD COLUMN name TEXT NOT NULL DEFAULT 'Console';
ALTER TABLE live_app ADD COLUMN is_built_in BIGINT NOT NULL DEFAULT 1;
ALTER TABLE live_app ADD COLUMN disabled_ms BIGINT;
ALTER TABLE live_app ADD COLUMN deleted_ms BIGINT;
ALTER TABLE live_app ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE live_app ADD COLUMN webhooks_sealed {BYTES};
ALTER TABLE live_app ADD COLUMN updated_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX live_app_updated ON live_app (updated_ms, id);
