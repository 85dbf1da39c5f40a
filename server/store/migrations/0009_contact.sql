-- Contacts as a team keeps them: attributes, consent, notes, blocking, imports and exports, erasure.

-- seen_ms: the last message either way, to the minute; 0: none yet. blocked_ms: what they write makes no notice since then.
-- erased_ms: the person's data was asked to go; the row stays, empty. attributes_sealed: {"ATTRIBUTE ID": value}.
ALTER TABLE contact ADD COLUMN seen_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN blocked_ms BIGINT;
ALTER TABLE contact ADD COLUMN erased_ms BIGINT;
ALTER TABLE contact ADD COLUMN attributes_sealed {BYTES};
UPDATE contact SET seen_ms = COALESCE((SELECT MAX(c.last_message_ms) FROM conversation c
	WHERE c.contact_id = contact.id AND c.last_message_id IS NOT NULL AND c.merged_into IS NULL), 0);
-- The list is walked by last message or by id; the other filters are looked up on the way, or lead when few fit.
CREATE INDEX contact_seen ON contact (workspace_id, seen_ms, id) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_live ON contact (workspace_id, id) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_created ON contact (workspace_id, created_ms) WHERE merged_into IS NULL AND erased_ms IS NULL;
CREATE INDEX contact_source ON contact (workspace_id, source, id);
CREATE INDEX contact_blocked ON contact (workspace_id, id) WHERE blocked_ms IS NOT NULL;
CREATE INDEX contact_opted_out ON contact (workspace_id, id) WHERE opt_out_ms IS NOT NULL;
CREATE INDEX contact_erasing ON contact (id) WHERE erased_ms IS NOT NULL AND name_rank >= 0;
CREATE INDEX conversation_number ON conversation (number_id, contact_id);
CREATE INDEX message_media_place ON message (conversation_id, id) WHERE media_id IS NOT NULL;

-- tail: the digits of a phone from the last to the first, for those who remember the end of a number.
ALTER TABLE contact_alias ADD COLUMN tail TEXT;
-- only: sqlite
UPDATE contact_alias SET tail = (WITH RECURSIVE r (n, s) AS (SELECT 0, '' UNION ALL
	SELECT n + 1, substr(match_key, n + 1, 1) || s FROM r WHERE n < length(match_key))
	SELECT s FROM r ORDER BY n DESC LIMIT 1) WHERE kind = 'phone';
-- end
-- only: postgres
UPDATE contact_alias SET tail = reverse(match_key) WHERE kind = 'phone';
-- end
CREATE INDEX contact_alias_tail ON contact_alias (workspace_id, tail) WHERE tail IS NOT NULL;

-- kind: text, number, date, boolean, list, url, email. options: the choices of a list, as JSON.
CREATE TABLE contact_attribute (
	id {ID},
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

-- What contacts are found by although it is sealed: keyed hashes. kind: 1 value of an attribute, 2 whole name, 3 e-mail address.
CREATE TABLE contact_facet (
	workspace_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	facet BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	PRIMARY KEY (workspace_id, kind, facet, contact_id)
) {WITHOUT_ROWID};
CREATE INDEX contact_facet_contact ON contact_facet (contact_id);

CREATE TABLE contact_note (
	id {ID},
	workspace_id BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	author_kind BIGINT NOT NULL,
	author_id BIGINT,
	author_name TEXT NOT NULL,
	body_sealed {BYTES} NOT NULL,
	edited_ms BIGINT,
	deleted_ms BIGINT
);
CREATE INDEX contact_note_contact ON contact_note (contact_id, id);

-- Each wish of a person about marketing. state: opted_out, opted_in. source: webhook, console, api, import, or words of whoever noted it.
CREATE TABLE contact_consent (
	id {ID},
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

-- How the provider of each channel took a block. state: blocked, failed; error: a sentence.
CREATE TABLE contact_block (
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	channel_id BIGINT NOT NULL REFERENCES channel (id),
	workspace_id BIGINT NOT NULL,
	state TEXT NOT NULL,
	error TEXT NOT NULL,
	at_ms BIGINT NOT NULL,
	PRIMARY KEY (contact_id, channel_id)
);

-- A file of contacts. state: uploaded, checking, checked, running, done, undoing, undone, failed, cancelled. shape_sealed: encoding,
-- delimiter, columns and the first rows as JSON. plan: what each column is, and what to do with those who are there, as JSON.
CREATE TABLE contact_import (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state TEXT NOT NULL,
	file_name_sealed {BYTES},
	blob_id BIGINT REFERENCES media_blob (id),
	size_bytes BIGINT NOT NULL,
	shape_sealed {BYTES} NOT NULL,
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
CREATE INDEX contact_import_workspace ON contact_import (workspace_id, id);
CREATE INDEX contact_import_busy ON contact_import (id) WHERE state IN ('checking', 'running', 'undoing');

-- What a row of the file did, so that it can be undone. before_sealed: what the contact was, as JSON; none: it was made.
CREATE TABLE contact_import_row (
	import_id BIGINT NOT NULL REFERENCES contact_import (id),
	row_number BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	contact_id BIGINT NOT NULL REFERENCES contact (id),
	before_sealed {BYTES},
	after_ms BIGINT NOT NULL,
	PRIMARY KEY (import_id, row_number)
);
CREATE INDEX contact_import_row_contact ON contact_import_row (contact_id);

-- column_index: from 0; -1: the row as a whole. The row itself stays in the file.
CREATE TABLE contact_import_problem (
	import_id BIGINT NOT NULL REFERENCES contact_import (id),
	row_number BIGINT NOT NULL,
	column_index BIGINT NOT NULL,
	workspace_id BIGINT NOT NULL,
	code TEXT NOT NULL,
	sentence TEXT NOT NULL,
	PRIMARY KEY (import_id, row_number, column_index)
);

-- A list of contacts as a file. state: running, done, failed. filter_sealed: the filter as JSON.
CREATE TABLE contact_export (
	id {ID},
	workspace_id BIGINT NOT NULL REFERENCES workspace (id),
	state TEXT NOT NULL,
	filter_sealed {BYTES} NOT NULL,
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
CREATE INDEX contact_export_workspace ON contact_export (workspace_id, id);
CREATE INDEX contact_export_file ON contact_export (ended_ms) WHERE blob_id IS NOT NULL;
CREATE INDEX contact_export_busy ON contact_export (id) WHERE state = 'running';
