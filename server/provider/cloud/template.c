/*
 * template.c: the account's templates: list, create, edit, delete (docs/protocol/cloud-api.md §4).
 *
 * Meta explains a refused template in error_user_msg, and in no code that we could translate: that
 * sentence is passed on.
 */
#include "provider/cloud/cloud_internal.h"

#include "base/codec.h"

#define TEMPLATE_PAGES_MAX 60 /* of 100: 6000 is the vendor's limit */
#define TEMPLATE_FIELDS                                                             \
	"id,name,language,status,category,quality_score,rejected_reason,parameter_format," \
	"components"

/* ---- listing ---- */

struct template_list {
	struct template_info *items;
	size_t count, cap;
};

/* "NONE": there is none. */
static str word_of(str reason)
{
	return str_is(reason, S("NONE")) ? S("") : reason;
}

static void add_template(struct job *job, struct template_list *list, json v)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 64;

		list->items = arena_grow(job->arena, list->items, list->cap * sizeof *list->items,
					 cap * sizeof *list->items);
		list->cap = cap;
	}
	list->items[list->count++] = (struct template_info){
		.remote_id = json_text_or_int(job->arena, json_field(v, "id")),
		.name = json_text_at(v, "name"),
		.language = json_text_at(v, "language"),
		.category = json_text_at(v, "category"),
		.status = json_text_at(v, "status"),
		.quality = json_text_at(v, "quality_score.score"),
		.reason = word_of(json_text_at(v, "rejected_reason")),
		.parameter_format = json_text_at(v, "parameter_format"),
		.components = cloud_json_text(job->arena, json_field(v, "components")),
	};
}

static str page_path(struct job *job, const struct channel *ch, str after)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX);

	buf_printf(&path, STR_F "/message_templates?limit=100&fields=" TEMPLATE_FIELDS,
		STR_A(ch->account_id));
	if (after.len) {
		buf_str(&path, S("&after="));
		percent_write(&path, after);
	}
	return buf_text(&path);
}

/* "Stop when next is missing"; a cursor gone bad (131059) starts the list anew, by the caller's
 * next try. */
enum err cloud_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count)
{
	struct template_list list = { 0 };
	str after = STR_NONE;

	for (size_t page = 0; page < TEMPLATE_PAGES_MAX; page++) {
		json root, data;

		TRY(cloud_call(job, ch, &(struct cloud_call){ .path = page_path(job, ch, after) },
			NULL, &root));
		data = json_field(root, "data");
		for (size_t i = 0; i < cloud_list(data); i++)
			add_template(job, &list, json_at(data, i));
		after = json_text_at(root, "paging.cursors.after");
		if (!json_text_at(root, "paging.next").len || !after.len)
			break;
	}
	*out = list.items;
	*count = list.count;
	return OK;
}

/* ---- changing ---- */

static struct buf write_draft(struct job *job, const struct template_info *t, bool is_new)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);

	json_open(&body, '{');
	if (is_new) {
		json_put(&body, "name", t->name);
		json_put(&body, "language", t->language);
		/* "`POSITIONAL` (default)": left out, as Meta's own examples do. */
		if (!str_is(t->parameter_format, S("POSITIONAL")))
			json_put(&body, "parameter_format", t->parameter_format);
	}
	if (t->category.len)
		json_put(&body, "category", t->category);
	json_put_raw(&body, "components", t->components);
	json_close(&body, '}');
	return body;
}

static enum err post(struct job *job, const struct channel *ch, str path, const struct buf *body,
	json *root)
{
	if (body->failed)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the template."),
			"The template is larger than WhatsApp takes.");
	return cloud_call(job, ch,
		&(struct cloud_call){ .method = HTTP_POST, .path = path, .body = buf_bytes(body) },
		NULL, root);
}

enum err cloud_template_create(struct job *job, const struct channel *ch,
	const struct template_info *draft, struct template_info *out)
{
	struct buf body = write_draft(job, draft, true);
	json root;

	TRY(post(job, ch,
		arena_printf(job->arena, STR_F "/message_templates", STR_A(ch->account_id)), &body,
		&root));
	*out = *draft;
	out->remote_id = json_text_or_int(job->arena, json_field(root, "id"));
	out->status = json_text_at(root, "status");
	if (json_text_at(root, "category").len)
		out->category = json_text_at(root, "category");
	if (!out->remote_id.len)
		return fail_code(job, ERR_UPSTREAM, S("no_template_id"),
			S("Synchronise the templates to see whether it was made."),
			"Meta took the template and told no id.");
	return OK;
}

enum err cloud_template_edit(struct job *job, const struct channel *ch,
	const struct template_info *draft)
{
	struct buf body = write_draft(job, draft, false);
	json root;

	TRY(post(job, ch, draft->remote_id, &body, &root));
	return cloud_is_done(root) ? OK
	                     : fail_code(job, ERR_UPSTREAM, S("not_edited"), S("Try again."),
				       "Meta did not confirm the edit.");
}

enum err cloud_template_delete(struct job *job, const struct channel *ch, str name, str remote_id)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX);
	json root;

	buf_printf(&path, STR_F "/message_templates?name=", STR_A(ch->account_id));
	percent_write(&path, name);
	if (remote_id.len)
		buf_printf(&path, "&hsm_id=" STR_F, STR_A(remote_id));
	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .method = HTTP_DELETE, .path = buf_text(&path) }, NULL,
		&root));
	return cloud_is_done(root) ? OK
	                     : fail_code(job, ERR_UPSTREAM, S("not_deleted"), S("Try again."),
				       "Meta did not confirm the deletion.");
}
