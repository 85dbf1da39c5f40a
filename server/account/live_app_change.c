/* live_app_change.c: making, changing and removing apps of the live hub. */
#include "account/account_internal.h"
#include "account/webhook.h"
#include "store/queries.h"

#define LIMITS_TEXT_MAX 4096
#define HOOKS_TEXT_MAX (16u << 10)

void (*live_app_hook)(const struct live_app *app);

static const char *const event_names[] = { "channel_occupied", "channel_vacated", "member_added",
	"member_removed", "client_event", "cache_miss", "subscription_count" };

/* ---- what was asked ---- */

static bool is_event(str name)
{
	for (size_t i = 0; i < COUNT_OF(event_names); i++)
		if (str_is(name, str_of(event_names[i])))
			return true;
	return false;
}

static void check_hook(struct job *job, size_t place, json hook)
{
	str field = arena_printf(job->arena, "webhooks.%zu", place);
	json events = json_field(hook, "events");

	webhook_check_url(job, arena_printf(job->arena, STR_F ".url", STR_A(field)),
		json_text_at(hook, "url").ptr ? json_text_at(hook, "url") : S(""));
	if (events && json_kind(events) != JSON_LIST)
		field_error(job, field, S("wrong_type"), S("events must be a list."));
	for (size_t i = 0; i < json_count(events); i++)
		if (!is_event(json_text(json_at(events, i))))
			field_error(job,
				arena_printf(job->arena, STR_F ".events.%zu", STR_A(field), i),
				S("unknown"), S("There is no such event."));
	for (void *i = json_first(hook); i; i = json_next(hook, i)) {
		str name = json_member_name(i);

		if (!str_is(name, S("url")) && !str_is(name, S("events")) &&
			json_kind(json_member_value(i)) != JSON_TEXT)
			field_error(job, field, S("invalid"),
				S("Has url, events, prefix and suffix."));
	}
}

static void check(struct job *job, const struct live_app_draft *draft)
{
	if (draft->name.ptr)
		check_name(job, S("name"), draft->name);
	if (draft->limits)
		live_limits_check(job, draft->limits);
	if (draft->hooks && json_kind(draft->hooks) != JSON_LIST)
		field_error(job, S("webhooks"), S("wrong_type"), S("Must be a list."));
	else if (json_count(draft->hooks) > LIVE_APP_HOOKS_MAX)
		field_error(job, S("webhooks"), S("too_many"), S("At most 5."));
	for (size_t i = 0; i < json_count(draft->hooks) && i < LIVE_APP_HOOKS_MAX; i++)
		check_hook(job, i, json_at(draft->hooks, i));
}

static str text_of(struct job *job, json value, size_t max)
{
	struct buf out = buf_in(job->arena, max);

	json_put_value(&out, NULL, value);
	return out.failed ? STR_NONE : buf_text(&out);
}

/* ---- changes ---- */

struct change {
	struct live_app app;
	struct live_app_draft draft;
	const char *action;
	str hooks;      /* as JSON */
	bool is_new;
};

static void tell(const struct live_app *app)
{
	if (live_app_hook)
		live_app_hook(app);
}

static enum err note(struct job *job, const struct change *c)
{
	struct buf detail = buf_in(job->arena, 2 * LIMITS_TEXT_MAX);

	json_open(&detail, '{');
	json_put(&detail, "name", c->app.name);
	json_put_raw(&detail, "limits", c->app.own_limits);
	json_put_bool(&detail, "disabled", c->app.is_disabled);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = c->action,
				      .target_kind = "live_app",
				      .target_id = c->app.id,
				      .detail = buf_text(&detail) });
}

static enum err update(struct job *job, const struct change *c)
{
	bytes secret, hooks;

	TRY(seal(job, SEAL_SECRET, c->app.secret, &secret));
	TRY(seal(job, SEAL_SECRET, c->hooks, &hooks));
	return sql_live_app_change(job,
		&(struct sql_live_app_change){ .id = c->app.id,
			.workspace = job->workspace,
			.name = c->app.name,
			.secret_sealed = secret,
			.disabled_ms = c->app.is_disabled ? job->now_ms : 0,
			.deleted_ms = c->app.is_gone ? job->now_ms : 0,
			.limits = c->app.own_limits,
			.webhooks_sealed = hooks,
			.now_ms = job->now_ms },
		NULL);
}

static enum err insert(struct job *job, const struct change *c)
{
	struct live_app_total_row apps;

	TRY(sql_live_app_count(job, &(struct sql_live_app_count){ .workspace = job->workspace },
		&apps));
	if (apps.total >= LIVE_APPS_MAX)
		return fail_code(job, ERR_CONFLICT, S("too_many_apps"),
			S("Remove apps that nobody uses."), "A workspace has at most %d live apps.",
			LIVE_APPS_MAX);
	return live_app_write(job, &c->app, c->hooks);
}

static enum err write_change(struct job *job, void *arg)
{
	const struct change *c = arg;

	TRY(c->is_new ? insert(job, c) : update(job, c));
	return note(job, c);
}

static void take_draft(struct job *job, struct change *c)
{
	if (c->draft.name.ptr)
		c->app.name = c->draft.name;
	if (c->draft.limits)
		c->app.own_limits = text_of(job, c->draft.limits, LIMITS_TEXT_MAX);
	if (c->draft.is_disabled >= 0)
		c->app.is_disabled = c->draft.is_disabled == 1;
	if (c->draft.hooks)
		c->hooks = text_of(job, c->draft.hooks, HOOKS_TEXT_MAX);
	if (!c->app.own_limits.ptr || (c->draft.hooks && !c->hooks.ptr))
		field_error(job, S("webhooks"), S("too_long"), S("That is too much text."));
}

static enum err carry_out(struct job *job, struct change *c, struct live_app *out)
{
	TRY(job_check_fields(job));
	TRY(in_transaction(job, write_change, c));
	if (c->app.is_gone)
		*out = c->app;
	else
		TRY(live_app_find(job, c->app.id, out));
	tell(out);
	return OK;
}

/* The hooks as they are, so that they are written again. */
static str hooks_text(struct job *job, const struct live_app *app)
{
	struct buf out = buf_in(job->arena, HOOKS_TEXT_MAX);

	json_open(&out, '[');
	for (size_t i = 0; i < app->hook_count; i++)
		live_app_write_hook(&out, &app->hooks[i]);
	json_close(&out, ']');
	return buf_text(&out);
}

void live_app_write_hook(struct buf *out, const struct live_app_hook *hook)
{
	json_open(out, '{');
	json_put(out, "url", hook->url);
	json_open_in(out, "events", '[');
	for (size_t i = 0; i < hook->event_count; i++)
		json_put(out, NULL, hook->events[i]);
	json_close(out, ']');
	json_put(out, "prefix", hook->prefix.ptr ? hook->prefix : S(""));
	json_put(out, "suffix", hook->suffix.ptr ? hook->suffix : S(""));
	json_close(out, '}');
}

enum err live_app_create(struct job *job, const struct live_app_draft *draft, struct live_app *out)
{
	struct change c = { .draft = *draft, .action = "live_app.create", .is_new = true };

	live_app_begin(job, draft->name, &c.app);
	check_name(job, S("name"), draft->name);
	c.draft.name = STR_NONE;
	check(job, &c.draft);
	take_draft(job, &c);
	return carry_out(job, &c, out);
}

static enum err begin(struct job *job, id64 id, struct change *c)
{
	TRY(live_app_find(job, id, &c->app));
	c->hooks = hooks_text(job, &c->app);
	return OK;
}

static enum err refuse_built_in(struct job *job)
{
	return fail_code(job, ERR_CONFLICT, S("built_in"), S("Make another app."),
		"The console connects by this app; it stays.");
}

enum err live_app_change(struct job *job, id64 id, const struct live_app_draft *draft,
	struct live_app *out)
{
	struct change c = { .draft = *draft, .action = "live_app.change" };

	TRY(begin(job, id, &c));
	if (c.app.is_built_in && draft->is_disabled == 1)
		return refuse_built_in(job);
	check(job, draft);
	take_draft(job, &c);
	return carry_out(job, &c, out);
}

enum err live_app_rotate(struct job *job, id64 id, struct live_app *out)
{
	struct change c = { .action = "live_app.rotate" };

	TRY(begin(job, id, &c));
	c.app.secret = live_app_make_secret(job);
	return carry_out(job, &c, out);
}

enum err live_app_remove(struct job *job, id64 id)
{
	struct change c = { .action = "live_app.remove" };
	struct live_app gone;

	TRY(begin(job, id, &c));
	if (c.app.is_built_in)
		return refuse_built_in(job);
	c.app.is_gone = true;
	return carry_out(job, &c, &gone);
}
