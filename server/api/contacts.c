/* contacts.c: /contacts: the list, and one of them. What stands beside one: contact_parts.c. */
#include "account/channel.h"
#include "api/contact_json.h"
#include "api/handlers.h"
#include "provider/provider.h"
#include "store/queries.h"
#include "store/store.h"

#define SOURCE_MAX 40
#define REASON_MAX 500

static enum err reply_page(struct job *job, struct response *res, int status,
	const struct contact *contact)
{
	return contact_write_page(job, reply_json(res, status), contact);
}

/* ---- the list ---- */

static int64_t query_ms(struct job *job, const struct request *req, const char *name)
{
	str text = request_query(job->arena, req, name);
	int64_t ms = 0;

	if (text.len && (!str_to_i64(text, &ms) || ms < 0))
		field_error(job, str_of(name), S("invalid"), S("Must be a time in milliseconds."));
	return ms;
}

static int query_maybe(struct job *job, const struct request *req, const char *name)
{
	return request_query(job->arena, req, name).len ? request_query_flag(job, req, name) : -1;
}

/* A channel stands for its number. */
static enum err query_number(struct job *job, const struct request *req, id64 *out)
{
	id64 channel = request_query_id(job, req, "channel_id");
	struct channel_full *full;

	*out = 0;
	if (!channel)
		return OK;
	TRY(channel_get_full(job, channel, &full));
	*out = full->channel.number_id;
	return OK;
}

static enum err query_attribute(struct job *job, const struct request *req,
	struct contact_filter *out)
{
	str key = request_query(job->arena, req, "attribute"),
	    value = request_query(job->arena, req, "value");
	const struct attribute *found;
	struct attributes all;
	const char *why;

	if (!key.len)
		return OK;
	TRY(attribute_list(job, &all));
	found = attribute_by_key(&all, key);
	if (!found)
		field_error(job, S("attribute"), S("unknown"),
			S("There is no attribute with this key."));
	else if (!attribute_read(job->arena, found, value, &out->value, &why) || !out->value.len)
		field_error(job, S("value"), S("invalid"), str_of(why));
	out->attribute = found ? found->id : 0;
	return OK;
}

enum err contact_filter_read(struct job *job, const struct request *req, struct contact_filter *out)
{
	static const char *const sorts[] = { "last_message", "last_message_up", "created",
		"created_up", "name" };

	*out = (struct contact_filter){
		.query = str_trim(request_query(job->arena, req, "query")),
		.opted_out = query_maybe(job, req, "opted_out"),
		.blocked = query_maybe(job, req, "blocked"),
		.source = str_first_points(request_query(job->arena, req, "source"), SOURCE_MAX),
		.label = request_query_id(job, req, "label_id"),
		.created_from_ms = query_ms(job, req, "created_from_ms"),
		.created_until_ms = query_ms(job, req, "created_until_ms"),
		.seen_from_ms = query_ms(job, req, "last_message_from_ms"),
		.seen_until_ms = query_ms(job, req, "last_message_until_ms"),
		.sort = (enum contact_sort)request_query_word(job, req, "sort", sorts,
			COUNT_OF(sorts), CONTACT_SORT_SEEN),
	};
	TRY(query_number(job, req, &out->number));
	TRY(query_attribute(job, req, out));
	if (str_count_points(out->query) > SEARCH_QUERY_MAX)
		field_error(job, S("query"), S("too_long"), S("At most 200 characters."));
	return job_check_fields(job);
}

/* Those who have nothing to do with an order go on where it was. */
static const char *list_name(struct job *job, const struct contact_filter *filter)
{
	return arena_printf(job->arena, "contacts:%d", (int)filter->sort).ptr;
}

enum err contacts_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_filter filter;
	struct contact_view view;
	struct contact_page found;
	struct page page;

	TRY(contact_filter_read(job, req, &filter));
	TRY(page_read(job, req, list_name(job, &filter), &page));
	TRY(contact_find(job, &filter, &(struct contact_place){ page.after.ms, page.after.id },
		page.limit, &found));
	TRY(contact_view_load(job, &found.contacts, &view));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < found.contacts.count; i++)
		contact_write_view(job, out, NULL, &view, &found.contacts.items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		found.has_more ? &(struct cursor){ found.next.ms, found.next.id } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- one ---- */

enum err needs_whole_inbox(struct job *job, str next_step, const char *why)
{
	return job->scope ? fail_code(job, ERR_DENIED, S("not_allowed"), next_step, "%s", why) : OK;
}

/* The id in the path, of somebody whom the asker may see. */
enum err request_contact(struct job *job, const struct request *req, id64 *out)
{
	TRY(request_id(job, req, 0, out));
	return contact_check(job, *out);
}

enum err contacts_get(struct job *job, const struct request *req, struct response *res)
{
	struct contact contact;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(contact_get(job, id, &contact));
	return reply_page(job, res, 200, &contact);
}

struct contact_body {
	str phone, name;
	bool has_name;
	json attributes;
	struct field_ids label_ids;
};

static const struct field create_fields[] = {
	FIELD(struct contact_body, phone, STR, .max = 64, .required = true),
	FIELD(struct contact_body, name, STR, .max = CONTACT_NAME_MAX, .nullable = true),
	FIELD(struct contact_body, attributes, JSON),
	FIELD(struct contact_body, label_ids, IDS),
	{ 0 },
};

static const struct field patch_fields[] = {
	FIELD(struct contact_body, name, STR, .max = CONTACT_NAME_MAX, .nullable = true,
		.given_at = offsetof(struct contact_body, has_name)),
	FIELD(struct contact_body, attributes, JSON),
	FIELD(struct contact_body, label_ids, IDS),
	{ 0 },
};

static void check_map(struct job *job, json map)
{
	if (map && json_kind(map) != JSON_MAP)
		field_error(job, S("attributes"), S("wrong_type"),
			S("Must be an object of values by key."));
}

enum err contacts_post(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct contact_draft draft = {
		.source = job->actor.kind == ACTOR_API_KEY ? S("api") : S("console")
	};
	struct contact_body body = { 0 };
	struct contact contact;

	/* "There is one" and "there is none" would tell of numbers that they do not see. */
	TRY(needs_whole_inbox(job,
		S("Write to the number: the contact comes with the conversation."),
		"Only somebody who sees all conversations may add a contact."));
	TRY(request_fields(job, req, create_fields, &body));
	check_map(job, body.attributes);
	TRY(job_check_fields(job));
	draft.phone = body.phone;
	draft.name = str_trim(body.name);
	draft.attributes = body.attributes;
	draft.labels = body.label_ids.items;
	draft.label_count = body.label_ids.count;
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_create(job, &draft, &changes, &contact));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_page(job, res, 201, &contact);
}

/* On every number that they write to. */
static enum err word_name(struct job *job, id64 contact, struct inbox_changes *changes)
{
	struct conversations all;

	TRY(conversation_of_contact(job, contact, &all));
	for (size_t i = 0; i < all.count; i++)
		inbox_word(job, changes,
			&(struct chat_word){ .done = CHAT_NAMED,
				.conversation = all.items[i].id });
	return OK;
}

enum err contacts_patch(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct contact_patch patch = { 0 };
	struct contact_body body = { 0 };
	struct contact contact;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(request_fields(job, req, patch_fields, &body));
	check_map(job, body.attributes);
	TRY(job_check_fields(job));
	if (body.has_name)
		patch.name = body.name.ptr ? body.name : S("");
	patch.attributes = body.attributes;
	patch.has_labels = body.label_ids.items != NULL;
	patch.labels = body.label_ids.items;
	patch.label_count = body.label_ids.count;
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_change(job, id, &patch, &changes, &contact));
	if (patch.name.len)
		TRY(word_name(job, contact.id, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_page(job, res, 200, &contact);
}

/* ---- blocking ---- */

struct reason_body { str reason; };

static const struct field reason_fields[] = {
	FIELD(struct reason_body, reason, STR, .max = REASON_MAX),
	{ 0 },
};

static enum err save_block(struct job *job, id64 contact, id64 channel, bool blocked, enum err e)
{
	str why = job->why;

	job_forgive(job);
	TRY(db_begin(job, DB_WRITE));
	if (!blocked && e == OK)
		TRY(sql_contact_block_clear(job,
			&(struct sql_contact_block_clear){ contact, channel, job->workspace },
			NULL));
	else
		TRY(sql_contact_block_set(job,
			&(struct sql_contact_block_set){ .contact = contact,
				.channel = channel,
				.workspace = job->workspace,
				.state = e == OK ? S("blocked") : S("failed"),
				.error = e == OK ? S("") : why,
				.now_ms = job->now_ms },
			NULL));
	return db_commit(job);
}

/* Asks the provider of each channel that they spoke with; what it cannot is no failure of ours. */
static enum err tell_providers(struct job *job, const struct contact *contact, bool blocked)
{
	const struct person_ref who = { .phone = contact->phone, .bsuid = contact->bsuid };
	struct contact_number_rows rows;

	TRY(sql_contact_numbers(job,
		&(struct sql_contact_numbers){ contact->id, job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		struct channel *ch;
		enum err e = channel_get(job, rows.items[i].channel_id, &ch);

		if (e == OK)
			e = provider_block(job, ch, &who, blocked);
		if (e == ERR_MISSING || e == ERR_UNSUPPORTED)
			job_forgive(job);
		else
			TRY(save_block(job, contact->id, rows.items[i].channel_id, blocked, e));
	}
	return OK;
}

enum err contact_set_blocked(struct job *job, id64 id, bool blocked, str reason,
	struct contact *out)
{
	struct inbox_changes changes = { 0 };

	TRY(db_begin(job, DB_WRITE));
	TRY(contact_block(job, id, blocked, reason, &changes, out));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return tell_providers(job, out, blocked);
}

static enum err change_block(struct job *job, const struct request *req, bool blocked, str reason,
	struct response *res)
{
	struct contact contact;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(contact_set_blocked(job, id, blocked, reason, &contact));
	return reply_page(job, res, 200, &contact);
}

enum err contacts_block(struct job *job, const struct request *req, struct response *res)
{
	struct reason_body body = { 0 };

	TRY(request_json(job, req, reason_fields, &body));
	return change_block(job, req, true, body.reason, res);
}

enum err contacts_unblock(struct job *job, const struct request *req, struct response *res)
{
	return change_block(job, req, false,
		str_first_points(request_query(job->arena, req, "reason"), REASON_MAX), res);
}

/* ---- erasing ---- */

enum err contacts_delete(struct job *job, const struct request *req, struct response *res)
{
	str reason = str_first_points(request_query(job->arena, req, "reason"), REASON_MAX);
	struct inbox_changes changes = { 0 };
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_erase(job, id, reason, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	if (contact_work_hook)
		contact_work_hook();
	return reply_nothing(res);
}
