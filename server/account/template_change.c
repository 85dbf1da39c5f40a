/*
 * template_change.c: templates that are made here: drafts, submitting, editing, versions, deleting.
 *
 * The row is there before Meta is asked, so that the webhook of a quick review finds it. What Meta
 * answers goes through template_merge() like all that it tells, unless it told more meanwhile.
 */
#include "account/template_internal.h"

#define PREFIX_MAX 60
#define NAME_MAX_POINTS 512
#define LANGUAGES_MAX 200
#define CHANNELS_MAX 1000

enum err (*template_sample_hook)(struct job *job, const struct channel *ch, id64 media,
	str *handle);

static enum err add_audit(struct job *job, const char *action, const struct template_item *t)
{
	struct buf detail = buf_in(job->arena, 2048);

	json_open(&detail, '{');
	json_put(&detail, "name", t->name);
	json_put(&detail, "language", t->language);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "template",
				      .target_id = t->id,
				      .detail = buf_text(&detail) });
}

static enum err find_channel(struct job *job, const struct template_item *t, struct channel **out)
{
	struct channel_full *channels;
	size_t count;

	*out = NULL;
	TRY(channel_list(job, 0, CHANNELS_MAX, &channels, &count));
	for (size_t i = 0; i < count && !*out; i++)
		if (str_is(channels[i].channel.account_id, t->account_id) &&
			template_fits_channel(&channels[i].channel, t->kind))
			*out = &channels[i].channel;
	return OK;
}

enum err template_channel(struct job *job, const struct template_item *t, id64 *out)
{
	struct channel *ch;

	TRY(find_channel(job, t, &ch));
	*out = ch ? ch->id : 0;
	return OK;
}

/* A channel to reach the template's account by. */
static enum err channel_of(struct job *job, const struct template_item *t, struct channel **out)
{
	TRY(find_channel(job, t, out));
	if (*out)
		return OK;
	return fail_code(job, ERR_CONFLICT, S("no_channel"),
		S("Connect a channel of that WhatsApp account first."),
		"No channel reaches the template's account any more.");
}

static str text_of(struct job *job, json components)
{
	struct buf out = buf_in(job->arena, TEMPLATE_COMPONENTS_MAX);

	json_put_value(&out, NULL, components);
	return out.failed ? STR_NONE : buf_text(&out);
}

/* ---- the checks that a name needs ---- */

enum err template_name_prefix(struct job *job, str *out)
{
	struct template_setting_row row;
	enum err e = sql_template_setting_find(job,
		&(struct sql_template_setting_find){ .workspace = job->workspace }, &row);

	*out = e == OK ? row.name_prefix : S("");
	return e == ERR_MISSING ? OK : e;
}

static enum err set_prefix(struct job *job, void *arg)
{
	const str *prefix = arg;
	struct buf detail = buf_in(job->arena, 1024);

	TRY(sql_template_setting_set(job,
		&(struct sql_template_setting_set){ job->workspace, *prefix }, NULL));
	json_open(&detail, '{');
	json_put(&detail, "name_prefix", *prefix);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "template.settings",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = buf_text(&detail) });
}

enum err template_set_name_prefix(struct job *job, str prefix)
{
	for (size_t i = 0; i < prefix.len; i++) {
		char c = prefix.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
			continue;
		template_wrong(job, "invalid", "Small letters, digits and underscores only.",
			"name_prefix");
		break;
	}
	if (prefix.len > PREFIX_MAX)
		template_wrong(job, "too_long", "At most 60 characters.", "name_prefix");
	TRY(job_check_fields(job));
	return in_transaction(job, set_prefix, &prefix);
}

static enum err check_prefix(struct job *job, str name)
{
	str prefix;

	TRY(template_name_prefix(job, &prefix));
	if (prefix.len && name.len && !str_starts(name, prefix))
		field_error(job, S("name"), S("convention"),
			arena_printf(job->arena,
				"Names of this workspace begin with " STR_F ".", STR_A(prefix)));
	return OK;
}

static enum err check_whole(struct job *job, const struct template_item *t)
{
	json components = NULL;

	if (!t->components.ptr ||
		json_read(job->arena, t->components, &components, NULL) != OK)
		template_wrong(job, "invalid", "This must be a list of parts.", "components");
	else
		template_check_definition(job, t, components);
	return job_check_fields(job);
}

/* ---- making ---- */

/* Named as soon as one variable has a name. */
static str format_of(str components)
{
	struct variables v;

	template_variables(components, &v);
	for (size_t i = 0; i < v.count; i++)
		if (!str_is_digits(v.names[i]))
			return S("NAMED");
	return S("POSITIONAL");
}

static struct template_item item_of(struct job *job, const struct template_draft *draft,
	const struct channel *ch)
{
	bool local = !(provider_can(ch) & CAN_TEMPLATES);
	str components = draft->components ? text_of(job, draft->components) : STR_NONE;

	return (struct template_item){
		.id = job_id(job),
		.account_id = template_account_of(ch),
		.remote_id = S(""),
		.name = draft->name,
		.language = draft->language,
		.category = draft->category.len ? draft->category
		            : local             ? S("UTILITY")
		                                : S(""),
		.status = local ? S("APPROVED") : S("DRAFT"),
		.quality = S(""),
		.reason = S(""),
		.parameter_format = draft->parameter_format.len ? draft->parameter_format
		                                                : format_of(components),
		.components = components,
		.kind = local ? TEMPLATE_LOCAL : TEMPLATE_PROVIDER,
	};
}

/* One that was deleted leaves its name: it becomes this one. */
static enum err revive(struct job *job, const struct template_row *row, struct template_item *t)
{
	struct template_item old = template_of_row(row);
	const struct template_news news = { .source = "person",
		.remote_id = S(""),
		.category = t->category,
		.status = t->status,
		.quality = S(""),
		.parameter_format = t->parameter_format,
		.components = t->components };
	bool changed;

	if (!old.deleted_ms)
		return fail_code(job, ERR_CONFLICT, S("template_exists"),
			S("Choose another name, or edit the template that is there."),
			"There is a template of this name in this language already.");
	t->id = old.id;
	return template_merge(job, &old, &news, &changed);
}

static enum err store_new(struct job *job, void *arg)
{
	struct template_item *t = arg;
	struct template_row row;
	enum err e = sql_template_by_name(job,
		&(struct sql_template_by_name){ .workspace = job->workspace,
			.account_id = t->account_id,
			.name = t->name,
			.language = t->language },
		&row);

	if (e == OK)
		TRY(revive(job, &row, t));
	else if (e == ERR_MISSING)
		TRY(template_insert(job, t, "person"));
	else
		return e;
	return add_audit(job, "template.create", t);
}

enum err template_create(struct job *job, const struct template_draft *draft, id64 *out)
{
	struct template_item t;
	struct channel *ch;

	if (!draft->channel_id) {
		template_wrong(job, "required", "Say whose account the template is for.",
			"channel_id");
		return job_check_fields(job);
	}
	TRY(channel_get(job, draft->channel_id, &ch));
	t = item_of(job, draft, ch);
	TRY(check_prefix(job, t.name));
	TRY(check_whole(job, &t));
	TRY(in_transaction(job, store_new, &t));
	*out = t.id;
	template_changed(job, t.id);
	return draft->submit && t.kind == TEMPLATE_PROVIDER ? template_submit(job, t.id) : OK;
}

/* ---- submitting ---- */

static enum err write_sampled(struct job *job, const struct channel *ch, json v, struct buf *out);

/* {"media_id":"77"}: the sample is a file of ours; Meta wants its handle. */
static enum err write_sample(struct job *job, const struct channel *ch, id64 media,
	struct buf *out)
{
	str handle;

	if (!template_sample_hook)
		return fail(job, ERR_UNSUPPORTED, "Samples cannot be sent.");
	TRY(template_sample_hook(job, ch, media, &handle));
	json_open(out, '{');
	json_open_in(out, "header_handle", '[');
	json_put(out, NULL, handle);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

static enum err write_map(struct job *job, const struct channel *ch, json v, struct buf *out)
{
	json_open(out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		json value = json_member_value(at);
		id64 media;

		json_key_str(out, json_member_name(at));
		if (json_id(json_field(value, "media_id"), &media))
			TRY(write_sample(job, ch, media, out));
		else
			TRY(write_sampled(job, ch, value, out));
	}
	json_close(out, '}');
	return OK;
}

/* The components with every sample uploaded; bounded by the reader's depth. */
static enum err write_sampled(struct job *job, const struct channel *ch, json v, struct buf *out)
{
	if (json_kind(v) == JSON_MAP)
		return write_map(job, ch, v, out);
	if (json_kind(v) != JSON_LIST) {
		json_put_value(out, NULL, v);
		return OK;
	}
	json_open(out, '[');
	for (size_t i = 0; i < json_count(v); i++)
		TRY(write_sampled(job, ch, json_at(v, i), out));
	json_close(out, ']');
	return OK;
}

static enum err draft_for(struct job *job, const struct channel *ch, const struct template_item *t,
	struct template_info *out)
{
	struct buf components = buf_in(job->arena, TEMPLATE_COMPONENTS_MAX);
	json list = NULL;

	TRY(json_read(job->arena, t->components, &list, &job->why));
	TRY(write_sampled(job, ch, list, &components));
	*out = (struct template_info){ .remote_id = t->remote_id,
		.name = t->name,
		.language = t->language,
		.category = t->category,
		.parameter_format = t->parameter_format,
		.components = buf_text(&components) };
	return OK;
}

struct answered {
	id64 id;
	struct template_news news;
	const char *action, *kind;
	str status_before;
};

static enum err store_answer(struct job *job, void *arg)
{
	struct answered *a = arg;
	struct template_item t;
	bool changed;

	TRY(template_get(job, a->id, &t));
	/* A webhook was quicker: its word is the newer one. */
	if (!str_is(t.status, a->status_before))
		a->news.status = STR_NONE;
	TRY(template_note(job, a->id,
		&(struct template_change){ .source = S("person"),
			.kind = str_of(a->kind),
			.new_value = t.name }));
	TRY(template_merge(job, &t, &a->news, &changed));
	return add_audit(job, a->action, &t);
}

enum err template_submit(struct job *job, id64 id)
{
	struct template_info draft, made;
	struct template_item t;
	struct channel *ch;
	struct answered answered = { .id = id,
		.action = "template.submit",
		.kind = "submitted",
		.news = { .source = "person" } };

	TRY(template_get(job, id, &t));
	if (!str_is(t.status, S("DRAFT")))
		return fail_code(job, ERR_CONFLICT, S("not_a_draft"),
			S("Edit the template instead: that begins a new review."),
			"The template was submitted already.");
	TRY(check_whole(job, &t));
	TRY(channel_of(job, &t, &ch));
	TRY(draft_for(job, ch, &t, &draft));
	TRY(provider_template_create(job, ch, &draft, &made));
	answered.status_before = t.status;
	answered.news.remote_id = made.remote_id;
	answered.news.status = made.status.len ? made.status : S("PENDING");
	answered.news.category = made.category;
	TRY(in_transaction(job, store_answer, &answered));
	template_changed(job, id);
	return OK;
}

/* ---- editing ---- */

static enum err may_edit(struct job *job, const struct template_item *t,
	const struct template_draft *draft)
{
	bool is_ours = str_is(t->status, S("DRAFT")) || t->kind == TEMPLATE_LOCAL;

	if (!is_ours && !str_is(t->status, S("APPROVED")) && !str_is(t->status, S("REJECTED")) &&
		!str_is(t->status, S("PAUSED")))
		return fail_code(job, ERR_CONFLICT, S("not_editable"),
			S("Wait for the review, or make a new version."),
			"Only drafts and approved, rejected or paused templates can be edited.");
	if (!is_ours && str_is(t->status, S("APPROVED")) && draft->category.len &&
		!str_is(draft->category, t->category))
		template_wrong(job, "invalid",
			"WhatsApp does not change the category of an approved template.",
			"category");
	return OK;
}

static enum err edit_at_provider(struct job *job, struct template_item *t,
	struct answered *answered)
{
	struct template_info draft;
	struct channel *ch;

	TRY(channel_of(job, t, &ch));
	TRY(draft_for(job, ch, t, &draft));
	if (str_is(t->status, S("APPROVED")))
		draft.category = STR_NONE;
	TRY(provider_template_edit(job, ch, &draft));
	answered->news.status = S("PENDING");
	return OK;
}

enum err template_edit(struct job *job, id64 id, const struct template_draft *draft)
{
	struct template_item t;
	struct answered answered = { .id = id,
		.action = "template.edit",
		.kind = "edited",
		.news = { .source = "person" } };

	TRY(template_get(job, id, &t));
	TRY(may_edit(job, &t, draft));
	answered.status_before = t.status;
	if (draft->components) {
		t.components = text_of(job, draft->components);
		t.parameter_format = format_of(t.components);
	}
	if (draft->category.len)
		t.category = draft->category;
	TRY(check_whole(job, &t));
	if (t.kind == TEMPLATE_PROVIDER && t.remote_id.len)
		TRY(edit_at_provider(job, &t, &answered));
	answered.news.components = t.components;
	answered.news.category = t.category;
	answered.news.parameter_format = t.parameter_format;
	TRY(in_transaction(job, store_answer, &answered));
	template_changed(job, id);
	return OK;
}

/* ---- versions ---- */

enum err template_new_version(struct job *job, id64 id, id64 *out)
{
	struct template_item t, *all;
	int64_t newest = 1, version;
	size_t count;
	str family;

	TRY(template_get(job, id, &t));
	TRY(template_versions(job, &t, &all, &count));
	for (size_t i = 0; i < count; i++) {
		template_family(all[i].name, &version);
		newest = version > newest ? version : newest;
	}
	family = template_family(t.name, &version);
	t.id = job_id(job);
	t.name = arena_printf(job->arena, STR_F "_v%lld",
		STR_A(str_part(family, 0, NAME_MAX_POINTS - 8)), (long long)newest + 1);
	t.remote_id = t.quality = t.reason = S("");
	t.status = t.kind == TEMPLATE_LOCAL ? S("APPROVED") : S("DRAFT");
	TRY(in_transaction(job, store_new, &t));
	*out = t.id;
	template_changed(job, t.id);
	return OK;
}

/* ---- deleting ---- */

struct deleting { struct template_item *items; size_t count; };

static enum err store_deleted(struct job *job, void *arg)
{
	const struct template_news gone = { .source = "person", .deleted = true };
	struct deleting *d = arg;
	bool changed;

	for (size_t i = 0; i < d->count; i++) {
		TRY(template_merge(job, &d->items[i], &gone, &changed));
		TRY(add_audit(job, "template.delete", &d->items[i]));
	}
	return OK;
}

static enum err find_languages(struct job *job, const struct template_item *t,
	struct deleting *out)
{
	struct template_rows rows;

	TRY(sql_template_languages(job,
		&(struct sql_template_languages){ .workspace = job->workspace,
			.account_id = t->account_id,
			.name = t->name,
			.count = LANGUAGES_MAX },
		&rows));
	*out = (struct deleting){ templates_of_rows(job, &rows), rows.count };
	return OK;
}

enum err template_delete(struct job *job, id64 id, bool all_languages)
{
	struct template_item t;
	struct deleting deleting = { &t, 1 };
	struct channel *ch;

	TRY(template_get(job, id, &t));
	if (all_languages)
		TRY(find_languages(job, &t, &deleting));
	if (t.kind == TEMPLATE_PROVIDER && t.remote_id.len) {
		TRY(channel_of(job, &t, &ch));
		TRY(provider_template_delete(job, ch, t.name,
			all_languages ? STR_NONE : t.remote_id));
	}
	TRY(in_transaction(job, store_deleted, &deleting));
	for (size_t i = 0; i < deleting.count; i++)
		template_changed(job, deleting.items[i].id);
	return OK;
}
