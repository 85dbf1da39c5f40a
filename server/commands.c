/*
 * commands.c: what runs once and ends: setup, check, status, migrate, keys, audit, counts,
 * realtime, emit.
 *
 * Each prints for people, or one line of JSON where programs ask for it, and answers an exit code:
 * 0 done, 1 not, 2 asked wrongly.
 */
#include "server.h"

#include "account/account.h"
#include "account/realtime.h"
#include "account/channel.h"
#include "account/seal.h"
#include "api/api.h"
#include "base/json.h"
#include "inbox/inbox.h"
#include "net/client.h"
#include "store/store.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { WORKSPACES_PER_ROUND = 100, STATUS_DEADLINE_MS = 5000, OUTPUT_MAX = 1 << 20 };

/* A job on an opened store, for a command: begins with open_for(), ends with close_for(). */
struct once {
	struct store *store;
	struct arena *arena;
	struct job job;
};

static bool open_for(struct once *once, const struct settings *settings, const char *name)
{
	str why = STR_NONE;

	*once = (struct once){ .arena = arena_create(ARENA_LIMIT_DEFAULT) };
	if (server_open_store(once->arena, settings, &once->store, &why) != OK) {
		fprintf(stderr, "parley %s: " STR_F "\n", name, STR_A(why));
		arena_destroy(once->arena);
		return false;
	}
	job_init(&once->job, name, once->arena, once->store);
	return true;
}

static int close_for(struct once *once, enum err e)
{
	if (e != OK)
		fprintf(stderr, "parley %s: " STR_F " (" STR_F ")\n", once->job.name,
			STR_A(once->job.why.len ? once->job.why : str_of(err_name(e))),
			STR_A(once->job.next_step));
	for (const struct field_error *f = once->job.field_errors; f; f = f->next)
		fprintf(stderr, "  " STR_F ": " STR_F "\n", STR_A(f->field), STR_A(f->message));
	job_release(&once->job);
	store_close(once->store);
	keyring_close();
	arena_destroy(once->arena);
	return e != OK;
}

static void print_setup(const struct setup_result *made, bool as_json)
{
	struct buf out = buf_heap(OUTPUT_MAX);

	json_open(&out, '{');
	setup_write_json(&out, made);
	json_close(&out, '}');
	if (as_json)
		printf("%.*s\n", (int)out.len, (const char *)out.ptr);
	else
		printf("Made the workspace. Keep these: they are not shown again.\n\n  e-mail   "
		       " " STR_F "\n  password  " STR_F "\n  API key   " STR_F "\n",
			STR_A(made->email), STR_A(made->password), STR_A(made->api_key));
	buf_done(&out);
}

static str value_or(int *argc, char **argv, const char *name, str otherwise)
{
	const char *value = take_value(argc, argv, name);

	return value ? str_of(value) : otherwise;
}

int command_setup(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	bool as_json = take_flag(&argc, argv, "--json");
	struct setup_draft draft = {
		.workspace = value_or(&argc, argv, "--workspace", S("My business")),
		.email = value_or(&argc, argv, "--email", S("owner@parley.example")),
		.name = value_or(&argc, argv, "--name", S("Owner")),
		.password = value_or(&argc, argv, "--password", STR_NONE), /* none: a random one */
	};
	struct setup_result made;
	struct once once;
	enum err e;

	if (!nothing_left(arena, argc, argv))
		return 2;
	if (!open_for(&once, settings, "setup"))
		return 1;
	e = account_setup(&once.job, &draft, &made);
	if (e == OK)
		print_setup(&made, as_json);
	return close_for(&once, e);
}

int command_migrate(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct once once;

	if (!nothing_left(arena, argc, argv))
		return 2;
	if (!open_for(&once, settings, "migrate"))
		return 1;
	printf("The store is at version %lld.\n", (long long)store_version(&once.job));
	return close_for(&once, OK);
}

/* ---- check ---- */

static void tell(bool good, const char *what, str detail)
{
	printf("%s  %-10s " STR_F "\n", good ? "ok  " : "BAD ", what, STR_A(detail));
}

static bool check_store(struct once *once, const struct settings *settings)
{
	enum err e;

	if (!open_for(once, settings, "check"))
		return false;
	e = store_probe(&once->job);
	tell(e == OK, "store",
		e == OK ? arena_printf(once->arena, "version %lld; a write was committed",
				  (long long)store_version(&once->job))
			: once->job.why);
	return e == OK;
}

static bool check_key_file(struct arena *arena, const struct settings *settings)
{
	struct stat st;
	bool good = stat(settings->master_key_file, &st) == 0 && (st.st_mode & 077) == 0;

	tell(good, "master key",
		good ? arena_printf(arena, "%s, for us alone", settings->master_key_file)
		     : arena_printf(arena, "%s is missing, or others may read it: chmod 600",
			       settings->master_key_file));
	return good;
}

static bool check_disk(struct arena *arena, const struct settings *settings)
{
	struct statvfs fs;
	bool good = statvfs(settings->data, &fs) == 0 && fs.f_bavail * 50 > fs.f_blocks;

	tell(good, "disk",
		good ? arena_printf(arena, "%llu MB free",
			       (unsigned long long)(fs.f_bavail * fs.f_frsize) >> 20)
		     : S("less than 2 % of the data folder's disk is free"));
	return good;
}

int command_check(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct once once;
	bool good;

	if (!nothing_left(arena, argc, argv))
		return 2;
	tell(true, "settings", arena_printf(arena, "data in %s", settings->data));
	if (!check_store(&once, settings))
		return 1;
	good = check_key_file(arena, settings);
	good = check_disk(arena, settings) && good;
	return close_for(&once, OK) || !good;
}

/* ---- status ---- */

static const char *own_url(struct arena *arena, const struct settings *settings, const char *path)
{
	return arena_printf(arena, "%s://%s%s",
		settings->tls_certificate && settings->tls_certificate[0] ? "https" : "http",
		settings->listen, path)
		.ptr;
}

int command_status(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct http_reply reply = { 0 };
	struct job job;
	enum err e;

	if (!nothing_left(arena, argc, argv))
		return 2;
	job_init(&job, "status", arena, NULL);
	e = http_call(&job,
		&(struct http_call){ .method = HTTP_GET,
			.url = str_of(own_url(arena, settings, "/readyz")),
			.deadline_ms = STATUS_DEADLINE_MS,
			.allow_private = true },
		&reply);
	if (e == OK && reply.status == 200)
		printf("Parley at %s is ready.\n", settings->listen);
	else if (e == OK)
		printf("Parley at %s runs, but is not ready: " STR_F "\n", settings->listen,
			STR_A(str_from(reply.body)));
	else
		printf("Nothing answers at %s: " STR_F "\n", settings->listen, STR_A(job.why));
	job_release(&job);
	return e != OK || reply.status != 200;
}

/* ---- keys and audit ---- */

static enum err rotate_all(struct job *job, int64_t *rotated)
{
	id64 ids[WORKSPACES_PER_ROUND];
	size_t count = WORKSPACES_PER_ROUND;

	*rotated = 0;
	for (id64 after = 0; count == WORKSPACES_PER_ROUND; after = ids[count - 1]) {
		TRY(workspace_list(job, after, ids, WORKSPACES_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++)
			TRY(keyring_rotate(job, ids[i]));
		*rotated += (int64_t)count;
		if (count == 0)
			break;
	}
	return OK;
}

int command_keys(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	bool rotate = take_flag(&argc, argv, "rotate");
	const char *file = rotate ? NULL : take_value(&argc, argv, "rewrap");
	int64_t rotated = 0;
	struct once once;
	enum err e;

	if (!nothing_left(arena, argc, argv) || (!rotate && !file)) {
		fprintf(stderr, "usage: parley keys rotate | rewrap FILE\n");
		return 2;
	}
	if (!open_for(&once, settings, "keys"))
		return 1;
	e = rotate ? rotate_all(&once.job, &rotated) : keyring_rewrap(&once.job, file);
	if (e == OK && rotate)
		printf("%lld workspaces have a new data key; old ones go on opening what they "
		       "sealed. Restart the server.\n",
			(long long)rotated);
	else if (e == OK)
		printf("All data keys are wrapped by %s now. Set PARLEY_MASTER_KEY_FILE to it and "
		       "restart the server.\n",
			file);
	return close_for(&once, e);
}

int command_audit(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	bool verify = take_flag(&argc, argv, "verify");
	struct buf out = buf_heap(OUTPUT_MAX);
	int64_t broken = 0;
	struct once once;
	enum err e;

	if (!verify || !nothing_left(arena, argc, argv)) {
		fprintf(stderr, "usage: parley audit verify\n");
		return 2;
	}
	if (!open_for(&once, settings, "audit"))
		return 1;
	e = account_verify_audit(&once.job, &out, &broken);
	printf("%.*s", (int)out.len, out.ptr ? (const char *)out.ptr : "");
	buf_done(&out);
	return close_for(&once, e) || broken > 0;
}

/* Each workspace by itself: what is written while it is counted is counted too, or not yet. */
static enum err count_all(struct job *job, bool mend, size_t *wrong)
{
	id64 ids[WORKSPACES_PER_ROUND];
	size_t count = WORKSPACES_PER_ROUND, cells;

	*wrong = 0;
	for (id64 after = 0; count == WORKSPACES_PER_ROUND; after = ids[count - 1]) {
		TRY(workspace_list(job, after, ids, WORKSPACES_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++) {
			job->workspace = ids[i];
			TRY(conversation_counts_check(job, mend, &cells));
			*wrong += cells;
		}
		if (count == 0)
			break;
	}
	return OK;
}

int command_counts(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	bool mend = take_flag(&argc, argv, "mend"), verify = take_flag(&argc, argv, "verify");
	struct once once;
	size_t wrong = 0;
	enum err e;

	if (verify == mend || !nothing_left(arena, argc, argv)) {
		fprintf(stderr, "usage: parley counts verify | mend\n");
		return 2;
	}
	if (!open_for(&once, settings, "counts"))
		return 1;
	e = count_all(&once.job, mend, &wrong);
	if (e == OK)
		printf("%zu counts of conversations were wrong%s.\n", wrong,
			mend && wrong ? " and are mended" : "");
	return close_for(&once, e) || (wrong && !mend);
}

/* ---- live events ---- */

static enum err write_realtime(struct job *job, struct buf *out)
{
	struct workspace workspace;
	struct live_app app;
	struct realtime r;

	TRY(workspace_get(job, &workspace));
	TRY(live_app_get(job, &app));
	TRY(realtime_get(job, &r));
	json_open(out, '{');
	json_put_id(out, "workspace_id", workspace.id);
	json_put(out, "workspace", workspace.name);
	realtime_write_json(job, out, &r);
	if (r.driver == REALTIME_BUILTIN) {
		json_put_id(out, "app_id", app.id);
		json_put(out, "key", app.key);
		json_put(out, "secret", realtime_masked(job, app.secret));
	}
	json_close(out, '}');
	return OK;
}

static enum err write_all_realtime(struct job *job, struct buf *out)
{
	id64 ids[WORKSPACES_PER_ROUND];
	size_t count = WORKSPACES_PER_ROUND;

	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (id64 after = 0; count == WORKSPACES_PER_ROUND; after = ids[count - 1]) {
		TRY(workspace_list(job, after, ids, WORKSPACES_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++) {
			job->workspace = ids[i];
			TRY(write_realtime(job, out));
		}
		if (count == 0)
			break;
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* The same members as in JSON, a line each. */
static void print_realtime(struct arena *arena, str text)
{
	json root = NULL, list;

	if (json_read(arena, text, &root, NULL) != OK)
		return;
	list = json_field(root, "data");
	for (size_t i = 0; i < json_count(list); i++) {
		json one = json_at(list, i);

		for (void *at = json_first(one); at; at = json_next(one, at)) {
			str name = json_member_name(at);
			str value = json_text_or_int(arena, json_member_value(at));

			if (str_is(name, S("driver")))
				name = S("broadcast_driver");
			printf("%-18.*s" STR_F "\n", STR_A(name), STR_A(value));
		}
		printf("\n");
	}
}

int command_realtime(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	bool as_json = take_flag(&argc, argv, "--json");
	struct buf out = buf_heap(OUTPUT_MAX);
	struct once once;
	enum err e;

	if (!nothing_left(arena, argc, argv))
		return 2;
	if (!open_for(&once, settings, "realtime"))
		return 1;
	e = keyring_load(&once.job);
	if (e == OK)
		e = write_all_realtime(&once.job, &out);
	if (e == OK && as_json)
		printf("%.*s\n", (int)out.len, (const char *)out.ptr);
	else if (e == OK)
		print_realtime(arena, buf_text(&out));
	buf_done(&out);
	return close_for(&once, e);
}

struct emit { str event, channel, data, key, url; };

static enum err call_emit(struct job *job, const struct emit *emit, struct http_reply *reply)
{
	struct buf body = buf_in(job->arena, OUTPUT_MAX);
	const struct header headers[] = {
		{ S("Content-Type"), S("application/json") },
		{ S("Authorization"), arena_printf(job->arena, "Bearer " STR_F, STR_A(emit->key)) },
	};

	json_open(&body, '{');
	json_put(&body, "event", emit->event);
	if (emit->channel.len)
		json_put(&body, "channel", emit->channel);
	if (emit->data.len)
		json_put_raw(&body, "data", emit->data);
	json_close(&body, '}');
	return http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = arena_printf(job->arena, STR_F "/api/v1/realtime/events",
				STR_A(emit->url)),
			.headers = headers,
			.header_count = COUNT_OF(headers),
			.body = buf_bytes(&body),
			.deadline_ms = STATUS_DEADLINE_MS,
			.allow_private = true },
		reply);
}

static bool read_emit(struct arena *arena, const struct settings *settings, struct emit *out,
	int *argc, char **argv)
{
	*out = (struct emit){
		.channel = value_or(argc, argv, "--channel", STR_NONE),
		.data = value_or(argc, argv, "--payload", STR_NONE),
		.key = value_or(argc, argv, "--api-key", STR_NONE),
		.url = value_or(argc, argv, "--url", str_of(own_url(arena, settings, ""))),
	};
	if (*argc > 0 && argv[0][0] != '-') {
		out->event = str_of(argv[0]);
		(*argc)--;
		argv++;
	}
	if (out->event.len && out->key.len)
		return nothing_left(arena, *argc, argv);
	fprintf(stderr, "usage: parley emit EVENT --api-key KEY [--channel NAME] [--payload JSON] "
			"[--url URL]\n");
	return false;
}

int command_emit(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct http_reply reply = { 0 };
	struct emit emit;
	struct job job;
	bool done;
	enum err e;

	if (!read_emit(arena, settings, &emit, &argc, argv))
		return 2;
	job_init(&job, "emit", arena, NULL);
	e = call_emit(&job, &emit, &reply);
	done = e == OK && reply.status == 202;
	if (e == OK)
		fprintf(done ? stdout : stderr, STR_F "\n", STR_A(str_from(reply.body)));
	else
		fprintf(stderr, "parley emit: nothing answers at " STR_F ": " STR_F "\n",
			STR_A(emit.url), STR_A(job.why));
	job_release(&job);
	return !done;
}

/* ---- apps of the live hub ---- */

static void write_app(struct buf *out, const struct live_app *app, bool with_secret)
{
	json_open(out, '{');
	json_put_id(out, "app_id", app->id);
	json_put(out, "name", app->name);
	json_put(out, "key", app->key);
	json_put_bool(out, "built_in", app->is_built_in);
	json_put_bool(out, "disabled", app->is_disabled);
	if (with_secret)
		json_put(out, "secret", app->secret);
	json_close(out, '}');
}

static enum err list_apps(struct job *job, struct buf *out)
{
	struct live_app *apps;
	size_t count;

	TRY(live_app_page(job, 0, LIVE_APPS_MAX + 1, &apps, &count));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		write_app(out, &apps[i], false);
	json_close(out, ']');
	return OK;
}

static enum err find_workspace(struct job *job, const char *asked)
{
	size_t count;

	if (asked && id64_parse(str_of(asked), &job->workspace))
		return OK;
	if (asked)
		return fail(job, ERR_INPUT, "--workspace wants the id of one");
	TRY(workspace_list(job, 0, &job->workspace, 1, &count));
	return count ? OK : fail(job, ERR_MISSING, "there is no workspace yet: parley setup");
}

/* What the command does to one app. */
struct app_order { const char *add, *rotate, *remove; bool list; };

static enum err run_app(struct job *job, const struct app_order *order, struct buf *out)
{
	const struct live_app_draft draft = { .name = str_of(order->add), .is_disabled = -1 };
	struct live_app app;
	id64 id = 0;

	if (order->list)
		return list_apps(job, out);
	if (!order->add &&
		!id64_parse(str_of(order->rotate ? order->rotate : order->remove), &id))
		return fail(job, ERR_INPUT, "an app is named by its app_id");
	if (id && live_app_find(job, id, &app) != OK)
		return fail(job, ERR_MISSING, "there is no app of this id");
	if (order->remove)
		return live_app_remove(job, id);
	TRY(order->add ? live_app_create(job, &draft, &app) : live_app_rotate(job, id, &app));
	write_app(out, &app, true);
	return OK;
}

/* A running server sees it within ten seconds. */
int command_app(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	const char *workspace = take_value(&argc, argv, "--workspace");
	const struct app_order order = { .add = take_value(&argc, argv, "add"),
		.rotate = take_value(&argc, argv, "rotate"),
		.remove = take_value(&argc, argv, "remove"),
		.list = take_flag(&argc, argv, "list") };
	struct buf out = buf_heap(OUTPUT_MAX);
	struct once once;
	enum err e;

	if (!nothing_left(arena, argc, argv) ||
		!!order.add + !!order.rotate + !!order.remove + order.list != 1) {
		fprintf(stderr, "usage: parley app list | add NAME | rotate ID | remove ID\n");
		return 2;
	}
	if (!open_for(&once, settings, "app"))
		return 1;
	e = find_workspace(&once.job, workspace);
	if (e == OK)
		e = run_app(&once.job, &order, &out);
	if (e == OK && out.len)
		printf("%.*s\n", (int)out.len, (const char *)out.ptr);
	buf_done(&out);
	return close_for(&once, e);
}

/* ---- channel ---- */

static enum err read_file(struct job *job, const char *path, json *out)
{
	struct buf text = buf_in(job->arena, JSON_SIZE_MAX);
	FILE *file = fopen(path, "rb");
	str why = STR_NONE;
	size_t n = 1;

	if (!file)
		return fail(job, ERR_INPUT, "%s cannot be read", path);
	while (n > 0 && !text.failed) {
		char piece[4096];

		n = fread(piece, 1, sizeof piece, file);
		buf_put(&text, piece, n);
	}
	fclose(file);
	if (json_read(job->arena, buf_text(&text), out, &why) != OK || json_kind(*out) != JSON_MAP)
		return fail(job, ERR_INPUT, "%s is no JSON object: " STR_F, path, STR_A(why));
	return OK;
}

static enum err import_channel(struct job *job, const char *path, const char *workspace)
{
	struct channel *made;
	json root;

	TRY(read_file(job, path, &root));
	TRY(keyring_load(job));
	TRY(find_workspace(job, workspace));
	TRY(api_channel_import(job, root, &made));
	printf("Made the channel %lld. A server that is running takes its webhooks after a "
	       "restart.\n",
		(long long)made->id);
	return OK;
}

int command_channel(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	const char *path = take_value(&argc, argv, "import"),
		   * workspace = take_value(&argc, argv, "--workspace");
	struct once once;

	if (!nothing_left(arena, argc, argv) || !path) {
		fprintf(stderr, "usage: parley channel import FILE [--workspace ID]\n");
		return 2;
	}
	if (!open_for(&once, settings, "channel"))
		return 1;
	return close_for(&once, import_channel(&once.job, path, workspace));
}
