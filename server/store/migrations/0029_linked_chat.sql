-- How long messages of a chat stay, where people let them disappear: timer_s, 0: they stay; and since when it is so.
ALTER TABLE conversation ADD COLUMN timer_s BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN timer_set_ms BIGINT NOT NULL DEFAULT 0;
