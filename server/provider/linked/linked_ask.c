/* linked_ask.c: one question to the network, from a call worker; see linked_people.h. */
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"

#define PERSONS_MAX 256

struct asking { struct node *iq; uint64_t tag; };

static enum err ask(struct turn *turn, void *arg)
{
	const struct asking *asking = arg;
	enum wa_state state;

	TRY(linked_load(turn));
	state = wa_link_state(turn->n->link);
	if (state != WA_OPEN && state != WA_SYNCING)
		return fail_code(turn->job, ERR_CONFLICT, S("not_connected"),
			S("Wait until the number is connected, and try again."),
			"The number is not connected right now.");
	return wa_client_request(wa_link_client(turn->n->link), &turn->call, asking->iq,
		asking->tag);
}

/* What the network's refusals mean for people. */
static const struct { int code; const char *word, *sentence, *next_step; } refusals[] = {
	{ 401, "not_allowed", "WhatsApp does not show this to the number.",
		"The owner hides it from people they do not know." },
	{ 403, "not_allowed", "WhatsApp does not let the number do this.",
		"Only admins of the group may: make the number an admin on a phone." },
	{ 404, "not_found", "WhatsApp does not know this.", "Check the group, number or link." },
	{ 406, "not_acceptable", "WhatsApp does not take this value.", "Choose another one." },
	{ 409, "conflict", "It changed meanwhile, or is so already.", "Look again, then repeat." },
	{ 410, "gone", "The invitation was withdrawn.", "Ask for a new one." },
	{ 419, "too_many", "WhatsApp allows no more of these.", "Remove some first." },
	{ 429, "429", "WhatsApp asks the number to slow down.",
		"Wait a quarter of an hour before the next change." },
};

enum err linked_refused(struct job *job, enum err e, const struct node *answer)
{
	int code = wa_iq_code(answer);

	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (refusals[i].code == code)
			return fail_code(job, e, str_of(refusals[i].word),
				str_of(refusals[i].next_step), "%s", refusals[i].sentence);
	if (code <= 0)
		return fail_code(job, ERR_UPSTREAM, S("bad_answer"), S("Try again later."),
			"WhatsApp answered something that cannot be read.");
	return fail_code(job, e, arena_printf(job->arena, "%d", code), S("Try again later."),
		"WhatsApp refused it (%d).", code);
}

static enum err take_answer(struct job *job, struct linked_waiter *waiter,
	const struct node **answer)
{
	struct node *node = ARENA_NEW(job->arena, struct node);
	const char *why;

	if (!waiter->answer.len)
		return fail_code(job, ERR_TIMEOUT, S("no_answer"),
			S("Look whether it happened before you repeat it."),
			"WhatsApp did not answer in time.");
	if (stanza_read(job->arena, arena_bytes(job->arena, buf_bytes(&waiter->answer)), node,
		    &why) != OK)
		return linked_refused(job, ERR_UPSTREAM, NULL);
	*answer = node;
	return wa_iq_check(node) == OK ? OK : linked_refused(job, wa_iq_check(node), node);
}

static void drop_number(void *n)
{
	linked_drop(n);
}

enum err linked_ask(struct job *job, id64 channel, struct node *iq, const struct node **answer)
{
	struct linked_waiter waiter;
	struct asking asking = { .iq = iq };
	struct linked *n;
	enum err e;

	TRY(linked_take(job, channel, &n));
	job_defer(job, drop_number, n);
	linked_wait_init(&waiter, NULL);
	linked_wait_add(n, &waiter);
	asking.tag = waiter.tag;
	e = linked_run(job, n, ask, &asking);
	(void)linked_wait(n, &waiter, e == OK ? LINKED_CALL_MS : 0);
	if (e == OK)
		e = take_answer(job, &waiter, answer);
	buf_done(&waiter.answer);
	return e;
}

/* ---- parameters ---- */

bool linked_read_group(struct job *job, json v, const char *field, struct jid *out)
{
	str text = str_trim(json_text(v));

	if (text.len && str_find(text, '@') == text.len)
		*out = (struct jid){ .user = text, .server = JID_SERVER_GROUP };
	else if (!jid_read(text, out) || !str_is(out->server, JID_SERVER_GROUP))
		out->user = STR_NONE;
	if (out->user.len)
		return true;
	field_error(job, str_of(field), S("invalid"), S("The id of a group, like 1203…@g.us."));
	return false;
}

bool linked_read_person(struct job *job, json v, str field, struct wa_names *out)
{
	str text = str_trim(json_text(v));
	struct jid jid;

	*out = (struct wa_names){ 0 };
	if (str_starts(text, S("+")))
		text = str_part(text, 1, text.len);
	if (str_is_digits(text))
		out->pn = (struct jid){ .user = text, .server = JID_SERVER_PN };
	else if (jid_read(text, &jid))
		wa_names_put(out, &jid);
	if (out->pn.user.len || out->lid.user.len)
		return true;
	field_error(job, field, S("invalid"), S("A phone number with its country code."));
	return false;
}

bool linked_read_persons(struct job *job, json list, const char *field, struct linked_persons *out)
{
	size_t count = json_count(list);
	bool good = true;

	if (count > PERSONS_MAX) {
		field_error(job, str_of(field), S("too_long"), S("At most 256."));
		return false;
	}
	*out = (struct linked_persons){ ARENA_ARRAY(job->arena, struct wa_names, count), count };
	for (size_t i = 0; i < count; i++)
		good &= linked_read_person(job, json_at(list, i),
			arena_printf(job->arena, "%s.%zu", field, i), &out->items[i]);
	return good;
}

void linked_put_names(struct job *job, struct buf *out, const struct wa_names *names)
{
	json_put(out, "phone",
		names->pn.user.len ? arena_printf(job->arena, "+" STR_F, STR_A(names->pn.user))
				   : STR_NONE);
	json_put(out, "lid", names->lid.user.len ? names->lid.user : STR_NONE);
}
