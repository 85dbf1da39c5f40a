/*
 * linked_people.c: what the network tells by itself of groups, people, calls and restrictions.
 *
 * In the lane it becomes a raw event (JSON of our own), and a call is refused at once where the
 * number's owner wants that. Later, and once more on a replay, that JSON becomes what the inbox
 * knows: changes of a group are lines of its thread, names go to contacts, the rest are notices.
 */
#include "provider/linked/linked_people.h"
#include "provider/timer.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "provider/linked/linked_internal.h"
#include "wa/client/call.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"

#define RAW_MAX (1u << 20)
#define MEMBERS_TOLD 20         /* names in a sentence; the others are counted */

/* ---- raw events ---- */

/* The network often names people by hidden id alone: people know them by number. */
static void put_names(struct turn *turn, struct buf *b, const char *key,
	const struct wa_names *names)
{
	struct jid pn = names->pn;

	if (!pn.user.len && names->lid.user.len)
		(void)wa_client_pn_of(wa_link_client(turn->n->link), &names->lid, turn->job->arena,
			&pn);
	if (key)
		json_open_in(b, key, '{');
	else
		json_open(b, '{');
	if (pn.user.len)
		json_put(b, "phone", pn.user);
	if (names->lid.user.len)
		json_put(b, "lid", names->lid.user);
	json_close(b, '}');
}

static enum err put_group(struct turn *turn, const struct wa_group_change *c)
{
	struct buf b = linked_raw_begin(turn, "group", RAW_MAX);

	json_put(&b, "event", str_of(wa_group_event_name(c->event)));
	json_put(&b, "group", jid_text(turn->job->arena, &c->jid));
	put_names(turn, &b, "who", &c->who_names);
	if (c->who_name.len)
		json_put(&b, "who_name", c->who_name);
	json_put_ms(&b, "t_ms", c->t_ms ? c->t_ms : turn->clock.wall_ms);
	if (c->text.ptr)
		json_put(&b, "text", c->text);
	json_put_bool(&b, "on", c->is_on);
	json_put_int(&b, "value", c->value);
	if (c->group) {
		json_put(&b, "subject", c->group->subject);
		json_put_int(&b, "timer_s", c->group->ephemeral_s);
	}
	json_open_in(&b, "members", '[');
	for (size_t i = 0; i < c->member_count; i++)
		put_names(turn, &b, NULL, &c->members[i].names);
	json_close(&b, ']');
	return linked_raw_put(turn, &b);
}

/* The owner blocked somebody on the phone, or let them in again. */
static enum err put_blocked(struct turn *turn, const struct wa_contact *c)
{
	struct buf b = linked_raw_begin(turn, "contact", RAW_MAX);

	put_names(turn, &b, "who", &c->names);
	json_put(&b, "done", str_of(chat_done_name(c->is_blocked ? CHAT_BLOCKED : CHAT_UNBLOCKED)));
	json_put_ms(&b, "t_ms", turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

static enum err put_contact(struct turn *turn, const struct wa_contact *c)
{
	struct buf b;

	if (c->told & WA_CONTACT_BLOCKED)
		TRY(put_blocked(turn, c));
	/* Else only a name is news for the inbox; the rest is asked for when it is shown. */
	if (!(c->told & WA_CONTACT_VERIFIED) || !c->verified_name.len)
		return OK;
	b = linked_raw_begin(turn, "contact", RAW_MAX);
	put_names(turn, &b, "who", &c->names);
	json_put(&b, "verified_name", c->verified_name);
	json_put_ms(&b, "t_ms", c->t_ms ? c->t_ms : turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

/* By the number's owner's rule (account/pace_number.h keeps it). */
static enum err refuse_call(struct turn *turn, const struct wa_phone_call *c, bool *refused)
{
	struct pace_row row;
	enum err e = sql_pace_find(turn->job, &(struct sql_pace_find){ turn->n->channel }, &row);

	*refused = false;
	if (e == ERR_MISSING || (e == OK && !row.reject_calls)) {
		job_forgive(turn->job);
		return OK;
	}
	TRY(e);
	*refused = true;
	return wa_client_reject_call(wa_link_client(turn->n->link), &turn->call, c);
}

static enum err put_call(struct turn *turn, const struct wa_phone_call *c)
{
	static const char *const events[] = { [WA_CALL_OFFERED] = "offered",
		[WA_CALL_ACCEPTED] = "accepted", [WA_CALL_REJECTED] = "rejected",
		[WA_CALL_ENDED] = "ended" };
	bool refused = false;
	struct buf b;

	if (c->event == WA_CALL_OFFERED && !c->is_offline)
		TRY(refuse_call(turn, c, &refused));
	b = linked_raw_begin(turn, "call", RAW_MAX);
	json_put(&b, "event", str_of(events[c->event]));
	json_put(&b, "id", c->id);
	put_names(turn, &b, "who", &c->names);
	if (c->name.len)
		json_put(&b, "who_name", c->name);
	if (c->group.user.len)
		json_put(&b, "group", jid_text(turn->job->arena, &c->group));
	json_put_bool(&b, "video", c->is_video);
	json_put_bool(&b, "refused", refused);
	if (c->text.len)
		json_put(&b, "reason", c->text);
	json_put_ms(&b, "t_ms", c->t_ms ? c->t_ms : turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

static enum err put_restriction(struct turn *turn, const struct wa_restriction *r)
{
	struct buf b = linked_raw_begin(turn, "restriction", RAW_MAX);

	json_put(&b, "restriction", r->kind);
	json_put_bool(&b, "is_active", r->is_active);
	json_put_ms(&b, "until_ms", r->until_ms);
	if (r->detail.len)
		json_put(&b, "detail", r->detail);
	json_put_int(&b, "quota", r->quota);
	json_put_int(&b, "used", r->used);
	json_put_ms(&b, "t_ms", turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

enum err linked_put_ban(struct turn *turn, const struct linked_reason *why, bool on)
{
	struct buf b = linked_raw_begin(turn, "restriction", RAW_MAX);

	json_put(&b, "restriction", str_of(why->code));
	json_put_bool(&b, "is_active", on);
	json_put_ms(&b, "until_ms", why->until_ms);
	if (on)
		json_put(&b, "sentence", str_of(why->sentence));
	json_put_ms(&b, "t_ms", turn->clock.wall_ms);
	return linked_raw_put(turn, &b);
}

enum err linked_put_people(struct turn *turn, const struct wa_event *event)
{
	switch (event->kind) {
	case WA_EVENT_GROUP:
		return put_group(turn, event->group);
	case WA_EVENT_CONTACT:
		return put_contact(turn, event->contact);
	case WA_EVENT_CALL:
		return put_call(turn, event->phone_call);
	case WA_EVENT_RESTRICTED:
		return event->restriction ? put_restriction(turn, event->restriction) : OK;
	default:
		return OK;
	}
}

/* ---- what they say ---- */

static struct person_ref person_of(json names, str name)
{
	return (struct person_ref){ .phone = json_text(json_field(names, "phone")),
		.lid = json_text(json_field(names, "lid")), .name = name };
}

static str called(struct arena *arena, json names, str name)
{
	str phone = json_text(json_field(names, "phone"));

	if (name.len)
		return name;
	return phone.len ? arena_printf(arena, "+" STR_F, STR_A(phone)) : S("somebody");
}

static str members_of(struct job *job, json root)
{
	struct buf out = buf_in(job->arena, 8192);
	json list = json_field(root, "members");
	size_t count = json_count(list);

	for (size_t i = 0; i < count && i < MEMBERS_TOLD; i++)
		buf_printf(&out, "%s" STR_F, i ? ", " : "",
			STR_A(called(job->arena, json_at(list, i), STR_NONE)));
	if (count > MEMBERS_TOLD)
		buf_printf(&out, " and %zu more", count - MEMBERS_TOLD);
	return count ? buf_text(&out) : S("somebody");
}

/* Somebody who is the only member of his own change came or left by himself. */
static bool is_alone(json root)
{
	json list = json_field(root, "members"), who = json_field(root, "who"),
	     one = json_at(list, 0);
	str lid = json_text(json_field(who, "lid")), phone = json_text(json_field(who, "phone"));

	if (json_count(list) != 1)
		return false;
	return (lid.len && str_is(lid, json_text(json_field(one, "lid")))) ||
	       (phone.len && str_is(phone, json_text(json_field(one, "phone"))));
}

/* %1 the actor, %2 the members, %3 the text. off: when "on" is false; NULL: the same. */
static const struct saying { const char *event, *on, *off, *alone; } sayings[] = {
	{ "created", "The group was made.", NULL, NULL },
	{ "added", "%1 added %2.", NULL, "%1 joined." },
	{ "removed", "%1 removed %2.", NULL, "%1 left." },
	{ "promoted", "%1 made %2 an admin.", NULL, NULL },
	{ "demoted", "%1 made %2 no admin any more.", NULL, NULL },
	{ "moved", "%1 has a new number.", NULL, NULL },
	{ "subject", "%1 called the group \xe2\x80\x9c%3\xe2\x80\x9d.", NULL, NULL },
	{ "description", "%1 changed the description.", NULL, NULL },
	{ "announce", "Only admins may write now.", "Everybody may write now.", NULL },
	{ "locked", "Only admins may change the group now.",
		"Everybody may change the group now.", NULL },
	{ "ephemeral", "Messages disappear after a time now.", "Messages stay now.", NULL },
	{ "open", "Everybody may add people now.", "Only admins may add people now.", NULL },
	{ "approval", "Admins decide who joins now.", "Whoever has the link may join now.", NULL },
	{ "asked", "%2 asks to join.", NULL, "%1 asks to join." },
	{ "unasked", "%2 does not ask to join any more.", NULL, NULL },
	{ "invite", "The invitation link is a new one.", NULL, NULL },
	{ "suspended", "WhatsApp suspended the group.", "The group is no longer suspended.", NULL },
	{ "deleted", "The group was deleted.", NULL, NULL },
	{ "picture", "%1 changed the picture.", "%1 removed the picture.", NULL },
};

static str say(struct job *job, json root, const struct saying *saying)
{
	bool is_on = json_flag(json_field(root, "on"), true);
	const char *form = saying->alone && is_alone(root) ? saying->alone :
			   !is_on && saying->off           ? saying->off
							   : saying->on;
	const str parts[] = { called(job->arena, json_field(root, "who"),
				      json_text(json_field(root, "who_name"))),
		members_of(job, root), json_text(json_field(root, "text")) };
	struct buf out = buf_in(job->arena, 16384);

	for (; *form; form++) {
		if (*form == '%' && form[1] >= '1' && form[1] <= '3')
			buf_str(&out, parts[*++form - '1']);
		else
			buf_byte(&out, (uint8_t)*form);
	}
	return buf_text(&out);
}

static const struct saying *saying_of(str event)
{
	for (size_t i = 0; i < COUNT_OF(sayings); i++)
		if (str_is(event, str_of(sayings[i].event)))
			return &sayings[i];
	return NULL;
}

/* The network gives these no name of their own: what they say is their name. */
static str name_of(struct job *job, json root, const char *kind)
{
	struct buf all = buf_in(job->arena, RAW_MAX);
	uint8_t hash[SHA256_SIZE];

	json_put_value(&all, NULL, root);
	sha256(buf_bytes(&all), hash);
	return arena_printf(job->arena, "%s-" STR_F, kind,
		STR_A(hex_text(job->arena, (bytes){ hash, 10 })));
}

/* Beside the sentence what it is made of, for readers of other languages; members are mentions,
 * too, so that whoever shows it has their names. */
static void put_group_parts(struct buf *out, json root)
{
	str text = json_text(json_field(root, "text"));

	json_put_bool(out, "on", json_flag(json_field(root, "on"), true));
	json_put_bool(out, "alone", is_alone(root));
	json_put_int(out, "value", json_int(json_field(root, "value"), 0));
	if (text.len)
		json_put(out, "text", text);
	if (!json_count(json_field(root, "members")))
		return;
	json_put_value(out, "members", json_field(root, "members"));
	json_put_value(out, "mentions", json_field(root, "members"));
}

static str content(struct job *job, const char *type, str body, json root)
{
	struct buf out = buf_in(job->arena, RAW_MAX);

	json_open(&out, '{');
	json_put(&out, "type", str_of(type));
	json_put(&out, "body", body);
	json_put(&out, "event", json_text(json_field(root, "event")));
	if (str_is(str_of(type), S("group")))
		put_group_parts(&out, root);
	if (json_field(root, "video")) {
		json_put_value(&out, "video", json_field(root, "video"));
		json_put_value(&out, "refused", json_field(root, "refused"));
	}
	json_close(&out, '}');
	return buf_text(&out);
}

static void name_group(struct job *job, json root, struct provider_events *events)
{
	str event = json_text_at(root, "event");
	str subject = str_is(event, S("subject")) ? json_text_at(root, "text")
	                                          : json_text_at(root, "subject");
	struct provider_event *ev;

	if (!subject.len)
		return;
	ev = provider_events_add(job, events, EVENT_CONTACT);
	ev->field = S("group");
	ev->who = (struct person_ref){ .group = json_text_at(root, "group"), .name = subject };
	ev->at_ms = json_int(json_field(root, "t_ms"), 0);
}

/* Made with a timer, or given one. */
static void tell_timer(json root, struct provider_event *ev)
{
	bool is_change = str_is(json_text_at(root, "event"), S("ephemeral"));
	json seconds = json_field(root, is_change ? "value" : "timer_s");

	ev->tells_timer = seconds && json_int(seconds, -1) >= 0 &&
	                  json_int(seconds, 0) <= TIMER_MAX_S;
	ev->timer_s = json_int(seconds, 0);
}

static void parse_group(struct job *job, json root, struct provider_events *events)
{
	const struct saying *saying = saying_of(json_text_at(root, "event"));
	struct provider_event *ev;

	name_group(job, root, events);
	if (!saying)
		return;
	ev = provider_events_add(job, events, EVENT_MESSAGE);
	ev->field = S("group");
	ev->who = person_of(json_field(root, "who"), json_text(json_field(root, "who_name")));
	if (!ev->who.phone.len && !ev->who.lid.len)
		ev->who = (struct person_ref){ .group = json_text_at(root, "group") };
	ev->group_id = json_text_at(root, "group");
	ev->remote_id = name_of(job, root, "group");
	ev->message_kind = KIND_SYSTEM;
	ev->content = content(job, "group", say(job, root, saying), root);
	ev->at_ms = json_int(json_field(root, "t_ms"), 0);
	tell_timer(root, ev);
}

static str call_sentence(json root)
{
	str event = json_text_at(root, "event");
	bool is_video = json_flag(json_field(root, "video"), false);

	if (str_is(event, S("offered")))
		return json_flag(json_field(root, "refused"), false)
		               ? S("They called, and the call was refused by the number's rule.")
		               : is_video ? S("They make a video call to the phone.")
		                          : S("They call the phone.");
	if (str_is(event, S("accepted")))
		return S("The call was taken on the phone.");
	return str_is(event, S("rejected")) ? S("The call was refused on the phone.")
	                                    : S("The call ended.");
}

static void parse_call(struct job *job, json root, struct provider_events *events)
{
	str group = json_text_at(root, "group"), id = json_text_at(root, "id");
	struct provider_event *ev;

	ev = provider_events_add(job, events, EVENT_MESSAGE);
	ev->field = S("call");
	ev->who = person_of(json_field(root, "who"), json_text(json_field(root, "who_name")));
	ev->group_id = group.len ? group : STR_NONE;
	ev->remote_id = arena_printf(job->arena, "call-" STR_F "#" STR_F, STR_A(id),
		STR_A(json_text_at(root, "event")));
	ev->message_kind = KIND_SYSTEM;
	ev->content = content(job, "call", call_sentence(root), root);
	ev->opens_window = str_is(json_text_at(root, "event"), S("offered"));
	ev->at_ms = json_int(json_field(root, "t_ms"), 0);
}

static void parse_contact(struct job *job, json root, struct provider_events *events)
{
	enum chat_done done;
	bool is_done = chat_done_parse(json_text_at(root, "done"), &done);
	struct provider_event *ev =
		provider_events_add(job, events, is_done ? EVENT_CHAT : EVENT_CONTACT);

	ev->field = S("contact");
	if (is_done)
		ev->done = done;
	ev->who = person_of(json_field(root, "who"), json_text_at(root, "verified_name"));
	ev->at_ms = json_int(json_field(root, "t_ms"), 0);
}

static str restriction_sentence(json root)
{
	str detail = json_text_at(root, "detail"), sentence = json_text_at(root, "sentence");

	if (sentence.len)
		return sentence;
	if (!json_flag(json_field(root, "is_active"), true))
		return S("WhatsApp does not restrict the number any more.");
	if (str_is(json_text_at(root, "restriction"), S("reachout_timelock")))
		return S("WhatsApp lets the number start no new conversations for some time. "
			 "Answers still go out.");
	return str_is(detail, S("CAPPED"))
		       ? S("The number may start no more conversations for now. Answers still go "
			   "out.")
		       : S("WhatsApp warns the number: it starts too many conversations.");
}

static void parse_restriction(struct job *job, json root, struct provider_events *events)
{
	struct provider_event *ev = provider_events_add(job, events, EVENT_NOTICE);
	struct buf detail = buf_in(job->arena, 4096);

	json_open(&detail, '{');
	json_put(&detail, "kind", json_text_at(root, "restriction"));
	json_put_value(&detail, "is_active", json_field(root, "is_active"));
	json_put_value(&detail, "until_ms", json_field(root, "until_ms"));
	json_put(&detail, "detail", json_text_at(root, "detail"));
	json_put_value(&detail, "quota", json_field(root, "quota"));
	json_put_value(&detail, "used", json_field(root, "used"));
	json_close(&detail, '}');
	ev->field = S("restriction");
	ev->severity = json_flag(json_field(root, "is_active"), true) ? S("critical") : S("info");
	ev->sentence = restriction_sentence(root);
	ev->detail = buf_text(&detail);
	ev->at_ms = json_int(json_field(root, "t_ms"), 0);
}

bool linked_parse_people(struct job *job, json root, struct provider_events *events)
{
	static const struct {
		const char *kind;
		void (*parse)(struct job *job, json root, struct provider_events *events);
	} rows[] = {
		{ "group", parse_group },
		{ "call", parse_call },
		{ "contact", parse_contact },
		{ "restriction", parse_restriction },
	};
	str kind = json_text_at(root, "kind");

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (str_is(kind, str_of(rows[i].kind))) {
			rows[i].parse(job, root, events);
			return true;
		}
	return false;
}
