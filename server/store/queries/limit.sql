-- Whom an account wrote to, and what holds marketing back (account/limit.c).

-- tier_person_find: one tier_person
-- in:  workspace id64, account_id str, contact id64
-- out: slot i64
SELECT slot FROM tier_person WHERE workspace_id = $1 AND account_id = $2 AND contact_id = $3;

-- tier_person_set: exec
-- in:  id id64, workspace id64, account_id str, contact id64, slot i64
INSERT INTO tier_person (id, workspace_id, account_id, contact_id, slot) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, account_id, contact_id) DO UPDATE SET slot = excluded.slot;

-- tier_slot_add: exec
-- people: 1, or -1 for who moved to a later slot.
-- in:  id id64, workspace id64, account_id str, slot i64, people i64
INSERT INTO tier_slot (id, workspace_id, account_id, slot, people) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (workspace_id, account_id, slot) DO UPDATE SET people = tier_slot.people + excluded.people;

-- tier_use: one tier_use
-- in:  workspace id64, account_id str, from_slot i64
-- out: people i64
SELECT CAST(COALESCE(SUM(people), 0) AS BIGINT) AS people FROM tier_slot WHERE workspace_id = $1 AND account_id = $2 AND slot >= $3;

-- tier_slot_prune: exec
-- in:  before_slot i64, max i64
DELETE FROM tier_slot WHERE id IN (SELECT id FROM tier_slot WHERE slot < $1 LIMIT $2);

-- tier_person_prune: exec
-- in:  before_slot i64, max i64
DELETE FROM tier_person WHERE id IN (SELECT id FROM tier_person WHERE slot < $1 LIMIT $2);

-- marketing_hold_set: exec
-- in:  id id64, workspace id64, account_id str, contact id64, hits i64, until_ms i64
INSERT INTO marketing_hold (id, workspace_id, account_id, contact_id, hits, until_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, account_id, contact_id) DO UPDATE SET hits = excluded.hits, until_ms = excluded.until_ms;

-- marketing_hold_find: one marketing_hold
-- in:  workspace id64, account_id str, contact id64
-- out: hits i64, until_ms i64
SELECT hits, until_ms FROM marketing_hold WHERE workspace_id = $1 AND account_id = $2 AND contact_id = $3;

-- marketing_hold_prune: exec
-- in:  before_ms i64, max i64
DELETE FROM marketing_hold WHERE id IN (SELECT id FROM marketing_hold WHERE until_ms < $1 LIMIT $2);
