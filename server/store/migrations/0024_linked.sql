-- Numbers that are paired with a phone as linked devices.

-- One row a channel of the provider `linked`. state: enum linked_state. wanted: shall be connected. lease_…: the node that
-- holds it, and until when no other may. proof_ms: when a frame was last deciphered, written now and then.
CREATE TABLE linked_number (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state BIGINT NOT NULL,
	reason TEXT NOT NULL,
	sentence TEXT NOT NULL,
	next_step TEXT NOT NULL,
	since_ms BIGINT NOT NULL,
	wanted BIGINT NOT NULL,
	paired BIGINT NOT NULL,
	is_primary BIGINT NOT NULL DEFAULT 0,
	kept BIGINT NOT NULL DEFAULT 0,
	phone TEXT NOT NULL,
	lid TEXT NOT NULL,
	push_name_sealed {BYTES},
	platform TEXT NOT NULL,
	proof_ms BIGINT,
	connected_ms BIGINT,
	paired_ms BIGINT,
	consent_ms BIGINT,
	touched_ms BIGINT NOT NULL,
	complete_ms BIGINT,
	lease_node BIGINT,
	lease_until_ms BIGINT,
	created_ms BIGINT NOT NULL
);
CREATE INDEX linked_number_workspace ON linked_number (workspace_id, channel_id);
CREATE INDEX linked_number_wanted ON linked_number (wanted, channel_id);
CREATE INDEX linked_number_lease ON linked_number (lease_node);

-- What the client keeps: enum wa_record of wa/session/session.h. key: octets, so that both databases order them alike.
-- value_sealed: keys, sessions, names.
CREATE TABLE linked_record (
	channel_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	key {BYTES} NOT NULL,
	value_sealed {BYTES} NOT NULL,
	PRIMARY KEY (channel_id, kind, key)
);

-- Changes of state; the id holds the time.
CREATE TABLE linked_change (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	state BIGINT NOT NULL,
	reason TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX linked_change_channel ON linked_change (channel_id, id);

-- Starts of a pairing, for the limit of a workspace; the id holds the time.
CREATE TABLE linked_pairing (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL
);
CREATE INDEX linked_pairing_workspace ON linked_pairing (workspace_id, id);
