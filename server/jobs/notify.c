/*
 * notify.c: hears what changed, and decides who is told; see notify.h.
 *
 * What is heard waits in a list that writers only push to, and one task takes it whole: a busy hour
 * costs a transaction for hundreds of messages, not one for each.
 */
#include "account/feature.h"
#include "jobs/notify_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/composer.h"
#include "net/mail.h"

#define UNHEARD_MS (10 * 60 * 1000LL) /* what a stop cut off is told when it is not older */
#define CLEAN_AGE_MS (24 * 3600 * 1000LL)

void (*notify_who_looks)(struct job *job, id64 conversation, notify_looking_fn *done, void *arg);

struct heard {
	struct heard *next;
	struct notify *notify;
	id64 workspace, conversation, message, notification;
	size_t looking_count;
	id64 looking[NOTIFY_LOOKING_MAX];
};

/* ---- who is told ---- */

static bool is_looking(const struct heard *h, id64 person)
{
	for (size_t i = 0; i < h->looking_count; i++)
		if (h->looking[i] == person)
			return true;
	return false;
}

static enum err has_browser(struct job *job, id64 person, bool *out)
{
	struct notify_total_row row;

	TRY(sql_push_subscription_any(job, &(struct sql_push_subscription_any){
		.person = person, .workspace = job->workspace }, &row));
	*out = row.total > 0;
	return OK;
}

struct ways { int64_t push_due_ms, mail_due_ms; };

static enum err choose_ways(struct job *job, id64 person, enum notify_event event,
	id64 conversation, struct ways *out)
{
	struct notify_settings settings;
	int64_t until_ms;
	bool muted, has = false;

	*out = (struct ways){ 0 };
	TRY(notify_is_muted(job, person, conversation, &muted));
	if (muted)
		return OK;
	TRY(notify_settings_get(job, person, &settings));
	if (settings.ways[event] & BY_PUSH)
		TRY(has_browser(job, person, &has));
	if (has && !notify_is_quiet(&settings, job->now_ms, &until_ms))
		out->push_due_ms = job->now_ms;
	if (settings.ways[event] & BY_MAIL && mail_is_configured())
		out->mail_due_ms = job->now_ms + settings.mail_after_min * 60000;
	return OK;
}

struct told { id64 person; struct ways ways; };
struct decision {
	const struct heard *heard;
	struct notify_message_row message;
	struct told *people;
	size_t count, cap;
	str kind; /* of a row under the bell */
	id64 notification_message;
};

static enum err add_person(struct job *job, struct decision *d, id64 person,
	enum notify_event event)
{
	struct ways ways;

	for (size_t i = 0; i < d->count; i++)
		if (d->people[i].person == person)
			return OK;
	if (is_looking(d->heard, person))
		return OK;
	TRY(choose_ways(job, person, event, d->heard->conversation, &ways));
	if (!ways.push_due_ms && !ways.mail_due_ms)
		return OK;
	if (d->count == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 8;

		d->people = arena_grow(job->arena, d->people, d->cap * sizeof *d->people,
			cap * sizeof *d->people);
		d->cap = cap;
	}
	d->people[d->count++] = (struct told){ person, ways };
	return OK;
}

/* What a customer wrote just now; not what a history brings, nor what the network says by itself.
 */
static bool is_news(const struct notify_message_row *m)
{
	return m->author_kind == ACTOR_CONTACT && m->kind != KIND_SYSTEM &&
	       !kind_is_change((enum message_kind)m->kind) && !(m->flags & FLAG_HISTORY) &&
	       m->unread_count > 0;
}

static enum err decide_message(struct job *job, struct decision *d)
{
	struct notify_person_rows rows;
	bool found;

	TRY(notify_found(job, sql_notify_message(job, &(struct sql_notify_message){
		.message = d->heard->message, .workspace = job->workspace }, &d->message), &found));
	if (!found || !is_news(&d->message))
		return OK;
	if (d->message.assignee_id)
		TRY(add_person(job, d, d->message.assignee_id, NOTIFY_MINE));
	TRY(sql_notify_wanting(job, &(struct sql_notify_wanting){ .workspace = job->workspace,
		.unassigned = d->message.assignee_id == 0 }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(add_person(job, d, rows.items[i].id,
			d->message.assignee_id ? NOTIFY_OTHER : NOTIFY_UNASSIGNED));
	return OK;
}

static enum notify_event event_of(str kind)
{
	if (str_is(kind, NOTIFICATION_MENTION))
		return NOTIFY_MENTION;
	return str_starts(kind, S("sla")) ? NOTIFY_SLA : NOTIFY_ASSIGNED;
}

/* Somebody has a row under the bell. */
static enum err decide_notification(struct job *job, struct decision *d)
{
	struct notification row;
	bool found;

	TRY(notify_found(job, notification_get(job, d->heard->notification, &row), &found));
	if (!found || row.read_ms || !row.conversation_id)
		return OK;
	d->kind = row.kind;
	d->notification_message = row.message_id;
	return add_person(job, d, row.person_id, event_of(row.kind));
}

/* ---- writing it down ---- */

static enum err write_one(struct job *job, const struct decision *d, const struct told *told)
{
	const struct heard *h = d->heard;

	if (h->notification)
		return sql_notify_due_add(job,
			&(struct sql_notify_due_add){ .id = job_id(job),
				.workspace = job->workspace,
				.person = told->person,
				.kind = d->kind,
				.conversation = h->conversation,
				.message = d->notification_message,
				.notification = h->notification,
				.push_due_ms = told->ways.push_due_ms,
				.mail_due_ms = told->ways.mail_due_ms },
			NULL);
	return sql_notify_due_message(job,
		&(struct sql_notify_due_message){ .id = job_id(job),
			.workspace = job->workspace,
			.person = told->person,
			.conversation = d->message.conversation_id,
			.message = h->message,
			.push_due_ms = told->ways.push_due_ms,
			.mail_due_ms = told->ways.mail_due_ms,
			.first = d->message.unread_count == 1 },
		NULL);
}

static enum err write_all(struct job *job, const struct decision *decisions, size_t count)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < count; i++) {
		job->workspace = decisions[i].heard->workspace;
		for (size_t p = 0; p < decisions[i].count; p++)
			TRY(write_one(job, &decisions[i], &decisions[i].people[p]));
	}
	return db_commit(job);
}

static enum err decide(struct job *job, struct decision *d)
{
	bool is_on;

	job->workspace = d->heard->workspace;
	TRY(feature_is_on(job, FEATURE_NOTICES, &is_on));
	if (!is_on)
		return OK;
	return d->heard->notification ? decide_notification(job, d) : decide_message(job, d);
}

static enum err decide_batch(struct job *job, struct notify *n, struct heard *const *batch,
	size_t count)
{
	struct decision *decisions = ARENA_ARRAY(job->arena, struct decision, count);
	size_t people = 0;

	for (size_t i = 0; i < count; i++) {
		decisions[i].heard = batch[i];
		TRY(decide(job, &decisions[i]));
		people += decisions[i].count;
	}
	if (!people)
		return OK;
	TRY(write_all(job, decisions, count));
	return notify_push_look(job, n);
}

/* ---- hearing ---- */

/* Oldest first, at most max; the rest goes back. */
static size_t take_heard(struct notify *n, struct heard **out, size_t max)
{
	struct heard *at = atomic_exchange(&n->heard, NULL), *oldest = NULL;
	size_t count = 0;

	while (at) {
		struct heard *next = at->next;

		at->next = oldest;
		oldest = at;
		at = next;
	}
	for (; oldest && count < max; oldest = oldest->next)
		out[count++] = oldest;
	while (oldest) { /* newest last, so that they are first again when taken */
		struct heard *next = oldest->next;

		oldest->next = atomic_load(&n->heard);
		while (!atomic_compare_exchange_weak(&n->heard, &oldest->next, oldest)) {
		}
		oldest = next;
	}
	atomic_fetch_sub(&n->heard_count, (int)count);
	return count;
}

struct batch { size_t count; struct heard *items[NOTIFY_BATCH_MAX]; };

static void free_batch(void *arg)
{
	struct batch *batch = arg;

	for (size_t i = 0; i < batch->count; i++)
		heap_free(batch->items[i]);
	heap_free(batch);
}

static void post_decide(struct notify *n);

static enum err run_decide(struct job *job, void *arg)
{
	struct notify *n = arg;
	struct batch *batch = HEAP_NEW(struct batch);
	enum err e;

	job_defer(job, free_batch, batch);
	atomic_store(&n->is_posted, false);
	batch->count = take_heard(n, batch->items, NOTIFY_BATCH_MAX);
	e = decide_batch(job, n, batch->items, batch->count);
	if (atomic_load(&n->heard))
		post_decide(n);
	return e;
}

/* A full queue: whoever is heard next, or the timer, posts it again. */
static void post_decide(struct notify *n)
{
	if (atomic_load(&n->is_ending) || atomic_exchange(&n->is_posted, true))
		return;
	if (!pool_post(n->config.callers, (struct task){ "notify", run_decide, NULL, n }))
		atomic_store(&n->is_posted, false);
}

/* On any thread. */
static void keep(struct heard *h)
{
	struct notify *n = h->notify;

	if (atomic_load(&n->is_ending)) {
		heap_free(h);
		return;
	}
	atomic_fetch_add(&n->heard_count, 1);
	h->next = atomic_load(&n->heard);
	while (!atomic_compare_exchange_weak(&n->heard, &h->next, h)) {
	}
	post_decide(n);
}

static void on_looking(void *arg, const id64 *people, size_t count)
{
	struct heard *h = arg;

	for (size_t i = 0; i < count && i < NOTIFY_LOOKING_MAX; i++)
		h->looking[h->looking_count++] = people[i];
	keep(h);
}

static void hear(struct notify *n, struct job *job, const struct heard *what)
{
	struct heard *h;

	if (atomic_load(&n->heard_count) >= NOTIFY_HEARD_MAX) {
		log_warn("a notice is not told: %d wait already", NOTIFY_HEARD_MAX);
		return;
	}
	h = heap_alloc(sizeof *h);
	*h = *what;
	h->notify = n;
	if (notify_who_looks && h->conversation)
		notify_who_looks(job, h->conversation, on_looking, h);
	else
		keep(h);
}

void notify_hear(struct notify *n, struct job *job, const struct inbox_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct inbox_change *c = &changes->items[i];

		if (c->kind == CHANGE_MESSAGE_CREATED)
			hear(n, job, &(struct heard){ .workspace = c->workspace,
					     .conversation = c->conversation,
					     .message = c->message });
		if (c->kind == CHANGE_NOTIFICATION)
			hear(n, job, &(struct heard){ .workspace = c->workspace,
					     .conversation = c->conversation,
					     .notification = c->notification });
	}
}

/* ---- by itself ---- */

static enum err run_look(struct job *job, void *arg)
{
	struct notify *n = arg;

	if (atomic_load(&n->is_ending))
		return OK;
	if (atomic_load(&n->heard))
		post_decide(n);
	TRY(notify_push_look(job, n));
	return notify_mail_look(job, n);
}

static enum err run_clean(struct job *job, void *arg)
{
	(void)arg;
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notify_due_clean(job,
		&(struct sql_notify_due_clean){ id64_floor(job->now_ms - CLEAN_AGE_MS) }, NULL));
	return db_commit(job);
}

/* A stop between a message's commit and this list's: the message waits unread, and nobody knows. */
static enum err run_unheard(struct job *job, void *arg)
{
	struct notify_unheard_rows rows;
	struct notify *n = arg;

	TRY(sql_notify_unheard(job,
		&(struct sql_notify_unheard){ job->now_ms - UNHEARD_MS }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		hear(n, job, &(struct heard){ .workspace = rows.items[i].workspace_id,
				     .conversation = rows.items[i].conversation_id,
				     .message = rows.items[i].message_id });
	return OK;
}

struct notify *notify_create(const struct notify_config *config)
{
	struct notify *n = HEAP_NEW(struct notify);

	n->config = *config;
	timer_at(config->timers, clock_now_ms(), (struct task){ "notify", run_unheard, NULL, n });
	timer_every(config->timers, NOTIFY_LOOK_EVERY_MS,
		(struct task){ "notify", run_look, NULL, n });
	timer_every(config->timers, CLEAN_AGE_MS / 24,
		(struct task){ "notify", run_clean, NULL, n });
	return n;
}

void notify_stop(struct notify *n)
{
	atomic_store(&n->is_ending, true);
}

void notify_destroy(struct notify *n)
{
	struct heard *at = n ? atomic_load(&n->heard) : NULL;

	while (at) {
		struct heard *next = at->next;

		heap_free(at);
		at = next;
	}
	heap_free(n);
}
