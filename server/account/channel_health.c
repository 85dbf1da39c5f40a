/*
 * channel_health.c: what we saw of a channel, written seldom.
 *
 * Every send and every event is proof, thousands a second; the store hears of it when something
 * changes, and otherwise once in an interval. What was last written stands in a small table here,
 * by channel: forgetting an entry costs one write, nothing else.
 */
#include "account/channel_internal.h"
#include "account/webhook.h"
#include "base/json.h"

#include <pthread.h>

#define NOTED_MAX 1024
#define TRAFFIC_INTERVAL_MS 10000
#define HEALTH_DETAIL_MAX 4096
#define TOLD_TEXT_MAX (128u << 10)
#define TOLD_AGAIN_MS (50 * 60000LL) /* the time of the last answer is not older than an hour */

struct noted {
	id64 channel;
	bool is_healthy;
	uint64_t failure; /* hash of the last state and reason */
	int64_t health_ms, event_ms, send_ms;
};

static struct {
	pthread_mutex_t lock;
	struct noted entries[NOTED_MAX]; /* by channel id, the newest wins the place */
} noted = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct noted *entry_of(id64 channel)
{
	struct noted *entry =
		&noted.entries[((uint64_t)channel * 0x9E3779B97F4A7C15ull >> 32) % NOTED_MAX];

	if (entry->channel != channel)
		*entry = (struct noted){ .channel = channel };
	return entry;
}

static uint64_t hash_of(str state, str reason)
{
	uint64_t hash = 14695981039346656037ull; /* FNV-1a: only equality matters */

	for (size_t i = 0; i < state.len; i++)
		hash = (hash ^ (uint8_t)state.ptr[i]) * 1099511628211ull;
	for (size_t i = 0; i < reason.len; i++)
		hash = (hash ^ (uint8_t)reason.ptr[i]) * 1099511628211ull;
	return hash;
}

/* Is it news? Then it counts as noted. */
static bool health_is_due(id64 channel, uint64_t what, int64_t now_ms)
{
	struct noted *entry;
	bool due;

	pthread_mutex_lock(&noted.lock);
	entry = entry_of(channel);
	due = entry->failure != what || now_ms - entry->health_ms >= NOTE_INTERVAL_MS;
	if (due) {
		entry->failure = what;
		entry->health_ms = now_ms;
	}
	pthread_mutex_unlock(&noted.lock);
	return due;
}

static void forget_noted(id64 channel)
{
	pthread_mutex_lock(&noted.lock);
	*entry_of(channel) = (struct noted){ .channel = channel };
	pthread_mutex_unlock(&noted.lock);
}

struct health_note {
	id64 id;
	str state, reason, next_step;
	bool changed, held; /* held: failing, and an arrival does not undo that */
};

static enum err emit_health(struct job *job, const struct channel_row *row,
	const struct health_note *note)
{
	struct buf detail = buf_in(job->arena, HEALTH_DETAIL_MAX);
	id64 workspace = job->workspace;
	enum err e;

	json_open(&detail, '{');
	json_put(&detail, "before", row->health);
	json_put(&detail, "after", note->state);
	json_put(&detail, "reason", note->reason);
	json_close(&detail, '}');
	job->workspace = row->workspace;
	e = webhook_emit(job, &(struct webhook_event){ .kind = WEBHOOK_CHANNEL_STATUS_CHANGED,
				      .channel = row->id,
				      .detail = buf_text(&detail) });
	job->workspace = workspace;
	return e;
}

static enum err write_health(struct job *job, void *arg)
{
	struct health_note *note = arg;
	struct channel_row row;
	bool is_arrival = str_is(note->state, S("received")), is_proof;
	enum err e = sql_channel_get(job,
		&(struct sql_channel_get){ .workspace = job->workspace, .id = note->id }, &row);

	/* A channel may be deleted while its last events and sends are still under way. */
	if (e == ERR_MISSING)
		return OK;
	TRY(e);
	note->held = is_arrival && str_is(row.health, S("failing"));
	if (note->held)
		return OK;
	if (is_arrival)
		note->state = S("healthy");
	is_proof = str_is(note->state, S("healthy"));
	note->changed = !str_is(row.health, note->state) ||
	                (!is_proof && !str_is(row.health_reason, note->reason));
	if (!note->changed && !is_proof)
		return OK;
	if (note->changed && !str_is(row.health, note->state))
		TRY(emit_health(job, &row, note));
	return sql_channel_set_health(job,
		&(struct sql_channel_set_health){ .workspace = row.workspace,
			.id = note->id,
			.health = note->state,
			.reason = note->reason,
			.next_step = note->next_step,
			.now_ms = job->now_ms,
			.proof_ms = is_proof ? job->now_ms : 0 },
		NULL);
}

enum err channel_note_health(struct job *job, id64 id, str state, str reason, str next_step)
{
	struct health_note note = { .id = id,
		.state = state,
		.reason = reason,
		.next_step = next_step };
	bool inside = job->db;
	enum err e;

	/* Both are proof, and one note of it is enough. */
	if (str_is(state, S("received")))
		state = S("healthy");
	if (!health_is_due(id, hash_of(state, reason), job->now_ms))
		return OK;
	e = inside ? write_health(job, &note) : in_transaction(job, write_health, &note);
	if (e != OK || note.held)
		forget_noted(id);
	/* In somebody's transaction it is told before the commit: should that fail, the next note
	 * tells again. */
	if (e == OK && note.changed && channel_changed_hook)
		channel_changed_hook(job, id);
	return e;
}

struct traffic_note {
	id64 id;
	bool is_incoming;
};

static bool traffic_is_due(const struct traffic_note *note, int64_t now_ms)
{
	int64_t *last;
	bool due;

	pthread_mutex_lock(&noted.lock);
	last = note->is_incoming ? &entry_of(note->id)->event_ms : &entry_of(note->id)->send_ms;
	due = now_ms - *last >= TRAFFIC_INTERVAL_MS;
	if (due)
		*last = now_ms;
	pthread_mutex_unlock(&noted.lock);
	return due;
}

static enum err write_traffic(struct job *job, void *arg)
{
	const struct traffic_note *note = arg;

	return sql_channel_set_traffic(job,
		&(struct sql_channel_set_traffic){ .workspace = job->workspace,
			.id = note->id,
			.event_ms = note->is_incoming ? job->now_ms : 0,
			.send_ms = note->is_incoming ? 0 : job->now_ms },
		NULL);
}

enum err channel_note_traffic(struct job *job, id64 id, bool is_incoming)
{
	struct traffic_note note = { .id = id, .is_incoming = is_incoming };

	if (!traffic_is_due(&note, job->now_ms))
		return OK;
	return job->db ? write_traffic(job, &note) : in_transaction(job, write_traffic, &note);
}

/* ---- asking the provider ---- */

struct profile_note {
	const struct channel_full *full;
	const struct provider_health *health;
};

static enum err write_profile(struct job *job, void *arg)
{
	const struct profile_note *note = arg;

	TRY(channel_keep_told(job, note->full, note->health));
	return channel_set_phone(job, &note->full->channel, note->health->phone);
}

/* What was told, without the time at which it was. */
static str told_text(struct arena *arena, json told)
{
	struct buf out = buf_in(arena, TOLD_TEXT_MAX);

	for (void *at = json_first(told); at; at = json_next(told, at)) {
		if (str_is(json_member_name(at), S("checked_ms")))
			continue;
		buf_str(&out, json_member_name(at));
		json_put_value(&out, NULL, json_member_value(at));
	}
	return buf_text(&out);
}

/* It is asked every minute, and seldom says something new: then nothing is written, and nobody
 * told. */
static bool is_news(struct job *job, const struct channel_full *full,
	const struct provider_health *health)
{
	int64_t checked_ms = json_int(json_field(full->told, "checked_ms"), 0);
	json told = NULL;

	if (!health->ok || str_is(full->health, S("failing")) ||
		job->now_ms - checked_ms >= TOLD_AGAIN_MS ||
		(str_is_digits(health->phone) && !str_is(full->channel.phone, health->phone)))
		return true;
	return json_read(job->arena, health->told, &told, NULL) != OK ||
	       !str_is(told_text(job->arena, told), told_text(job->arena, full->told));
}

/* The provider takes the token again: what failed has to prove itself, and nothing is proven by
 * asking. */
static enum err note_good(struct job *job, const struct channel_full *full)
{
	if (str_is(full->health, S("failing")))
		TRY(channel_note_health(job, full->channel.id, S("unverified"),
			S("The provider accepts the channel again; nothing has come through "
		          "since."),
			HEALTH_FIRST_STEP));
	if (channel_changed_hook)
		channel_changed_hook(job, full->channel.id);
	return OK;
}

enum err channel_check(struct job *job, id64 id, struct provider_health *out)
{
	struct channel_full *full;

	*out = (struct provider_health){ 0 };
	TRY(channel_get_full(job, id, &full));
	/* A network that could not be reached says nothing about the channel; a refusal does. */
	TRY(provider_health_of(job, &full->channel, out));
	if (!is_news(job, full, out))
		return OK;
	if (out->phone.len || out->told.len)
		TRY(in_transaction(job, write_profile, &(struct profile_note){ full, out }));
	if (out->ok)
		return note_good(job, full);
	return channel_note_health(job, id, S("failing"), out->sentence, out->next_step);
}
