/*
 * template_sync.c: our rows follow the provider's templates, told by webhooks, by a list that we
 * ask for, or by our own calls.
 *
 * The rule: only template_merge() changes a row that the provider has, it writes only what differs,
 * and each difference makes one row of history. So a webhook and a sync that tell the same leave
 * the same, in either order, however often.
 */
#include "account/template_internal.h"
#include "account/webhook.h"

#include <stdlib.h>

#define SIGNATURE_MAX (256u << 10)

void (*template_sync_hook)(id64 workspace, id64 channel);

/* ---- merging ---- */

/* What a customer would see: not the samples, nor the order of Meta's members. */
static void sign(struct buf *out, json v)
{
	static const char *const texts[] = { "type", "format", "text", "url", "phone_number",
		"otp_type", "flow_id", "autofill_text" };
	static const char *const lists[] = { "buttons", "cards", "components" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		str text = json_text_or_int(out->arena, json_field(v, texts[i]));

		if (text.len)
			json_put(out, texts[i], text);
	}
	if (json_field(v, "limited_time_offer"))
		json_put_value(out, "limited_time_offer", json_field(v, "limited_time_offer"));
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		json list = json_field(v, lists[i]);

		if (!list)
			continue;
		json_open_in(out, lists[i], '[');
		for (size_t j = 0; j < json_count(list); j++) {
			json_open(out, '{');
			sign(out, json_at(list, j));
			json_close(out, '}');
		}
		json_close(out, ']');
	}
}

static str signature(struct job *job, str components)
{
	struct buf out = buf_in(job->arena, SIGNATURE_MAX);
	json list = NULL;

	if (json_read(job->arena, components, &list, NULL) != OK)
		return components;
	json_open(&out, '[');
	for (size_t i = 0; i < json_count(list); i++) {
		json_open(&out, '{');
		sign(&out, json_at(list, i));
		json_close(&out, '}');
	}
	json_close(&out, ']');
	return buf_text(&out);
}

struct merging {
	struct job *job;
	struct template_item *t;
	const struct template_news *news;
	bool changed;
};

static enum err note(struct merging *m, const char *kind, str before, str after)
{
	m->changed = true;
	return template_note(m->job, m->t->id,
		&(struct template_change){ .source = str_of(m->news->source),
			.kind = str_of(kind),
			.old_value = before,
			.new_value = after,
			.reason = m->news->reason });
}

static enum err merge_text(struct merging *m, const char *kind, str *at, str now)
{
	str before = *at;

	if (!now.ptr || str_is(before, now))
		return OK;
	*at = now;
	return kind ? note(m, kind, before, now) : (m->changed = true, OK);
}

static enum err merge_components(struct merging *m)
{
	str before = m->t->components, now = m->news->components;

	if (!now.len || str_is(before, now))
		return OK;
	m->t->components = now;
	m->changed = true;
	if (str_is(signature(m->job, before), signature(m->job, now)))
		return OK;
	m->t->revision++;
	return note(m, "content", before, now);
}

/* A webhook tells why in a sentence, a list in one word: the sentence stays as long as the state
 * does. */
static void merge_reason(struct merging *m, str status_before)
{
	const struct template_news *news = m->news;
	str reason = news->reason.len ? news->reason : S("");

	if (!news->status.ptr || (str_is(status_before, m->t->status) &&
					 (m->t->reason.len || !reason.len)))
		return;
	if (!str_is(m->t->reason, reason))
		m->changed = true;
	m->t->reason = reason;
}

static enum err merge_deletion(struct merging *m)
{
	if (m->news->deleted == (m->t->deleted_ms != 0))
		return OK;
	m->t->deleted_ms = m->news->deleted ? m->job->now_ms : 0;
	return note(m, m->news->deleted ? "deleted" : "restored", STR_NONE, STR_NONE);
}

static enum err save(struct job *job, struct template_item *t)
{
	t->updated_ms = job->now_ms > t->updated_ms ? job->now_ms : t->updated_ms;
	return sql_template_save(job,
		&(struct sql_template_save){ .workspace = job->workspace,
			.id = t->id,
			.remote_id = t->remote_id,
			.category = t->category,
			.status = t->status,
			.quality = t->quality,
			.reason = t->reason,
			.components = t->components,
			.parameter_format = t->parameter_format,
			.revision = t->revision,
			.now_ms = t->updated_ms,
			.deleted_ms = t->deleted_ms },
		NULL);
}

enum err template_merge(struct job *job, struct template_item *t, const struct template_news *news,
	bool *changed)
{
	struct merging m = { .job = job, .t = t, .news = news };
	str status_before = t->status;

	TRY(merge_deletion(&m));
	TRY(merge_text(&m, NULL, &t->remote_id, news->remote_id));
	TRY(merge_text(&m, "status", &t->status, news->status));
	TRY(merge_text(&m, "quality", &t->quality, news->quality));
	TRY(merge_text(&m, "category", &t->category, news->category));
	TRY(merge_text(&m, NULL, &t->parameter_format, news->parameter_format));
	merge_reason(&m, status_before);
	TRY(merge_components(&m));
	if (news->planned.len)
		TRY(note(&m, "planned", STR_NONE, news->planned));
	*changed = m.changed;
	return m.changed ? save(job, t) : OK;
}

enum err template_insert(struct job *job, const struct template_item *t, const char *source)
{
	TRY(sql_template_insert(job,
		&(struct sql_template_insert){ .id = t->id,
			.workspace = job->workspace,
			.account_id = t->account_id,
			.name = t->name,
			.language = t->language,
			.category = t->category,
			.status = t->status,
			.components = t->components,
			.kind = t->kind,
			.parameter_format = t->parameter_format,
			.now_ms = job->now_ms,
			.remote_id = t->remote_id,
			.quality = t->quality,
			.reason = t->reason },
		NULL));
	return template_note(job, t->id,
		&(struct template_change){ .source = str_of(source),
			.kind = S("created"),
			.new_value = t->status });
}

/* ---- a webhook ---- */

/* Words of webhooks for what a list calls otherwise. FLAGGED only warns: the state stays. */
static str status_of_event(str event)
{
	if (str_is(event, S("REINSTATED")))
		return S("APPROVED");
	return event.len && !str_is(event, S("FLAGGED")) ? event : STR_NONE;
}

/* It is on its way out, or gone. */
static bool is_going(str status)
{
	return str_is(status, S("DELETED")) || str_is(status, S("PENDING_DELETION"));
}

static void want_sync(const struct channel *ch)
{
	if (template_sync_hook)
		template_sync_hook(ch->workspace, ch->id);
}

static struct template_news news_of(const struct provider_event *event)
{
	bool is_plan = event->severity.len && !event->template_status.len;
	struct template_news news = {
		.source = "webhook",
		.remote_id = event->template_id.len ? event->template_id : STR_NONE,
		.status = status_of_event(event->template_status),
		.quality = event->template_quality,
		.category = event->template_category,
		.deleted = is_going(event->template_status),
	};

	if (event->template_status.len)
		news.reason = event->reason;
	if (is_plan || str_is(event->template_status, S("FLAGGED")))
		news.planned = event->reason.len ? event->reason
		                                 : S("WhatsApp warns that it will be disabled.");
	return news;
}

enum err template_apply(struct job *job, const struct channel *ch,
	const struct provider_event *event, id64 *changed_id)
{
	struct template_news news = news_of(event);
	struct template_row row;
	struct template_item t;
	bool changed;
	enum err e;

	*changed_id = 0;
	e = sql_template_by_name(job,
		&(struct sql_template_by_name){ .workspace = ch->workspace,
			.account_id = ch->account_id,
			.name = event->template_name,
			.language = event->template_language },
		&row);
	if (e == ERR_MISSING) {
		want_sync(ch);
		return OK;
	}
	TRY(e);
	t = template_of_row(&row);
	if (!event->template_status.len && !event->template_quality.len &&
		!event->template_category.len)
		want_sync(ch);
	/* A late word about an older one of this name; and one that was deleted stays so. */
	if (news.deleted && t.remote_id.len && !str_is(t.remote_id, event->template_id))
		return OK;
	news.deleted = news.deleted || (t.deleted_ms && str_is(t.remote_id, event->template_id));
	TRY(template_merge(job, &t, &news, &changed));
	if (changed)
		*changed_id = t.id;
	return OK;
}

/* ---- a list ---- */

struct sync {
	const struct channel *channel;
	const struct template_info *items;
	size_t count, changes;
	struct template_item *known;
	size_t known_count;
	struct template_item **by_name; /* of known */
	bool *seen;                     /* beside known */
	id64 *changed;
};

static int compare_names(const void *a, const void *b)
{
	const struct template_item *one = *(struct template_item *const *)a,
				   * two = *(struct template_item *const *)b;
	int order = str_compare(one->name, two->name);

	return order ? order : str_compare(one->language, two->language);
}

static enum err load_known(struct job *job, struct sync *sync)
{
	struct template_rows rows;

	TRY(sql_template_of_account(job,
		&(struct sql_template_of_account){ .workspace = job->workspace,
			.account_id = sync->channel->account_id,
			.count = TEMPLATES_MAX },
		&rows));
	sync->known = templates_of_rows(job, &rows);
	sync->known_count = rows.count;
	sync->by_name = ARENA_ARRAY(job->arena, struct template_item *, rows.count + 1);
	sync->seen = ARENA_ARRAY(job->arena, bool, rows.count + 1);
	sync->changed = ARENA_ARRAY(job->arena, id64, rows.count + sync->count + 1);
	for (size_t i = 0; i < rows.count; i++)
		sync->by_name[i] = &sync->known[i];
	qsort(sync->by_name, rows.count, sizeof(struct template_item *), compare_names);
	return OK;
}

static struct template_item *find_known(const struct sync *sync, const struct template_info *info)
{
	const struct template_item wanted = { .name = info->name, .language = info->language };
	const struct template_item *key = &wanted;
	struct template_item **found = bsearch(&key, sync->by_name, sync->known_count,
		sizeof(struct template_item *), compare_names);

	return found ? *found : NULL;
}

static str or_empty(str text)
{
	return text.len ? text : S("");
}

static enum err add_new(struct job *job, struct sync *sync, const struct template_info *info)
{
	const struct template_item t = {
		.id = job_id(job),
		.account_id = sync->channel->account_id,
		.remote_id = or_empty(info->remote_id),
		.name = info->name,
		.language = info->language,
		.category = or_empty(info->category),
		.status = or_empty(info->status),
		.quality = or_empty(info->quality),
		.reason = or_empty(info->reason),
		.parameter_format = info->parameter_format.len ? info->parameter_format
		                                               : S("POSITIONAL"),
		.components = info->components.len ? info->components : S("[]"),
	};

	sync->changed[sync->changes++] = t.id;
	return template_insert(job, &t, "sync");
}

/* What webhooks are told of is told once, whether Meta told it or the list did. */
static enum err emit(struct job *job, const struct sync *sync, const struct template_item *was,
	const struct template_item *t)
{
	struct buf detail = buf_in(job->arena, 4096);

	if (was && str_is(was->status, t->status) && str_is(was->quality, t->quality) &&
		str_is(was->category, t->category) && !was->deleted_ms == !t->deleted_ms)
		return OK;
	json_open(&detail, '{');
	json_put(&detail, "name", t->name);
	json_put(&detail, "language", t->language);
	json_put(&detail, "status", t->deleted_ms ? S("DELETED") : t->status);
	json_put(&detail, "quality", t->quality);
	json_put(&detail, "category", t->category);
	json_put(&detail, "reason", t->reason);
	json_close(&detail, '}');
	return webhook_emit(job,
		&(struct webhook_event){ .kind = WEBHOOK_TEMPLATE_STATUS_CHANGED,
			.channel = sync->channel->id,
			.detail = detail.failed ? STR_NONE : buf_text(&detail) });
}

/* What a webhook told while the list was on its way is newer than the list. */
static enum err take_one(struct job *job, struct sync *sync, const struct template_info *info)
{
	struct template_item *t = find_known(sync, info),
			     was = t ? *t : (struct template_item){ 0 };
	const struct template_news news = { .source = "sync",
		.remote_id = info->remote_id,
		.category = info->category,
		.status = info->status,
		.quality = info->quality,
		.reason = info->reason,
		.parameter_format = info->parameter_format,
		.components = info->components,
		.deleted = is_going(info->status) };
	bool changed;

	if (!info->name.len || !info->language.len || (!t && news.deleted))
		return OK;
	if (!t)
		return add_new(job, sync, info);
	sync->seen[t - sync->known] = true;
	if (t->updated_ms > job->now_ms)
		return OK;
	TRY(template_merge(job, t, &news, &changed));
	if (!changed)
		return OK;
	sync->changed[sync->changes++] = t->id;
	return emit(job, sync, &was, t);
}

/* Those that the list does not have any more; a draft of ours was never there. */
static enum err drop_unseen(struct job *job, struct sync *sync)
{
	const struct template_news gone = { .source = "sync", .deleted = true };

	for (size_t i = 0; i < sync->known_count; i++) {
		struct template_item *t = &sync->known[i];
		bool changed;

		if (sync->seen[i] || t->deleted_ms || !t->remote_id.len ||
			t->updated_ms > job->now_ms)
			continue;
		TRY(template_merge(job, t, &gone, &changed));
		TRY(emit(job, sync, NULL, t));
		sync->changed[sync->changes++] = t->id;
	}
	return OK;
}

static enum err note_sync(struct job *job, const struct sync *sync)
{
	struct buf detail = buf_in(job->arena, 256);

	if (job->actor.kind == ACTOR_SYSTEM && sync->changes == 0)
		return OK;
	buf_printf(&detail, "{\"synced\":%zu,\"changed\":%zu}", sync->count, sync->changes);
	return audit_add(job, &(struct audit_entry){ .action = "template.sync",
				      .target_kind = "channel",
				      .target_id = sync->channel->id,
				      .detail = buf_text(&detail) });
}

static enum err store_sync(struct job *job, void *arg)
{
	struct sync *sync = arg;

	TRY(load_known(job, sync));
	for (size_t i = 0; i < sync->count; i++)
		TRY(take_one(job, sync, &sync->items[i]));
	TRY(drop_unseen(job, sync));
	return note_sync(job, sync);
}

enum err template_sync(struct job *job, id64 channel, int64_t *synced)
{
	struct template_info *items = NULL;
	struct channel *ch;
	struct sync sync = { 0 };

	TRY(channel_get(job, channel, &ch));
	TRY(provider_templates(job, ch, &items, &sync.count));
	sync.channel = ch;
	sync.items = items;
	TRY(in_transaction(job, store_sync, &sync));
	for (size_t i = 0; i < sync.changes; i++)
		template_changed(job, sync.changed[i]);
	*synced = (int64_t)sync.count;
	return OK;
}
