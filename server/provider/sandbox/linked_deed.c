/*
 * linked_deed.c: what owners of played phones do besides writing, and what they see happen: groups,
 * calls, blocks.
 *
 *	POST /control/linked/phones/{phone}/groups      makes a group
 *	POST /control/linked/phones/{phone}/do          one deed, by its word
 *	GET  /control/linked/phones/{phone}/seen        what came: typing, calls, changes
 *
 * A deed that the network answers is answered when that has: a refusal is 400 with its number. All
 * on the loop.
 */
#include "provider/sandbox/linked_internal.h"
#include "wa/client/call.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"

#include "base/codec.h"
#include "crypto/crypto.h"

#include <stdio.h>

#define WAITS_MAX 16
#define MEMBERS_MAX 256
#define SEEN_MAX 500            /* of all phones; then the oldest goes */
#define PHONE_LEN_MAX 15
#define SEEN_TEXT_MAX 160
#define CALL_ID_SIZE 16

/* Something that a phone saw. */
struct seen {
	char phone[PHONE_LEN_MAX + 1], from[64], group[64], text[SEEN_TEXT_MAX];
	const char *what;
};

static struct {
	struct exchange *waits[WAITS_MAX]; /* by the tag of the request, less one */
	struct seen seen[SEEN_MAX];
	size_t seen_count;                 /* ever */
} deeds;

void linked_deeds_stop(void)
{
	memset(&deeds, 0, sizeof deeds);
}

/* ---- what is seen ---- */

static void note_seen(struct sim_player *player, const char *what, const struct jid *from,
	const struct jid *group)
{
	struct seen *s = &deeds.seen[deeds.seen_count++ % SEEN_MAX];

	*s = (struct seen){ .what = what };
	snprintf(s->phone, sizeof s->phone, STR_F, STR_A(sim_player_phone(player)));
	snprintf(s->from, sizeof s->from, STR_F, STR_A(sim_number(linked_sim(), from)));
	if (group)
		snprintf(s->group, sizeof s->group, STR_F "@" STR_F, STR_A(group->user),
			STR_A(group->server));
}

static void set_seen_text(str text)
{
	struct seen *s = &deeds.seen[(deeds.seen_count - 1) % SEEN_MAX];

	snprintf(s->text, sizeof s->text, STR_F, STR_A(str_part(text, 0, SEEN_TEXT_MAX - 1)));
}

static const struct jid *group_or_none(const struct jid *jid)
{
	return str_is(jid->server, JID_SERVER_GROUP) ? jid : NULL;
}

static void see_typing(struct sim_player *player, const struct wa_typing_in *typing)
{
	static const char *const names[] = { [WA_PAUSED] = "paused",
		[WA_COMPOSING] = "composing", [WA_RECORDING] = "recording" };

	note_seen(player, names[typing->typing], &typing->who, group_or_none(&typing->chat));
}

static void see_call(struct sim_player *player, const struct wa_phone_call *call)
{
	static const char *const names[] = { [WA_CALL_OFFERED] = "call_offered",
		[WA_CALL_ACCEPTED] = "call_accepted", [WA_CALL_REJECTED] = "call_rejected",
		[WA_CALL_ENDED] = "call_ended" };

	note_seen(player, names[call->event], &call->from, group_or_none(&call->group));
	set_seen_text(call->id);
}

static void see_group(struct sim_player *player, const struct wa_group_change *change)
{
	note_seen(player, "group", &change->who, &change->jid);
	set_seen_text(str_of(wa_group_event_name(change->event)));
}

static void see_contact(struct sim_player *player, const struct wa_contact *contact)
{
	static const struct { enum wa_contact_part part; const char *what; } parts[] = {
		{ WA_CONTACT_ABOUT, "about" },
		{ WA_CONTACT_PICTURE, "picture" },
		{ WA_CONTACT_BUSINESS, "business" },
	};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (contact->told & parts[i].part)
			note_seen(player, parts[i].what, &contact->jid, NULL);
	if (contact->told & WA_CONTACT_BLOCKED)
		note_seen(player, contact->is_blocked ? "blocked" : "unblocked", &contact->jid,
			NULL);
}

static void see_presence(struct sim_player *player, const struct wa_presence_in *presence)
{
	note_seen(player, presence->is_available ? "online" : "offline", &presence->who, NULL);
}

/* "after": of the last answer's "change", or none. */
void control_phone_seen(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	size_t oldest = deeds.seen_count > SEEN_MAX ? deeds.seen_count - SEEN_MAX : 0;
	int64_t after = 0;

	if (!player)
		return;
	str_to_i64(request_query(exchange_arena(ex), req, "after"), &after);
	json_open(&b, '{');
	json_put_int(&b, "change", (int64_t)deeds.seen_count);
	json_open_in(&b, "seen", '[');
	for (size_t i = oldest; i < deeds.seen_count; i++) {
		const struct seen *s = &deeds.seen[i % SEEN_MAX];

		if ((int64_t)i < after || !str_is(sim_player_phone(player), str_of(s->phone)))
			continue;
		json_open(&b, '{');
		json_put(&b, "what", str_of(s->what));
		json_put(&b, "from", str_of(s->from));
		if (s->group[0])
			json_put(&b, "group", str_of(s->group));
		if (s->text[0])
			json_put(&b, "text", str_of(s->text));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- requests and their answers ---- */

static struct exchange **free_wait(void)
{
	for (size_t i = 0; i < WAITS_MAX; i++)
		if (!deeds.waits[i])
			return &deeds.waits[i];
	return NULL;
}

static void request(struct sim_player *player, struct exchange *ex, struct node *iq)
{
	struct exchange **wait = free_wait();

	if (!wait) {
		answer_control_error(ex, 409, "Too much is under way on the phones.");
		return;
	}
	*wait = ex;
	if (sim_player_request(player, iq, (uint64_t)(wait - deeds.waits) + 1) == OK)
		return;
	*wait = NULL;
	answer_control_error(ex, 400, "The phone cannot do this now.");
}

static str group_in(struct arena *arena, const struct node *iq)
{
	struct wa_group group;
	struct jid jid;
	bool is_waiting;

	if (node_child(iq, "group") && node_attr(node_child(iq, "group"), "id") &&
		wa_group_read(arena, iq, &group) == OK)
		return jid_text(arena, &group.jid);
	return wa_group_join_read(iq, &jid, &is_waiting) == OK ? jid_text(arena, &jid) : STR_NONE;
}

static void take_answer(const struct wa_answer *answer)
{
	struct exchange *ex = answer->tag && answer->tag <= WAITS_MAX
	                              ? deeds.waits[answer->tag - 1]
	                              : NULL;
	const struct node *error;
	struct arena *arena;
	struct buf b;
	str group;

	if (!ex)
		return;
	deeds.waits[answer->tag - 1] = NULL;
	arena = exchange_arena(ex);
	error = answer->iq ? node_child(answer->iq, "error") : NULL;
	if (!answer->iq || error) {
		answer_control_error(ex, 400,
			arena_cstr(arena,
				arena_printf(arena, "The network said no: %lld.",
					error ? (long long)node_int(error, "code", 0) : 0)));
		return;
	}
	b = buf_in(arena, 4096);
	group = group_in(arena, answer->iq);
	json_open(&b, '{');
	json_put_bool(&b, "success", true);
	if (group.len)
		json_put(&b, "group", group);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void linked_deed_event(struct sim_player *player, const struct wa_event *event)
{
	switch (event->kind) {
	case WA_EVENT_ANSWER:
		take_answer(event->answer);
		break;
	case WA_EVENT_TYPING:
		see_typing(player, event->typing);
		break;
	case WA_EVENT_CALL:
		see_call(player, event->phone_call);
		break;
	case WA_EVENT_GROUP:
		see_group(player, event->group);
		break;
	case WA_EVENT_CONTACT:
		see_contact(player, event->contact);
		break;
	case WA_EVENT_PRESENCE:
		see_presence(player, event->presence);
		break;
	default:
		break;
	}
}

/* ---- deeds ---- */

struct deed {
	struct sim_player *player;
	struct exchange *ex;
	struct arena *arena;
	json v;
};

static bool read_jid(const struct deed *d, const char *field, struct jid *out)
{
	str text = json_text_or_int(d->arena, json_field(d->v, field));

	if (linked_read_to(d->arena, text, out))
		return true;
	answer_control_error(d->ex, 400,
		arena_cstr(d->arena, arena_printf(d->arena,
					     "%s is a number in digits, or a jid.", field)));
	return false;
}

static struct jid own_jid(const struct deed *d)
{
	return (struct jid){ .user = sim_player_phone(d->player), .server = JID_SERVER_PN };
}

/* <call to id><WORD call-id call-creator/></call>; an answer to a call names who made it. */
static void put_call(const struct deed *d, const char *word, const struct jid *creator)
{
	struct node *call = node_new(d->arena, "call"), *inside;
	struct buf b = buf_in(d->arena, 256);
	str id = json_text_at(d->v, "id");
	struct jid to;

	if (!read_jid(d, "to", &to))
		return;
	id = id.len ? id : crypto_random_text(d->arena, CALL_ID_SIZE);
	node_put_jid(d->arena, call, "to", &to);
	node_put(d->arena, call, "id", crypto_random_text(d->arena, CALL_ID_SIZE));
	inside = node_add(d->arena, call, word);
	node_put(d->arena, inside, "call-id", id);
	node_put_jid(d->arena, inside, "call-creator", creator ? creator : &to);
	node_add(d->arena, inside, json_flag(json_field(d->v, "video"), false) ? "video" : "audio");
	sim_player_put(d->player, call);
	json_open(&b, '{');
	json_put(&b, "id", id);
	json_close(&b, '}');
	answer_json(d->ex, 200, &b);
}

static void do_call(const struct deed *d)
{
	struct jid own = own_jid(d);

	put_call(d, "offer", &own);
}

static void do_hang_up(const struct deed *d)
{
	struct jid own = own_jid(d);

	put_call(d, "terminate", &own);
}

static void do_take_call(const struct deed *d)
{
	put_call(d, "accept", NULL);
}

static void do_join(const struct deed *d)
{
	request(d->player, d->ex, wa_group_join_request(d->arena, json_text_at(d->v, "link")));
}

static void do_leave(const struct deed *d)
{
	struct jid group;

	if (read_jid(d, "group", &group))
		request(d->player, d->ex, wa_group_leave_request(d->arena, &group));
}

static void do_subject(const struct deed *d)
{
	struct jid group;

	if (read_jid(d, "group", &group))
		request(d->player, d->ex,
			wa_group_subject_request(d->arena, &group,
				json_text_at(d->v, "subject")));
}

static void do_add(const struct deed *d)
{
	struct wa_invited who = { 0 };
	struct jid group, jid;

	if (!read_jid(d, "group", &group) || !read_jid(d, "who", &jid))
		return;
	wa_names_put(&who.names, &jid);
	request(d->player, d->ex, wa_group_members_request(d->arena, &group, "add", &who, 1));
}

static void block(const struct deed *d, bool is_blocked)
{
	struct wa_names names = { 0 };
	struct jid who;

	if (!read_jid(d, "who", &who))
		return;
	wa_names_put(&names, &who);
	request(d->player, d->ex, wa_block_request(d->arena, &names, is_blocked));
}

static void do_block(const struct deed *d)
{
	block(d, true);
}

static void do_unblock(const struct deed *d)
{
	block(d, false);
}

/* Of a group, or (none named) of the phone itself; without "jpeg_base64" it goes. */
static void do_picture(const struct deed *d)
{
	struct buf picture = buf_in(d->arena, WA_PICTURE_MAX);
	struct jid group;
	bool is_group = json_field(d->v, "group");

	if (is_group && !read_jid(d, "group", &group))
		return;
	if (!base64_read(json_text_at(d->v, "jpeg_base64"), &picture) || picture.failed) {
		answer_control_error(d->ex, 400, "jpeg_base64 is a picture in base64.");
		return;
	}
	request(d->player, d->ex,
		wa_picture_set_request(d->arena, is_group ? &group : NULL, buf_bytes(&picture)));
}

static void do_about(const struct deed *d)
{
	request(d->player, d->ex, wa_about_set_request(d->arena, json_text_at(d->v, "about")));
}

void control_phone_do(const struct request *req, struct exchange *ex)
{
	static const struct { const char *word; void (*run)(const struct deed *d); } rows[] = {
		{ "call", do_call }, { "hang_up", do_hang_up }, { "take_call", do_take_call },
		{ "join", do_join }, { "leave", do_leave }, { "subject", do_subject },
		{ "add", do_add }, { "block", do_block }, { "unblock", do_unblock },
		{ "about", do_about }, { "picture", do_picture },
	};
	struct deed deed = { linked_player_of(req, ex), ex, exchange_arena(ex), NULL };

	if (!deed.player || !read_object(ex, req, &deed.v))
		return;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (str_is(json_text_at(deed.v, "do"), str_of(rows[i].word))) {
			rows[i].run(&deed);
			return;
		}
	answer_control_error(ex, 400,
		"do is call, hang_up, take_call, join, leave, subject, add, block, unblock, "
		"about or picture.");
}

void control_phone_group(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct arena *arena = exchange_arena(ex);
	struct wa_group_draft draft = { 0 };
	struct wa_invited *who = ARENA_ARRAY(arena, struct wa_invited, MEMBERS_MAX);
	json v, members;

	if (!player || !read_object(ex, req, &v))
		return;
	members = json_field(v, "members");
	for (size_t i = 0; i < json_count(members) && draft.member_count < MEMBERS_MAX; i++) {
		struct jid jid;

		if (linked_read_to(arena, json_text_or_int(arena, json_at(members, i)), &jid))
			wa_names_put(&who[draft.member_count++].names, &jid);
	}
	draft.members = who;
	draft.subject = json_text_at(v, "subject");
	draft.key = crypto_random_text(arena, CALL_ID_SIZE);
	request(player, ex, wa_group_create_request(arena, &draft));
}
