-- A workspace whose live events go by an outside server that speaks the Pusher protocol. No row: our own hub.
CREATE TABLE live_driver (
	workspace_id BIGINT PRIMARY KEY REFERENCES workspace (id),
	driver TEXT NOT NULL,
	app_id TEXT NOT NULL,
	app_key TEXT NOT NULL,
	secret_sealed bytea NOT NULL,
	cluster TEXT NOT NULL,
	host TEXT NOT NULL,
	port BIGINT NOT NULL,
	secure BIGINT NOT NULL,
	path TEXT NOT NULL,
	changed_ms BIGINT NOT NULL
);
