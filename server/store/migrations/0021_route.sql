-- Which channel of a number carries a message, and why.

-- route_mode: 0 order, 1 weights, 2 score. active_…: the present choice for plain messages, since when, why. held_…: an
-- administrator holds the number to a channel, whatever its health.
ALTER TABLE number ADD COLUMN route_mode BIGINT NOT NULL DEFAULT 0;
ALTER TABLE number ADD COLUMN active_channel_id BIGINT;
ALTER TABLE number ADD COLUMN active_since_ms BIGINT;
ALTER TABLE number ADD COLUMN active_reason TEXT;
ALTER TABLE number ADD COLUMN active_sentence TEXT;
ALTER TABLE number ADD COLUMN held_channel_id BIGINT;
ALTER TABLE number ADD COLUMN held_since_ms BIGINT;
ALTER TABLE number ADD COLUMN held_until_ms BIGINT;
ALTER TABLE number ADD COLUMN held_reason TEXT;
ALTER TABLE number ADD COLUMN held_by TEXT;

-- Its place among the channels of its number, from 1; a new one stands last.
ALTER TABLE channel ADD COLUMN route_place BIGINT NOT NULL DEFAULT 1000;
ALTER TABLE channel ADD COLUMN route_weight BIGINT NOT NULL DEFAULT 0;

-- pinned: the sender named the channel, or the message belongs there: it moves to no other. moved: it has moved.
ALTER TABLE outbox ADD COLUMN pinned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN moved BIGINT NOT NULL DEFAULT 0;

-- Why a message went by this channel; from_channel_id: it was moved from there. One whose number had a single channel has none.
CREATE TABLE route_decision (
	id {ID},
	workspace_id BIGINT NOT NULL,
	message_id BIGINT NOT NULL,
	channel_id BIGINT NOT NULL,
	from_channel_id BIGINT,
	reason TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX route_decision_message ON route_decision (message_id, id);

-- The active channel of a number changed.
CREATE TABLE route_change (
	id {ID},
	workspace_id BIGINT NOT NULL,
	number_id BIGINT NOT NULL REFERENCES number (id),
	channel_id BIGINT,
	from_channel_id BIGINT,
	reason TEXT NOT NULL,
	severity TEXT NOT NULL,
	sentence TEXT NOT NULL
);
CREATE INDEX route_change_number ON route_change (number_id, id);
