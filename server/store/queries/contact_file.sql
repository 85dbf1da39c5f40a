-- Imports and exports of contacts.

-- fragment contact_import: id, state, file_name_sealed, blob_id, size_bytes, shape_sealed, plan, rows_total, rows_done, made, changed, skipped,
-- fragment contact_import: wrong, undone, kept, error, actor_kind, actor_id, actor_name, created_ms, ended_ms
-- fragment contact_export: id, state, filter_sealed, rows_done, blob_id, size_bytes, error, actor_kind, actor_id, actor_name, created_ms, ended_ms

-- contact_import_add: exec
-- in:  id id64, workspace id64, file_name bytes?, blob id64, size_bytes i64, shape bytes, plan str, rows_total i64, actor_kind i64
-- in:  actor id64?, actor_name str, now_ms i64
INSERT INTO contact_import (id, workspace_id, state, file_name_sealed, blob_id, size_bytes, shape_sealed, plan, rows_total, rows_done, made,
	changed, skipped, wrong, undone, kept, error, actor_kind, actor_id, actor_name, created_ms)
VALUES ($1, $2, 'uploaded', $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, 0, 0, '', $9, $10, $11, $12);

-- contact_import_find: one contact_import
-- in:  id id64, workspace id64
-- out: id id64, state str, file_name_sealed bytes?, blob_id id64?, size_bytes i64, shape_sealed bytes, plan str, rows_total i64
-- out: rows_done i64, made i64, changed i64, skipped i64, wrong i64, undone i64, kept i64, error str, actor_kind i64, actor_id id64?
-- out: actor_name str, created_ms i64, ended_ms i64?
SELECT {contact_import} FROM contact_import WHERE id = $1 AND workspace_id = $2;

-- contact_import_list: many contact_import
-- in:  workspace id64, before id64, max i64
SELECT {contact_import} FROM contact_import WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- contact_import_move: exec
-- From one state to another, once; what was counted begins anew.
-- in:  id id64, workspace id64, from_state str, to_state str, plan str
UPDATE contact_import SET state = $4, plan = $5, rows_done = 0, made = 0, changed = 0, skipped = 0, wrong = 0, error = '', ended_ms = NULL
WHERE id = $1 AND workspace_id = $2 AND state = $3;

-- contact_import_undo: exec
-- in:  id id64, workspace id64
UPDATE contact_import SET state = 'undoing', undone = 0, kept = 0, ended_ms = NULL WHERE id = $1 AND workspace_id = $2 AND state = 'done';

-- contact_import_step: exec
-- So far, while its state is still that.
-- in:  id id64, workspace id64, state str, rows_total i64, rows_done i64, made i64, changed i64, skipped i64, wrong i64, undone i64, kept i64
UPDATE contact_import SET rows_total = $4, rows_done = $5, made = $6, changed = $7, skipped = $8, wrong = $9, undone = $10, kept = $11
WHERE id = $1 AND workspace_id = $2 AND state = $3;

-- contact_import_end: exec
-- in:  id id64, workspace id64, from_state str, to_state str, error str, now_ms i64?
UPDATE contact_import SET state = $4, error = $5, ended_ms = $6 WHERE id = $1 AND workspace_id = $2 AND state = $3;

-- contact_import_busy: many contact_import_busy
-- Of all workspaces, the longest waiting first.
-- in:  max i64
-- out: id id64, workspace id64
SELECT id, workspace_id AS workspace FROM contact_import WHERE state IN ('checking', 'running', 'undoing') ORDER BY id LIMIT $1;

-- contact_import_row_add: exec
-- in:  import id64, row i64, workspace id64, contact id64, before bytes?, after_ms i64
INSERT INTO contact_import_row (import_id, row_number, workspace_id, contact_id, before_sealed, after_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (import_id, row_number) DO NOTHING;

-- contact_import_rows_down: many contact_import_row
-- What the rows did, the last one first: below a row.
-- in:  import id64, workspace id64, before i64, max i64
-- out: row_number i64, contact_id id64, before_sealed bytes?, after_ms i64
SELECT row_number, contact_id, before_sealed, after_ms FROM contact_import_row
WHERE import_id = $1 AND workspace_id = $2 AND row_number < $3 ORDER BY row_number DESC LIMIT $4;

-- contact_import_row_drop: exec
-- in:  import id64, row i64, workspace id64
DELETE FROM contact_import_row WHERE import_id = $1 AND row_number = $2 AND workspace_id = $3;

-- contact_import_problem_add: exec
-- in:  import id64, row i64, column i64, workspace id64, code str, sentence str
INSERT INTO contact_import_problem (import_id, row_number, column_index, workspace_id, code, sentence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (import_id, row_number, column_index) DO NOTHING;

-- contact_import_problem_list: many contact_import_problem
-- in:  import id64, workspace id64, after_row i64, after_column i64, max i64
-- out: row_number i64, column_index i64, code str, sentence str
SELECT row_number, column_index, code, sentence FROM contact_import_problem
WHERE import_id = $1 AND workspace_id = $2 AND (row_number, column_index) > ($3, $4) ORDER BY row_number, column_index LIMIT $5;

-- contact_import_problem_clear: exec
-- in:  import id64, workspace id64
DELETE FROM contact_import_problem WHERE import_id = $1 AND workspace_id = $2;

-- contact_export_add: exec
-- in:  id id64, workspace id64, filter bytes, actor_kind i64, actor id64?, actor_name str, now_ms i64
INSERT INTO contact_export (id, workspace_id, state, filter_sealed, rows_done, size_bytes, error, actor_kind, actor_id, actor_name, created_ms)
VALUES ($1, $2, 'running', $3, 0, 0, '', $4, $5, $6, $7);

-- contact_export_find: one contact_export
-- in:  id id64, workspace id64
-- out: id id64, state str, filter_sealed bytes, rows_done i64, blob_id id64?, size_bytes i64, error str, actor_kind i64, actor_id id64?
-- out: actor_name str, created_ms i64, ended_ms i64?
SELECT {contact_export} FROM contact_export WHERE id = $1 AND workspace_id = $2;

-- contact_export_list: many contact_export
-- in:  workspace id64, before id64, max i64
SELECT {contact_export} FROM contact_export WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- contact_export_step: exec
-- in:  id id64, workspace id64, rows_done i64
UPDATE contact_export SET rows_done = $3 WHERE id = $1 AND workspace_id = $2 AND state = 'running';

-- contact_export_end: exec
-- in:  id id64, workspace id64, state str, rows_done i64, blob id64?, size_bytes i64, error str, now_ms i64
UPDATE contact_export SET state = $3, rows_done = $4, blob_id = $5, size_bytes = $6, error = $7, ended_ms = $8
WHERE id = $1 AND workspace_id = $2 AND state = 'running';

-- contact_export_busy: many contact_import_busy
-- in:  max i64
SELECT id, workspace_id AS workspace FROM contact_export WHERE state = 'running' ORDER BY id LIMIT $1;

-- contact_import_forget_file: exec
-- in:  id id64, workspace id64
UPDATE contact_import SET blob_id = NULL WHERE id = $1 AND workspace_id = $2;

-- contact_import_restore: exec
-- A row that an import changed is as old again as it was.
-- in:  id id64, workspace id64, updated_ms i64
UPDATE contact SET updated_ms = $3 WHERE id = $1 AND workspace_id = $2;

-- contact_export_old: many contact_import_busy
-- Of all workspaces: files that nobody fetched in their time.
-- in:  before_ms i64, max i64
SELECT id, workspace_id AS workspace FROM contact_export WHERE blob_id IS NOT NULL AND ended_ms < $1 ORDER BY ended_ms LIMIT $2;

-- contact_export_forget_file: exec
-- in:  id id64, workspace id64
UPDATE contact_export SET blob_id = NULL WHERE id = $1 AND workspace_id = $2;
