/*
 * webhook_change.c: making, changing and removing the webhooks of a workspace.
 *
 * Address and secrets are sealed. After each commit the table in memory is read again, so what
 * happens next is told to whom it should be.
 */
#include "account/webhook_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"
#include "store/store.h"

enum { DETAIL_MAX = 4096, SECRET_TEXT_MAX = 80, KINDS_TEXT_MAX = 1024, CONFIRM_DEADLINE_MS = 10000,
       CONFIRM_REPLY_MAX = 4096 };

static struct {
	bool allow_private;
	const char *ports;
} addresses = { .ports = "443,8443" };

void webhook_set_addresses(bool allow_private, const char *ports)
{
	addresses.allow_private = allow_private;
	addresses.ports = ports;
}

bool webhook_may_be_private(void)
{
	return addresses.allow_private;
}

/* ---- rows ---- */

void webhook_read_channels(struct job *job, str text, struct webhook *out)
{
	json list;

	if (json_read(job->arena, text, &list, NULL) != OK)
		return;
	out->channels = ARENA_ARRAY(job->arena, id64, json_count(list));
	for (size_t i = 0; i < json_count(list); i++)
		out->channels[out->channel_count++] = json_int(json_at(list, i), 0);
}

static enum err of_row(struct job *job, const struct webhook_row *row, struct webhook *out)
{
	*out = (struct webhook){ .id = row->id,
		.description = row->description,
		.kinds = row->kinds,
		.format = (enum webhook_format)row->format,
		.disabled_reason = row->disabled_reason,
		.disabled_ms = row->disabled_ms,
		.failing_since_ms = row->failing_since_ms,
		.success_ms = row->success_ms,
		.created_ms = row->created_ms };
	webhook_read_channels(job, row->channels, out);
	TRY(unseal(job, SEAL_SECRET, row->url_sealed, &out->url));
	TRY(unseal(job, SEAL_SECRET, row->secret_sealed, &out->secret));
	TRY(unseal(job, SEAL_SECRET, row->verify_token_sealed, &out->verify_token));
	if (row->old_secret_until_ms <= job->now_ms)
		return OK;
	out->old_secret_until_ms = row->old_secret_until_ms;
	return unseal(job, SEAL_SECRET, row->old_secret_sealed, &out->old_secret);
}

enum err webhook_get(struct job *job, id64 id, struct webhook *out)
{
	struct webhook_row row;

	TRY(sql_webhook_get(job, &(struct sql_webhook_get){ id, job->workspace }, &row));
	return of_row(job, &row, out);
}

enum err webhook_list(struct job *job, id64 after, size_t max, struct webhook **out, size_t *count)
{
	struct webhook_rows rows;

	TRY(sql_webhook_list(job,
		&(struct sql_webhook_list){ job->workspace, after, (int64_t)max }, &rows));
	*out = ARENA_ARRAY(job->arena, struct webhook, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(of_row(job, &rows.items[i], &(*out)[i]));
	return OK;
}

enum err webhook_depth(struct job *job, id64 id, struct webhook_depth *out)
{
	struct webhook_figures_row row;

	TRY(sql_webhook_depth(job, &(struct sql_webhook_depth){ id, WEBHOOK_DEPTH_MAX }, &row));
	*out = (struct webhook_depth){ row.waiting, row.dead };
	return OK;
}

/* ---- what may be asked for ---- */

static bool is_port_of_list(str port, str list)
{
	while (list.len)
		if (str_is(str_trim(str_split(&list, ',')), port))
			return true;
	return false;
}

static void refuse_url(struct job *job, str field, str why)
{
	field_error(job, field, S("invalid"), why);
}

/* Behind an IPv6 host's brackets, or behind the last colon. */
static str port_of(str authority)
{
	size_t bracket = str_find(authority, ']');
	size_t colon = bracket < authority.len ? bracket + 1 : str_find(authority, ':');

	return colon < authority.len ? str_part(authority, colon + 1, authority.len) : S("443");
}

/* Where the name leads is looked at when it is called (net/address.h); here is what the text tells.
 */
void webhook_check_url(struct job *job, str field, str url)
{
	bool is_https = str_starts(url, S("https://"));
	str rest = str_part(url, is_https ? 8 : 7, url.len), authority;

	if (!is_https && !(addresses.allow_private && str_starts(url, S("http://"))))
		return refuse_url(job, field, S("Must begin with https://."));
	if (url.len > WEBHOOK_URL_MAX)
		return refuse_url(job, field, S("At most 2000 characters."));
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] == 127 || url.ptr[i] == '\\')
			return refuse_url(job, field, S("Has a character that no address has."));
	authority = str_part(rest, 0, str_find(rest, '/'));
	authority = str_part(authority, 0, str_find(authority, '?'));
	if (!authority.len || str_find(authority, '@') < authority.len)
		return refuse_url(job, field,
			S("Needs a host, and no name and password before it."));
	if (str_find(url, '#') < url.len)
		return refuse_url(job, field, S("Must not have a part behind #."));
	if (!addresses.allow_private &&
		!is_port_of_list(port_of(authority), str_of(addresses.ports)))
		refuse_url(job, field, arena_printf(job->arena, "The port must be one of %s.",
				addresses.ports));
}

static enum err check_channels(struct job *job, const struct webhook_draft *draft)
{
	struct channel_row row;

	if (draft->channel_count > WEBHOOK_CHANNELS_MAX)
		field_error(job, S("channel_ids"), S("too_many"), S("At most 100 channels."));
	for (size_t i = 0; i < draft->channel_count && i < WEBHOOK_CHANNELS_MAX; i++) {
		enum err e = sql_channel_get(job,
			&(struct sql_channel_get){ .workspace = job->workspace,
				.id = draft->channels[i] },
			&row);

		if (e != OK && e != ERR_MISSING)
			return e;
		if (e == OK)
			continue;
		job_forgive(job);
		field_error(job, arena_printf(job->arena, "channel_ids.%zu", i), S("unknown"),
			S("There is no channel with this id."));
	}
	return OK;
}

static bool is_plain(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] == 127)
			return false;
	return true;
}

static void check_token(struct job *job, const char *field, str text, size_t min)
{
	size_t points = str_count_points(text);

	if (points < min || points > WEBHOOK_TOKEN_MAX || !is_plain(text))
		field_error(job, str_of(field), S("invalid"),
			arena_printf(job->arena, "%zu to %d characters on one line.", min,
				WEBHOOK_TOKEN_MAX));
}

/* A secret of one's own, and a token, are for Meta's format alone. */
static void check_format(struct job *job, const struct webhook_draft *draft)
{
	if (draft->has_verify_token)
		check_token(job, "verify_token", draft->verify_token, 1);
	if (draft->has_secret)
		check_token(job, "secret", draft->secret, WEBHOOK_TOKEN_MIN);
	if (draft->has_secret && draft->format != WEBHOOK_CLOUD_API)
		field_error(job, S("secret"), S("unexpected"),
			S("Only a webhook in Meta's format has a secret of one's own."));
	if (draft->has_format && draft->format == WEBHOOK_CLOUD_API && !draft->has_verify_token)
		field_error(job, S("verify_token"), S("required"),
			S("Meta's format asks the address with a verify token."));
}

static enum err check_draft(struct job *job, const struct webhook_draft *draft)
{
	check_format(job, draft);
	if (draft->has_url)
		webhook_check_url(job, S("url"), draft->url);
	if (draft->has_kinds && !draft->kinds)
		field_error(job, S("events"), S("required"), S("Choose at least one event."));
	if (draft->has_channels)
		TRY(check_channels(job, draft));
	return job_check_fields(job);
}

/* ---- writing ---- */

static str kinds_text(struct job *job, int64_t kinds)
{
	struct buf out = buf_in(job->arena, KINDS_TEXT_MAX);

	json_open(&out, '[');
	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++)
		if (kinds & WEBHOOK_BIT(i))
			json_put(&out, NULL, str_of(webhook_kind_name((enum webhook_kind)i)));
	json_close(&out, ']');
	return buf_text(&out);
}

/* The address may carry a token behind its path: only what stands before is told. */
static str shown_url(str url)
{
	return str_part(url, 0, str_find(url, '?'));
}

static enum err note_audit(struct job *job, const char *action, const struct webhook *w)
{
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put(&detail, "url", shown_url(w->url));
	json_put_raw(&detail, "events", kinds_text(job, w->kinds));
	json_put_bool(&detail, "disabled", w->disabled_ms != 0);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "webhook",
				      .target_id = w->id,
				      .detail = buf_text(&detail) });
}

/* ---- the challenge ---- */

/* Meta's handshake: whoever has the address must know the token, and answers the challenge. */
static enum err confirm(struct job *job, str address, str token)
{
	struct buf url = buf_in(job->arena, 2 * WEBHOOK_URL_MAX + 4 * WEBHOOK_TOKEN_MAX);
	struct http_reply reply = { 0 };
	uint32_t number;
	str challenge;
	enum err e;

	crypto_random(&number, sizeof number);
	challenge = arena_printf(job->arena, "%u", number);
	buf_str(&url, address);
	buf_str(&url, str_has(address, S("?")) ? S("&") : S("?"));
	buf_str(&url, S("hub.mode=subscribe&hub.challenge="));
	buf_str(&url, challenge);
	buf_str(&url, S("&hub.verify_token="));
	percent_write(&url, token);
	e = http_call(job,
		&(struct http_call){ .url = buf_text(&url),
			.deadline_ms = CONFIRM_DEADLINE_MS,
			.reply_max = CONFIRM_REPLY_MAX,
			.allow_private = addresses.allow_private },
		&reply);
	if (e == OK && reply.status == 200 &&
		str_is(str_trim(str_from(reply.body)), challenge))
		return OK;
	job_forgive(job);
	field_error(job, S("url"), S("not_confirmed"),
		e == OK ? arena_printf(job->arena,
				  "It was asked for the challenge with the verify token, and "
				  "answered %d without it.",
				  reply.status)
			: S("It was asked for the challenge with the verify token, and could not "
			    "be reached."));
	return job_check_fields(job);
}

static enum err confirm_new(struct job *job, const struct webhook_draft *draft)
{
	return draft->has_format && draft->format == WEBHOOK_CLOUD_API
	               ? confirm(job, draft->url, draft->verify_token)
	               : OK;
}

static enum err confirm_change(struct job *job, id64 id, const struct webhook_draft *draft)
{
	struct webhook w;

	if (!draft->has_url && !draft->has_verify_token)
		return OK;
	TRY(webhook_get(job, id, &w));
	if (w.format != WEBHOOK_CLOUD_API)
		return OK;
	return confirm(job, draft->has_url ? draft->url : w.url,
		draft->has_verify_token ? draft->verify_token : w.verify_token);
}

static str new_secret(struct job *job)
{
	uint8_t key[WEBHOOK_SECRET_SIZE];
	struct buf text = buf_in(job->arena, SECRET_TEXT_MAX);

	crypto_random(key, sizeof key);
	buf_str(&text, S("whsec_"));
	base64_write(&text, (bytes){ key, sizeof key });
	crypto_wipe(key, sizeof key);
	return buf_text(&text);
}

static void take_draft(struct job *job, const struct webhook_draft *draft, struct webhook *w)
{
	if (draft->has_url)
		w->url = draft->url;
	if (draft->has_description)
		w->description = draft->description;
	if (draft->has_kinds)
		w->kinds = draft->kinds;
	if (draft->has_verify_token)
		w->verify_token = draft->verify_token;
	if (draft->has_channels) {
		w->channels = ARENA_ARRAY(job->arena, id64, draft->channel_count);
		w->channel_count = draft->channel_count;
		for (size_t i = 0; i < draft->channel_count; i++)
			w->channels[i] = draft->channels[i];
	}
	if (!draft->has_disabled || draft->disabled == (w->disabled_ms != 0))
		return;
	w->disabled_ms = draft->disabled ? job->now_ms : 0;
	w->disabled_reason = draft->disabled ? S("by a person") : STR_NONE;
	/* Who is enabled again has all the patience that a new one has. */
	w->failing_since_ms = 0;
}

struct change {
	id64 id;
	const struct webhook_draft *draft;
	struct webhook *out;
	int64_t grace_ms;
};

static enum err create_it(struct job *job, void *arg)
{
	struct change *c = arg;
	struct webhook *w = c->out;
	enum webhook_format format = c->draft->has_format ? c->draft->format : WEBHOOK_PARLEY;
	struct webhook_rows known;
	bytes url, secret, token;

	TRY(sql_webhook_list(job, &(struct sql_webhook_list){ job->workspace, 0, WEBHOOKS_MAX },
		&known));
	if (known.count == WEBHOOKS_MAX)
		return fail_code(job, ERR_CONFLICT, S("too_many_webhooks"),
			S("Delete one that is not needed any more."),
			"A workspace has at most %d webhooks.", WEBHOOKS_MAX);
	*w = (struct webhook){ .id = job_id(job),
		.description = S(""),
		.secret = c->draft->has_secret ? c->draft->secret : new_secret(job),
		.format = format,
		.kinds = format == WEBHOOK_CLOUD_API ? WEBHOOK_META_KINDS : WEBHOOK_ALL_KINDS,
		.created_ms = job->now_ms };
	take_draft(job, c->draft, w);
	TRY(seal(job, SEAL_SECRET, w->url, &url));
	TRY(seal(job, SEAL_SECRET, w->secret, &secret));
	TRY(seal(job, SEAL_SECRET, w->verify_token, &token));
	TRY(sql_webhook_add(job,
		&(struct sql_webhook_add){ .id = w->id,
			.workspace = job->workspace,
			.url = url,
			.description = w->description,
			.kinds = w->kinds,
			.channels = json_ids(job->arena, w->channels, w->channel_count),
			.secret = secret,
			.disabled_ms = w->disabled_ms,
			.now_ms = job->now_ms,
			.format = w->format,
			.verify_token = token },
		NULL));
	return note_audit(job, "webhook.create", w);
}

static enum err change_it(struct job *job, void *arg)
{
	struct change *c = arg;
	struct webhook *w = c->out;
	bytes url, token;

	TRY(webhook_get(job, c->id, w));
	take_draft(job, c->draft, w);
	TRY(seal(job, SEAL_SECRET, w->url, &url));
	TRY(seal(job, SEAL_SECRET, w->verify_token, &token));
	TRY(sql_webhook_set(job,
		&(struct sql_webhook_set){ .id = w->id,
			.workspace = job->workspace,
			.url = url,
			.description = w->description,
			.kinds = w->kinds,
			.channels = json_ids(job->arena, w->channels, w->channel_count),
			.disabled_ms = w->disabled_ms,
			.disabled_reason = w->disabled_reason,
			.failing_since_ms = w->failing_since_ms,
			.verify_token = token },
		NULL));
	return note_audit(job, "webhook.change", w);
}

static enum err rotate_it(struct job *job, void *arg)
{
	struct change *c = arg;
	bytes secret;

	TRY(seal(job, SEAL_SECRET, new_secret(job), &secret));
	TRY(sql_webhook_rotate(job,
		&(struct sql_webhook_rotate){ c->id, job->workspace, secret,
			job->now_ms + c->grace_ms },
		NULL));
	TRY(webhook_get(job, c->id, c->out));
	return note_audit(job, "webhook.rotate", c->out);
}

static enum err delete_it(struct job *job, void *arg)
{
	struct change *c = arg;
	struct webhook w;

	TRY(webhook_get(job, c->id, &w));
	TRY(sql_webhook_delete(job,
		&(struct sql_webhook_delete){ c->id, job->workspace, job->now_ms }, NULL));
	TRY(sql_webhook_drop_waiting(job,
		&(struct sql_webhook_drop_waiting){ c->id, job->workspace }, NULL));
	return note_audit(job, "webhook.delete", &w);
}

static enum err run(struct job *job, enum err (*change)(struct job *, void *), struct change *c)
{
	TRY(in_transaction(job, change, c));
	return webhooks_load(job);
}

enum err webhook_create(struct job *job, const struct webhook_draft *draft, struct webhook *out)
{
	TRY(check_draft(job, draft));
	TRY(confirm_new(job, draft));
	return run(job, create_it, &(struct change){ .draft = draft, .out = out });
}

enum err webhook_change(struct job *job, id64 id, const struct webhook_draft *draft,
	struct webhook *out)
{
	TRY(check_draft(job, draft));
	TRY(confirm_change(job, id, draft));
	return run(job, change_it, &(struct change){ id, draft, out, 0 });
}

enum err webhook_delete(struct job *job, id64 id)
{
	return run(job, delete_it, &(struct change){ .id = id });
}

enum err webhook_rotate(struct job *job, id64 id, int64_t grace_seconds, struct webhook *out)
{
	TRY(webhook_get(job, id, out));
	return run(job, rotate_it,
		&(struct change){ .id = id, .out = out, .grace_ms = grace_seconds * 1000 });
}

/* ---- by itself ---- */

static enum err add_notice(struct job *job, const struct webhook *w, str reason)
{
	uint8_t hash[SHA256_SIZE];
	bytes detail;
	str sentence = arena_printf(job->arena,
		"The webhook to " STR_F " was disabled: " STR_F "", STR_A(shown_url(w->url)),
		STR_A(reason));

	TRY(keyed_hash(job, S("webhook notice"),
		arena_printf(job->arena, "%lld|%lld", (long long)w->id, (long long)job->now_ms),
		hash));
	TRY(seal(job, SEAL_NOTICE, S("{}"), &detail));
	return sql_notice_add(job,
		&(struct sql_notice_add){ .id = job_id(job),
			.workspace = job->workspace,
			.kind = S("webhook_disabled"),
			.severity = S("critical"),
			.sentence = sentence,
			.detail = detail,
			.dedup = { hash, sizeof hash },
			.at_ms = job->now_ms },
		NULL);
}

enum err webhook_give_up(struct job *job, id64 id, str reason)
{
	struct webhook w;
	int64_t changed;

	TRY(webhook_get(job, id, &w));
	TRY(sql_webhook_disable(job, &(struct sql_webhook_disable){ id, reason, job->now_ms },
		&changed));
	if (!changed)
		return OK;
	w.disabled_ms = job->now_ms;
	TRY(note_audit(job, "webhook.give_up", &w));
	return add_notice(job, &w, reason);
}
