-- What messages cost (inbox/cost.c).

-- message_price_set: exec
-- Only the first report tells it.
-- in:  id id64, workspace id64, code i64, micros i64, is_known i64
UPDATE message SET price_code = $3, price_micros = CASE WHEN $5 = 1 THEN $4 ELSE NULL END
WHERE id = $1 AND workspace_id = $2 AND price_code IS NULL;

-- message_costed: exec
-- in:  id id64, workspace id64, now_ms i64
UPDATE message SET costed_ms = $3 WHERE id = $1 AND workspace_id = $2 AND price_code IS NOT NULL AND costed_ms IS NULL;

-- message_price: one message_price
-- in:  id id64, workspace id64
-- out: channel id64, conversation id64, code i64?, micros i64?, is_known bool, costed_ms i64?
SELECT channel_id AS channel, conversation_id AS conversation, price_code AS code, price_micros AS micros,
	CASE WHEN price_micros IS NULL THEN 0 ELSE 1 END AS is_known, costed_ms
FROM message WHERE id = $1 AND workspace_id = $2;

-- message_opening: one message_opening
-- Whom a message is for, on which account, and how long their window is open.
-- in:  id id64, workspace id64
-- out: contact id64, account_id str, kind i64, flags i64, window_until_ms i64?
SELECT c.contact_id AS contact, n.account_id AS account_id, m.kind AS kind, m.flags AS flags, c.window_until_ms AS window_until_ms
FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN channel n ON n.id = m.channel_id
WHERE m.id = $1 AND m.workspace_id = $2;

-- cost_day_add: exec
-- in:  id id64, workspace id64, channel id64, day i64, country str, category str, kind str, currency str, unpriced i64, micros i64
INSERT INTO cost_day (id, workspace_id, channel_id, day, country, category, kind, currency, messages, unpriced, micros)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)
ON CONFLICT (workspace_id, day, channel_id, country, category, kind, currency) DO UPDATE SET messages = cost_day.messages + 1,
	unpriced = cost_day.unpriced + excluded.unpriced, micros = cost_day.micros + excluded.micros;

-- cost_days: many cost_day
-- channel 0: all. Oldest first.
-- in:  workspace id64, from_day i64, until_day i64, channel id64, max i64
-- out: day i64, channel id64, country str, category str, kind str, currency str, messages i64, unpriced i64, micros i64
SELECT day, channel_id AS channel, country, category, kind, currency, messages, unpriced, micros FROM cost_day
WHERE workspace_id = $1 AND day >= $2 AND day < $3 AND ($4 = 0 OR channel_id = $4)
ORDER BY day, channel_id, country, category, kind, currency LIMIT $5;
