-- A small schema with every type, for the tests of the drivers.
CREATE TABLE owner (
	id {ID},
	name TEXT NOT NULL UNIQUE
);
CREATE TABLE thing (
	id {ID},
	owner_id BIGINT REFERENCES owner (id),
	name TEXT,
	data {BYTES},
	good BOOLEAN,
	weight DOUBLE PRECISION,
	seen_ms BIGINT
);
CREATE INDEX thing_owner ON thing (owner_id, id);
