/*
 * outbox_slow.c: messages of numbers that belong to a person's phone go at the pace of that number
 * (account/pace.h). On the outbox's thread.
 *
 * What waits for its number alone keeps its place in the queue; what only its own kind waits for
 * (nobody asked for it) is put off, so that answers behind it go. A campaign is not put off but
 * stops the look at the queue: nothing goes behind it, and it may be long.
 */
#include "account/pace_number.h"
#include "base/json.h"
#include "jobs/outbox_internal.h"

/* Somebody types: so long at least, and so much more for each character, up to an end. */
#define TYPING_MIN_MS 1000
#define TYPING_CHARACTER_MS 30
#define TYPING_MAX_MS 6000
/* So soon a pause that ended, or a limit that was raised, is noticed at the latest. */
#define PUT_OFF_MAX_MS 60000

static uint32_t hash_of(str content)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < content.len; i++)
		hash = (hash ^ (uint8_t)content.ptr[i]) * 16777619u;
	return hash ? hash : 1;
}

static enum err read_message(struct job *job, const struct outbox_item_row *item,
	struct pace_message *out)
{
	struct pace_message_row row;
	struct message msg;

	TRY(sql_pace_message(job,
		&(struct sql_pace_message){ item->message, item->conversation }, &row));
	*out = (struct pace_message){ .by_person = item->priority == PRIORITY_LIVE,
		.is_reply = row.last_in_ms > job->now_ms - WINDOW_MS,
		.is_first = row.is_first && !row.last_in_ms };
	if (out->is_reply)
		return OK;
	TRY(message_get(job, item->message, &msg));
	out->text_hash = hash_of(msg.content);
	return OK;
}

static enum err tell(struct job *job, const struct channel *ch, const char *severity, str sentence,
	struct inbox_changes *changes)
{
	const struct provider_event event = { .kind = EVENT_NOTICE, .field = S("pace"),
		.severity = str_of(severity), .sentence = sentence, .detail = S("{}"),
		.at_ms = job->now_ms };

	return inbox_apply(job, ch, &event, changes);
}

static enum err warn(struct job *job, const struct channel *ch, struct pace_number *number,
	struct inbox_changes *changes)
{
	static const char *const words[PACE_MEASURES] = { "messages of a minute",
		"messages of an hour", "messages of a day", "new people of a day" };
	enum pace_measure measure;
	int percent = pace_warning(&number->state, &number->rules, job->now_ms, &measure);

	if (!percent)
		return OK;
	return tell(job, ch, percent >= PACE_ALARM_PERCENT ? "critical" : "warning",
		arena_printf(job->arena, "%d %% of the %s that " STR_F " may send are used.",
			percent, words[measure], STR_A(ch->name)),
		changes);
}

static void note_pace(struct job *job, id64 channel, struct inbox_changes *changes)
{
	inbox_note(job, changes, (struct inbox_change){ .kind = CHANGE_PACE, .item = channel });
}

static enum err put_off(struct job *job, struct outbox *outbox, const struct outbox_item_row *item,
	const struct pace_verdict *verdict, struct outbox_slow *slow)
{
	int64_t wait_ms = verdict->wait_ms < PUT_OFF_MAX_MS ? verdict->wait_ms : PUT_OFF_MAX_MS;

	slow->go = false;
	slow->stop = verdict->is_for_all || item->priority == PRIORITY_CAMPAIGN;
	slow->held++;
	if (slow->stop) {
		outbox_wait_at_most(outbox, wait_ms);
		return OK;
	}
	return sql_outbox_delay(job,
		&(struct sql_outbox_delay){ item->message, job->now_ms + wait_ms }, NULL);
}

enum err outbox_slow_ask(struct job *job, struct outbox *outbox, const struct channel *ch,
	const struct outbox_item_row *item, struct outbox_slow *slow, struct inbox_changes *changes)
{
	struct pace_message message;
	struct pace_number number;
	struct pace_verdict verdict;

	job->workspace = item->workspace;
	TRY(pace_number_get(job, ch->id, &number));
	TRY(read_message(job, item, &message));
	pace_ask(&number.state, &number.rules, &number.signs, &message, number.risk.score,
		job->now_ms, &verdict);
	if (verdict.answer == PACE_WAIT)
		return put_off(job, outbox, item, &verdict, slow);
	/* A number that is banned refuses by itself, in words of its own. */
	slow->go = true;
	TRY(warn(job, ch, &number, changes));
	TRY(pace_number_sent(job, &number, &message, item->conversation));
	/* Where nothing is held up, nobody watches it being used up. */
	if (number.rules.gap_max_ms)
		note_pace(job, ch->id, changes);
	return OK;
}

enum err outbox_slow_typing(struct job *job, const struct channel *ch, const struct message *msg,
	int64_t *out)
{
	struct pace_number number;
	int64_t ms = TYPING_MIN_MS + (int64_t)msg->content.len * TYPING_CHARACTER_MS;

	*out = 0;
	if (!ch->provider->is_paced || msg->kind != KIND_TEXT)
		return OK;
	TRY(pace_number_get(job, ch->id, &number));
	if (number.has_typing)
		*out = ms < TYPING_MAX_MS ? ms : TYPING_MAX_MS;
	return OK;
}

enum err outbox_slow_note(struct job *job, const struct outbox_result *result,
	struct inbox_changes *changes)
{
	struct channel *ch;
	str sentence;
	bool is_no = result->outcome == OUTCOME_FAILED || str_is(result->code, S("rate_limited"));

	/* That the number is not connected, or no answer came, says nothing of its pace. */
	if (!result->is_paced || !is_no || !result->was_called)
		return OK;
	TRY(pace_number_failed(job, result->item.channel, result->code, &sentence));
	note_pace(job, result->item.channel, changes);
	if (!sentence.len)
		return OK;
	TRY(channel_get(job, result->item.channel, &ch));
	return tell(job, ch, "critical", sentence, changes);
}
