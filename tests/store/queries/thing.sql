-- owner_add: exec
-- in:  id id64, name str
INSERT INTO owner (id, name) VALUES ($1, $2);

-- owner_put: one owner
-- in:  id id64, name str
-- out: id id64, name str
INSERT INTO owner (id, name) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING id, name;

-- owner_find: one owner
-- in:  name str
SELECT id, name FROM owner WHERE name = $1;

-- thing_add: exec
-- in:  id id64, owner id64?, name str?, data bytes?, good bool?, weight real?, seen_ms i64?
INSERT INTO thing (id, owner_id, name, data, good, weight, seen_ms) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- thing_find: one thing
-- in:  id id64
-- out: id id64, owner_id id64, name str, data bytes, good bool, weight real, seen_ms i64
SELECT id, owner_id, name, data, good, weight, seen_ms FROM thing WHERE id = $1;

-- thing_list: many thing
-- in:  after id64, max i64
SELECT id, owner_id, name, data, good, weight, seen_ms FROM thing WHERE id > $1 ORDER BY id LIMIT $2;

-- thing_rename: exec
-- in:  name str, below id64
UPDATE thing SET name = $1 WHERE id < $2;

-- thing_nulls: one nulls
-- in:  id id64
-- out: nulls i64
-- How many of its columns are really NULL.
SELECT (CASE WHEN owner_id IS NULL THEN 1 ELSE 0 END) + (CASE WHEN name IS NULL THEN 1 ELSE 0 END)
	+ (CASE WHEN data IS NULL THEN 1 ELSE 0 END) + (CASE WHEN good IS NULL THEN 1 ELSE 0 END)
	+ (CASE WHEN weight IS NULL THEN 1 ELSE 0 END) + (CASE WHEN seen_ms IS NULL THEN 1 ELSE 0 END) AS nulls
FROM thing WHERE id = $1;

-- thing_count: one count
-- out: count i64
SELECT count(*) AS count FROM thing;
