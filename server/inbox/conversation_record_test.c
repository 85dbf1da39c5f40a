/*
 * conversation_record_test.c: whatever changes a conversation leaves an event on it and a row in
 * the audit trail, whoever did it: a person, the customer, the clock, or the network.
 */
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#include "account/audit.h"
#include "account/channel.h"

#include <stdio.h>

#define SEEN_MAX 100

static struct channel *ch;
static int messages;

/* Two customers' conversations; what is done is done to `one`. */
struct scene {
	struct job *job;
	struct conversation one, two;
	struct inbox_changes changes;
	id64 merge;
};

static struct conversation says(struct job *job, const char *phone)
{
	const char *id = arena_printf(test_arena(), "wamid.%d", ++messages).ptr;
	struct provider_event ev = test_says(phone, id, "hello", job->now_ms += 1000);

	test_apply(job, ch, &ev, NULL);
	return test_conversation(job, ch, id);
}

static enum err patch(struct scene *s, struct conversation_patch change)
{
	return conversation_update(s->job, s->one.id, &change, &s->changes, &s->one);
}

static enum err put(struct scene *s, enum conversation_status status)
{
	return patch(s, (struct conversation_patch){ .has_status = true,
				.status = status,
				.snoozed_until_ms = s->job->now_ms + 60000 });
}

/* ---- what can happen; each within a transaction, unless it opens its own ---- */

static enum err resolve(struct scene *s) { return put(s, CONVERSATION_RESOLVED); }
static enum err archive(struct scene *s) { return put(s, CONVERSATION_ARCHIVED); }
static enum err wait(struct scene *s) { return put(s, CONVERSATION_WAITING); }
static enum err snooze(struct scene *s) { return put(s, CONVERSATION_SNOOZED); }
static enum err nothing(struct scene *s) { (void)s; return OK; }

static enum err assign(struct scene *s)
{
	return patch(s, (struct conversation_patch){ .has_assignee = true,
				.assignee_id = s->job->actor.id });
}

static enum err raise(struct scene *s)
{
	return patch(s, (struct conversation_patch){ .has_priority = true,
				.priority = PRIORITY_URGENT });
}

static enum err queue(struct scene *s)
{
	return patch(s, (struct conversation_patch){ .has_queued = true,
				.queued_ms = s->job->now_ms });
}

static enum err label(struct scene *s)
{
	struct label label;

	TRY(label_create(s->job, S("VIP"), S("#aa0011"), &label));
	return conversation_label(s->job, s->one.id,
		&(struct label_change){ .add = &label.id, .add_count = 1 }, &s->changes, &s->one);
}

static enum err unlabel(struct scene *s)
{
	struct labels all;

	TRY(label_list(s->job, &all));
	return conversation_label(s->job, s->one.id,
		&(struct label_change){ .remove = &all.items[0].id, .remove_count = 1 },
		&s->changes, &s->one);
}

static enum err split(struct scene *s)
{
	const struct split split = { .first = s->one.last_message_id,
		.contact = s->two.contact_id };
	struct conversation to;

	return conversation_split(s->job, s->one.id, &split, &s->changes, &to);
}

static enum err merge(struct scene *s)
{
	return conversation_merge(s->job, s->one.id, s->two.id, STR_NONE, &s->changes, &s->merge,
		&s->one);
}

static enum err merge_contacts(struct scene *s)
{
	return contact_merge_chosen(s->job, s->one.contact_id, s->two.contact_id,
		&(struct merge_choice){ 0 }, &s->changes, &s->merge);
}

static enum err part(struct scene *s)
{
	return conversation_unmerge(s->job, s->one.id, s->merge, STR_NONE, &s->changes, &s->one);
}

static enum err part_contacts(struct scene *s)
{
	return contact_unmerge(s->job, s->merge, &s->changes);
}

static enum err block(struct scene *s)
{
	struct contact contact;

	return contact_block(s->job, s->one.contact_id, true, STR_NONE, &s->changes, &contact);
}

static enum err unblock(struct scene *s)
{
	struct contact contact;

	return contact_block(s->job, s->one.contact_id, false, STR_NONE, &s->changes, &contact);
}

static enum err erase(struct scene *s)
{
	return contact_erase(s->job, s->one.contact_id, STR_NONE, &s->changes);
}

/* ---- the same by nobody of ours ---- */

static enum err customer_writes(struct scene *s)
{
	says(s->job, "12025550101");
	return OK;
}

static enum err clock_strikes(struct scene *s)
{
	size_t count;

	s->job->now_ms += 60000;
	return conversation_wake_due(s->job, 10, &count);
}

static enum err leaver(struct scene *s)
{
	const struct conversation_patch nobody = { .has_assignee = true };
	size_t moved;

	return conversation_hand_over(s->job, s->job->actor.id, &nobody, 10, &moved);
}

/* The network tells that both numbers are one person's. */
static enum err network_joins(struct scene *s)
{
	const struct person_ref who = { .phone = S("12025550101") },
				previous = { .phone = S("12025550102") };
	struct contact contact;

	return contact_link(s->job, &who, &previous, s->job->now_ms, &s->changes, &contact);
}

/* before: makes it ready. own: it opens its own transactions. actor: of the event. */
static const struct {
	const char *name, *event, *action;
	enum err (*before)(struct scene *s), (*change)(struct scene *s);
	enum actor_kind actor;
	bool own;
} kinds[] = {
	{ "resolved", "status", "conversation.update", nothing, resolve, ACTOR_PERSON },
	{ "archived", "status", "conversation.update", nothing, archive, ACTOR_PERSON },
	{ "waiting", "status", "conversation.update", nothing, wait, ACTOR_PERSON },
	{ "snoozed", "snoozed", "conversation.update", nothing, snooze, ACTOR_PERSON },
	{ "assigned", "assigned", "conversation.update", nothing, assign, ACTOR_PERSON },
	{ "raised", "priority", "conversation.update", nothing, raise, ACTOR_PERSON },
	{ "queued", "queued", "conversation.update", nothing, queue, ACTOR_PERSON },
	{ "labelled", "labelled", "conversation.label", nothing, label, ACTOR_PERSON },
	{ "unlabelled", "unlabelled", "conversation.label", label, unlabel, ACTOR_PERSON },
	{ "split", "split", "conversation.split", nothing, split, ACTOR_PERSON },
	{ "merged", "merged", "conversation.merge", nothing, merge, ACTOR_PERSON },
	{ "contacts merged", "merged", "contact.merge", nothing, merge_contacts, ACTOR_PERSON },
	{ "parted", "unmerged", "conversation.unmerge", merge, part, ACTOR_PERSON },
	{ "contacts parted", "unmerged", "contact.unmerge", merge, part_contacts, ACTOR_PERSON },
	{ "blocked", "status", "conversation.update", nothing, block, ACTOR_PERSON },
	{ "unblocked", "status", "conversation.update", block, unblock, ACTOR_PERSON },
	{ "erased", "status", "conversation.update", nothing, erase, ACTOR_PERSON },
	{ "left", "assigned", "conversation.update", assign, leaver, ACTOR_PERSON, true },
	{ "written to, resolved", "status", "conversation.update", resolve, customer_writes,
		ACTOR_CONTACT, true },
	{ "written to, archived", "status", "conversation.update", archive, customer_writes,
		ACTOR_CONTACT, true },
	{ "written to, waiting", "status", "conversation.update", wait, customer_writes,
		ACTOR_CONTACT, true },
	{ "written to, snoozed", "status", "conversation.update", snooze, customer_writes,
		ACTOR_CONTACT, true },
	{ "woken", "status", "conversation.update", snooze, clock_strikes, ACTOR_PERSON, true },
	{ "joined", "merged", "contact.merge", nothing, network_joins, ACTOR_PERSON },
};

static void run(struct scene *s, enum err (*step)(struct scene *s), bool own)
{
	if (!own)
		EXPECT_OK(db_begin(s->job, DB_WRITE));
	EXPECT_OK(step(s));
	if (!own)
		EXPECT_OK(db_commit(s->job));
}

/* The newest events and rows, behind those that were there before. */
static bool has_event(struct job *job, id64 conversation, id64 after, const char *kind,
	enum actor_kind actor)
{
	struct conversation_event_rows rows;

	EXPECT_OK(sql_conversation_event_list(job, &(struct sql_conversation_event_list){
		conversation, job->workspace, INT64_MAX, SEEN_MAX }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (rows.items[i].id > after && str_is(rows.items[i].kind, T(kind)))
			return rows.items[i].actor_kind == (int64_t)actor;
	return false;
}

static bool has_row(struct job *job, id64 after, const char *action, const char *actor)
{
	struct audit_item *rows;
	size_t count;

	EXPECT_OK(audit_read(job, &(struct audit_filter){ .action = T(action) }, 0, SEEN_MAX, &rows,
		&count));
	for (size_t i = 0; i < count; i++)
		if (rows[i].id > after)
			return str_is(rows[i].actor_kind, T(actor));
	return false;
}

STORE_TEST(whatever_changes_a_conversation_is_an_event_and_an_audit_row)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct scene s = { .job = job };
		bool event, row;
		id64 after;

		if (i)
			test_another_workspace(job);
		ch = i ? test_another_channel(job, (int)i) : test_channel(job);
		s.two = says(job, "12025550102");
		s.one = says(job, "12025550101");
		run(&s, kinds[i].before, false);
		after = job_id(job);
		run(&s, kinds[i].change, kinds[i].own);
		EXPECT_OK(conversation_get(job, s.one.id, &s.one)); /* merged into the other? */
		event = has_event(job, s.one.id, after, kinds[i].event, kinds[i].actor);
		row = has_row(job, after, kinds[i].action,
			kinds[i].actor == ACTOR_CONTACT ? "contact" : "person");
		if (!event || !row)
			printf("%s: event %d, audit row %d\n", kinds[i].name, event, row);
		EXPECT(event && row);
	}
}
