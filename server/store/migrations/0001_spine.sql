-- The spine: workspaces and people, channels, contacts, conversations, messages, intake, outbox, media.
-- {ID} is the driver's 64-bit integer primary key, {BYTES} its octet type. Columns *_sealed hold sealed octets
-- (account/seal.h). Times are Unix milliseconds; 0 ids and times are NULL.

-- only: postgres
-- SQLite's json_each() for lists of ids, so that one query serves both: [12,34] gives two rows of `value`.
CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (value BIGINT) LANGUAGE SQL IMMUTABLE STRICT ROWS 50 AS
	'SELECT unnest(string_to_array(btrim($1, ''[]''), '','')::BIGINT[])';
-- end

CREATE TABLE workspace (
	id {ID},
	name TEXT NOT NULL,
	created_ms BIGINT NOT NULL
);

-- Data keys, wrapped by the master key. The newest that is not retired seals; all open.
CREATE TABLE workspace_key (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	wrapped {BYTES} NOT NULL,
	created_ms BIGINT NOT NULL,
	retired_ms BIGINT
);
CREATE INDEX workspace_key_workspace ON workspace_key (workspace_id, id);

CREATE TABLE person (
	id {ID},
	email TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	locale TEXT NOT NULL,
	created_ms BIGINT NOT NULL
);

CREATE TABLE member (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	role TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	disabled_ms BIGINT,
	seen_ms BIGINT,
	UNIQUE (workspace_id, person_id)
);
CREATE INDEX member_person ON member (person_id);

CREATE TABLE session (
	id {ID},
	person_id BIGINT NOT NULL REFERENCES person (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	token_hash {BYTES} NOT NULL UNIQUE,
	csrf_token TEXT NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL
);
CREATE INDEX session_expires ON session (expires_ms);
CREATE INDEX session_person ON session (person_id);

-- Failed sign-ins, for the limit by e-mail and address. subject is a hash.
CREATE TABLE sign_in_failure (
	id {ID},
	subject {BYTES} NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_subject ON sign_in_failure (subject, at_ms);
CREATE INDEX sign_in_failure_at ON sign_in_failure (at_ms);

CREATE TABLE api_key (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	key_hash {BYTES} NOT NULL UNIQUE,
	scopes TEXT NOT NULL,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	last_used_ms BIGINT,
	revoked_ms BIGINT
);
CREATE INDEX api_key_workspace ON api_key (workspace_id, id);

-- hash = SHA-256 over prev_hash and this row's fields: a chain per workspace.
CREATE TABLE audit (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	seq BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	actor_kind TEXT NOT NULL,
	actor_id BIGINT,
	actor_name TEXT NOT NULL,
	action TEXT NOT NULL,
	target_kind TEXT NOT NULL,
	target_id BIGINT,
	reason TEXT NOT NULL,
	address TEXT NOT NULL,
	detail TEXT NOT NULL,
	prev_hash {BYTES} NOT NULL,
	hash {BYTES} NOT NULL,
	UNIQUE (workspace_id, seq)
);

-- A phone number of the business.
CREATE TABLE number (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	phone TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, phone)
);

-- One way in and out. remote_id: the provider's name for the number (Cloud: phone_number_id). app_tag: keyed hash of the
-- app secret, so that one webhook URL serves all numbers of one Meta app, and of no other.
CREATE TABLE channel (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	number_id BIGINT NOT NULL REFERENCES number (id),
	provider TEXT NOT NULL,
	name TEXT NOT NULL,
	remote_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	app_tag {BYTES},
	config_sealed {BYTES} NOT NULL,
	profile TEXT NOT NULL,
	pace_per_second BIGINT NOT NULL,
	pair_interval_ms BIGINT NOT NULL,
	pair_burst BIGINT NOT NULL,
	health TEXT NOT NULL,
	health_reason TEXT NOT NULL,
	health_next_step TEXT NOT NULL,
	health_since_ms BIGINT NOT NULL,
	proof_ms BIGINT,
	last_event_ms BIGINT,
	last_send_ms BIGINT,
	created_ms BIGINT NOT NULL,
	disabled_ms BIGINT,
	deleted_ms BIGINT
);
CREATE INDEX channel_workspace ON channel (workspace_id, id);
CREATE UNIQUE INDEX channel_live ON channel (workspace_id, provider, remote_id) WHERE deleted_ms IS NULL;
CREATE INDEX channel_remote ON channel (provider, remote_id);
CREATE INDEX channel_number ON channel (number_id);
CREATE INDEX channel_account ON channel (account_id);

CREATE TABLE template (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	account_id TEXT NOT NULL,
	remote_id TEXT NOT NULL,
	name TEXT NOT NULL,
	language TEXT NOT NULL,
	category TEXT NOT NULL,
	status TEXT NOT NULL,
	quality TEXT NOT NULL,
	reason TEXT NOT NULL,
	components TEXT NOT NULL,
	updated_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, name, language)
);

-- name_rank: 0 none, 1 from the owner's address book, 2 given by a person; a lower one never replaces a higher.
-- opt_out_ms: stopped marketing then; preference_ms: when the last wish came, either way.
CREATE TABLE contact (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name_sealed {BYTES},
	name_rank BIGINT NOT NULL,
	profile_name_sealed {BYTES},
	opt_out_ms BIGINT,
	preference_ms BIGINT,
	source TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	merged_into BIGINT
);
CREATE INDEX contact_workspace ON contact (workspace_id, id);

-- kind: phone, lid, bsuid, parent_bsuid, visitor. value: phone digits without + as WhatsApp last told them, LID,
-- business-scoped id, visitor id. match_key: one for all ways of writing the same (docs/protocol/phone-numbers.md).
CREATE TABLE contact_alias (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	match_key TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, kind, match_key)
);
CREATE INDEX contact_alias_contact ON contact_alias (contact_id);

-- What was merged into what, so that it can be undone: the aliases and conversations that moved as JSON, the messages as
-- rows of contact_merge_message.
CREATE TABLE contact_merge (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	kept_id BIGINT NOT NULL REFERENCES contact (id),
	gone_id BIGINT NOT NULL REFERENCES contact (id),
	moved TEXT NOT NULL,
	reason TEXT NOT NULL,
	at_ms BIGINT NOT NULL,
	undone_ms BIGINT
);
CREATE INDEX contact_merge_kept ON contact_merge (kept_id);
CREATE INDEX contact_merge_gone ON contact_merge (gone_id);

CREATE TABLE contact_merge_message (
	merge_id BIGINT NOT NULL REFERENCES contact_merge (id),
	conversation_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	PRIMARY KEY (merge_id, conversation_id, message_id)
);
CREATE INDEX contact_merge_message_first ON contact_merge_message (message_id, merge_id);

-- One contact on one number. status: 0 open, 1 pending, 2 resolved.
CREATE TABLE conversation (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	number_id BIGINT NOT NULL REFERENCES number (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	status BIGINT NOT NULL,
	assignee_id BIGINT,
	unread_count BIGINT NOT NULL,
	last_message_id BIGINT,
	last_message_ms BIGINT NOT NULL,
	last_in_ms BIGINT,
	window_until_ms BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	merged_into BIGINT
);
CREATE UNIQUE INDEX conversation_pair ON conversation (contact_id, number_id) WHERE merged_into IS NULL;
-- Without it, deleting a contact looks through all conversations for one that refers to it.
CREATE INDEX conversation_contact ON conversation (contact_id);
-- The list is walked by status, newest first; these serve every pair of assignee and channel. "All statuses" is three
-- walks. The unread are few, so one index that holds all the filters serves them.
CREATE INDEX conversation_status ON conversation (workspace_id, status, last_message_ms, id);
CREATE INDEX conversation_assignee ON conversation (workspace_id, assignee_id, status, last_message_ms, id);
CREATE INDEX conversation_channel ON conversation (channel_id, status, last_message_ms, id);
CREATE INDEX conversation_channel_assignee ON conversation (channel_id, assignee_id, status, last_message_ms, id);
CREATE INDEX conversation_unread ON conversation (workspace_id, last_message_ms, id, status, assignee_id, channel_id, merged_into)
	WHERE unread_count > 0;
CREATE INDEX conversation_merged ON conversation (merged_into) WHERE merged_into IS NOT NULL;

-- One thing said. kind and status: numbers of inbox/message.h. remote_key: 16 octets of SHA-256 over channel and remote_id,
-- unique: a message comes once. body_sealed: the Cloud API's object of that type as JSON. reply_to_remote: the quoted
-- message as the provider names it; reply_to_id once we have it. event_id: the intake event it came by.
CREATE TABLE message (
	id {ID},
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	channel_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	status BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	remote_key {BYTES} UNIQUE,
	remote_id TEXT,
	reply_to_id BIGINT,
	reply_to_remote TEXT,
	media_id BIGINT,
	event_id BIGINT,
	trace {BYTES},
	body_sealed {BYTES} NOT NULL,
	provider_ms BIGINT,
	sent_ms BIGINT,
	delivered_ms BIGINT,
	read_ms BIGINT,
	played_ms BIGINT,
	failed_ms BIGINT,
	error TEXT,
	edited_ms BIGINT,
	deleted_ms BIGINT,
	reactions_sealed {BYTES}
);
CREATE INDEX message_conversation ON message (conversation_id, id);
CREATE INDEX message_media ON message (media_id) WHERE media_id IS NOT NULL;

-- Earlier bodies of an edited message.
CREATE TABLE message_version (
	id {ID},
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL REFERENCES message (id),
	body_sealed {BYTES} NOT NULL,
	until_ms BIGINT NOT NULL
);
CREATE INDEX message_version_message ON message_version (message_id);

-- A status, reaction, edit or revoke that came before its message: applied when that arrives.
CREATE TABLE waiting_effect (
	id {ID},
	workspace_id BIGINT NOT NULL,
	remote_key {BYTES} NOT NULL,
	effect_sealed {BYTES} NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX waiting_effect_key ON waiting_effect (remote_key, id);
CREATE INDEX waiting_effect_created ON waiting_effect (created_ms);

-- A raw webhook. dedup: SHA-256 of its body under the channel's app. state: 0 pending, 1 applied, 2 failed (retried at
-- next_ms while attempts last), 3 kept (a kind not yet drawn). Applied payloads go after the retention time.
CREATE TABLE intake_event (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	dedup {BYTES} NOT NULL UNIQUE,
	state BIGINT NOT NULL,
	kind TEXT,
	attempts BIGINT NOT NULL,
	next_ms BIGINT,
	error TEXT,
	applied_ms BIGINT,
	payload_sealed {BYTES} NOT NULL
);
CREATE INDEX intake_event_due ON intake_event (state, next_ms, id) WHERE state = 0 OR state = 2;
CREATE INDEX intake_event_workspace ON intake_event (workspace_id, state, id);

-- What the provider told of the account, templates, numbers and so on, in order; drawn on the health page. dedup: keyed
-- hash of all of it, so that an event that comes twice is told once.
CREATE TABLE notice (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	severity TEXT NOT NULL,
	sentence TEXT NOT NULL,
	detail_sealed {BYTES} NOT NULL,
	dedup {BYTES} NOT NULL UNIQUE,
	at_ms BIGINT NOT NULL
);
CREATE INDEX notice_workspace ON notice (workspace_id, id);

-- A message waiting to be sent. state: 0 queued, 1 sending, 2 unconfirmed. priority: 0 live reply, 1 automation, 2 normal, 3 campaign.
CREATE TABLE outbox (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	priority BIGINT NOT NULL,
	state BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_ms BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (channel_id, state, priority, message_id);
CREATE INDEX outbox_conversation ON outbox (conversation_id, message_id);
CREATE INDEX outbox_state ON outbox (state, next_ms);

CREATE TABLE send_attempt (
	id {ID},
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	started_ms BIGINT NOT NULL,
	ended_ms BIGINT,
	result TEXT NOT NULL,
	code TEXT,
	detail TEXT,
	provider_trace TEXT
);
CREATE INDEX send_attempt_message ON send_attempt (message_id, id);

-- Idempotency-Key of a send: the same key answers the same message for 24 h.
CREATE TABLE idempotency (
	id {ID},
	workspace_id BIGINT NOT NULL,
	key_hash {BYTES} NOT NULL,
	request_hash {BYTES} NOT NULL,
	message_id BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, key_hash)
);
CREATE INDEX idempotency_created ON idempotency (created_ms);

-- Content, once per workspace and hash, in the media folder, sealed. hash: keyed.
CREATE TABLE media_blob (
	id {ID},
	workspace_id BIGINT NOT NULL,
	hash {BYTES} NOT NULL,
	size_bytes BIGINT NOT NULL,
	key_sealed {BYTES} NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, hash)
);

-- One attachment. state: 0 pending, 1 stored, 2 failed.
CREATE TABLE media (
	id {ID},
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT,
	blob_id BIGINT REFERENCES media_blob (id),
	state BIGINT NOT NULL,
	mime_type TEXT NOT NULL,
	file_name_sealed {BYTES},
	size_bytes BIGINT,
	remote_id TEXT,
	url_sealed {BYTES},
	remote_uploaded_ms BIGINT,
	attempts BIGINT NOT NULL,
	next_ms BIGINT,
	error TEXT,
	created_ms BIGINT NOT NULL
);
CREATE INDEX media_due ON media (next_ms) WHERE state = 0;
CREATE INDEX media_blob_use ON media (blob_id);

-- Applications of the live hub (Pusher): one for each workspace's console to start with.
CREATE TABLE live_app (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	app_key TEXT NOT NULL UNIQUE,
	secret_sealed {BYTES} NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX live_app_workspace ON live_app (workspace_id);

CREATE TABLE setting (
	workspace_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, name)
);
