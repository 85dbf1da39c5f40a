-- Which channel of a number carries a message, and why.

-- route_number: one route_number
-- in:  workspace id64, id id64
-- out: id id64, phone str, route_mode i64, active_channel id64, active_since_ms i64, active_reason str, active_sentence str
-- out: held_channel id64, held_since_ms i64, held_until_ms i64, held_reason str, held_by str, created_ms i64
SELECT id, phone, route_mode, active_channel_id AS active_channel, active_since_ms, active_reason, active_sentence,
	held_channel_id AS held_channel, held_since_ms, held_until_ms, held_reason, held_by, created_ms
FROM number WHERE id = $2 AND workspace_id = $1;

-- route_number_page: many route_number
-- Those that some channel is on.
-- in:  workspace id64, after id64, count i64
SELECT id, phone, route_mode, active_channel_id AS active_channel, active_since_ms, active_reason, active_sentence,
	held_channel_id AS held_channel, held_since_ms, held_until_ms, held_reason, held_by, created_ms
FROM number n WHERE workspace_id = $1 AND id > $2
AND EXISTS (SELECT 1 FROM channel c WHERE c.number_id = n.id AND c.deleted_ms IS NULL) ORDER BY id LIMIT $3;

-- channel_of_number: many channel
-- In the order of the route.
-- in:  workspace id64, number id64, count i64
SELECT c.id, c.workspace_id AS workspace, c.number_id AS number, n.phone, c.provider, c.name, c.remote_id, c.account_id,
	c.app_tag, c.config_sealed, c.profile, c.pace_per_second, c.pair_interval_ms, c.pair_burst, c.health, c.health_reason,
	c.health_next_step, c.health_since_ms, c.proof_ms, c.last_event_ms, c.last_send_ms, c.created_ms, c.disabled_ms,
	c.environment
FROM channel c JOIN number n ON n.id = c.number_id
WHERE c.number_id = $2 AND c.workspace_id = $1 AND c.deleted_ms IS NULL ORDER BY c.route_place, c.id LIMIT $3;

-- route_weights: many route_weight
-- In the same order.
-- in:  workspace id64, number id64, count i64
-- out: channel id64, weight i64
SELECT id AS channel, route_weight AS weight FROM channel
WHERE number_id = $2 AND workspace_id = $1 AND deleted_ms IS NULL ORDER BY route_place, id LIMIT $3;

-- route_channel_page: many route_channel
-- Of all workspaces: for the monitor.
-- in:  after id64, count i64
-- out: id id64, workspace id64, number id64, disabled_ms i64
SELECT id, workspace_id AS workspace, number_id AS number, disabled_ms FROM channel
WHERE id > $1 AND deleted_ms IS NULL ORDER BY id LIMIT $2;

-- route_number_of: one route_number_of
-- Also of a channel that was deleted.
-- in:  workspace id64, channel id64
-- out: number id64
SELECT number_id AS number FROM channel WHERE id = $2 AND workspace_id = $1;

-- route_set_mode: exec
-- in:  workspace id64, id id64, mode i64
UPDATE number SET route_mode = $3 WHERE id = $2 AND workspace_id = $1;

-- route_set_place: exec
-- in:  workspace id64, number id64, channel id64, place i64, weight i64
UPDATE channel SET route_place = $4, route_weight = $5
WHERE id = $3 AND workspace_id = $1 AND number_id = $2 AND deleted_ms IS NULL;

-- route_hold: exec
-- channel 0: lifts it.
-- in:  workspace id64, id id64, channel id64?, now_ms i64?, until_ms i64?, reason str?, by str?
UPDATE number SET held_channel_id = $3, held_since_ms = $4, held_until_ms = $5, held_reason = $6, held_by = $7
WHERE id = $2 AND workspace_id = $1;

-- route_set_active: exec
-- Only one of those who see the change at the same time writes it.
-- in:  workspace id64, id id64, channel id64, reason str, sentence str, now_ms i64, was_channel id64, was_reason str
UPDATE number SET active_channel_id = $3, active_reason = $4, active_sentence = $5,
	active_since_ms = CASE WHEN active_channel_id = $3 THEN active_since_ms ELSE $6 END
WHERE id = $2 AND workspace_id = $1 AND COALESCE(active_channel_id, 0) = $7 AND COALESCE(active_reason, '') = $8;

-- route_change_add: exec
-- in:  id id64, workspace id64, number id64, channel id64?, from_channel id64?, reason str, severity str, sentence str
INSERT INTO route_change (id, workspace_id, number_id, channel_id, from_channel_id, reason, severity, sentence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- route_change_page: many route_change
-- in:  workspace id64, number id64, before id64, max i64
-- out: id id64, channel id64, from_channel id64, reason str, severity str, sentence str
SELECT id, channel_id AS channel, from_channel_id AS from_channel, reason, severity, sentence FROM route_change
WHERE number_id = $2 AND workspace_id = $1 AND id < $3 ORDER BY id DESC LIMIT $4;

-- route_decision_add: exec
-- in:  id id64, workspace id64, message id64, channel id64, from_channel id64?, reason str, sentence str
INSERT INTO route_decision (id, workspace_id, message_id, channel_id, from_channel_id, reason, sentence)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- route_decision_list: many route_decision
-- With the names of channels that are gone.
-- in:  workspace id64, message id64
-- out: id id64, channel id64, from_channel id64, reason str, sentence str, name str, provider str, phone str
SELECT d.id, d.channel_id AS channel, d.from_channel_id AS from_channel, d.reason, d.sentence, c.name, c.provider, n.phone
FROM route_decision d JOIN channel c ON c.id = d.channel_id JOIN number n ON n.id = c.number_id
WHERE d.message_id = $2 AND d.workspace_id = $1 ORDER BY d.id LIMIT 100;

-- route_decision_of: one route_decision_of
-- Did this channel ever have the message?
-- in:  workspace id64, message id64, channel id64
-- out: id id64
SELECT id FROM route_decision WHERE message_id = $2 AND workspace_id = $1 AND channel_id = $3 ORDER BY id LIMIT 1;

-- route_channel_brief: one route_channel_brief
-- Also of one that was deleted.
-- in:  workspace id64, id id64
-- out: name str, provider str, phone str
SELECT c.name, c.provider, n.phone FROM channel c JOIN number n ON n.id = c.number_id WHERE c.id = $2 AND c.workspace_id = $1;

-- outbox_movable: many outbox_item
-- What waits on a channel and may go by another: surely not with the network.
-- in:  channel id64, max i64
SELECT message_id AS message, workspace_id AS workspace, channel_id AS channel, conversation_id AS conversation, priority,
	attempts, created_ms, pinned, moved
FROM outbox WHERE channel_id = $1 AND state = 0 AND pinned = 0 ORDER BY priority, message_id LIMIT $2;

-- outbox_move: exec
-- in:  message id64, channel id64, now_ms i64
UPDATE outbox SET channel_id = $2, next_ms = $3, state = 0, moved = 1 WHERE message_id = $1;

-- message_set_channel: exec
-- in:  id id64, workspace id64, channel id64
UPDATE message SET channel_id = $3 WHERE id = $1 AND workspace_id = $2;
