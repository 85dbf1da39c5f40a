/* realtime.c: the driver of a workspace's live events; see realtime.h. */
#include "account/realtime.h"

#include "account/account_internal.h"
#include "account/seal.h"
#include "store/queries.h"

enum { DETAIL_MAX = 4096, PORT_MAX = 65535, PORT_TLS = 443 };

#define AT(member) offsetof(struct realtime, member)

static const struct realtime_kind kinds[REALTIME_DRIVERS] = {
	[REALTIME_BUILTIN] = { "builtin", "Parley's own hub", { { 0 } } },
	[REALTIME_PUSHER] = { "pusher", "Pusher Channels",
		{ { "app_id", AT(app_id) }, { "key", AT(key) },
			{ "secret", AT(secret), .is_secret = true }, { "cluster", AT(cluster) } } },
	[REALTIME_REVERB] = { "reverb", "Reverb, soketi or another Pusher-compatible server",
		{ { "app_id", AT(app_id) }, { "key", AT(key) },
			{ "secret", AT(secret), .is_secret = true }, { "host", AT(host) },
			{ "port", AT(port), .is_number = true }, { "scheme", AT(scheme) },
			{ "path", AT(path), .is_optional = true } } },
};

const struct realtime_kind *realtime_kind(enum realtime_driver driver)
{
	return &kinds[driver];
}

bool realtime_parse(str name, enum realtime_driver *out)
{
	for (int i = 0; i < REALTIME_DRIVERS; i++) {
		if (str_is(name, str_of(kinds[i].name))) {
			*out = (enum realtime_driver)i;
			return true;
		}
	}
	return false;
}

/* ---- reading ---- */

/* Under the workspace of the row, which is the job's own for all but the list. */
static enum err of_row(struct job *job, const struct live_driver_row *row, struct realtime *out)
{
	id64 own = job->workspace;
	enum err e;

	*out = (struct realtime){ .workspace = row->workspace,
		.app_id = row->app_id,
		.key = row->app_key,
		.cluster = row->cluster,
		.host = row->host,
		.port = row->port,
		.scheme = row->secure ? S("https") : S("http"),
		.path = row->path,
		.changed_ms = row->changed_ms };
	if (!realtime_parse(row->driver, &out->driver))
		return fail(job, ERR_CORRUPT, "a realtime driver of an unknown name is stored");
	job->workspace = row->workspace;
	e = unseal(job, SEAL_SECRET, row->secret_sealed, &out->secret);
	job->workspace = own;
	return e;
}

enum err realtime_get(struct job *job, struct realtime *out)
{
	struct live_driver_row row;
	enum err e = sql_live_driver_get(job, &(struct sql_live_driver_get){ job->workspace },
		&row);

	*out = (struct realtime){ .workspace = job->workspace };
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	return of_row(job, &row, out);
}

enum err realtime_list(struct job *job, id64 after, struct realtime *out, size_t max, size_t *count)
{
	struct live_driver_rows rows;

	TRY(sql_live_driver_list(job, &(struct sql_live_driver_list){ after, (int64_t)max },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(of_row(job, &rows.items[i], &out[i]));
	*count = rows.count;
	return OK;
}

/* ---- checking ---- */

static str *text_at(struct realtime *r, const struct realtime_field *field)
{
	return (str *)((char *)r + field->at);
}

static bool is_plain(str text, const char *more)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			!strchr(more, c))
			return false;
	}
	return true;
}

static void need(struct job *job, struct realtime *draft)
{
	for (const struct realtime_field *f = kinds[draft->driver].fields; f->name; f++) {
		bool is_there = f->is_number ? *(int64_t *)((char *)draft + f->at) != 0
					     : text_at(draft, f)->len != 0;

		if (!is_there && !f->is_optional)
			field_error(job, str_of(f->name), S("required"),
				S("This driver needs it."));
	}
}

static void check_texts(struct job *job, const struct realtime *draft)
{
	if (!is_plain(draft->app_id, "-_.") || !is_plain(draft->key, "-_."))
		field_error(job, S("key"), S("invalid"),
			S("App id and key have letters, digits and - _ . only."));
	if (!is_plain(draft->cluster, "-"))
		field_error(job, S("cluster"), S("invalid"), S("A short word, like mt1 or eu."));
	if (!is_plain(draft->host, "-.:[]"))
		field_error(job, S("host"), S("invalid"),
			S("The name or address alone, like ws.example.com."));
	if (draft->port < 0 || draft->port > PORT_MAX)
		field_error(job, S("port"), S("invalid"), S("1 to 65535."));
	if (draft->scheme.len && !str_is(draft->scheme, S("http")) &&
		!str_is(draft->scheme, S("https")))
		field_error(job, S("scheme"), S("invalid"), S("http or https."));
	if (draft->path.len && (draft->path.ptr[0] != '/' || !is_plain(draft->path, "/-_.")))
		field_error(job, S("path"), S("invalid"), S("It begins with /, like /ws."));
}

/* What the driver has no use for is not kept. */
static void drop_needless(struct realtime *draft)
{
	struct realtime kept = { .workspace = draft->workspace,
		.driver = draft->driver,
		.changed_ms = draft->changed_ms };

	for (const struct realtime_field *f = kinds[draft->driver].fields; f->name; f++)
		memcpy((char *)&kept + f->at, (char *)draft + f->at,
			f->is_number ? sizeof(int64_t) : sizeof(str));
	*draft = kept;
}

enum err realtime_complete(struct job *job, struct realtime *draft)
{
	struct realtime before;

	draft->workspace = job->workspace;
	drop_needless(draft);
	if (draft->driver == REALTIME_REVERB && !draft->scheme.len)
		draft->scheme = S("https");
	if (draft->driver == REALTIME_REVERB && !draft->port)
		draft->port = PORT_TLS;
	while (draft->path.len && draft->path.ptr[draft->path.len - 1] == '/')
		draft->path.len--;
	TRY(realtime_get(job, &before));
	if (!draft->secret.len && before.driver == draft->driver)
		draft->secret = before.secret;
	need(job, draft);
	check_texts(job, draft);
	return job_check_fields(job);
}

/* ---- changing ---- */

struct change { const struct realtime *draft; bool is_forced; };

static enum err store_it(struct job *job, const struct realtime *r)
{
	bytes sealed;

	if (r->driver == REALTIME_BUILTIN)
		return sql_live_driver_clear(job,
			&(struct sql_live_driver_clear){ job->workspace }, NULL);
	TRY(seal(job, SEAL_SECRET, r->secret, &sealed));
	return sql_live_driver_set(job,
		&(struct sql_live_driver_set){ .workspace = job->workspace,
			.driver = str_of(kinds[r->driver].name),
			.app_id = r->app_id,
			.app_key = r->key,
			.secret_sealed = sealed,
			.cluster = r->cluster,
			.host = r->host,
			.port = r->port,
			.secure = str_is(r->scheme, S("https")),
			.path = r->path,
			.now_ms = job->now_ms },
		NULL);
}

static enum err set_it(struct job *job, void *arg)
{
	const struct change *change = arg;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	TRY(store_it(job, change->draft));
	json_open(&detail, '{');
	realtime_write_json(job, &detail, change->draft);
	json_put_bool(&detail, "forced", change->is_forced);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "realtime.change",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = buf_text(&detail) });
}

enum err realtime_set(struct job *job, const struct realtime *draft, bool is_forced)
{
	return in_transaction(job, set_it, &(struct change){ draft, is_forced });
}

/* ---- showing ---- */

/* Enough to know which one it is, and nothing of a short one. */
str realtime_masked(struct job *job, str secret)
{
	str tail = secret.len > 2 * REALTIME_SHOWN
			   ? str_part(secret, secret.len - REALTIME_SHOWN, secret.len)
			   : S("");

	return arena_printf(job->arena, "••••" STR_F, STR_A(tail));
}

void realtime_write_json(struct job *job, struct buf *out, const struct realtime *r)
{
	json_put(out, "driver", str_of(kinds[r->driver].name));
	for (const struct realtime_field *f = kinds[r->driver].fields; f->name; f++) {
		const void *at = (const char *)r + f->at;

		if (f->is_number)
			json_put_int(out, f->name, *(const int64_t *)at);
		else if (f->is_secret)
			json_put(out, f->name, realtime_masked(job, *(const str *)at));
		else
			json_put(out, f->name, *(const str *)at);
	}
}

str realtime_api_url(struct job *job, const struct realtime *r)
{
	if (r->driver == REALTIME_PUSHER)
		return arena_printf(job->arena, "https://api-" STR_F ".pusher.com",
			STR_A(r->cluster));
	return arena_printf(job->arena, STR_F "://" STR_F ":%lld" STR_F, STR_A(r->scheme),
		STR_A(r->host), (long long)r->port, STR_A(r->path));
}

str realtime_client_host(struct job *job, const struct realtime *r)
{
	return r->driver == REALTIME_PUSHER
		       ? arena_printf(job->arena, "ws-" STR_F ".pusher.com", STR_A(r->cluster))
		       : r->host;
}

int64_t realtime_client_port(const struct realtime *r)
{
	return r->driver == REALTIME_PUSHER ? PORT_TLS : r->port;
}

str realtime_client_scheme(const struct realtime *r)
{
	return r->driver == REALTIME_PUSHER ? S("https") : r->scheme;
}
