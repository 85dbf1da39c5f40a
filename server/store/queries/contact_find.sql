-- The list of contacts: walks along an index with the filters looked up on the way, and short lists of ids where a filter leads.
-- inbox/contact_find.c says when which.

-- fragment contact_c: c.id AS id, c.name_sealed AS name_sealed, c.name_rank AS name_rank, c.profile_name_sealed AS profile_name_sealed,
-- fragment contact_c: c.opt_out_ms AS opt_out_ms, c.preference_ms AS preference_ms, c.source AS source, c.created_ms AS created_ms,
-- fragment contact_c: c.updated_ms AS updated_ms, c.merged_into AS merged_into, c.seen_ms AS seen_ms, c.blocked_ms AS blocked_ms,
-- fragment contact_c: c.erased_ms AS erased_ms, c.attributes_sealed AS attributes_sealed

-- The filters, as the parameters $1 to $11: -1 and 0 and none mean any. LIMIT 1 keeps PostgreSQL from hashing a whole label.
-- fragment contact_fits: c.workspace_id = $1 AND c.merged_into IS NULL AND c.erased_ms IS NULL
-- fragment contact_fits: AND ($2 < 0 OR ($2 = 1 AND c.opt_out_ms IS NOT NULL) OR ($2 = 0 AND c.opt_out_ms IS NULL))
-- fragment contact_fits: AND ($3 < 0 OR ($3 = 1 AND c.blocked_ms IS NOT NULL) OR ($3 = 0 AND c.blocked_ms IS NULL))
-- fragment contact_fits: AND ($4 = '' OR c.source = $4)
-- fragment contact_fits: AND ($5 = 0 OR (SELECT l.label_id FROM contact_label l WHERE l.contact_id = c.id AND l.label_id = $5 LIMIT 1) IS NOT NULL)
-- fragment contact_fits: AND ($6 = 0 OR (SELECT v.id FROM conversation v WHERE v.contact_id = c.id AND v.number_id = $6 AND v.merged_into IS NULL LIMIT 1) IS NOT NULL)
-- fragment contact_fits: AND ($7 = 0 OR (SELECT f.facet FROM contact_facet f WHERE f.workspace_id = $1 AND f.kind = 1 AND f.facet = $7 AND f.contact_id = c.id LIMIT 1) IS NOT NULL)
-- fragment contact_fits: AND c.created_ms >= $8 AND c.created_ms < $9 AND c.seen_ms >= $10 AND c.seen_ms < $11

-- contact_among: many contact
-- Those of the ids that fit. CROSS JOIN: id by id.
-- in:  workspace id64, opted_out i64, blocked i64, source str, label id64, number id64, facet i64, created_from i64, created_to i64,
-- in:  seen_from i64, seen_to i64, ids str
SELECT {contact_c} FROM json_each(NULLIF($12, '')) CROSS JOIN contact c
WHERE c.id = json_each.value AND {contact_fits} LIMIT 2100;

-- contact_walk_seen_down: many contact
-- Last message latest first, from behind one place to another.
-- in:  workspace id64, opted_out i64, blocked i64, source str, label id64, number id64, facet i64, created_from i64, created_to i64,
-- in:  seen_from i64, seen_to i64, from_ms i64, from_id id64, to_ms i64, to_id id64, max i64
SELECT {contact_c} FROM contact c
WHERE (c.seen_ms, c.id) < ($12, $13) AND (c.seen_ms, c.id) >= ($14, $15) AND {contact_fits}
ORDER BY c.seen_ms DESC, c.id DESC LIMIT $16;

-- contact_walk_seen_up: many contact
-- Last message longest ago first.
-- in:  workspace id64, opted_out i64, blocked i64, source str, label id64, number id64, facet i64, created_from i64, created_to i64,
-- in:  seen_from i64, seen_to i64, from_ms i64, from_id id64, to_ms i64, to_id id64, max i64
SELECT {contact_c} FROM contact c
WHERE (c.seen_ms, c.id) > ($12, $13) AND (c.seen_ms, c.id) <= ($14, $15) AND {contact_fits}
ORDER BY c.seen_ms, c.id LIMIT $16;

-- contact_walk_id_down: many contact
-- Newest first.
-- in:  workspace id64, opted_out i64, blocked i64, source str, label id64, number id64, facet i64, created_from i64, created_to i64,
-- in:  seen_from i64, seen_to i64, from_id id64, to_id id64, max i64
SELECT {contact_c} FROM contact c
WHERE c.id < $12 AND c.id >= $13 AND {contact_fits}
ORDER BY c.id DESC LIMIT $14;

-- contact_walk_id_up: many contact
-- Oldest first.
-- in:  workspace id64, opted_out i64, blocked i64, source str, label id64, number id64, facet i64, created_from i64, created_to i64,
-- in:  seen_from i64, seen_to i64, from_id id64, to_id id64, max i64
SELECT {contact_c} FROM contact c
WHERE c.id > $12 AND c.id <= $13 AND {contact_fits}
ORDER BY c.id LIMIT $14;

-- contact_edge_seen_down: one contact_place
-- Where so many contacts from a place on end: an index is walked, and nothing else.
-- in:  workspace id64, from_ms i64, from_id id64, skip i64
-- out: seen_ms i64, id id64
SELECT seen_ms, id FROM contact WHERE workspace_id = $1 AND merged_into IS NULL AND erased_ms IS NULL AND (seen_ms, id) < ($2, $3)
ORDER BY seen_ms DESC, id DESC LIMIT 1 OFFSET $4;

-- contact_edge_seen_up: one contact_place
-- Where so many contacts from a place on end: an index is walked, and nothing else.
-- in:  workspace id64, from_ms i64, from_id id64, skip i64
SELECT seen_ms, id FROM contact WHERE workspace_id = $1 AND merged_into IS NULL AND erased_ms IS NULL AND (seen_ms, id) > ($2, $3)
ORDER BY seen_ms, id LIMIT 1 OFFSET $4;

-- contact_edge_id_down: one contact_place
-- Where so many contacts from a place on end: an index is walked, and nothing else.
-- in:  workspace id64, from_id id64, skip i64
SELECT seen_ms, id FROM contact WHERE workspace_id = $1 AND merged_into IS NULL AND erased_ms IS NULL AND id < $2
ORDER BY id DESC LIMIT 1 OFFSET $3;

-- contact_edge_id_up: one contact_place
-- Where so many contacts from a place on end: an index is walked, and nothing else.
-- in:  workspace id64, from_id id64, skip i64
SELECT seen_ms, id FROM contact WHERE workspace_id = $1 AND merged_into IS NULL AND erased_ms IS NULL AND id > $2
ORDER BY id LIMIT 1 OFFSET $3;

-- contact_ids_label: many contact_id
-- Some that carry a label; all, when there are fewer than max.
-- in:  label id64, workspace id64, max i64
-- out: id id64
SELECT contact_id AS id FROM contact_label WHERE label_id = $1 AND workspace_id = $2 LIMIT $3;

-- contact_ids_number: many contact_id
-- Some that spoke with a number.
-- in:  number id64, workspace id64, max i64
SELECT contact_id AS id FROM conversation WHERE number_id = $1 AND workspace_id = $2 LIMIT $3;

-- contact_ids_facet: many contact_id
-- Newest first, below an id.
-- in:  workspace id64, kind i64, facet i64, before id64, max i64
SELECT contact_id AS id FROM contact_facet
WHERE workspace_id = $1 AND kind = $2 AND facet = $3 AND contact_id < $4 ORDER BY contact_id DESC LIMIT $5;

-- contact_ids_source: many contact_id
-- Some that came this way.
-- in:  workspace id64, source str, max i64
SELECT id FROM contact WHERE workspace_id = $1 AND source = $2 LIMIT $3;

-- contact_ids_blocked: many contact_id
-- The blocked.
-- in:  workspace id64, max i64
SELECT id FROM contact WHERE workspace_id = $1 AND blocked_ms IS NOT NULL LIMIT $2;

-- contact_ids_opted_out: many contact_id
-- Those who want no marketing.
-- in:  workspace id64, max i64
SELECT id FROM contact WHERE workspace_id = $1 AND opt_out_ms IS NOT NULL LIMIT $2;

-- contact_ids_created: many contact_id
-- Made in a stretch of time.
-- in:  workspace id64, from_ms i64, to_ms i64, max i64
SELECT id FROM contact WHERE workspace_id = $1 AND created_ms >= $2 AND created_ms < $3 AND merged_into IS NULL AND erased_ms IS NULL LIMIT $4;

-- contact_ids_seen: many contact_id
-- Whose last message is of a stretch of time.
-- in:  workspace id64, from_ms i64, to_ms i64, max i64
SELECT id FROM contact WHERE workspace_id = $1 AND seen_ms >= $2 AND seen_ms < $3 AND merged_into IS NULL AND erased_ms IS NULL LIMIT $4;

-- contact_ids_phone: many contact_id
-- Phones that begin so.
-- in:  workspace id64, from_key str, to_key str, max i64
SELECT contact_id AS id FROM contact_alias
WHERE workspace_id = $1 AND kind = 'phone' AND match_key >= $2 AND match_key < $3 LIMIT $4;

-- contact_ids_alias: many contact_id
-- Usernames that begin so, and the one with this business-scoped id.
-- in:  workspace id64, from_key str, to_key str, bsuid str, max i64
SELECT id FROM (SELECT contact_id AS id FROM contact_alias
	WHERE workspace_id = $1 AND kind = 'username' AND match_key >= $2 AND match_key < $3
	UNION SELECT contact_id AS id FROM contact_alias WHERE workspace_id = $1 AND kind = 'bsuid' AND match_key = $4) AS named LIMIT $5;

-- contact_ids_tail: many contact_id
-- Phones that end so, by their digits from the last on.
-- in:  workspace id64, from_tail str, to_tail str, max i64
SELECT contact_id AS id FROM contact_alias
WHERE workspace_id = $1 AND tail >= $2 AND tail < $3 LIMIT $4;

-- contact_talks: many conversation
-- All conversations of some contacts: whether somebody with a scope may see one.
-- in:  ids str, workspace id64
SELECT {conversation_c} FROM json_each(NULLIF($1, '')) CROSS JOIN conversation c
WHERE c.contact_id = json_each.value AND c.workspace_id = $2 AND c.merged_into IS NULL LIMIT 4000;
