/* features.c: /features and /maintenance. */
#include "account/feature.h"
#include "api/handlers.h"
#include "base/log.h"
#include "inbox/inbox.h"

enum { LIVE_JSON_MAX = 4096, APPS_PER_ROUND = 100 };

static void write_feature(struct buf *out, const struct feature_state *f)
{
	json_open(out, '{');
	json_put(out, "name", str_of(f->name));
	json_put(out, "title", str_of(f->title));
	json_put(out, "description", str_of(f->description));
	json_put_bool(out, "enabled", f->is_on);
	json_put_bool(out, "default", f->otherwise);
	json_put_ms(out, "changed_ms", f->changed_ms);
	json_close(out, '}');
}

enum err features_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct feature_state states[FEATURE_COUNT];

	(void)req;
	TRY(feature_list(job, states));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (int i = 0; i < FEATURE_COUNT; i++)
		write_feature(out, &states[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

struct switching { bool enabled; };

static const struct field switch_fields[] = {
	FIELD(struct switching, enabled, BOOL, .required = true),
	{ 0 },
};

enum err features_patch(struct job *job, const struct request *req, struct response *res)
{
	struct feature_state states[FEATURE_COUNT];
	struct switching asked = { 0 };
	enum feature feature;

	if (!feature_parse(req->params[0], &feature))
		return fail(job, ERR_MISSING, "There is no such feature.");
	TRY(request_json(job, req, switch_fields, &asked));
	TRY(feature_switch(job, feature, asked.enabled));
	if (feature == FEATURE_WEBHOOKS && api_webhooks_hook)
		api_webhooks_hook();
	TRY(feature_list(job, states));
	write_feature(reply_json(res, 200), &states[feature]);
	return OK;
}

/* ---- maintenance ---- */

static void write_maintenance(struct buf *out, const struct maintenance *m)
{
	json_open(out, '{');
	json_put_bool(out, "on", m->is_on);
	json_put_bool(out, "server", m->is_server);
	json_put_ms(out, "since_ms", m->since_ms);
	json_put(out, "note", m->note);
	json_put(out, "by", m->by);
	json_close(out, '}');
}

static enum err tell_app(struct job *job, const struct live_app *app)
{
	struct buf data = buf_in(job->arena, LIVE_JSON_MAX);
	id64 workspace = job->workspace;
	struct maintenance now;
	enum err e;

	job->workspace = app->workspace;
	e = maintenance_get(job, &now);
	job->workspace = workspace;
	TRY(e);
	write_maintenance(&data, &now);
	job->workspace = app->workspace;
	api_tell_event(job, S("maintenance.updated"), &data);
	job->workspace = workspace;
	return OK;
}

static enum err tell_all(struct job *job)
{
	struct live_app *apps = ARENA_ARRAY(job->arena, struct live_app, APPS_PER_ROUND);
	size_t count = APPS_PER_ROUND;

	for (id64 after = 0; count == APPS_PER_ROUND; after = apps[APPS_PER_ROUND - 1].id) {
		TRY(live_app_list(job, after, apps, APPS_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++)
			TRY(tell_app(job, &apps[i]));
	}
	return OK;
}

static enum err tell_one(struct job *job)
{
	struct live_app app;

	TRY(live_app_get(job, &app));
	return tell_app(job, &app);
}

/* The change is committed: who is not told sees it at the next load. */
static void tell(struct job *job, bool everybody)
{
	enum err e = !api_publish ? OK : everybody ? tell_all(job) : tell_one(job);

	if (e == OK)
		return;
	log_warn("maintenance was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}

enum err maintenance_read(struct job *job, const struct request *req, struct response *res)
{
	struct maintenance now;

	(void)req;
	TRY(maintenance_get(job, &now));
	write_maintenance(reply_json(res, 200), &now);
	return OK;
}

struct asked { bool on, server; str note; };

static const struct field maintenance_fields[] = {
	FIELD(struct asked, on, BOOL, .required = true),
	FIELD(struct asked, server, BOOL),
	FIELD(struct asked, note, STR, .max = MAINTENANCE_NOTE_MAX),
	{ 0 },
};

enum err maintenance_patch(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { .note = S("") };
	struct maintenance now;

	TRY(request_json(job, req, maintenance_fields, &asked));
	TRY(maintenance_set(job,
		&(struct maintenance){ .is_on = asked.on,
			.is_server = asked.server,
			.note = asked.note },
		&now));
	if (inbox_outbox_hook)
		inbox_outbox_hook(0);
	tell(job, asked.server);
	write_maintenance(reply_json(res, 200), &now);
	return OK;
}
