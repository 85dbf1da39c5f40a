-- reopen: what becomes of a conversation that opens again while its assignee is not there: 0 stays theirs, 1 is given out anew.
ALTER TABLE routing_setting ADD COLUMN reopen BIGINT NOT NULL DEFAULT 0;
