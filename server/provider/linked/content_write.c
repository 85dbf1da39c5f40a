/*
 * content_write.c: what people send, as what is said end to end.
 *
 * The content was checked (content_check.c) before it was queued, so what does not fit here is a
 * fault of ours. Files are written by content_write_file.c, buttons and lists by
 * content_write_choice.c.
 */
#include "provider/linked/content_write_internal.h"
#include "provider/timer.h"

#include <stdlib.h>

#define MENTIONS_MAX 256

char *linked_text_at(const struct writing *w, const char *path)
{
	str text = json_text_at(w->content, path);

	return text.len ? wa_cstr(w->arena, text) : NULL;
}

static enum err unsendable(const struct writing *w)
{
	return fail_code(w->job, ERR_INPUT, S("unsupported_kind"),
		S("Choose another kind of message."),
		"A linked device cannot send a message of kind %s like this.",
		kind_name(w->out->kind));
}

/* ---- text ---- */

static bool is_end_of_link(char c)
{
	return (unsigned char)c <= ' ' || strchr("<>\"'`{}|\\^", c) != NULL;
}

str linked_first_link(str text)
{
	for (size_t at = 0; at + 8 < text.len; at++) {
		str rest = str_part(text, at, text.len);
		size_t n = 0;

		if (!str_starts(rest, S("https://")) && !str_starts(rest, S("http://")))
			continue;
		while (n < rest.len && !is_end_of_link(rest.ptr[n]))
			n++;
		/* What ends a sentence does not end a link. */
		while (n > 0 && strchr(".,;:!?)", rest.ptr[n - 1]))
			n--;
		return str_part(rest, 0, n);
	}
	return STR_NONE;
}

static void put_preview(const struct writing *w, Wa__Message *m, str body)
{
	const struct linked_preview *p = w->d->preview;
	Wa__ExtendedTextMessage *t = ARENA_NEW(w->arena, Wa__ExtendedTextMessage);

	if (!p || !p->title.len)
		return;
	wa__extended_text_message__init(t);
	t->text = wa_cstr(w->arena, body);
	t->matched_text = wa_cstr(w->arena, p->url);
	t->title = wa_cstr(w->arena, p->title);
	t->description = wa_cstr(w->arena, p->description.ptr ? p->description : S(""));
	PROTO_SET(t, preview_type, WA__EXTENDED_TEXT_MESSAGE__PREVIEW_TYPE__NONE);
	if (p->thumbnail.len)
		PROTO_SET_DATA(t, jpeg_thumbnail, p->thumbnail);
	m->conversation = NULL;
	m->extended_text_message = t;
}

static enum err write_text(const struct writing *w, Wa__Message **out)
{
	str body = json_text_at(w->content, "body");

	*out = wa_message_text(w->arena, body);
	put_preview(w, *out, body);
	return OK;
}

/* ---- places and people ---- */

/* "latitude/longitude as number or string". */
static double degrees_at(const struct writing *w, const char *key)
{
	str text = json_text_at(w->content, key);

	return text.ptr ? strtod(arena_cstr(w->arena, text), NULL)
	                : json_number(json_field(w->content, key), 0);
}

static enum err write_location(const struct writing *w, Wa__Message **out)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__LocationMessage *p = ARENA_NEW(w->arena, Wa__LocationMessage);

	wa__location_message__init(p);
	PROTO_SET(p, degrees_latitude, degrees_at(w, "latitude"));
	PROTO_SET(p, degrees_longitude, degrees_at(w, "longitude"));
	p->name = linked_text_at(w, "name");
	p->address = linked_text_at(w, "address");
	m->location_message = p;
	*out = m;
	return OK;
}

static Wa__ContactMessage *card_of(const struct writing *w, json contact)
{
	Wa__ContactMessage *p = ARENA_NEW(w->arena, Wa__ContactMessage);

	wa__contact_message__init(p);
	p->display_name = wa_cstr(w->arena, linked_card_name(contact));
	p->vcard = wa_cstr(w->arena, linked_card_write(w->arena, contact));
	return p;
}

static enum err write_contacts(const struct writing *w, Wa__Message **out)
{
	size_t count = json_count(w->content);
	Wa__Message *m = wa_message_new(w->arena);
	Wa__ContactsArrayMessage *p = ARENA_NEW(w->arena, Wa__ContactsArrayMessage);

	*out = m;
	if (count == 1) {
		m->contact_message = card_of(w, json_at(w->content, 0));
		return OK;
	}
	wa__contacts_array_message__init(p);
	p->display_name = wa_cstr(w->arena, arena_printf(w->arena, "%zu contacts", count));
	p->contacts = ARENA_ARRAY(w->arena, Wa__ContactMessage *, count);
	for (; p->n_contacts < count; p->n_contacts++)
		p->contacts[p->n_contacts] = card_of(w, json_at(w->content, p->n_contacts));
	m->contacts_array_message = p;
	return OK;
}

/* ---- polls ---- */

static size_t names_of(const struct writing *w, str out[WA_POLL_OPTIONS_MAX])
{
	json options = json_field(w->content, "options");
	size_t count = 0;

	for (size_t i = 0; i < json_count(options) && count < WA_POLL_OPTIONS_MAX; i++) {
		str name = json_text(json_at(options, i));

		out[count++] = name.ptr ? name : json_text_at(json_at(options, i), "name");
	}
	return count;
}

static enum err write_poll(const struct writing *w, Wa__Message **out)
{
	str names[WA_POLL_OPTIONS_MAX];
	struct wa_poll poll = { .name = json_text_at(w->content, "name"), .options = names,
		.count = names_of(w, names) };

	poll.selectable = (unsigned)json_int(json_field(w->content, "selectable_count"), 1);
	*out = wa_message_poll(w->arena, &poll);
	return OK;
}

/* As for the other networks: what the content names, when nobody knows it better. */
static struct wa_target target_of(const struct writing *w)
{
	str id = w->out->reply_remote_id;

	return (struct wa_target){ .chat = w->d->chat,
		.id = id.len ? id : json_text_at(w->content, "message_id"),
		.author = w->out->to_group.len ? w->d->quoted_author : STR_NONE,
		.from_me = w->out->quoted.is_ours };
}

static enum err write_vote(const struct writing *w, Wa__Message **out)
{
	str names[WA_POLL_OPTIONS_MAX];
	struct wa_target target = target_of(w);
	struct wa_ballot ballot = { &target, names, names_of(w, names), w->d->now_ms };

	if (!w->d->addon || !w->d->iv)
		return unsendable(w);
	*out = wa_message_vote(w->arena, w->d->addon, w->d->iv, &ballot);
	return OK;
}

/* ---- what is done to another message ---- */

static enum err write_reaction(const struct writing *w, Wa__Message **out)
{
	struct wa_target target = target_of(w);

	*out = wa_message_react(w->arena, &target, json_text_at(w->content, "emoji"), w->d->now_ms);
	return OK;
}

static enum err write_edit(const struct writing *w, Wa__Message **out)
{
	struct wa_target target = target_of(w);

	*out = wa_message_edit(w->arena, &target,
		wa_message_text(w->arena, json_text_at(w->content, "body")), w->d->now_ms);
	return OK;
}

static enum err write_revoke(const struct writing *w, Wa__Message **out)
{
	struct wa_target target = target_of(w);

	*out = wa_message_revoke(w->arena, &target);
	return OK;
}

/* "message_add_on_duration_in_secs (86400/604800/2592000)": the shortest that is long enough. */
static uint32_t pin_seconds(const struct writing *w)
{
	int64_t days = json_int(json_field(w->content, "expiration_days"), 7);

	if (str_is(json_text_at(w->content, "type"), S("unpin")))
		return 0;
	return days <= 1 ? 86400 : days <= 7 ? 604800 : 2592000;
}

static enum err write_pin(const struct writing *w, Wa__Message **out)
{
	struct wa_target target = target_of(w);

	*out = wa_message_pin(w->arena, &target, pin_seconds(w), w->d->now_ms);
	return OK;
}

static enum err write_timer(const struct writing *w, Wa__Message **out)
{
	int64_t seconds = json_int(json_field(w->content, "seconds"), -1);

	if (!str_is(json_text_at(w->content, "type"), S("timer")) || !timer_is_known(seconds))
		return unsendable(w);
	*out = wa_message_timer(w->arena, (uint32_t)seconds, w->d->now_ms / 1000);
	return OK;
}

/* ---- what is quoted: as much of it as a phone shows ---- */

static Wa__Message *quoted_file(struct arena *arena, enum message_kind kind, char *caption)
{
	Wa__Message *m = wa_message_new(arena);

	if (kind == KIND_VIDEO) {
		m->video_message = ARENA_NEW(arena, Wa__VideoMessage);
		wa__video_message__init(m->video_message);
		m->video_message->caption = caption;
	} else if (kind == KIND_STICKER) {
		m->sticker_message = ARENA_NEW(arena, Wa__StickerMessage);
		wa__sticker_message__init(m->sticker_message);
	} else if (kind == KIND_AUDIO || kind == KIND_VOICE) {
		m->audio_message = ARENA_NEW(arena, Wa__AudioMessage);
		wa__audio_message__init(m->audio_message);
		PROTO_SET(m->audio_message, ptt, kind == KIND_VOICE);
	} else if (kind == KIND_DOCUMENT) {
		m->document_message = ARENA_NEW(arena, Wa__DocumentMessage);
		wa__document_message__init(m->document_message);
		m->document_message->title = caption;
	} else {
		m->image_message = ARENA_NEW(arena, Wa__ImageMessage);
		wa__image_message__init(m->image_message);
		m->image_message->caption = caption;
	}
	return m;
}

static Wa__Message *quoted_message(const struct writing *w)
{
	const struct outgoing_quote *q = &w->out->quoted;
	struct writing quoted = *w;
	Wa__Message *m = NULL;
	str body;

	quoted.content = NULL;
	if (!q->content.len || json_read(w->arena, q->content, &quoted.content, NULL) != OK)
		return wa_message_text(w->arena, S(""));
	if (q->kind == KIND_LOCATION && write_location(&quoted, &m) == OK)
		return m;
	if (q->kind == KIND_CONTACTS && write_contacts(&quoted, &m) == OK)
		return m;
	if (q->kind == KIND_POLL && write_poll(&quoted, &m) == OK)
		return m;
	if (kind_is_media(q->kind))
		return quoted_file(w->arena, q->kind,
			linked_text_at(&quoted, q->kind == KIND_DOCUMENT ? "filename" : "caption"));
	body = json_text_at(quoted.content, "body");
	if (!body.len)
		body = json_text_at(quoted.content, "body.text");
	if (!body.len)
		body = json_text_at(quoted.content, "text");
	return wa_message_text(w->arena, body);
}

static void quote(const struct writing *w, Wa__Message *m)
{
	bool is_ours = w->out->quoted.is_ours;
	struct wa_quote quote = { .id = w->out->reply_remote_id,
		.author = is_ours ? w->d->own : w->d->quoted_author,
		.message = quoted_message(w) };

	if (!quote.author.len)
		quote.author = w->d->chat;
	wa_message_quote(w->arena, m, &quote);
}

/* ---- what is added to any ---- */

/* "+62…", "62…" or {"phone"} or {"lid"}. */
static str mention_jid(struct arena *arena, json one)
{
	str text = json_text(one), lid = json_text_at(one, "lid");

	if (lid.len)
		return arena_printf(arena, STR_F "@lid", STR_A(lid));
	if (!text.len)
		text = json_text_at(one, "phone");
	if (text.len && text.ptr[0] == '+')
		text = str_part(text, 1, text.len);
	return str_is_digits(text) ? arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(text))
	                           : STR_NONE;
}

static void mention(const struct writing *w, Wa__Message *m)
{
	json list = json_kind(w->content) == JSON_MAP ? json_field(w->content, "mentions") : NULL;
	str jids[MENTIONS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < json_count(list) && count < MENTIONS_MAX; i++) {
		jids[count] = mention_jid(w->arena, json_at(list, i));
		count += jids[count].len > 0;
	}
	wa_message_mention(w->arena, m, jids, count);
}

static void forward(const struct writing *w, Wa__Message *m)
{
	Wa__ContextInfo *context = wa_message_context_make(w->arena, m);

	wa_message_forward(w->arena, m);
	if (context)
		PROTO_SET(context, forwarding_score, (uint32_t)w->out->forwards);
}

static const struct {
	enum message_kind kind;
	enum err (*write)(const struct writing *w, Wa__Message **out);
	bool is_plain; /* nothing is added to it */
} kinds[] = {
	{ KIND_TEXT, write_text, false },
	{ KIND_LOCATION, write_location, false },
	{ KIND_CONTACTS, write_contacts, false },
	{ KIND_INTERACTIVE, linked_write_interactive, false },
	{ KIND_POLL, write_poll, false },
	{ KIND_POLL_VOTE, write_vote, true },
	{ KIND_REACTION, write_reaction, true },
	{ KIND_PIN, write_pin, true },
	{ KIND_EDIT, write_edit, true },
	{ KIND_REVOKE, write_revoke, true },
	{ KIND_SYSTEM, write_timer, true },
};

static enum err write_kind(const struct writing *w, Wa__Message **out, bool *is_plain)
{
	*is_plain = false;
	if (kind_is_media(w->out->kind))
		return linked_write_media(w, out);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == w->out->kind) {
			*is_plain = kinds[i].is_plain;
			return kinds[i].write(w, out);
		}
	return unsendable(w);
}

enum err linked_content_write(struct job *job, const struct linked_draft *draft, Wa__Message **out,
	char *edit)
{
	struct writing w = { .job = job, .arena = job->arena, .d = draft, .out = draft->out };
	struct wa_outline outline;
	bool is_plain;

	if (json_read(job->arena, draft->out->content, &w.content, &job->why) != OK)
		return fail(job, ERR_BUG, "content of message is no JSON");
	TRY(write_kind(&w, out, &is_plain));
	if (!is_plain) {
		mention(&w, *out);
		if (draft->out->reply_remote_id.len)
			quote(&w, *out);
		if (draft->out->timer_s)
			wa_message_expire(job->arena, *out, (uint32_t)draft->out->timer_s,
				draft->out->timer_set_ms / 1000);
		if (draft->out->forwards)
			forward(&w, *out);
		if (draft->secret)
			wa_message_put_secret(job->arena, *out, draft->secret);
	}
	wa_message_describe(*out, &outline);
	*edit = outline.edit;
	return OK;
}
