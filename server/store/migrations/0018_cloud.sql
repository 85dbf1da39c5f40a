-- The Cloud API in full: what a message asks for besides its content, and the keys of Flows.

-- What its sender asked for beside the content ({"ttl_seconds":3600,…}, docs/api/README.md): only messages that ask.
CREATE TABLE message_option (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	options_sealed {BYTES} NOT NULL
);

-- Where a channel's Flows ask for data. private_sealed: PKCS #8 of the key whose public half Meta has; config_sealed: JSON
-- {"url","secret","answers"}. signature: Meta's word for the uploaded key (VALID, MISMATCH), empty before it is uploaded.
CREATE TABLE flow_endpoint (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL,
	private_sealed {BYTES} NOT NULL,
	public_key TEXT NOT NULL,
	config_sealed {BYTES} NOT NULL,
	signature TEXT NOT NULL,
	uploaded_ms BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL
);
