-- How fast linked numbers may send, and why not (account/pace.h).

-- tier: empty is the default. limit_…: an override, 0 is none. state: counts, packed. pause_…: who or what paused it, until
-- when (0: not paused). restriction: the network's word. call_answer_sealed: what callers are told, when calls are refused.
CREATE TABLE pace (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	tier TEXT NOT NULL DEFAULT '',
	limit_minute BIGINT NOT NULL DEFAULT 0,
	limit_hour BIGINT NOT NULL DEFAULT 0,
	limit_day BIGINT NOT NULL DEFAULT 0,
	limit_fresh BIGINT NOT NULL DEFAULT 0,
	typing BIGINT NOT NULL DEFAULT 0,
	reject_calls BIGINT NOT NULL DEFAULT 0,
	call_answer_sealed {BYTES},
	state TEXT NOT NULL DEFAULT '',
	quiet_until_ms BIGINT NOT NULL DEFAULT 0,
	pause_code TEXT NOT NULL DEFAULT '',
	pause_since_ms BIGINT NOT NULL DEFAULT 0,
	pause_until_ms BIGINT NOT NULL DEFAULT 0,
	restriction TEXT NOT NULL DEFAULT '',
	restricted_until_ms BIGINT NOT NULL DEFAULT 0
);

-- Whom a number wrote to before they ever wrote: for the share that answered.
CREATE TABLE pace_first (
	conversation_id BIGINT PRIMARY KEY,
	channel_id BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX pace_first_channel ON pace_first (channel_id, at_ms);
CREATE INDEX pace_first_age ON pace_first (at_ms);
