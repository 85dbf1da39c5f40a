-- The Graph-shaped API: files that programs delete, and webhooks in Meta's format.

-- A file that a program deleted: its id is unknown to programs from then on; the history keeps it.
ALTER TABLE media ADD COLUMN withdrawn_ms BIGINT;

-- format: 0 Parley's, 1 Meta's. verify_token: what the address is asked with, when it is set up.
ALTER TABLE webhook ADD COLUMN format BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhook ADD COLUMN verify_token_sealed {BYTES};

-- source_sealed: the network's own words, for webhooks in Meta's format alone; cloud_sealed: the body in that format, made with
-- the first delivery that needs it.
-- audience: for webhooks of which formats, bits 1 << format.
ALTER TABLE webhook_event ADD COLUMN audience BIGINT NOT NULL DEFAULT 3;
ALTER TABLE webhook_event ADD COLUMN source_sealed {BYTES};
ALTER TABLE webhook_event ADD COLUMN cloud_sealed {BYTES};
