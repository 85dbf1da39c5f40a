-- schema.sql: what all migrations come to, on SQLite. Made by
--	tools/sqlgen.py --migrations server/store/migrations --schema server/store/schema.sql
-- and compared with a real database by server/store/schema_test.c.
CREATE TABLE agent (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	chosen BIGINT NOT NULL,
	status BIGINT NOT NULL,
	why TEXT NOT NULL,
	status_ms BIGINT NOT NULL,
	connected BIGINT NOT NULL,
	gone_ms BIGINT NOT NULL,
	active_ms BIGINT NOT NULL,
	capacity BIGINT,
	takes BIGINT NOT NULL,
	shift TEXT,
	on_shift BIGINT NOT NULL,
	due_ms BIGINT,
	PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX agent_connected ON agent (connected) WHERE connected = 1;
CREATE INDEX agent_due ON agent (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX agent_person ON agent (person_id);
CREATE TABLE agent_capacity (
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	capacity BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, person_id, channel_id)
);
CREATE INDEX agent_capacity_channel ON agent_capacity (channel_id);
CREATE INDEX agent_capacity_person ON agent_capacity (person_id);
CREATE TABLE agent_status (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	status BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	why TEXT NOT NULL
);
CREATE INDEX agent_status_of ON agent_status (person_id);
CREATE INDEX agent_status_person ON agent_status (workspace_id, person_id, at_ms);
CREATE TABLE answer (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT,
	person_id BIGINT,
	since_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	is_first BIGINT NOT NULL
);
CREATE INDEX answer_time ON answer (workspace_id, at_ms, id);
CREATE TABLE api_key (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	key_hash BLOB NOT NULL UNIQUE,
	scopes TEXT NOT NULL,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	last_used_ms BIGINT,
	revoked_ms BIGINT
, channels TEXT NOT NULL DEFAULT '', teams TEXT NOT NULL DEFAULT '');
CREATE INDEX api_key_workspace ON api_key (workspace_id, id);
CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
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
	prev_hash BLOB NOT NULL,
	hash BLOB NOT NULL,
	UNIQUE (workspace_id, seq)
);
CREATE INDEX audit_actor ON audit (workspace_id, actor_id, seq);
CREATE INDEX audit_target ON audit (workspace_id, target_id, seq);
CREATE TABLE business_hours (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	time_zone TEXT NOT NULL,
	week TEXT NOT NULL,
	holidays TEXT NOT NULL,
	updated_ms BIGINT NOT NULL,
	UNIQUE (workspace_id)
);
CREATE TABLE canned (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	shortcut TEXT NOT NULL,
	title TEXT NOT NULL,
	category TEXT NOT NULL,
	body TEXT NOT NULL,
	media TEXT NOT NULL,
	scope BIGINT NOT NULL,
	owner_id BIGINT NOT NULL,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	deleted_ms BIGINT
, channel_id BIGINT, remote_id TEXT);
CREATE UNIQUE INDEX canned_remote ON canned (channel_id, remote_id) WHERE channel_id IS NOT NULL AND deleted_ms IS NULL;
CREATE UNIQUE INDEX canned_shortcut ON canned (workspace_id, scope, owner_id, shortcut) WHERE deleted_ms IS NULL;
CREATE TABLE canned_use (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	canned_id BIGINT NOT NULL REFERENCES canned (id)
);
CREATE INDEX canned_use_canned ON canned_use (canned_id, message_id);
CREATE TABLE channel (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	number_id BIGINT NOT NULL REFERENCES number (id),
	provider TEXT NOT NULL,
	name TEXT NOT NULL,
	remote_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	app_tag BLOB,
	config_sealed BLOB NOT NULL,
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
, environment TEXT NOT NULL DEFAULT 'production', route_place BIGINT NOT NULL DEFAULT 1000, route_weight BIGINT NOT NULL DEFAULT 0);
CREATE INDEX channel_account ON channel (account_id);
CREATE UNIQUE INDEX channel_live ON channel (workspace_id, provider, remote_id) WHERE deleted_ms IS NULL;
CREATE INDEX channel_number ON channel (number_id);
CREATE INDEX channel_remote ON channel (provider, remote_id);
CREATE INDEX channel_workspace ON channel (workspace_id, id);
CREATE TABLE channel_label (
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	remote_id TEXT NOT NULL,
	workspace_id BIGINT NOT NULL,
	label_id BIGINT NOT NULL REFERENCES label (id),
	told BIGINT NOT NULL,
	PRIMARY KEY (channel_id, remote_id)
);
CREATE UNIQUE INDEX channel_label_label ON channel_label (label_id, channel_id);
CREATE TABLE chat_mark (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	number_id BIGINT NOT NULL REFERENCES number (id),
	what BIGINT NOT NULL,
	ref BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	is_on BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (contact_id, number_id, what, ref)
);
CREATE TABLE contact (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name_sealed BLOB,
	name_rank BIGINT NOT NULL,
	profile_name_sealed BLOB,
	opt_out_ms BIGINT,
	preference_ms BIGINT,
	source TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	merged_into BIGINT
, seen_ms BIGINT NOT NULL DEFAULT 0, blocked_ms BIGINT, erased_ms BIGINT, attributes_sealed BLOB);
CREATE INDEX contact_blocked ON contact (workspace_id, id) WHERE blocked_ms IS NOT NULL;
CREATE INDEX contact_created ON contact (workspace_id, created_ms) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_erasing ON contact (id) WHERE erased_ms IS NOT NULL AND name_rank >= 0;
CREATE INDEX contact_live ON contact (workspace_id, id) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_opted_out ON contact (workspace_id, id) WHERE opt_out_ms IS NOT NULL;
CREATE INDEX contact_seen ON contact (workspace_id, seen_ms, id) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_source ON contact (workspace_id, source, id);
CREATE INDEX contact_workspace ON contact (workspace_id, id);
CREATE TABLE contact_alias (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	match_key TEXT NOT NULL,
	created_ms BIGINT NOT NULL, tail TEXT,
	UNIQUE (workspace_id, kind, match_key)
);
CREATE INDEX contact_alias_contact ON contact_alias (contact_id);
CREATE INDEX contact_alias_tail ON contact_alias (workspace_id, tail) WHERE tail IS NOT NULL;
CREATE TABLE contact_attribute (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	attribute_key TEXT NOT NULL,
	title TEXT NOT NULL,
	kind TEXT NOT NULL,
	options TEXT NOT NULL,
	required BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX contact_attribute_key ON contact_attribute (workspace_id, attribute_key) WHERE deleted_ms IS NULL;
CREATE TABLE contact_block (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	workspace_id BIGINT NOT NULL,
	state TEXT NOT NULL,
	error TEXT NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (contact_id, channel_id)
);
CREATE TABLE contact_consent (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	state TEXT NOT NULL,
	source TEXT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor_id BIGINT,
	actor_name TEXT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX contact_consent_contact ON contact_consent (contact_id, id);
CREATE TABLE contact_export (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state TEXT NOT NULL,
	filter_sealed BLOB NOT NULL,
	rows_done BIGINT NOT NULL,
	blob_id BIGINT REFERENCES media_blob (id),
	size_bytes BIGINT NOT NULL,
	error TEXT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor_id BIGINT,
	actor_name TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	ended_ms BIGINT
);
CREATE INDEX contact_export_blob ON contact_export (blob_id);
CREATE INDEX contact_export_busy ON contact_export (id) WHERE state = 'running';
CREATE INDEX contact_export_file ON contact_export (ended_ms) WHERE blob_id IS NOT NULL;
CREATE INDEX contact_export_workspace ON contact_export (workspace_id, id);
CREATE TABLE contact_facet (
	workspace_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	facet BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	PRIMARY KEY (workspace_id, kind, facet, contact_id)
) WITHOUT ROWID;
CREATE INDEX contact_facet_contact ON contact_facet (contact_id);
CREATE TABLE contact_import (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state TEXT NOT NULL,
	file_name_sealed BLOB,
	blob_id BIGINT REFERENCES media_blob (id),
	size_bytes BIGINT NOT NULL,
	shape_sealed BLOB NOT NULL,
	plan TEXT NOT NULL,
	rows_total BIGINT NOT NULL,
	rows_done BIGINT NOT NULL,
	made BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	skipped BIGINT NOT NULL,
	wrong BIGINT NOT NULL,
	undone BIGINT NOT NULL,
	kept BIGINT NOT NULL,
	error TEXT NOT NULL,
	actor_kind BIGINT NOT NULL,
	actor_id BIGINT,
	actor_name TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	ended_ms BIGINT
);
CREATE INDEX contact_import_blob ON contact_import (blob_id);
CREATE INDEX contact_import_busy ON contact_import (id) WHERE state IN ('checking', 'running', 'undoing');
CREATE INDEX contact_import_workspace ON contact_import (workspace_id, id);
CREATE TABLE contact_import_problem (
	import_id BIGINT NOT NULL REFERENCES contact_import (id),
	row_number BIGINT NOT NULL,
	column_index BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	code TEXT NOT NULL,
	sentence TEXT NOT NULL,
	PRIMARY KEY (import_id, row_number, column_index)
);
CREATE TABLE contact_import_row (
	import_id BIGINT NOT NULL REFERENCES contact_import (id),
	row_number BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	before_sealed BLOB,
	after_ms BIGINT NOT NULL,
	PRIMARY KEY (import_id, row_number)
);
CREATE INDEX contact_import_row_contact ON contact_import_row (contact_id);
CREATE TABLE contact_label (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	label_id BIGINT NOT NULL REFERENCES label (id),
	workspace_id BIGINT NOT NULL,
	PRIMARY KEY (contact_id, label_id)
);
CREATE INDEX contact_label_label ON contact_label (label_id, contact_id);
CREATE TABLE contact_merge (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	kept_id BIGINT NOT NULL REFERENCES contact (id),
	gone_id BIGINT NOT NULL REFERENCES contact (id),
	moved TEXT NOT NULL,
	reason TEXT NOT NULL,
	at_ms BIGINT NOT NULL,
	undone_ms BIGINT
);
CREATE INDEX contact_merge_gone ON contact_merge (gone_id);
CREATE INDEX contact_merge_kept ON contact_merge (kept_id);
CREATE TABLE contact_merge_message (
	merge_id BIGINT NOT NULL REFERENCES contact_merge (id),
	conversation_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	PRIMARY KEY (merge_id, conversation_id, message_id)
);
CREATE INDEX contact_merge_message_first ON contact_merge_message (message_id, merge_id);
CREATE TABLE contact_note (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	author_name TEXT NOT NULL,
	body_sealed BLOB NOT NULL,
	edited_ms BIGINT,
	deleted_ms BIGINT
);
CREATE INDEX contact_note_contact ON contact_note (contact_id, id);
CREATE TABLE conversation (
	id INTEGER PRIMARY KEY,
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
, team_id BIGINT, priority BIGINT NOT NULL DEFAULT 0, snoozed_until_ms BIGINT, waiting_since_ms BIGINT, queued_ms BIGINT, routed_ms BIGINT, opened_ms BIGINT NOT NULL DEFAULT 0, first_answer_id BIGINT, answered_since_ms BIGINT, timer_s BIGINT NOT NULL DEFAULT 0, timer_set_ms BIGINT NOT NULL DEFAULT 0);
CREATE TRIGGER conversation_counted_add AFTER INSERT ON conversation WHEN NEW.merged_into IS NULL BEGIN
	INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
	VALUES (NEW.workspace_id, NEW.channel_id, COALESCE(NEW.team_id, 0), COALESCE(NEW.assignee_id, 0), NEW.status, 1,
		NEW.unread_count > 0)
	ON CONFLICT DO UPDATE SET total = total + 1, unread = unread + excluded.unread;
END;
CREATE TRIGGER conversation_counted_change AFTER UPDATE OF channel_id, team_id, assignee_id, status, unread_count, merged_into
ON conversation WHEN OLD.channel_id <> NEW.channel_id OR OLD.team_id IS NOT NEW.team_id OR OLD.assignee_id IS NOT NEW.assignee_id
	OR OLD.status <> NEW.status OR (OLD.unread_count > 0) <> (NEW.unread_count > 0)
	OR (OLD.merged_into IS NULL) <> (NEW.merged_into IS NULL) BEGIN
	UPDATE conversation_count SET total = total - 1, unread = unread - (OLD.unread_count > 0)
	WHERE OLD.merged_into IS NULL AND workspace_id = OLD.workspace_id AND channel_id = OLD.channel_id
		AND team_id = COALESCE(OLD.team_id, 0) AND assignee_id = COALESCE(OLD.assignee_id, 0) AND status = OLD.status;
	INSERT INTO conversation_count (workspace_id, channel_id, team_id, assignee_id, status, total, unread)
	SELECT NEW.workspace_id, NEW.channel_id, COALESCE(NEW.team_id, 0), COALESCE(NEW.assignee_id, 0), NEW.status, 1,
		NEW.unread_count > 0
	WHERE NEW.merged_into IS NULL
	ON CONFLICT DO UPDATE SET total = total + 1, unread = unread + excluded.unread;
END;
CREATE TRIGGER conversation_counted_remove AFTER DELETE ON conversation WHEN OLD.merged_into IS NULL BEGIN
	UPDATE conversation_count SET total = total - 1, unread = unread - (OLD.unread_count > 0)
	WHERE workspace_id = OLD.workspace_id AND channel_id = OLD.channel_id AND team_id = COALESCE(OLD.team_id, 0)
		AND assignee_id = COALESCE(OLD.assignee_id, 0) AND status = OLD.status;
END;
CREATE INDEX conversation_assignee ON conversation (workspace_id, assignee_id, status, last_message_ms, id);
CREATE INDEX conversation_channel ON conversation (channel_id, status, last_message_ms, id);
CREATE INDEX conversation_channel_assignee ON conversation (channel_id, assignee_id, status, last_message_ms, id);
CREATE INDEX conversation_channel_unassigned ON conversation (channel_id, status, last_message_ms, id) WHERE COALESCE(assignee_id, 0) = 0;
CREATE INDEX conversation_contact ON conversation (contact_id);
CREATE INDEX conversation_load ON conversation (workspace_id, assignee_id, channel_id)
	WHERE status = 0 AND assignee_id IS NOT NULL AND merged_into IS NULL;
CREATE INDEX conversation_merged ON conversation (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX conversation_number ON conversation (number_id, contact_id);
CREATE INDEX conversation_opened ON conversation (workspace_id, opened_ms, id) WHERE status IN (0, 1, 3);
CREATE UNIQUE INDEX conversation_pair ON conversation (contact_id, number_id) WHERE merged_into IS NULL;
CREATE INDEX conversation_priority ON conversation (workspace_id, priority, last_message_ms, id) WHERE priority > 0;
CREATE INDEX conversation_queue ON conversation (workspace_id, priority DESC, queued_ms, id) WHERE queued_ms IS NOT NULL;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until_ms) WHERE snoozed_until_ms IS NOT NULL;
CREATE INDEX conversation_status ON conversation (workspace_id, status, last_message_ms, id);
CREATE INDEX conversation_team ON conversation (workspace_id, team_id, status, last_message_ms, id) WHERE team_id IS NOT NULL;
CREATE INDEX conversation_unassigned ON conversation (workspace_id, status, last_message_ms, id) WHERE COALESCE(assignee_id, 0) = 0;
CREATE INDEX conversation_unqueued ON conversation (workspace_id, COALESCE(team_id, 0), id)
	WHERE queued_ms IS NULL AND assignee_id IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL;
CREATE INDEX conversation_unread ON conversation (workspace_id, last_message_ms, id, status, assignee_id, channel_id, merged_into)
	WHERE unread_count > 0;
CREATE INDEX conversation_unrouted ON conversation (workspace_id, id)
	WHERE routed_ms IS NULL AND status = 0 AND last_in_ms IS NOT NULL AND merged_into IS NULL;
CREATE INDEX conversation_waiting ON conversation (workspace_id, waiting_since_ms, id) WHERE waiting_since_ms IS NOT NULL;
CREATE TABLE conversation_count (
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT NOT NULL,
	assignee_id BIGINT NOT NULL,
	status BIGINT NOT NULL,
	total BIGINT NOT NULL,
	unread BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, channel_id, team_id, assignee_id, status)
) WITHOUT ROWID;
CREATE TABLE conversation_count_change (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT NOT NULL,
	assignee_id BIGINT NOT NULL,
	status BIGINT NOT NULL,
	total BIGINT NOT NULL,
	unread BIGINT NOT NULL
);
CREATE INDEX conversation_count_change_workspace ON conversation_count_change (workspace_id, id);
CREATE TABLE conversation_event (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	actor_kind BIGINT NOT NULL,
	actor_id BIGINT,
	kind TEXT NOT NULL,
	detail TEXT NOT NULL
);
CREATE INDEX conversation_event_conversation ON conversation_event (conversation_id, id);
CREATE INDEX conversation_event_workspace ON conversation_event (workspace_id, id);
CREATE TABLE conversation_label (
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	label_id BIGINT NOT NULL REFERENCES label (id),
	workspace_id BIGINT NOT NULL,
	PRIMARY KEY (conversation_id, label_id)
);
CREATE INDEX conversation_label_label ON conversation_label (label_id, conversation_id);
CREATE TABLE cost_day (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	day BIGINT NOT NULL,
	country TEXT NOT NULL,
	category TEXT NOT NULL,
	kind TEXT NOT NULL,
	currency TEXT NOT NULL,
	messages BIGINT NOT NULL,
	unpriced BIGINT NOT NULL,
	micros BIGINT NOT NULL,
	UNIQUE (workspace_id, day, channel_id, country, category, kind, currency)
);
CREATE TABLE custom_role (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	permissions TEXT NOT NULL,
	sees BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_role_name ON custom_role (workspace_id, name);
CREATE TABLE feature_switch (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	is_on BIGINT NOT NULL,
	changed_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, name)
);
CREATE TABLE flow_endpoint (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL,
	private_sealed BLOB NOT NULL,
	public_key TEXT NOT NULL,
	config_sealed BLOB NOT NULL,
	signature TEXT NOT NULL,
	uploaded_ms BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL
);
CREATE TABLE idempotency (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	key_hash BLOB NOT NULL,
	request_hash BLOB NOT NULL,
	message_id BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, key_hash)
);
CREATE INDEX idempotency_created ON idempotency (created_ms);
CREATE TABLE intake_event (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	dedup BLOB NOT NULL UNIQUE,
	state BIGINT NOT NULL,
	kind TEXT,
	attempts BIGINT NOT NULL,
	next_ms BIGINT,
	error TEXT,
	applied_ms BIGINT,
	payload_sealed BLOB NOT NULL
);
CREATE INDEX intake_event_due ON intake_event (state, next_ms, id) WHERE state = 0 OR state = 2;
CREATE INDEX intake_event_workspace ON intake_event (workspace_id, state, id);
CREATE TABLE invitation (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	email TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	role_id BIGINT,
	channels TEXT NOT NULL,
	teams TEXT NOT NULL,
	token_hash BLOB NOT NULL UNIQUE,
	invited_by BIGINT,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	accepted_ms BIGINT,
	revoked_ms BIGINT
);
CREATE INDEX invitation_workspace ON invitation (workspace_id, id);
CREATE TABLE label (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	colour TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX label_name ON label (workspace_id, name) WHERE deleted_ms IS NULL;
CREATE TABLE linked_change (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	state BIGINT NOT NULL,
	reason TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX linked_change_channel ON linked_change (channel_id, id);
CREATE TABLE linked_consent (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	version TEXT NOT NULL,
	actor_id BIGINT NOT NULL
);
CREATE INDEX linked_consent_channel ON linked_consent (channel_id, id);
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
	push_name_sealed BLOB,
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
CREATE INDEX linked_number_lease ON linked_number (lease_node);
CREATE INDEX linked_number_wanted ON linked_number (wanted, channel_id);
CREATE INDEX linked_number_workspace ON linked_number (workspace_id, channel_id);
CREATE TABLE linked_pairing (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL
);
CREATE INDEX linked_pairing_workspace ON linked_pairing (workspace_id, id);
CREATE TABLE linked_part (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	body_sealed BLOB NOT NULL,
	done BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_ms BIGINT
);
CREATE INDEX linked_part_channel ON linked_part (channel_id, id);
CREATE INDEX linked_part_due ON linked_part (next_ms) WHERE next_ms IS NOT NULL;
CREATE TABLE linked_past_chat (
	channel_id BIGINT NOT NULL,
	chat BLOB NOT NULL,
	PRIMARY KEY (channel_id, chat)
);
CREATE TABLE linked_record (
	channel_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	key BLOB NOT NULL,
	value_sealed BLOB NOT NULL,
	PRIMARY KEY (channel_id, kind, key)
);
CREATE TABLE linked_sync (
	channel_id BIGINT PRIMARY KEY REFERENCES channel (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state BIGINT NOT NULL,
	progress BIGINT NOT NULL,
	chats_done BIGINT NOT NULL,
	chats_total BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	why TEXT NOT NULL,
	started_ms BIGINT NOT NULL,
	changed_ms BIGINT NOT NULL
, from_ms BIGINT NOT NULL DEFAULT 0, from_id BIGINT NOT NULL DEFAULT 0, until_ms BIGINT NOT NULL DEFAULT 0, next_ms BIGINT NOT NULL DEFAULT 0);
CREATE TABLE live_app (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	app_key TEXT NOT NULL UNIQUE,
	secret_sealed BLOB NOT NULL,
	created_ms BIGINT NOT NULL
, name TEXT NOT NULL DEFAULT 'Console', is_built_in BIGINT NOT NULL DEFAULT 1, disabled_ms BIGINT, deleted_ms BIGINT, limits TEXT NOT NULL DEFAULT '{}', webhooks_sealed BLOB, updated_ms BIGINT NOT NULL DEFAULT 0);
CREATE INDEX live_app_updated ON live_app (updated_ms, id);
CREATE INDEX live_app_workspace ON live_app (workspace_id);
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
CREATE TABLE macro (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	actions TEXT NOT NULL,
	scope BIGINT NOT NULL,
	owner_id BIGINT NOT NULL,
	run_count BIGINT NOT NULL,
	last_run_ms BIGINT,
	created_by BIGINT,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX macro_name ON macro (workspace_id, scope, owner_id, name) WHERE deleted_ms IS NULL;
CREATE TABLE maintenance (
	workspace_id BIGINT PRIMARY KEY,
	since_ms BIGINT NOT NULL,
	note TEXT NOT NULL,
	person_name TEXT NOT NULL
);
CREATE TABLE marketing_hold (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	contact_id BIGINT NOT NULL,
	hits BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, contact_id)
);
CREATE INDEX marketing_hold_until ON marketing_hold (until_ms);
CREATE TABLE media (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT,
	blob_id BIGINT REFERENCES media_blob (id),
	state BIGINT NOT NULL,
	mime_type TEXT NOT NULL,
	file_name_sealed BLOB,
	size_bytes BIGINT,
	remote_id TEXT,
	url_sealed BLOB,
	remote_uploaded_ms BIGINT,
	attempts BIGINT NOT NULL,
	next_ms BIGINT,
	error TEXT,
	created_ms BIGINT NOT NULL
, withdrawn_ms BIGINT);
CREATE INDEX media_blob_use ON media (blob_id);
CREATE INDEX media_due ON media (next_ms) WHERE state = 0;
CREATE TABLE media_blob (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	hash BLOB NOT NULL,
	size_bytes BIGINT NOT NULL,
	key_sealed BLOB NOT NULL,
	created_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, hash)
);
CREATE TABLE member (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	role TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	disabled_ms BIGINT,
	seen_ms BIGINT, role_id BIGINT, channels TEXT NOT NULL DEFAULT '', teams TEXT NOT NULL DEFAULT '',
	UNIQUE (workspace_id, person_id)
);
CREATE INDEX member_person ON member (person_id);
CREATE INDEX member_role ON member (role_id) WHERE role_id IS NOT NULL;
CREATE TABLE message (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	channel_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	status BIGINT NOT NULL,
	flags BIGINT NOT NULL,
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	remote_key BLOB UNIQUE,
	remote_id TEXT,
	reply_to_id BIGINT,
	reply_to_remote TEXT,
	media_id BIGINT,
	event_id BIGINT,
	trace BLOB,
	body_sealed BLOB NOT NULL,
	provider_ms BIGINT,
	sent_ms BIGINT,
	delivered_ms BIGINT,
	read_ms BIGINT,
	played_ms BIGINT,
	failed_ms BIGINT,
	error TEXT,
	edited_ms BIGINT,
	deleted_ms BIGINT,
	reactions_sealed BLOB
, price_code BIGINT, price_micros BIGINT, costed_ms BIGINT);
CREATE INDEX message_conversation ON message (conversation_id, id);
CREATE INDEX message_media ON message (media_id) WHERE media_id IS NOT NULL;
CREATE INDEX message_media_place ON message (conversation_id, id) WHERE media_id IS NOT NULL;
CREATE TABLE message_option (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	options_sealed BLOB NOT NULL
);
CREATE TABLE message_search (
	doc INTEGER PRIMARY KEY,
	message_id BIGINT NOT NULL
);
CREATE UNIQUE INDEX message_search_late ON message_search (message_id) WHERE doc < 0;
CREATE TABLE message_star (
	message_id BIGINT PRIMARY KEY REFERENCES message (id),
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	is_on BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX message_star_conversation ON message_star (conversation_id, message_id);
CREATE VIRTUAL TABLE message_token USING fts5 (tokens, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
CREATE TABLE message_version (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL REFERENCES message (id),
	body_sealed BLOB NOT NULL,
	until_ms BIGINT NOT NULL
);
CREATE INDEX message_version_message ON message_version (message_id);
CREATE TABLE notice (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	severity TEXT NOT NULL,
	sentence TEXT NOT NULL,
	detail_sealed BLOB NOT NULL,
	dedup BLOB NOT NULL UNIQUE,
	at_ms BIGINT NOT NULL
);
CREATE INDEX notice_workspace ON notice (workspace_id, id);
CREATE TABLE notification (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	kind TEXT NOT NULL,
	conversation_id BIGINT REFERENCES conversation (id),
	message_id BIGINT,
	actor_id BIGINT,
	detail TEXT NOT NULL,
	read_ms BIGINT
);
CREATE INDEX notification_conversation ON notification (conversation_id);
CREATE INDEX notification_person ON notification (person_id, workspace_id, id);
CREATE INDEX notification_unread ON notification (person_id, workspace_id, id) WHERE read_ms IS NULL;
CREATE TABLE notify_due (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	conversation_id BIGINT NOT NULL,
	message_id BIGINT,
	notification_id BIGINT,
	push_due_ms BIGINT,
	push_attempts BIGINT NOT NULL,
	mail_due_ms BIGINT
);
CREATE INDEX notify_due_conversation ON notify_due (conversation_id);
CREATE INDEX notify_due_mail ON notify_due (mail_due_ms, person_id) WHERE mail_due_ms IS NOT NULL;
CREATE UNIQUE INDEX notify_due_message ON notify_due (person_id, conversation_id) WHERE kind = 'message';
CREATE UNIQUE INDEX notify_due_notification ON notify_due (notification_id) WHERE notification_id IS NOT NULL;
CREATE INDEX notify_due_push ON notify_due (push_due_ms) WHERE push_due_ms IS NOT NULL;
CREATE TABLE notify_mute (
	person_id BIGINT NOT NULL REFERENCES person (id),
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	workspace_id BIGINT NOT NULL,
	muted_ms BIGINT NOT NULL,
	PRIMARY KEY (person_id, conversation_id)
);
CREATE INDEX notify_mute_conversation ON notify_mute (conversation_id);
CREATE TABLE notify_setting (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	on_mine BIGINT NOT NULL,
	on_unassigned BIGINT NOT NULL,
	on_other BIGINT NOT NULL,
	on_mention BIGINT NOT NULL,
	on_assigned BIGINT NOT NULL,
	on_sla BIGINT NOT NULL,
	quiet_from_min BIGINT NOT NULL,
	quiet_until_min BIGINT NOT NULL,
	time_zone TEXT NOT NULL,
	shows_text BIGINT NOT NULL,
	mail_after_min BIGINT NOT NULL,
	mail_every_min BIGINT NOT NULL,
	mailed_ms BIGINT,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, person_id)
);
CREATE TABLE number (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	phone TEXT NOT NULL,
	created_ms BIGINT NOT NULL, route_mode BIGINT NOT NULL DEFAULT 0, active_channel_id BIGINT, active_since_ms BIGINT, active_reason TEXT, active_sentence TEXT, held_channel_id BIGINT, held_since_ms BIGINT, held_until_ms BIGINT, held_reason TEXT, held_by TEXT,
	UNIQUE (workspace_id, phone)
);
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
, pinned BIGINT NOT NULL DEFAULT 0, moved BIGINT NOT NULL DEFAULT 0);
CREATE INDEX outbox_conversation ON outbox (conversation_id, message_id);
CREATE INDEX outbox_due ON outbox (channel_id, state, priority, message_id);
CREATE INDEX outbox_state ON outbox (state, next_ms);
CREATE INDEX outbox_workspace ON outbox (workspace_id, message_id);
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
	call_answer_sealed BLOB,
	state TEXT NOT NULL DEFAULT '',
	quiet_until_ms BIGINT NOT NULL DEFAULT 0,
	pause_code TEXT NOT NULL DEFAULT '',
	pause_since_ms BIGINT NOT NULL DEFAULT 0,
	pause_until_ms BIGINT NOT NULL DEFAULT 0,
	restriction TEXT NOT NULL DEFAULT '',
	restricted_until_ms BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE pace_first (
	conversation_id BIGINT PRIMARY KEY,
	channel_id BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX pace_first_age ON pace_first (at_ms);
CREATE INDEX pace_first_channel ON pace_first (channel_id, at_ms);
CREATE TABLE person (
	id INTEGER PRIMARY KEY,
	email TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	locale TEXT NOT NULL,
	created_ms BIGINT NOT NULL
, time_zone TEXT NOT NULL DEFAULT 'UTC');
CREATE TABLE push_key (
	workspace_id BIGINT PRIMARY KEY REFERENCES workspace (id),
	public_key BLOB NOT NULL,
	private_sealed BLOB NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE TABLE push_subscription (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	endpoint_hash BLOB NOT NULL,
	target_sealed BLOB NOT NULL,
	device TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	used_ms BIGINT,
	UNIQUE (workspace_id, endpoint_hash)
);
CREATE INDEX push_subscription_person ON push_subscription (person_id, workspace_id, id);
CREATE TABLE recovery_code (
	id INTEGER PRIMARY KEY,
	person_id BIGINT NOT NULL REFERENCES person (id),
	code_hash BLOB NOT NULL,
	used_ms BIGINT
);
CREATE INDEX recovery_code_person ON recovery_code (person_id, code_hash);
CREATE TABLE resolution (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	team_id BIGINT,
	person_id BIGINT,
	opened_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE INDEX resolution_time ON resolution (workspace_id, at_ms, id);
CREATE TABLE route_change (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	number_id BIGINT NOT NULL REFERENCES number (id),
	channel_id BIGINT,
	from_channel_id BIGINT,
	reason TEXT NOT NULL,
	severity TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX route_change_number ON route_change (number_id, id);
CREATE TABLE route_decision (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	from_channel_id BIGINT,
	reason TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX route_decision_message ON route_decision (message_id, id);
CREATE TABLE routing_rule (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	place BIGINT NOT NULL,
	name TEXT NOT NULL,
	enabled BIGINT NOT NULL,
	conditions TEXT NOT NULL,
	actions TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL
);
CREATE INDEX routing_rule_place ON routing_rule (workspace_id, place, id);
CREATE TABLE routing_scope (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	team_id BIGINT NOT NULL,
	mode BIGINT NOT NULL,
	turn BIGINT NOT NULL,
	shift TEXT,
	PRIMARY KEY (workspace_id, team_id)
);
CREATE TABLE routing_seat (
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	team_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL REFERENCES person (id),
	turn BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, team_id, person_id)
);
CREATE INDEX routing_seat_person ON routing_seat (person_id);
CREATE TABLE routing_setting (
	workspace_id BIGINT PRIMARY KEY REFERENCES workspace (id),
	capacity BIGINT NOT NULL,
	away_after_ms BIGINT NOT NULL,
	offline_after_ms BIGINT NOT NULL,
	shift_end BIGINT NOT NULL,
	place_text TEXT NOT NULL,
	place_again_ms BIGINT NOT NULL,
	active BIGINT NOT NULL
, reopen BIGINT NOT NULL DEFAULT 0);
CREATE TABLE routing_told (
	conversation_id BIGINT PRIMARY KEY REFERENCES conversation (id),
	workspace_id BIGINT NOT NULL,
	queued_ms BIGINT NOT NULL,
	place BIGINT NOT NULL,
	at_ms BIGINT NOT NULL
);
CREATE TABLE saved_filter (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	owner_id BIGINT NOT NULL REFERENCES person (id),
	team_id BIGINT REFERENCES team (id),
	shared BIGINT NOT NULL,
	name TEXT NOT NULL,
	filter TEXT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX saved_filter_owner ON saved_filter (owner_id);
CREATE INDEX saved_filter_team ON saved_filter (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX saved_filter_workspace ON saved_filter (workspace_id, shared, id);
CREATE TABLE scheduled_message (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL REFERENCES conversation (id),
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	kind BIGINT NOT NULL,
	body_sealed BLOB NOT NULL,
	reply_to_id BIGINT,
	canned_id BIGINT,
	due_ms BIGINT NOT NULL,
	first_ms BIGINT NOT NULL,
	time_zone TEXT NOT NULL,
	repeat BIGINT NOT NULL,
	repeat_until_ms BIGINT,
	if_no_reply_ms BIGINT,
	state BIGINT NOT NULL,
	code TEXT,
	reason TEXT,
	sent_count BIGINT NOT NULL,
	last_message_id BIGINT,
	updated_ms BIGINT NOT NULL
);
CREATE INDEX scheduled_message_conversation ON scheduled_message (conversation_id, due_ms, id);
CREATE INDEX scheduled_message_due ON scheduled_message (due_ms, id) WHERE state = 0;
CREATE INDEX scheduled_message_workspace ON scheduled_message (workspace_id, state, due_ms, id);
CREATE TABLE second_factor (
	person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	secret_sealed BLOB NOT NULL,
	last_step BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	confirmed_ms BIGINT
);
CREATE TABLE send_attempt (
	id INTEGER PRIMARY KEY,
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
CREATE TABLE session (
	id INTEGER PRIMARY KEY,
	person_id BIGINT NOT NULL REFERENCES person (id),
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	token_hash BLOB NOT NULL UNIQUE,
	csrf_token TEXT NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	seen_ms BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL
);
CREATE INDEX session_expires ON session (expires_ms);
CREATE INDEX session_person ON session (person_id);
CREATE TABLE setting (
	workspace_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, name)
);
CREATE TABLE sign_in_failure (
	id INTEGER PRIMARY KEY,
	subject BLOB NOT NULL,
	at_ms BIGINT NOT NULL
, person_id BIGINT);
CREATE INDEX sign_in_failure_at ON sign_in_failure (at_ms);
CREATE INDEX sign_in_failure_person ON sign_in_failure (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX sign_in_failure_subject ON sign_in_failure (subject, at_ms);
CREATE TABLE sla_breach (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	policy_id BIGINT NOT NULL,
	person_id BIGINT,
	team_id BIGINT,
	channel_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	since_ms BIGINT NOT NULL,
	due_ms BIGINT NOT NULL,
	at_ms BIGINT NOT NULL,
	UNIQUE (conversation_id, kind, since_ms)
);
CREATE INDEX sla_breach_time ON sla_breach (workspace_id, at_ms, id);
CREATE TABLE sla_policy (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	place BIGINT NOT NULL,
	team_id BIGINT,
	channel_id BIGINT,
	least_priority BIGINT NOT NULL,
	first_minutes BIGINT NOT NULL,
	next_minutes BIGINT NOT NULL,
	resolution_minutes BIGINT NOT NULL,
	in_hours BIGINT NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX sla_policy_workspace ON sla_policy (workspace_id, place, id);
CREATE TABLE team (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	name TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
);
CREATE UNIQUE INDEX team_name ON team (workspace_id, name) WHERE deleted_ms IS NULL;
CREATE TABLE team_member (
	team_id BIGINT NOT NULL REFERENCES team (id),
	person_id BIGINT NOT NULL REFERENCES person (id),
	PRIMARY KEY (team_id, person_id)
);
CREATE INDEX team_member_person ON team_member (person_id);
CREATE TABLE template (
	id INTEGER PRIMARY KEY,
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
	updated_ms BIGINT NOT NULL, kind BIGINT NOT NULL DEFAULT 0, parameter_format TEXT NOT NULL DEFAULT 'POSITIONAL', revision BIGINT NOT NULL DEFAULT 1, created_ms BIGINT NOT NULL DEFAULT 0, deleted_ms BIGINT,
	UNIQUE (workspace_id, account_id, name, language)
);
CREATE TABLE template_change (
	id INTEGER PRIMARY KEY,
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
CREATE TABLE template_send (
	message_id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	template_id BIGINT NOT NULL,
	conversation_id BIGINT NOT NULL,
	day BIGINT NOT NULL,
	sent_ms BIGINT NOT NULL,
	counted BIGINT NOT NULL
);
CREATE INDEX template_send_conversation ON template_send (conversation_id, message_id);
CREATE TABLE template_setting (
	workspace_id INTEGER PRIMARY KEY,
	name_prefix TEXT NOT NULL
);
CREATE TABLE tier_person (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	contact_id BIGINT NOT NULL,
	slot BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, contact_id)
);
CREATE INDEX tier_person_slot ON tier_person (slot);
CREATE TABLE tier_slot (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	slot BIGINT NOT NULL,
	people BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, slot)
);
CREATE INDEX tier_slot_slot ON tier_slot (slot);
CREATE TABLE traffic_hour (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	hour_ms BIGINT NOT NULL,
	received BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	failed BIGINT NOT NULL,
	UNIQUE (workspace_id, hour_ms)
);
CREATE TABLE waiting_effect (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	remote_key BLOB NOT NULL,
	effect_sealed BLOB NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE INDEX waiting_effect_created ON waiting_effect (created_ms);
CREATE INDEX waiting_effect_key ON waiting_effect (remote_key, id);
CREATE TABLE webhook (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	url_sealed BLOB NOT NULL,
	description TEXT NOT NULL,
	kinds BIGINT NOT NULL,
	channels TEXT NOT NULL,
	secret_sealed BLOB NOT NULL,
	old_secret_sealed BLOB,
	old_secret_until_ms BIGINT,
	disabled_ms BIGINT,
	disabled_reason TEXT,
	failing_since_ms BIGINT,
	success_ms BIGINT,
	created_ms BIGINT NOT NULL,
	deleted_ms BIGINT
, format BIGINT NOT NULL DEFAULT 0, verify_token_sealed BLOB);
CREATE INDEX webhook_workspace ON webhook (workspace_id, id) WHERE deleted_ms IS NULL;
CREATE TABLE webhook_attempt (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	webhook_id BIGINT NOT NULL,
	event_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	started_ms BIGINT NOT NULL,
	took_ms BIGINT NOT NULL,
	status BIGINT,
	error TEXT,
	response_sealed BLOB
);
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (webhook_id, event_id, id);
CREATE TABLE webhook_delivery (
	webhook_id BIGINT NOT NULL REFERENCES webhook (id),
	event_id BIGINT NOT NULL REFERENCES webhook_event (id),
	workspace_id BIGINT NOT NULL,
	lane BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	state BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_ms BIGINT NOT NULL,
	status BIGINT,
	error TEXT,
	done_ms BIGINT,
	PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_ms) WHERE state = 0;
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);
CREATE INDEX webhook_delivery_lane ON webhook_delivery (webhook_id, lane, sequence) WHERE state = 0;
CREATE INDEX webhook_delivery_state ON webhook_delivery (webhook_id, state, event_id);
CREATE TABLE webhook_event (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	lane BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	conversation_id BIGINT,
	channel_id BIGINT,
	message_id BIGINT,
	contact_id BIGINT,
	at_ms BIGINT NOT NULL,
	detail TEXT NOT NULL,
	payload_sealed BLOB
, audience BIGINT NOT NULL DEFAULT 3, source_sealed BLOB, cloud_sealed BLOB);
CREATE INDEX webhook_event_unmade ON webhook_event (id) WHERE payload_sealed IS NULL;
CREATE INDEX webhook_event_workspace ON webhook_event (workspace_id, id);
CREATE TABLE webhook_lane (
	lane INTEGER PRIMARY KEY,
	last BIGINT NOT NULL
);
CREATE TABLE workspace (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	created_ms BIGINT NOT NULL
, require_second_factor BIGINT NOT NULL DEFAULT 0, time_zone TEXT NOT NULL DEFAULT 'UTC', locale TEXT NOT NULL DEFAULT 'en', country TEXT NOT NULL DEFAULT '');
CREATE TABLE workspace_key (
	id INTEGER PRIMARY KEY,
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	wrapped BLOB NOT NULL,
	created_ms BIGINT NOT NULL,
	retired_ms BIGINT
);
CREATE INDEX workspace_key_workspace ON workspace_key (workspace_id, id);
