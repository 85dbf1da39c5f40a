/*
 * message_mention.c: whom a message names, with their names; see message_json.h.
 *
 * A phone writes "@digits" into the text, and who that is beside it: a phone number or a hidden
 * id. The content stays as it came; readers replace the digits by the names told here.
 */
#include "api/message_json.h"

#define MENTIONS_MARK "\"mentions\""

static json mentions_of(struct job *job, const struct message *msg)
{
	json content = NULL;

	/* Few messages name anybody: the others are not read for it. */
	if (msg->deleted_ms || !str_has(msg->content, S(MENTIONS_MARK)) ||
		json_read(job->arena, msg->content, &content, NULL) != OK ||
		json_kind(content) != JSON_MAP)
		return NULL;
	return json_field(content, "mentions");
}

/* false: one of a note, which names people of ours. */
static bool read_mention(json one, struct view_mention *out)
{
	str phone = json_text(json_field(one, "phone"));

	out->is_lid = !phone.len;
	out->digits = phone.len ? phone : json_text(json_field(one, "lid"));
	if (str_starts(out->digits, S("+")))
		out->digits = str_part(out->digits, 1, out->digits.len);
	return out->digits.len > 0;
}

static const struct view_mention *find(const struct view *view, const struct view_mention *one)
{
	for (size_t i = 0; i < view->mention_count; i++)
		if (view->mentions[i].is_lid == one->is_lid &&
			str_is(view->mentions[i].digits, one->digits))
			return &view->mentions[i];
	return NULL;
}

static enum err add(struct job *job, struct view *view, json one)
{
	struct view_mention mention = { 0 };
	struct person_ref who = { 0 };

	if (view->mention_count == VIEW_MENTIONS_MAX || !read_mention(one, &mention) ||
		find(view, &mention))
		return OK;
	*(mention.is_lid ? &who.lid : &who.phone) = mention.digits;
	TRY(contact_known(job, &who, &mention.contact));
	view->mentions[view->mention_count++] = mention;
	return OK;
}

enum err view_load_mentions(struct job *job, struct view *view)
{
	for (size_t i = 0; i < view->messages.count; i++) {
		json list = mentions_of(job, &view->messages.items[i]);

		for (size_t k = 0; list && k < json_count(list); k++)
			TRY(add(job, view, json_at(list, k)));
	}
	return OK;
}

/* A number that is ours is called as its channel is. */
static str name_of(const struct view *view, const struct view_mention *one)
{
	const struct view_mention *known = find(view, one);
	const struct contact *contact = known ? view_contact(view, known->contact) : NULL;

	for (size_t i = 0; i < view->channels.count && !contact && !one->is_lid; i++)
		if (str_is(view->channels.items[i].phone, one->digits))
			return view->channels.items[i].name;
	return contact ? contact->name : STR_NONE;
}

void view_write_mentions(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg)
{
	json list = mentions_of(job, msg);
	struct view_mention one = { 0 };

	json_open_in(out, "mentions", '[');
	for (size_t i = 0; list && i < json_count(list); i++) {
		const struct view_mention *known;

		if (!read_mention(json_at(list, i), &one))
			continue;
		known = find(view, &one);
		json_open(out, '{');
		json_put(out, "digits", one.digits);
		json_put_id(out, "contact_id", known ? known->contact : 0);
		json_put(out, "name", name_of(view, &one));
		json_close(out, '}');
	}
	json_close(out, ']');
}
