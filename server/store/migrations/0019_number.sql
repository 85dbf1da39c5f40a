-- Limits that people are counted against, and what messages cost.

-- Whom an account wrote to outside of a window, and in which ten minutes last; and how many they are by these.
CREATE TABLE tier_person (
	id {ID},
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	contact_id BIGINT NOT NULL,
	slot BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, contact_id)
);
CREATE INDEX tier_person_slot ON tier_person (slot);
CREATE TABLE tier_slot (
	id {ID},
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	slot BIGINT NOT NULL,
	people BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, slot)
);
CREATE INDEX tier_slot_slot ON tier_slot (slot);

-- Who got too much marketing lately, as the network said (131049): nothing more until then.
CREATE TABLE marketing_hold (
	id {ID},
	workspace_id BIGINT NOT NULL,
	account_id TEXT NOT NULL,
	contact_id BIGINT NOT NULL,
	hits BIGINT NOT NULL,
	until_ms BIGINT NOT NULL,
	UNIQUE (workspace_id, account_id, contact_id)
);
CREATE INDEX marketing_hold_until ON marketing_hold (until_ms);

-- price_code: country, category and kind of price (inbox/cost.c); price_micros: by our table when the network told them, NULL: unknown.
-- costed_ms: when it was delivered and so counted into cost_day.
ALTER TABLE message ADD COLUMN price_code BIGINT;
ALTER TABLE message ADD COLUMN price_micros BIGINT;
ALTER TABLE message ADD COLUMN costed_ms BIGINT;

-- Delivered messages with a price, by day (UTC, days since 1970). unpriced: those of them that our table has no price for.
CREATE TABLE cost_day (
	id {ID},
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
