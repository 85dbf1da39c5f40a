/*
 * forward.c: a message of one conversation once more in another one.
 *
 * What it says goes along; what it was said to (a quote, a button's answer, who was mentioned) does
 * not. It goes out as a new message of ours, by every check that such a message has; networks that
 * can say so mark it as forwarded, the others carry it as it is.
 */
#include "inbox/inbox_internal.h"

#include "inbox/media.h"

#define FORWARD_JSON_MAX (1u << 20)
#define FORWARDS_MANY 5         /* from there phones say "many times" */

int64_t message_forwards(const struct message *msg)
{
	if (msg->flags & FLAG_FREQUENTLY_FORWARDED)
		return FORWARDS_MANY;
	return msg->flags & FLAG_FORWARDED ? 1 : 0;
}

/* Members of a kind that are what it says; the rest are facts of that one message. */
static const struct { enum message_kind kind; const char *members[5]; } kept[] = {
	{ KIND_TEXT, { "body" } },
	{ KIND_IMAGE, { "caption" } },
	{ KIND_VIDEO, { "caption" } },
	{ KIND_AUDIO, { NULL } },
	{ KIND_VOICE, { "voice" } },
	{ KIND_DOCUMENT, { "caption", "filename" } },
	{ KIND_STICKER, { NULL } },
	{ KIND_LOCATION, { "latitude", "longitude", "name", "address" } },
};

static bool copy_members(struct buf *b, enum message_kind kind, json content)
{
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		if (kept[i].kind != kind)
			continue;
		for (size_t m = 0; m < COUNT_OF(kept[i].members) && kept[i].members[m]; m++) {
			json value = json_field(content, kept[i].members[m]);

			if (value)
				json_put_value(b, kept[i].members[m], value);
		}
		return true;
	}
	return false;
}

static void copy_poll(struct buf *b, json poll)
{
	json options = json_field(poll, "options");

	json_put(b, "name", json_text_at(poll, "name"));
	json_open_in(b, "options", '[');
	for (size_t i = 0; i < json_count(options); i++) {
		json option = json_at(options, i);

		json_put(b, NULL, json_kind(option) == JSON_TEXT ? json_text(option)
								  : json_text_at(option, "name"));
	}
	json_close(b, ']');
	json_put_int(b, "selectable_count", json_int(json_field(poll, "selectable_count"), 1));
}

/* What was asked with buttons, or chosen by one, is passed on as what people read of it. */
static void copy_words(struct buf *b, json content)
{
	static const char *const paths[] = { "body.text", "button_reply.title", "list_reply.title",
		"text", "body" };
	str words = STR_NONE;

	for (size_t i = 0; i < COUNT_OF(paths) && !words.len; i++)
		words = json_text(json_path(content, paths[i]));
	json_put(b, "body", words);
}

static enum err refuse(struct job *job, const char *code, const char *sentence)
{
	return fail_code(job, ERR_INPUT, str_of(code),
		S("Write it anew in the other conversation."), "%s", sentence);
}

/* Its file must be here: it goes up again as one of ours. */
static enum err put_file(struct job *job, const struct message *m, struct buf *b)
{
	struct media media;

	if (m->media_id)
		TRY(media_get(job, m->media_id, &media));
	if (!m->media_id || media.state != MEDIA_STORED)
		return refuse(job, "no_file", "The file of the message is not here.");
	json_put_id(b, "id", m->media_id);
	return OK;
}

static enum err put_content(struct job *job, const struct message *m, json content, struct buf *b,
	enum message_kind *kind)
{
	*kind = m->kind;
	if (m->kind == KIND_CONTACTS) {
		json_put_value(b, NULL, content);
		return OK;
	}
	json_open(b, '{');
	if (kind_is_media(m->kind))
		TRY(put_file(job, m, b));
	if (m->kind == KIND_POLL)
		copy_poll(b, content);
	else if (m->kind == KIND_INTERACTIVE || m->kind == KIND_BUTTON)
		copy_words(b, content);
	else if (!copy_members(b, m->kind, content))
		return refuse(job, "not_forwardable", "Messages of this kind are not passed on.");
	if (m->kind == KIND_INTERACTIVE || m->kind == KIND_BUTTON)
		*kind = KIND_TEXT;
	json_close(b, '}');
	return OK;
}

static unsigned flags_of(const struct message *m)
{
	return FLAG_FORWARDED | (m->flags & FLAG_FREQUENTLY_FORWARDED);
}

enum err inbox_forward(struct job *job, id64 message, struct message_draft *draft,
	struct message *out, bool *repeated)
{
	struct buf b = buf_in(job->arena, FORWARD_JSON_MAX);
	struct message m;
	json content = NULL;

	TRY(message_get(job, message, &m));
	if (m.deleted_ms)
		return refuse(job, "not_forwardable", "The message was taken back.");
	TRY(json_read(job->arena, m.content, &content, &job->why));
	TRY(put_content(job, &m, content, &b, &draft->kind));
	if (b.failed)
		return refuse(job, "not_forwardable", "The message is too large.");
	TRY(json_read(job->arena, buf_text(&b), &draft->content, &job->why));
	draft->flags = flags_of(&m);
	return inbox_send(job, draft, out, repeated);
}
