/*
 * linked_chat.c: what is done to the chats of phones of the linked network: by other devices of the
 * account, which is shown, and by their owners, who do it here.
 *
 * All on the loop. What other devices did is kept for those who ask, the newest DONE_MAX of all.
 */
#include "provider/provider.h"
#include "provider/sandbox/linked_internal.h"
#include "wa/client/appstate.h"

#include <stdio.h>

#define PHONE_LEN_MAX 15
#define DONE_MAX 400
#define DONE_NAME_MAX 128

struct done {
	char phone[PHONE_LEN_MAX + 1], chat[64], name[DONE_NAME_MAX], message[72], label[32];
	const char *what;
	int64_t until_ms;
	int colour;
};

static struct done all_done[DONE_MAX];
static size_t done_count;       /* ever */

/* ---- words ---- */

/* Each kind of app state in two words: that it is not so, and that it is. */
static const struct word {
	enum wa_sync_kind kind;
	const char *off, *on;
} words[] = {
	{ WA_SYNC_READ, "unread", "read" },
	{ WA_SYNC_ARCHIVE, "unarchived", "archived" },
	{ WA_SYNC_PIN, "unpinned", "pinned" },
	{ WA_SYNC_MUTE, "unmuted", "muted" },
	{ WA_SYNC_STAR, "unstarred", "starred" },
	{ WA_SYNC_CONTACT, NULL, "named" },
	{ WA_SYNC_LABEL, "label_deleted", "label_named" },
	{ WA_SYNC_LABEL_CHAT, "unlabelled", "labelled" },
	{ WA_SYNC_LABEL_MESSAGE, "message_unlabelled", "message_labelled" },
	{ WA_SYNC_QUICK_REPLY, "quick_reply_deleted", "quick_reply" },
	{ WA_SYNC_DELETE_MESSAGE, NULL, "message_deleted" },
	{ WA_SYNC_CLEAR_CHAT, NULL, "cleared" },
	{ WA_SYNC_DELETE_CHAT, NULL, "deleted" },
};

static const char *name_of(const struct wa_sync *what)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i].kind == what->kind)
			return what->is_on ? words[i].on : words[i].off;
	return NULL;
}

static bool find(str name, struct wa_sync *out)
{
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		out->is_on = str_is(name, str_of(words[i].on));
		out->kind = words[i].kind;
		if (out->is_on || (words[i].off && str_is(name, str_of(words[i].off))))
			return true;
	}
	return false;
}

/* ---- what others did ---- */

static void copy(char *out, size_t size, str text)
{
	snprintf(out, size, STR_F, STR_A(text));
}

void linked_note_done(struct sim_player *player, const struct wa_sync *what)
{
	struct done *done = &all_done[done_count % DONE_MAX];
	const char *name = name_of(what);

	if (!name)
		return;
	done_count++;
	*done = (struct done){ .what = name, .until_ms = what->until_ms, .colour = what->color };
	copy(done->phone, sizeof done->phone, sim_player_phone(player));
	snprintf(done->chat, sizeof done->chat, STR_F "@" STR_F, STR_A(what->chat.user),
		STR_A(what->chat.server));
	copy(done->name, sizeof done->name, what->name);
	copy(done->message, sizeof done->message, what->message_id);
	copy(done->label, sizeof done->label, what->label_id);
}

static void write_done(struct buf *b, const struct done *done)
{
	json_open(b, '{');
	json_put(b, "with", linked_number_of(b->arena, str_of(done->chat)));
	json_put(b, "done", str_of(done->what));
	if (done->name[0])
		json_put(b, "name", str_of(done->name));
	if (done->message[0])
		json_put(b, "message", str_of(done->message));
	if (done->label[0])
		json_put(b, "label", str_of(done->label));
	if (done->until_ms)
		json_put_int(b, "until_ms", done->until_ms);
	if (strcmp(done->what, "label_named") == 0)
		json_put_int(b, "colour", done->colour);
	json_close(b, '}');
}

/* What other devices of the account did to its chats, the oldest first. */
void control_phone_chats(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct buf b = buf_in(exchange_arena(ex), 256u << 10);
	size_t from = done_count > DONE_MAX ? done_count - DONE_MAX : 0;

	if (!player)
		return;
	json_open(&b, '{');
	json_open_in(&b, "chats", '[');
	for (size_t i = from; i < done_count; i++)
		if (str_is(sim_player_phone(player), str_of(all_done[i % DONE_MAX].phone)))
			write_done(&b, &all_done[i % DONE_MAX]);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- what the owner does ---- */

/* {"done":"archived","with":"PHONE"}, as of the table of words. Of labels and quick replies: label
 * (its number), name, text, colour; of a message: message (its id), from_me; at_ms: when it is said
 * to have been, else now. */
void control_phone_chat(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct arena *arena = exchange_arena(ex);
	struct wa_sync what = { 0 };
	str with;
	json v;

	if (!player || !read_object(ex, req, &v))
		return;
	if (!find(json_text_at(v, "done"), &what)) {
		answer_control_error(ex, 400, "done is none of the words for it.");
		return;
	}
	with = json_text_or_int(arena, json_field(v, "with"));
	if (with.len)
		what.chat = (struct jid){ .server = JID_SERVER_LID, .user = linked_lid_of(with) };
	what.label_id = json_text_or_int(arena, json_field(v, "label"));
	what.name = json_text_at(v, "name");
	what.text = json_text_at(v, "text");
	what.color = (int)json_int(json_field(v, "colour"), 0);
	what.message_id = json_text_at(v, "message");
	what.is_from_me = json_flag(json_field(v, "from_me"), false);
	what.until_ms = json_int(json_field(v, "until_ms"), 0);
	what.t_ms = json_int(json_field(v, "at_ms"), 0);
	if (sim_player_sync(player, &what) != OK) {
		answer_control_error(ex, 400, "The phone has no such chat.");
		return;
	}
	linked_answer_done(ex);
}
