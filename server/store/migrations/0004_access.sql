-- Access: custom roles, scopes, invitations, the second factor, and lock-outs that can be released.

ALTER TABLE person ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE workspace ADD COLUMN require_second_factor BIGINT NOT NULL DEFAULT 0;

-- permissions: words, blank-separated. sees: 0 all, 1 unassigned and own, 2 own.
CREATE TABLE custom_role (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	permissions TEXT NOT NULL,
	sees BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_role_name ON custom_role (workspace_id, name);

-- role is 'custom' where role_id is set. channels and teams: JSON lists of ids, the only ones to see; empty: all.
ALTER TABLE member ADD COLUMN role_id BIGINT;
ALTER TABLE member ADD COLUMN channels TEXT NOT NULL DEFAULT '';
ALTER TABLE member ADD COLUMN teams TEXT NOT NULL DEFAULT '';
CREATE INDEX member_role ON member (role_id) WHERE role_id IS NOT NULL;
ALTER TABLE api_key ADD COLUMN channels TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN teams TEXT NOT NULL DEFAULT '';

CREATE TABLE invitation (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	email TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	role_id BIGINT,
	channels TEXT NOT NULL,
	teams TEXT NOT NULL,
	token_hash {BYTES} NOT NULL UNIQUE,
	invited_by BIGINT,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	accepted_ms BIGINT,
	revoked_ms BIGINT
);
CREATE INDEX invitation_workspace ON invitation (workspace_id, id);

-- The secret is sealed with the key of workspace_id. last_step: the newest 30-second step whose code was used.
CREATE TABLE second_factor (
	person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	secret_sealed {BYTES} NOT NULL,
	last_step BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	confirmed_ms BIGINT
);

CREATE TABLE recovery_code (
	id {ID},
	person_id BIGINT NOT NULL REFERENCES person (id),
	code_hash {BYTES} NOT NULL,
	used_ms BIGINT
);
CREATE INDEX recovery_code_person ON recovery_code (person_id, code_hash);

-- person_id: whose e-mail it was, so that who manages people can see and release them.
ALTER TABLE sign_in_failure ADD COLUMN person_id BIGINT;
CREATE INDEX sign_in_failure_person ON sign_in_failure (person_id) WHERE person_id IS NOT NULL;
