/*
 * catchup.c: asks the phone, every few hours, for what a number may have missed; see history.h.
 *
 * A round goes through the chats in which something was said since the round before, oldest first:
 * one chat of a number at a time, and a pause after it. The phone is asked for what stands before
 * the newest message that we have, so a gap shows as soon as anything came after it. What it sends
 * comes as a part of history like any other, and what is in the inbox already stays there once.
 */
#include "base/clock.h"
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"

#include <stdatomic.h>

#define CHAT_EVERY_MS 5000              /* of one number */
#define NUMBERS_MAX 50                  /* at a time; the others are next */
#define OFFLINE_MS 60000                /* the phone or we are not there: again after this */
/* Rounds overlap: what waited at the server is older than when it came. */
#define OVERLAP_MS 600000

static atomic_bool is_posted;

struct asking { struct person_ref who; struct wa_history_more more; };

static enum err ask(struct turn *turn, void *arg)
{
	const struct asking *asking = arg;

	TRY(linked_load(turn));
	return wa_client_history_more(wa_link_client(turn->n->link), &turn->call, &asking->more,
		NULL);
}

static str address_of(struct arena *arena, const struct person_ref *who)
{
	if (who->group.len)
		return who->group;
	if (who->lid.len)
		return arena_printf(arena, STR_F "@lid", STR_A(who->lid));
	return arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(who->phone));
}

/* ERR_MISSING: there is nothing to ask by. */
static enum err fill_asking(struct job *job, id64 channel, id64 conversation, struct asking *out)
{
	struct message_newest_row newest;

	TRY(sql_message_newest(job,
		&(struct sql_message_newest){ conversation, channel }, &newest));
	TRY(linked_manager.host.person(job, channel, newest.remote_id, &out->who));
	if (!jid_read(address_of(job->arena, &out->who), &out->more.chat) ||
		!out->more.chat.user.len)
		return ERR_MISSING;
	out->more.oldest_id = newest.remote_id;
	out->more.is_from_me = !newest.is_customer;
	out->more.oldest_ms = newest.at_ms;
	out->more.count = WA_HISTORY_MORE_MAX;
	return OK;
}

static enum err ask_chat(struct job *job, const struct linked_catch_row *row, id64 conversation)
{
	struct asking asking = { 0 };
	struct linked *n;
	enum err e = fill_asking(job, row->channel, conversation, &asking);

	db_rollback(job);
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	n = linked_take_row(row->channel, row->workspace);
	e = linked_run(job, n, ask, &asking);
	linked_drop(n);
	return e;
}

static enum err note(struct job *job, const struct linked_catch_row *row, int64_t next_ms)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_catch_set(job,
		&(struct sql_linked_catch_set){ row->channel, row->from_ms, row->from_id,
			row->until_ms, next_ms },
		NULL));
	return db_commit(job);
}

static enum err end_round(struct job *job, struct linked_catch_row *row, int64_t now)
{
	row->from_ms = row->until_ms - OVERLAP_MS;
	row->from_id = 0;
	row->until_ms = 0;
	return note(job, row, now + linked_manager.host.catch_up_ms);
}

/* One chat of one number. */
static enum err go_on(struct job *job, struct linked_catch_row *row)
{
	struct linked_catch_chat_row chat;
	int64_t now = clock_now_ms();
	enum err e;

	job->workspace = row->workspace;
	if (!row->until_ms)
		row->until_ms = now;
	/* What was said before the pairing has come with the first sync. */
	if (row->from_ms < row->started_ms)
		row->from_ms = row->started_ms;
	e = sql_linked_catch_chat(job,
		&(struct sql_linked_catch_chat){ row->channel, row->from_ms, row->from_id,
			row->until_ms },
		&chat);
	if (e == ERR_MISSING) {
		job_forgive(job);
		return end_round(job, row, now);
	}
	TRY(e);
	e = ask_chat(job, row, chat.id);
	if (e == ERR_STORE)
		return e;
	job_forgive(job);
	if (e != OK)
		return note(job, row, now + OFFLINE_MS);
	row->from_ms = chat.last_ms;
	row->from_id = chat.id;
	return note(job, row, now);
}

static enum err look(struct job *job, void *arg)
{
	struct linked_catch_rows rows;

	(void)arg;
	atomic_store(&is_posted, false);
	TRY(sql_linked_catch_due(job,
		&(struct sql_linked_catch_due){ clock_now_ms(), linked_manager.host.node,
			NUMBERS_MAX },
		&rows));
	for (size_t i = 0; i < rows.count && !linked_manager.is_stopping; i++)
		TRY(go_on(job, &rows.items[i]));
	return OK;
}

static enum err look_again(struct job *job, void *arg)
{
	(void)job, (void)arg;
	if (!atomic_exchange(&is_posted, true) &&
		!linked_history_post((struct task){ "linked catch-up", look, NULL, NULL }))
		atomic_store(&is_posted, false);
	return OK;
}

void linked_catch_up_create(void)
{
	atomic_store(&is_posted, false);
	if (linked_manager.host.catch_up_ms)
		timer_every(linked_manager.host.timers, CHAT_EVERY_MS,
			(struct task){ "linked catch-up", look_again, NULL, NULL });
}
