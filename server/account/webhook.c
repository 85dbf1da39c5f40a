/*
 * webhook.c: who wants to hear what, in memory, and writing down what happened; see webhook.h.
 *
 * The table in memory has every webhook of every workspace, replaced as a whole when one changes.
 * An event that none of its workspace wants costs a look into it. Events are recorded for disabled
 * webhooks, too, so that they can be replayed; deliveries are made for enabled ones alone.
 */
#include "account/webhook_internal.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LOAD_PAGE = 200, FITTING_MAX = WEBHOOKS_MAX };

struct wanting {
	id64 webhook, workspace;
	int64_t kinds;
	enum webhook_format format;
	bool enabled;
	id64 *channels;
	size_t channel_count;
};

struct table {
	struct wanting *items;
	size_t count, cap;
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct table current;
static atomic_bool pending;

static const char *const kind_names[WEBHOOK_KIND_COUNT] = {
#define X(name, text) [WEBHOOK_##name] = text,
	WEBHOOK_KINDS(X)
#undef X
};

const char *webhook_kind_name(enum webhook_kind kind)
{
	return (unsigned)kind < WEBHOOK_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool webhook_kind_parse(str name, enum webhook_kind *out)
{
	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++) {
		if (str_is(name, str_of(kind_names[i]))) {
			*out = (enum webhook_kind)i;
			return true;
		}
	}
	return false;
}

enum webhook_kind webhook_kind_of(int64_t bit)
{
	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++)
		if (bit == WEBHOOK_BIT(i))
			return (enum webhook_kind)i;
	return WEBHOOK_KIND_COUNT;
}

/* ---- the table ---- */

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		heap_free(table->items[i].channels);
	heap_free(table->items);
	*table = (struct table){ 0 };
}

static void table_add(struct table *table, id64 workspace, const struct webhook *w)
{
	struct wanting *item;

	if (table->count == table->cap) {
		table->cap = table->cap ? 2 * table->cap : 16;
		table->items = heap_grow(table->items, table->cap * sizeof *table->items);
	}
	item = &table->items[table->count++];
	*item = (struct wanting){ .webhook = w->id,
		.workspace = workspace,
		.kinds = w->kinds,
		.format = w->format,
		.enabled = !w->disabled_ms,
		.channel_count = w->channel_count };
	if (!w->channel_count)
		return;
	item->channels = heap_alloc(w->channel_count * sizeof *item->channels);
	memcpy(item->channels, w->channels, w->channel_count * sizeof *item->channels);
}

static enum err fill(struct job *job, struct table *table)
{
	struct webhook_rows rows;
	id64 after = 0;

	do {
		TRY(sql_webhook_all(job, &(struct sql_webhook_all){ after, LOAD_PAGE }, &rows));
		for (size_t i = 0; i < rows.count; i++) {
			struct webhook w = { .id = rows.items[i].id,
				.kinds = rows.items[i].kinds,
				.format = (enum webhook_format)rows.items[i].format,
				.disabled_ms = rows.items[i].disabled_ms };

			webhook_read_channels(job, rows.items[i].channels, &w);
			table_add(table, rows.items[i].workspace, &w);
			after = rows.items[i].id;
		}
	} while (rows.count == LOAD_PAGE);
	return OK;
}

/* One load at a time, or an older one could replace a newer one. */
enum err webhooks_load(struct job *job)
{
	static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
	struct table fresh = { 0 }, old;
	enum err e;

	pthread_mutex_lock(&loading);
	e = fill(job, &fresh);
	old = fresh;
	if (e == OK) {
		pthread_rwlock_wrlock(&lock);
		old = current;
		current = fresh;
		pthread_rwlock_unlock(&lock);
	}
	pthread_mutex_unlock(&loading);
	table_done(&old);
	return e;
}

void webhooks_close(void)
{
	struct table old;

	pthread_rwlock_wrlock(&lock);
	old = current;
	current = (struct table){ 0 };
	pthread_rwlock_unlock(&lock);
	table_done(&old);
}

/* ---- what happened ---- */

static bool takes_channel(const struct wanting *w, id64 channel)
{
	if (!w->channel_count || !channel)
		return true;
	for (size_t i = 0; i < w->channel_count; i++)
		if (w->channels[i] == channel)
			return true;
	return false;
}

/* Meta's format has the network's own words where the network speaks it, and else what we make of
 * the event. That somebody wants no marketing has no form there but the network's own. */
static int64_t audience_of(const struct webhook_event *event)
{
	if (event->source.len)
		return 1 << WEBHOOK_CLOUD_API;
	return event->passed_on || event->kind == WEBHOOK_CONTACT_OPTED_OUT
	               ? 1 << WEBHOOK_PARLEY
	                        : 1 << WEBHOOK_PARLEY | 1 << WEBHOOK_CLOUD_API;
}

static bool takes_event(const struct wanting *w, const struct webhook_event *event)
{
	if (!(w->kinds & WEBHOOK_BIT(event->kind)) || !takes_channel(w, event->channel))
		return false;
	return (audience_of(event) >> w->format & 1) &&
	       (w->format == WEBHOOK_PARLEY || WEBHOOK_META_KINDS & WEBHOOK_BIT(event->kind));
}

/* The enabled ones that want it; *recorded: somebody wants it, maybe a disabled one. */
static size_t find_fitting(id64 workspace, const struct webhook_event *event,
	id64 out[FITTING_MAX], bool *recorded)
{
	size_t count = 0;

	*recorded = false;
	pthread_rwlock_rdlock(&lock);
	for (size_t i = 0; i < current.count && count < FITTING_MAX; i++) {
		const struct wanting *w = &current.items[i];

		if (w->workspace != workspace || !takes_event(w, event))
			continue;
		*recorded = true;
		if (w->enabled)
			out[count++] = w->webhook;
	}
	pthread_rwlock_unlock(&lock);
	return count;
}

static id64 lane_of(const struct webhook_event *event, id64 otherwise)
{
	const id64 lanes[] = { event->conversation, event->contact, event->channel, otherwise };
	size_t i = 0;

	while (!lanes[i])
		i++;
	return lanes[i];
}

enum err webhook_write(struct job *job, const struct webhook_event *event, const id64 *webhooks,
	size_t count, id64 *id)
{
	struct webhook_place_row place;
	bytes source = BYTES_NONE;
	id64 lane;

	if (event->source.len)
		TRY(seal(job, SEAL_EVENT, event->source, &source));
	*id = job_id(job);
	lane = lane_of(event, *id);
	TRY(sql_webhook_lane_next(job, &(struct sql_webhook_lane_next){ lane }, &place));
	TRY(sql_webhook_event_add(job,
		&(struct sql_webhook_event_add){ .id = *id,
			.workspace = job->workspace,
			.kind = WEBHOOK_BIT(event->kind),
			.lane = lane,
			.sequence = place.last,
			.conversation = event->conversation,
			.channel = event->channel,
			.message = event->message,
			.contact = event->contact,
			.at_ms = event->at_ms ? event->at_ms : job->now_ms,
			.detail = event->detail.len ? event->detail : S("{}"),
			.source = source,
			.audience = audience_of(event) },
		NULL));
	for (size_t i = 0; i < count; i++)
		TRY(sql_webhook_delivery_add(job,
			&(struct sql_webhook_delivery_add){ .webhook = webhooks[i],
				.event = *id,
				.workspace = job->workspace,
				.lane = lane,
				.sequence = place.last,
				.now_ms = job->now_ms },
			NULL));
	atomic_store(&pending, true);
	return OK;
}

enum err webhook_emit(struct job *job, const struct webhook_event *event)
{
	id64 fitting[FITTING_MAX], id;
	bool recorded;
	size_t count = find_fitting(job->workspace, event, fitting, &recorded);

	return recorded ? webhook_write(job, event, fitting, count, &id) : OK;
}

bool webhook_is_wanted(id64 workspace, enum webhook_kind kind)
{
	id64 fitting[FITTING_MAX];
	bool recorded;

	find_fitting(workspace, &(struct webhook_event){ .kind = kind }, fitting, &recorded);
	return recorded;
}

bool webhook_wants_source(id64 workspace)
{
	bool wanted = false;

	pthread_rwlock_rdlock(&lock);
	for (size_t i = 0; i < current.count && !wanted; i++)
		wanted = (!workspace || current.items[i].workspace == workspace) &&
		         current.items[i].format == WEBHOOK_CLOUD_API;
	pthread_rwlock_unlock(&lock);
	return wanted;
}

bool webhook_take_pending(void)
{
	return atomic_load(&pending) && atomic_exchange(&pending, false);
}
