/*
 * notify_push.c: pushes to the browsers of a person: leased, sent on a call worker, settled.
 *
 * The lease is written before the send, so a crash gives the push back after it; the same push
 * twice replaces itself, as both carry the conversation's topic and tag.
 */
#include "jobs/notify_internal.h"

#include "base/json.h"
#include "base/log.h"
#include "net/web_push.h"

#define LEASE_MS 120000LL /* longer than the sends to all browsers of a person */
#define PAYLOAD_MAX 4096

struct push_call {
	struct notify *notify;
	id64 workspace, due;
};

/* ---- what it says ---- */

/* The service worker shows title, body and tag as they are, and opens url. */
static str payload(struct job *job, const struct reader *reader, const struct tale *tale)
{
	struct buf out = buf_in(job->arena, PAYLOAD_MAX);
	str line = notify_line(job, reader->locale, tale);

	json_open(&out, '{');
	json_put(&out, "title", str_first_points(tale->contact, 80));
	json_put(&out, "body",
		tale->preview.len ? arena_printf(job->arena, STR_F "\n" STR_F, STR_A(line),
					    STR_A(str_first_points(tale->preview, 300)))
				  : line);
	json_put(&out, "kind", tale->kind);
	json_put_id(&out, "conversation_id", tale->conversation);
	json_put(&out, "tag", arena_printf(job->arena, "c-%lld", (long long)tale->conversation));
	json_put(&out, "url",
		tale->message ? arena_printf(job->arena, "/inbox/%lld?m=%lld",
					(long long)tale->conversation, (long long)tale->message)
			      : arena_printf(job->arena, "/inbox/%lld",
					(long long)tale->conversation));
	json_close(&out, '}');
	return buf_text(&out);
}

/* ---- to each browser ---- */

struct sending {
	const struct notify_config *config;
	id64 person;
	struct push_message message;
	size_t sent, later;
	int64_t retry_after_ms;
};

static enum err note_use(struct job *job, id64 subscription)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_push_subscription_used(job, &(struct sql_push_subscription_used){
		.id = subscription, .workspace = job->workspace, .now_ms = job->now_ms }, NULL));
	return db_commit(job);
}

static enum err settle_browser(struct job *job, struct sending *s, id64 subscription,
	enum push_result result)
{
	switch (result) {
	case PUSH_SENT:
		s->sent++;
		return note_use(job, subscription);
	case PUSH_LATER:
		s->later++;
		if (job->retry_after_ms > s->retry_after_ms)
			s->retry_after_ms = job->retry_after_ms;
		return OK;
	case PUSH_GONE:
		return push_unsubscribe(job, s->person, subscription);
	case PUSH_REFUSED:
		log_warn("a push service refused a push for good");
	}
	return OK;
}

static enum err send_to_all(struct job *job, struct sending *s)
{
	struct push_subscriptions all;
	struct p256_pair own;
	enum err e = OK;

	TRY(push_subscription_list(job, s->person, &all));
	TRY(push_pair_get(job, &own));
	s->message.own = &own;
	s->message.contact = str_of(s->config->contact);
	s->message.allow_private = s->config->allow_private;
	for (size_t i = 0; i < all.count && e == OK; i++) {
		struct push_target to = { .endpoint = all.items[i].endpoint };
		enum push_result result;

		memcpy(to.key, all.items[i].key, sizeof to.key);
		memcpy(to.auth, all.items[i].auth, sizeof to.auth);
		e = push_send(job, &to, &s->message, &result);
		if (e == OK)
			e = settle_browser(job, s, all.items[i].id, result);
	}
	crypto_wipe(&own, sizeof own);
	return e;
}

/* ---- one that is due ---- */

static enum err drop(struct job *job, const struct notify_due_row *due)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notify_due_drop(job, &(struct sql_notify_due_drop){ .id = due->id,
		.workspace = job->workspace }, NULL));
	return db_commit(job);
}

/* Another message that came meanwhile has set it anew: its attempts do not match, and it stays. */
static enum err settle(struct job *job, const struct notify_due_row *due, const struct sending *s)
{
	int64_t wait_ms = NOTIFY_PUSH_BACKOFF_MS << due->push_attempts;

	if (s->retry_after_ms > wait_ms)
		wait_ms = s->retry_after_ms;
	TRY(db_begin(job, DB_WRITE));
	if (s->later && due->push_attempts < NOTIFY_PUSH_ATTEMPTS_MAX)
		TRY(sql_notify_push_later(job,
			&(struct sql_notify_push_later){ .id = due->id,
				.workspace = job->workspace,
				.attempts = due->push_attempts,
				.due_ms = job->now_ms + wait_ms }, NULL));
	else
		TRY(sql_notify_push_done(job,
			&(struct sql_notify_push_done){ .id = due->id,
				.workspace = job->workspace,
				.attempts = due->push_attempts }, NULL));
	return db_commit(job);
}

static enum err push_one(struct job *job, const struct notify_config *config,
	const struct notify_due_row *due)
{
	struct sending s = { .config = config, .person = due->person_id };
	struct reader reader;
	struct tale tale;
	bool found;

	TRY(notify_found(job, notify_reader(job, due->person_id, &reader), &found));
	if (!found)
		return drop(job, due);
	TRY(notify_tell(job, &reader, due, &tale));
	if (tale.is_void)
		return drop(job, due);
	s.message.text = payload(job, &reader, &tale);
	s.message.topic = arena_printf(job->arena, "c%lld", (long long)tale.conversation);
	s.message.urgent = true;
	TRY(send_to_all(job, &s));
	return settle(job, due, &s);
}

static enum err run_push(struct job *job, void *arg)
{
	struct push_call call = *(struct push_call *)arg;
	struct notify_due_row due;
	bool found;

	heap_free(arg);
	job->workspace = call.workspace;
	TRY(notify_found(job, sql_notify_due_find(job, &(struct sql_notify_due_find){
		.id = call.due, .workspace = job->workspace }, &due), &found));
	return found ? push_one(job, &call.notify->config, &due) : OK;
}

/* ---- looking ---- */

static enum err lease(struct job *job, const struct notify_due_rows *rows)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < rows->count; i++)
		TRY(sql_notify_push_lease(job,
			&(struct sql_notify_push_lease){ .id = rows->items[i].id,
				.workspace = rows->items[i].workspace_id,
				.until_ms = job->now_ms + LEASE_MS }, NULL));
	return db_commit(job);
}

static void post(struct notify *n, const struct notify_due_row *due)
{
	struct push_call *call = HEAP_NEW(struct push_call);

	*call = (struct push_call){ n, due->workspace_id, due->id };
	/* Refused: its lease ends by itself. */
	if (!pool_post(n->config.callers, (struct task){ "push", run_push, heap_free, call }))
		heap_free(call);
}

static enum err look(struct job *job, struct notify *n)
{
	struct notify_due_rows rows;

	TRY(sql_notify_due_pushes(job, &(struct sql_notify_due_pushes){ job->now_ms }, &rows));
	if (!rows.count)
		return OK;
	TRY(lease(job, &rows));
	for (size_t i = 0; i < rows.count; i++)
		post(n, &rows.items[i]);
	return OK;
}

enum err notify_push_look(struct job *job, struct notify *n)
{
	enum err e;

	if (atomic_load(&n->is_ending) || atomic_exchange(&n->is_pushing, true))
		return OK;
	e = look(job, n);
	atomic_store(&n->is_pushing, false);
	return e;
}

/* ---- the test button ---- */

enum err notify_push_test(struct job *job, const struct notify_config *config, size_t *sent)
{
	struct sending s = { .config = config, .person = job->actor.id };
	struct buf text = buf_in(job->arena, PAYLOAD_MAX);
	struct reader reader;

	TRY(notify_reader(job, job->actor.id, &reader));
	json_open(&text, '{');
	json_put(&text, "title", notify_text(reader.locale, TEXT_TEST_TITLE));
	json_put(&text, "body", notify_text(reader.locale, TEXT_TEST_BODY));
	json_put(&text, "tag", S("test"));
	json_put(&text, "url", S("/settings/notifications"));
	json_close(&text, '}');
	s.message = (struct push_message){ .text = buf_text(&text), .urgent = true };
	TRY(send_to_all(job, &s));
	*sent = s.sent;
	return OK;
}
