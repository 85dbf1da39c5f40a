/*
 * notify_settings.c: who wants to be told of what, how and when; see notify.h.
 *
 * A person without a row has the defaults, so a new member needs none, and a better default reaches
 * all who never chose.
 */
#include "inbox/notify.h"

#include "account/seal.h"
#include "base/codec.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define ALL_WAYS (BY_SOUND | BY_BROWSER | BY_PUSH | BY_MAIL)
#define TOKEN_SIZE 16

static const char *const event_names[NOTIFY_EVENTS] = {
	[NOTIFY_MINE] = "mine",
	[NOTIFY_UNASSIGNED] = "unassigned",
	[NOTIFY_OTHER] = "other",
	[NOTIFY_MENTION] = "mention",
	[NOTIFY_ASSIGNED] = "assigned",
	[NOTIFY_SLA] = "sla",
};

const char *notify_event_name(enum notify_event event)
{
	return (unsigned)event < NOTIFY_EVENTS ? event_names[event] : "other";
}

void notify_defaults(struct notify_settings *out)
{
	*out = (struct notify_settings){
		.ways = { [NOTIFY_MINE] = ALL_WAYS,
			[NOTIFY_UNASSIGNED] = BY_SOUND | BY_BROWSER,
			[NOTIFY_MENTION] = ALL_WAYS,
			[NOTIFY_ASSIGNED] = BY_SOUND | BY_BROWSER | BY_PUSH,
			[NOTIFY_SLA] = BY_SOUND | BY_BROWSER | BY_PUSH },
		.quiet_from_min = -1,
		.quiet_until_min = -1,
		.time_zone = S(""),
		.mail_after_min = 30,
		.mail_every_min = 60,
	};
}

static void from_row(const struct notify_setting_row *row, struct notify_settings *out)
{
	*out = (struct notify_settings){
		.ways = { (unsigned)row->on_mine, (unsigned)row->on_unassigned,
			(unsigned)row->on_other, (unsigned)row->on_mention,
			(unsigned)row->on_assigned, (unsigned)row->on_sla },
		.quiet_from_min = row->quiet_from_min,
		.quiet_until_min = row->quiet_until_min,
		.time_zone = row->time_zone,
		.shows_text = row->shows_text != 0,
		.mail_after_min = row->mail_after_min,
		.mail_every_min = row->mail_every_min,
		.mailed_ms = row->mailed_ms,
		.stored = true,
	};
}

enum err notify_settings_get(struct job *job, id64 person, struct notify_settings *out)
{
	struct notify_setting_row row;
	bool found;

	TRY(found_or_none(job, sql_notify_setting_get(job, &(struct sql_notify_setting_get){
		.workspace = job->workspace, .person = person }, &row), &found));
	if (found)
		from_row(&row, out);
	else
		notify_defaults(out);
	return OK;
}

/* ---- the time of day where somebody is ---- */

/* NULL: there is no such zone. */
static UCalendar *calendar_of(str zone)
{
	UChar name[TIME_ZONE_MAX + 1], known[TIME_ZONE_MAX + 1];
	UErrorCode e = U_ZERO_ERROR;
	UBool is_system = 0;
	int32_t len;
	UCalendar *calendar;

	if (!zone.len)
		zone = S("UTC");
	u_strFromUTF8(name, TIME_ZONE_MAX, &len, zone.ptr, (int32_t)zone.len, &e);
	if (U_FAILURE(e))
		return NULL;
	ucal_getCanonicalTimeZoneID(name, len, known, TIME_ZONE_MAX, &is_system, &e);
	if (U_FAILURE(e) || !is_system)
		return NULL;
	calendar = ucal_open(name, len, "en", UCAL_GREGORIAN, &e);
	return U_FAILURE(e) ? NULL : calendar;
}

static int64_t minute_of_day(str zone, int64_t at_ms)
{
	UCalendar *calendar = calendar_of(zone);
	UErrorCode e = U_ZERO_ERROR;
	int64_t minute;

	if (!calendar)
		return at_ms / 60000 % MINUTES_OF_DAY;
	ucal_setMillis(calendar, (double)at_ms, &e);
	minute = 60 * (int64_t)ucal_get(calendar, UCAL_HOUR_OF_DAY, &e) +
	         ucal_get(calendar, UCAL_MINUTE, &e);
	ucal_close(calendar);
	return U_FAILURE(e) ? at_ms / 60000 % MINUTES_OF_DAY : minute;
}

static int64_t minutes_from_to(int64_t from, int64_t to)
{
	return (to - from + MINUTES_OF_DAY) % MINUTES_OF_DAY;
}

bool notify_is_quiet(const struct notify_settings *s, int64_t at_ms, int64_t *until_ms)
{
	int64_t minute;

	if (s->quiet_from_min < 0 || s->quiet_until_min < 0 ||
		s->quiet_from_min == s->quiet_until_min)
		return false;
	minute = minute_of_day(s->time_zone, at_ms);
	if (minutes_from_to(s->quiet_from_min, minute) >=
		minutes_from_to(s->quiet_from_min, s->quiet_until_min))
		return false;
	*until_ms = at_ms - at_ms % 60000 + 60000 * minutes_from_to(minute, s->quiet_until_min);
	return true;
}

/* ---- changing ---- */

static void check_minute(struct job *job, str field, int64_t minute, int64_t min, int64_t max)
{
	if (minute < min || minute > max)
		field_error(job, field, S("out_of_range"),
			arena_printf(job->arena, "From %lld to %lld.", (long long)min,
				(long long)max));
}

static enum err check(struct job *job, const struct notify_settings *s)
{
	UCalendar *calendar = s->time_zone.len <= TIME_ZONE_MAX ? calendar_of(s->time_zone) : NULL;

	if (!calendar)
		field_error(job, S("time_zone"), S("unknown"),
			S("Name a time zone like Asia/Jakarta."));
	else
		ucal_close(calendar);
	check_minute(job, S("quiet_from_min"), s->quiet_from_min, -1, MINUTES_OF_DAY - 1);
	check_minute(job, S("quiet_until_min"), s->quiet_until_min, -1, MINUTES_OF_DAY - 1);
	check_minute(job, S("mail_after_min"), s->mail_after_min, 1, MAIL_AFTER_MIN_MAX);
	check_minute(job, S("mail_every_min"), s->mail_every_min, 5, MAIL_EVERY_MIN_MAX);
	return job_check_fields(job);
}

enum err notify_settings_write(struct job *job, id64 person, const struct notify_settings *s)
{
	return sql_notify_setting_put(job,
		&(struct sql_notify_setting_put){ .workspace = job->workspace,
			.person = person,
			.on_mine = s->ways[NOTIFY_MINE],
			.on_unassigned = s->ways[NOTIFY_UNASSIGNED],
			.on_other = s->ways[NOTIFY_OTHER],
			.on_mention = s->ways[NOTIFY_MENTION],
			.on_assigned = s->ways[NOTIFY_ASSIGNED],
			.on_sla = s->ways[NOTIFY_SLA],
			.quiet_from_min = s->quiet_from_min,
			.quiet_until_min = s->quiet_until_min,
			.time_zone = s->time_zone,
			.shows_text = s->shows_text,
			.mail_after_min = s->mail_after_min,
			.mail_every_min = s->mail_every_min,
			.now_ms = job->now_ms },
		NULL);
}

enum err notify_settings_put(struct job *job, id64 person, const struct notify_settings *s)
{
	TRY(check(job, s));
	TRY(db_begin(job, DB_WRITE));
	TRY(notify_settings_write(job, person, s));
	return db_commit(job);
}

/* ---- off, by the link in a mail: "WORKSPACE.PERSON.HMAC" ---- */

static enum err sign(struct job *job, id64 person, uint8_t out[SHA256_SIZE])
{
	return keyed_hash(job, S("unsubscribe"),
		arena_printf(job->arena, "%lld", (long long)person), out);
}

str notify_unsubscribe_token(struct job *job, id64 person)
{
	uint8_t hash[SHA256_SIZE];

	if (sign(job, person, hash) != OK)
		return S("");
	return arena_printf(job->arena, "%lld.%lld." STR_F, (long long)job->workspace,
		(long long)person, STR_A(hex_text(job->arena, (bytes){ hash, TOKEN_SIZE })));
}

static enum err read_token(struct job *job, str token, id64 *person)
{
	str workspace = str_split(&token, '.'), who = str_split(&token, '.');
	struct buf given = buf_in(job->arena, SHA256_SIZE);
	uint8_t hash[SHA256_SIZE];

	if (!id64_parse(workspace, &job->workspace) || !id64_parse(who, person) ||
		!hex_read(token, &given))
		return fail(job, ERR_MISSING, "This link is not one of ours.");
	/* A workspace that nobody has seen has no key; it is no link of ours either. */
	if (sign(job, *person, hash) != OK ||
		!crypto_equal(buf_bytes(&given), (bytes){ hash, TOKEN_SIZE }))
		return fail(job, ERR_MISSING, "This link is not one of ours.");
	return OK;
}

enum err notify_unsubscribe(struct job *job, str token)
{
	struct notify_settings settings;
	id64 person;

	TRY(read_token(job, token, &person));
	TRY(db_begin(job, DB_WRITE));
	TRY(notify_settings_get(job, person, &settings));
	for (size_t i = 0; i < NOTIFY_EVENTS; i++)
		settings.ways[i] &= ~BY_MAIL;
	TRY(notify_settings_write(job, person, &settings));
	return db_commit(job);
}

/* ---- muted conversations ---- */

static enum err mute_within(struct job *job, id64 person, id64 conversation, bool muted)
{
	struct notify_total_row total;

	if (!muted)
		return sql_notify_mute_remove(job,
			&(struct sql_notify_mute_remove){ .person = person,
				.conversation = conversation, .workspace = job->workspace }, NULL);
	TRY(sql_notify_mute_total(job, &(struct sql_notify_mute_total){ .person = person,
		.workspace = job->workspace }, &total));
	if (total.total >= MUTED_MAX)
		return fail_code(job, ERR_LIMIT, S("too_many_muted"),
			S("Take some conversations back first."),
			"No more than %d conversations can be muted.", MUTED_MAX);
	return sql_notify_mute_add(job, &(struct sql_notify_mute_add){ .person = person,
		.conversation = conversation, .workspace = job->workspace, .now_ms = job->now_ms },
		NULL);
}

enum err notify_mute(struct job *job, id64 person, id64 conversation, bool muted)
{
	struct conversation conv;

	TRY(conversation_get(job, conversation, &conv));
	TRY(db_begin(job, DB_WRITE));
	TRY(mute_within(job, person, conv.id, muted));
	return db_commit(job);
}

enum err notify_muted_list(struct job *job, id64 person, struct muted *out)
{
	struct notify_muted_rows rows;

	TRY(sql_notify_mute_list(job, &(struct sql_notify_mute_list){ .person = person,
		.workspace = job->workspace }, &rows));
	out->ids = ARENA_ARRAY(job->arena, id64, rows.count);
	out->count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		out->ids[i] = rows.items[i].conversation_id;
	return OK;
}

enum err notify_is_muted(struct job *job, id64 person, id64 conversation, bool *out)
{
	struct notify_muted_row row;

	return found_or_none(job, sql_notify_mute_find(job, &(struct sql_notify_mute_find){
		.person = person, .conversation = conversation, .workspace = job->workspace },
		&row), out);
}
