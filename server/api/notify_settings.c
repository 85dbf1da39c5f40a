/*
 * notify_settings.c: /notifications/settings, /notifications/subscriptions, /notifications/test and
 * /conversations/{id}/mute: how oneself wants to be told.
 *
 * The one rule: all of it is one's own; there is no way to another person's.
 */
#include "api/handlers.h"
#include "api/notify_hooks.h"
#include "base/codec.h"
#include "inbox/notify.h"
#include "net/mail.h"

enum err (*api_push_test_hook)(struct job *job, size_t *sent);
enum err (*api_mail_test_hook)(struct job *job);

static const struct { const char *name; unsigned bit; } ways[] = {
	{ "sound", BY_SOUND }, { "browser", BY_BROWSER }, { "push", BY_PUSH }, { "email", BY_MAIL },
};

static enum err person_of(struct job *job, id64 *out)
{
	if (job->actor.kind != ACTOR_PERSON)
		return fail_code(job, ERR_DENIED, S("people_only"), S("Sign in as a person."),
			"An API key is nobody who could be told.");
	*out = job->actor.id;
	return OK;
}

/* ---- settings ---- */

static void write_ways(struct buf *out, const struct notify_settings *s)
{
	json_open_in(out, "events", '{');
	for (size_t i = 0; i < NOTIFY_EVENTS; i++) {
		json_open_in(out, notify_event_name((enum notify_event)i), '[');
		for (size_t w = 0; w < COUNT_OF(ways); w++)
			if (s->ways[i] & ways[w].bit)
				json_put(out, NULL, str_of(ways[w].name));
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void write_quiet(struct buf *out, const struct notify_settings *s)
{
	if (s->quiet_from_min < 0 || s->quiet_until_min < 0) {
		json_put_null(out, "quiet");
		return;
	}
	json_open_in(out, "quiet", '{');
	json_put_int(out, "from_min", s->quiet_from_min);
	json_put_int(out, "until_min", s->quiet_until_min);
	json_close(out, '}');
}

static enum err write_muted(struct job *job, struct buf *out, id64 person)
{
	struct muted muted;

	TRY(notify_muted_list(job, person, &muted));
	json_open_in(out, "muted_conversation_ids", '[');
	for (size_t i = 0; i < muted.count; i++)
		json_put_id(out, NULL, muted.ids[i]);
	json_close(out, ']');
	return OK;
}

static enum err write_push_key(struct job *job, struct buf *out)
{
	struct buf text = buf_in(job->arena, 128);
	struct p256_pair pair;

	TRY(push_pair_get(job, &pair));
	base64url_write(&text, (bytes){ pair.public, sizeof pair.public });
	crypto_wipe(&pair, sizeof pair);
	json_put(out, "push_key", buf_text(&text));
	return OK;
}

static enum err reply_settings(struct job *job, struct response *res, id64 person)
{
	struct buf *out = reply_json(res, 200);
	struct notify_settings s;

	TRY(notify_settings_get(job, person, &s));
	json_open(out, '{');
	write_ways(out, &s);
	write_quiet(out, &s);
	json_put(out, "time_zone", s.time_zone.ptr ? s.time_zone : S(""));
	json_put_bool(out, "shows_text", s.shows_text);
	json_put_int(out, "mail_after_min", s.mail_after_min);
	json_put_int(out, "mail_every_min", s.mail_every_min);
	json_put_bool(out, "mail_available", mail_is_configured());
	TRY(write_push_key(job, out));
	TRY(write_muted(job, out, person));
	json_close(out, '}');
	return OK;
}

enum err notify_settings_read(struct job *job, const struct request *req, struct response *res)
{
	id64 person;

	(void)req;
	TRY(person_of(job, &person));
	return reply_settings(job, res, person);
}

struct settings_draft {
	json events, quiet;
	str time_zone;
	int shows_text;
	int64_t mail_after_min, mail_every_min;
	bool has_quiet;
};

static const struct field draft_fields[] = {
	FIELD(struct settings_draft, events, JSON),
	FIELD(struct settings_draft, quiet, JSON,
		.given_at = offsetof(struct settings_draft, has_quiet), .nullable = true),
	FIELD(struct settings_draft, time_zone, STR, .max = TIME_ZONE_MAX),
	FIELD(struct settings_draft, shows_text, FLAG),
	FIELD(struct settings_draft, mail_after_min, INT, .min = 1, .max = MAIL_AFTER_MIN_MAX),
	FIELD(struct settings_draft, mail_every_min, INT, .min = 5, .max = MAIL_EVERY_MIN_MAX),
	{ 0 },
};

static unsigned way_of(str name)
{
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		if (str_is(name, str_of(ways[i].name)))
			return ways[i].bit;
	return 0;
}

static void read_event(struct job *job, void *member, struct notify_settings *s)
{
	json list = json_member_value(member);
	unsigned sum = 0;

	for (size_t i = 0; i < json_count(list); i++) {
		unsigned way = way_of(json_text(json_at(list, i)));

		if (!way)
			field_error(job, S("events"), S("unknown"),
				S("The ways are sound, browser, push and email."));
		sum |= way;
	}
	for (size_t i = 0; i < NOTIFY_EVENTS; i++)
		if (str_is(json_member_name(member),
			    str_of(notify_event_name((enum notify_event)i)))) {
			s->ways[i] = sum;
			return;
		}
	field_error(job, S("events"), S("unknown"), S("There is no such event."));
}

static void take_draft(struct job *job, const struct settings_draft *d, struct notify_settings *s)
{
	for (void *at = json_first(d->events); at; at = json_next(d->events, at))
		read_event(job, at, s);
	if (d->has_quiet) {
		s->quiet_from_min = json_int(json_field(d->quiet, "from_min"), -1);
		s->quiet_until_min = json_int(json_field(d->quiet, "until_min"), -1);
	}
	if (d->time_zone.ptr)
		s->time_zone = d->time_zone;
	if (d->shows_text >= 0)
		s->shows_text = d->shows_text;
	if (d->mail_after_min)
		s->mail_after_min = d->mail_after_min;
	if (d->mail_every_min)
		s->mail_every_min = d->mail_every_min;
}

enum err notify_settings_patch(struct job *job, const struct request *req, struct response *res)
{
	struct settings_draft draft = { .shows_text = -1 };
	struct notify_settings settings;
	id64 person;

	TRY(person_of(job, &person));
	TRY(request_fields(job, req, draft_fields, &draft));
	TRY(notify_settings_get(job, person, &settings));
	take_draft(job, &draft, &settings);
	TRY(notify_settings_put(job, person, &settings));
	return reply_settings(job, res, person);
}

/* ---- browsers ---- */

static void subscription_write_json(struct buf *out, const struct push_subscription *s)
{
	json_open(out, '{');
	json_put_id(out, "id", s->id);
	json_put(out, "device", s->device);
	json_put(out, "endpoint", s->endpoint);
	json_put_ms(out, "created_ms", s->created_ms);
	json_put_ms(out, "used_ms", s->used_ms);
	json_close(out, '}');
}

enum err push_subscriptions_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct push_subscriptions all;
	id64 person;

	(void)req;
	TRY(person_of(job, &person));
	TRY(push_subscription_list(job, person, &all));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < all.count; i++)
		subscription_write_json(out, &all.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

struct keys_draft { str p256dh, auth; };
struct subscription_draft { str endpoint, device; struct keys_draft keys; };

static const struct field keys_fields[] = {
	FIELD(struct keys_draft, p256dh, STR, .required = true),
	FIELD(struct keys_draft, auth, STR, .required = true),
	{ 0 },
};
static const struct field subscription_fields[] = {
	FIELD(struct subscription_draft, endpoint, STR, .max = PUSH_ENDPOINT_MAX, .required = true),
	FIELD(struct subscription_draft, device, STR, .max = PUSH_DEVICE_MAX),
	FIELD(struct subscription_draft, keys, MAP, .fields = keys_fields, .required = true),
	{ 0 },
};

enum err push_subscriptions_post(struct job *job, const struct request *req, struct response *res)
{
	struct subscription_draft draft = { 0 };
	struct push_subscription made;
	id64 person;

	TRY(person_of(job, &person));
	TRY(request_json(job, req, subscription_fields, &draft));
	TRY(push_subscribe(job, person,
		&(struct push_draft){ .endpoint = draft.endpoint,
			.key = draft.keys.p256dh,
			.auth = draft.keys.auth,
			.device = draft.device },
		&made));
	subscription_write_json(reply_json(res, 201), &made);
	return OK;
}

enum err push_subscriptions_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 person, id;

	TRY(person_of(job, &person));
	TRY(request_id(job, req, 0, &id));
	TRY(push_unsubscribe(job, person, id));
	return reply_nothing(res);
}

/* ---- trying it, and taking oneself off ---- */

struct test_draft { str by; };

static const struct field test_fields[] = {
	FIELD(struct test_draft, by, STR, .required = true),
	{ 0 },
};

enum err notify_test_post(struct job *job, const struct request *req, struct response *res)
{
	struct test_draft draft = { 0 };
	size_t sent = 1;
	struct buf *out;
	id64 person;

	TRY(person_of(job, &person));
	TRY(request_json(job, req, test_fields, &draft));
	if (str_is(draft.by, S("push")) && api_push_test_hook) {
		TRY(api_push_test_hook(job, &sent));
	} else if (str_is(draft.by, S("email")) && api_mail_test_hook) {
		TRY(api_mail_test_hook(job));
	} else {
		field_error(job, S("by"), S("unknown"), S("One of push and email."));
		return job_check_fields(job);
	}
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put_int(out, "sent", (int64_t)sent);
	json_close(out, '}');
	return OK;
}

/* By the link of a mail, also from a mail program that posts it by itself (RFC 8058). */
enum err notify_unsubscribe_post(struct job *job, const struct request *req, struct response *res)
{
	TRY(notify_unsubscribe(job, request_query(job->arena, req, "token")));
	return reply_nothing(res);
}

/* ---- muted conversations ---- */

struct mute_draft { int muted; };

static const struct field mute_fields[] = {
	FIELD(struct mute_draft, muted, FLAG),
	{ 0 },
};

enum err conversations_mute(struct job *job, const struct request *req, struct response *res)
{
	struct mute_draft draft = { .muted = -1 };
	struct buf *out;
	id64 person, id;

	TRY(person_of(job, &person));
	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, mute_fields, &draft));
	TRY(notify_mute(job, person, id, draft.muted != 0));
	out = reply_json(res, 200);
	json_open(out, '{');
	TRY(write_muted(job, out, person));
	json_close(out, '}');
	return OK;
}
