/*
 * search_query.c: a typed line into words and filters; see search.h.
 *
 * A key that is not known is no filter but a word ("http://…"), and so is what comes after the
 * SEARCH_FILTERS_MAX-th. Names are compared by the beginnings of their words, as in a search.
 */
#include "inbox/search.h"
#include "inbox/search_internal.h"

#include "account/permission.h"

#include <stdlib.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { ZONE_MAX = 64, DAY_MS = 24 * 3600 * 1000 };

struct reading {
	struct job *job;
	str time_zone;
	struct search_filter *out;
	struct buf text;
};

/* ---- sets of ids ---- */

static void add_id(struct search_ids *ids, id64 id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->items[i] == id)
			return;
	if (ids->count < SEARCH_IDS_MAX)
		ids->items[ids->count++] = id;
}

/* The first name is shown, and that there are more. */
static void show(struct reading *r, struct search_term *term, str name)
{
	if (!term->known)
		term->name = name;
	else if (!str_ends(term->name, S("…")))
		term->name = arena_printf(r->job->arena, STR_F ", …", STR_A(term->name));
	term->known = true;
}

/* ---- names: people, contacts, channels, labels ---- */

static enum err add_people(struct reading *r, struct search_term *term, struct search_ids *out)
{
	struct search_name_rows rows;

	if (str_is_nocase(term->value, S("me")) && r->job->actor.kind == ACTOR_PERSON) {
		add_id(out, r->job->actor.id);
		show(r, term, r->job->actor.name);
		return OK;
	}
	TRY(sql_search_people(r->job, &(struct sql_search_people){ r->job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (name_fits(r->job->arena, rows.items[i].name, term->value)) {
			add_id(out, rows.items[i].id);
			show(r, term, rows.items[i].name);
		}
	return OK;
}

static enum err add_contacts(struct reading *r, struct search_term *term)
{
	id64 ids[SEARCH_IDS_MAX];
	struct contacts contacts;
	size_t count;

	if (!(r->job->actor.permissions & PERMIT(CONTACT_READ)))
		return OK;
	TRY(search_contacts(r->job, term->value, COUNT_OF(ids), ids, &count));
	TRY(contact_by_ids(r->job, ids, count, &contacts));
	for (size_t i = 0; i < contacts.count; i++) {
		add_id(&r->out->contacts, contacts.items[i].id);
		show(r, term, contacts.items[i].name);
	}
	return OK;
}

static enum err read_from(struct reading *r, struct search_term *term)
{
	r->out->has_from = true;
	TRY(add_people(r, term, &r->out->authors));
	return str_is_nocase(term->value, S("me")) ? OK : add_contacts(r, term);
}

static enum err read_agent(struct reading *r, struct search_term *term)
{
	if (str_is_nocase(term->value, S("none"))) {
		r->out->unassigned = term->known = true;
		return OK;
	}
	r->out->has_assignee = true;
	return add_people(r, term, &r->out->assignees);
}

static enum err read_label(struct reading *r, struct search_term *term)
{
	struct search_name_rows rows;

	r->out->has_label = true;
	TRY(sql_search_labels(r->job, &(struct sql_search_labels){ r->job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (name_fits(r->job->arena, rows.items[i].name, term->value)) {
			add_id(&r->out->labels, rows.items[i].id);
			show(r, term, rows.items[i].name);
		}
	return OK;
}

static bool phone_fits(str phone, str typed)
{
	if (typed.len && typed.ptr[0] == '+')
		typed = str_part(typed, 1, typed.len);
	return str_is_digits(typed) && typed.len >= 3 && str_starts(phone, typed);
}

static enum err read_channel(struct reading *r, struct search_term *term)
{
	struct search_channel_rows rows;

	r->out->has_channel = true;
	TRY(sql_search_channels(r->job, &(struct sql_search_channels){ r->job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (name_fits(r->job->arena, rows.items[i].name, term->value) ||
			phone_fits(rows.items[i].phone, term->value)) {
			add_id(&r->out->channels, rows.items[i].id);
			show(r, term, rows.items[i].name);
		}
	return OK;
}

/* ---- dates ---- */

static UCalendar *calendar_of(str zone)
{
	UChar name[ZONE_MAX + 1];
	UErrorCode e = U_ZERO_ERROR;
	UCalendar *calendar;
	int32_t len = 0;

	if (!zone.len || zone.len > ZONE_MAX)
		zone = S("UTC");
	u_strFromUTF8(name, ZONE_MAX, &len, zone.ptr, (int32_t)zone.len, &e);
	calendar = ucal_open(name, len, "en", UCAL_GREGORIAN, &e);
	if (U_FAILURE(e))
		abort();
	return calendar;
}

/* The first millisecond of the day that is `back` days before the day of at_ms. */
static int64_t start_of_day(str zone, int64_t at_ms, int back)
{
	UCalendar *calendar = calendar_of(zone);
	UErrorCode e = U_ZERO_ERROR;
	int64_t start;

	ucal_setMillis(calendar, (double)at_ms, &e);
	ucal_add(calendar, UCAL_DAY_OF_MONTH, -back, &e);
	ucal_set(calendar, UCAL_HOUR_OF_DAY, 0);
	ucal_set(calendar, UCAL_MINUTE, 0);
	ucal_set(calendar, UCAL_SECOND, 0);
	ucal_set(calendar, UCAL_MILLISECOND, 0);
	start = (int64_t)ucal_getMillis(calendar, &e);
	ucal_close(calendar);
	return start;
}

static bool read_number(str text, int64_t min, int64_t max, int64_t *out)
{
	return str_is_digits(text) && str_to_i64(text, out) && *out >= min && *out <= max;
}

/* "2026-01-31"; whether there is such a day, the calendar says. */
static bool read_day(str zone, str text, int64_t *start_ms)
{
	str year = str_split(&text, '-'), month = str_split(&text, '-');
	UErrorCode e = U_ZERO_ERROR;
	int64_t y, m, d;
	UCalendar *calendar;

	if (!read_number(year, 2000, 2150, &y) || !read_number(month, 1, 12, &m) ||
		!read_number(text, 1, 31, &d))
		return false;
	calendar = calendar_of(zone);
	ucal_clear(calendar);
	ucal_setAttribute(calendar, UCAL_LENIENT, 0);
	ucal_setDate(calendar, (int32_t)y, (int32_t)m - 1, (int32_t)d, &e);
	*start_ms = (int64_t)ucal_getMillis(calendar, &e);
	ucal_close(calendar);
	return U_SUCCESS(e);
}

/* A date, "today", "yesterday", or "7d": so many days ago. */
static bool read_date(const struct reading *r, str text, int64_t *start_ms)
{
	int64_t days;

	if (str_is_nocase(text, S("today")))
		*start_ms = start_of_day(r->time_zone, r->job->now_ms, 0);
	else if (str_is_nocase(text, S("yesterday")))
		*start_ms = start_of_day(r->time_zone, r->job->now_ms, 1);
	else if (str_ends(text, S("d")) &&
		 read_number(str_part(text, 0, text.len - 1), 0, 36500, &days))
		*start_ms = start_of_day(r->time_zone, r->job->now_ms, (int)days);
	else
		return read_day(r->time_zone, text, start_ms);
	return true;
}

static enum err read_after(struct reading *r, struct search_term *term)
{
	int64_t ms;

	term->known = read_date(r, term->value, &ms);
	if (term->known && ms > r->out->from_ms)
		r->out->from_ms = ms;
	return OK;
}

static void bound_until(struct search_filter *out, int64_t ms)
{
	if (!out->until_ms || ms < out->until_ms)
		out->until_ms = ms;
}

static enum err read_before(struct reading *r, struct search_term *term)
{
	int64_t ms;

	term->known = read_date(r, term->value, &ms);
	if (term->known)
		bound_until(r->out, ms);
	return OK;
}

static enum err read_on(struct reading *r, struct search_term *term)
{
	int64_t ms;

	term->known = read_date(r, term->value, &ms);
	if (!term->known)
		return OK;
	if (ms > r->out->from_ms)
		r->out->from_ms = ms;
	bound_until(r->out, start_of_day(r->time_zone, ms + DAY_MS + DAY_MS / 2, 0));
	return OK;
}

/* ---- what it is ---- */

#define BIT(kind) (1u << KIND_##kind)
#define MEDIA (BIT(IMAGE) | BIT(VIDEO) | BIT(AUDIO) | BIT(VOICE) | BIT(DOCUMENT) | BIT(STICKER))

static const struct { const char *word; uint32_t kinds; } kinds_by_word[] = {
	{ "image", BIT(IMAGE) },
	{ "video", BIT(VIDEO) },
	{ "audio", BIT(AUDIO) | BIT(VOICE) },
	{ "voice", BIT(VOICE) },
	{ "document", BIT(DOCUMENT) },
	{ "file", MEDIA },
	{ "media", MEDIA },
	{ "sticker", BIT(STICKER) },
	{ "location", BIT(LOCATION) | BIT(LIVE_LOCATION) },
	{ "contact", BIT(CONTACTS) },
	{ "poll", BIT(POLL) },
	{ "template", BIT(TEMPLATE) },
	{ "interactive", BIT(INTERACTIVE) | BIT(BUTTON) },
	{ "order", BIT(ORDER) },
	{ "note", BIT(NOTE) },
	{ "text", BIT(TEXT) },
};

static enum err read_has(struct reading *r, struct search_term *term)
{
	if (str_is_nocase(term->value, S("link")))
		r->out->links = term->known = true;
	for (size_t i = 0; i < COUNT_OF(kinds_by_word); i++)
		if (str_is_nocase(term->value, str_of(kinds_by_word[i].word))) {
			r->out->kinds |= kinds_by_word[i].kinds;
			term->known = true;
		}
	return OK;
}

static enum err read_is(struct reading *r, struct search_term *term)
{
	static const struct { const char *word; size_t at; } flags[] = {
		{ "in", offsetof(struct search_filter, in) },
		{ "out", offsetof(struct search_filter, out) },
		{ "note", offsetof(struct search_filter, notes) },
		{ "unread", offsetof(struct search_filter, unread) },
		{ "unassigned", offsetof(struct search_filter, unassigned) },
	};

	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (str_is_nocase(term->value, str_of(flags[i].word))) {
			*(bool *)((char *)r->out + flags[i].at) = true;
			term->known = true;
		}
	for (int s = 0; s < CONVERSATION_STATUSES; s++)
		if (str_is_nocase(term->value,
			    str_of(conversation_status_name((enum conversation_status)s)))) {
			r->out->statuses |= 1u << s;
			term->known = true;
		}
	return OK;
}

/* ---- the line ---- */

static const struct {
	const char *key;
	enum err (*read)(struct reading *r, struct search_term *term);
} keys[] = {
	{ "from", read_from },     { "agent", read_agent },   { "label", read_label },
	{ "channel", read_channel }, { "number", read_channel }, { "after", read_after },
	{ "before", read_before }, { "on", read_on },         { "has", read_has },
	{ "is", read_is },         { "status", read_is },
};

/* One word, with what stands in quotes as it is: key:"two words" is one. */
static str next_word(str *rest)
{
	bool quoted = false;
	size_t from = 0, to;
	str word;

	while (from < rest->len && (rest->ptr[from] == ' ' || rest->ptr[from] == '\t'))
		from++;
	for (to = from;
		to < rest->len && (quoted || (rest->ptr[to] != ' ' && rest->ptr[to] != '\t')); to++)
		if (rest->ptr[to] == '"')
			quoted = !quoted;
	word = str_part(*rest, from, to - from);
	*rest = str_part(*rest, to, rest->len);
	return word;
}

static str unquoted(str value)
{
	if (value.len && value.ptr[0] == '"')
		value = str_part(value, 1, value.len);
	if (value.len && value.ptr[value.len - 1] == '"')
		value.len--;
	return str_trim(value);
}

/* -1: no filter. */
static int key_of(str word)
{
	size_t colon = str_find(word, ':');

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (colon + 1 < word.len &&
			str_is_nocase(str_part(word, 0, colon), str_of(keys[i].key)))
			return (int)i;
	return -1;
}

static enum err read_word(struct reading *r, str word)
{
	int key = key_of(word);
	struct search_term *term;

	if (key < 0 || r->out->term_count == SEARCH_FILTERS_MAX) {
		buf_printf(&r->text, "%s" STR_F, r->text.len ? " " : "", STR_A(word));
		return OK;
	}
	term = &r->out->terms[r->out->term_count++];
	*term = (struct search_term){ .key = str_of(keys[key].key),
		.value = unquoted(str_part(word, str_find(word, ':') + 1, word.len)) };
	term->name = term->value;
	TRY(keys[key].read(r, term));
	if (!term->known)
		r->out->is_empty_set = true;
	return OK;
}

enum err search_read(struct job *job, str line, str time_zone, struct search_filter *out)
{
	struct reading r = { .job = job, .time_zone = time_zone, .out = out };

	*out = (struct search_filter){ 0 };
	line = str_trim(str_first_points(line, SEARCH_QUERY_MAX));
	r.text = buf_in(job->arena, line.len + 1);
	while (line.len) {
		str word = next_word(&line);

		if (word.len)
			TRY(read_word(&r, word));
	}
	out->text = buf_text(&r.text);
	return OK;
}

bool search_is_of_messages(const struct search_filter *f)
{
	return f->has_from || f->kinds || f->in || f->out || f->notes || f->links || f->from_ms ||
	       f->until_ms;
}

enum err search_marks(struct job *job, str text, str **out, size_t *count)
{
	struct query_terms q;

	query_read(job->arena, text, &q);
	*out = q.words.items;
	*count = q.words.count;
	return OK;
}

/* ---- suggestions ---- */

static void suggest(struct job *job, str value, str name, struct search_suggestions *out)
{
	if (out->count == SEARCH_IDS_MAX)
		return;
	if (str_find(value, ' ') < value.len)
		value = arena_printf(job->arena, "\"" STR_F "\"", STR_A(value));
	out->items[out->count++] = (struct search_suggestion){ value, name };
}

static void suggest_words(struct job *job, const char *const *words, str beginning,
	struct search_suggestions *out)
{
	for (; *words; words++)
		if (str_is_nocase(str_part(str_of(*words), 0, beginning.len), beginning))
			suggest(job, str_of(*words), str_of(*words), out);
}

static void suggest_names(struct job *job, const struct search_name_rows *rows, str beginning,
	struct search_suggestions *out)
{
	for (size_t i = 0; i < rows->count; i++)
		if (name_fits(job->arena, rows->items[i].name, beginning))
			suggest(job, rows->items[i].name, rows->items[i].name, out);
}

static enum err suggest_people(struct job *job, str beginning, struct search_suggestions *out)
{
	struct search_name_rows rows;

	TRY(sql_search_people(job, &(struct sql_search_people){ job->workspace }, &rows));
	suggest_names(job, &rows, beginning, out);
	return OK;
}

static enum err suggest_contacts(struct job *job, str beginning, struct search_suggestions *out)
{
	id64 ids[SEARCH_IDS_MAX];
	struct contacts contacts;
	size_t count;

	if (!(job->actor.permissions & PERMIT(CONTACT_READ)))
		return OK;
	TRY(search_contacts(job, beginning, COUNT_OF(ids), ids, &count));
	TRY(contact_by_ids(job, ids, count, &contacts));
	for (size_t i = 0; i < contacts.count; i++)
		suggest(job, contacts.items[i].name, contacts.items[i].name, out);
	return OK;
}

static enum err suggest_labels(struct job *job, str beginning, struct search_suggestions *out)
{
	struct search_name_rows rows;

	TRY(sql_search_labels(job, &(struct sql_search_labels){ job->workspace }, &rows));
	suggest_names(job, &rows, beginning, out);
	return OK;
}

static enum err suggest_channels(struct job *job, str beginning, struct search_suggestions *out)
{
	struct search_channel_rows rows;

	TRY(sql_search_channels(job, &(struct sql_search_channels){ job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (name_fits(job->arena, rows.items[i].name, beginning) ||
			phone_fits(rows.items[i].phone, beginning))
			suggest(job, rows.items[i].name,
				arena_printf(job->arena, STR_F " · +" STR_F,
					STR_A(rows.items[i].name), STR_A(rows.items[i].phone)),
				out);
	return OK;
}

static enum err suggest_kinds(struct job *job, str beginning, struct search_suggestions *out)
{
	suggest_words(job, (const char *const[]){ "link", NULL }, beginning, out);
	for (size_t i = 0; i < COUNT_OF(kinds_by_word); i++)
		suggest_words(job, (const char *const[]){ kinds_by_word[i].word, NULL }, beginning,
			out);
	return OK;
}

static enum err suggest_is(struct job *job, str beginning, struct search_suggestions *out)
{
	suggest_words(job,
		(const char *const[]){ "in", "out", "note", "unread", "unassigned", "open",
			"waiting", "resolved", "snoozed", "archived", NULL },
		beginning, out);
	return OK;
}

static enum err suggest_dates(struct job *job, str beginning, struct search_suggestions *out)
{
	suggest_words(job, (const char *const[]){ "today", "yesterday", "7d", "30d", "90d", NULL },
		beginning, out);
	return OK;
}

static enum err suggest_agents(struct job *job, str beginning, struct search_suggestions *out)
{
	suggest_words(job, (const char *const[]){ "me", "none", NULL }, beginning, out);
	return suggest_people(job, beginning, out);
}

static enum err suggest_from(struct job *job, str beginning, struct search_suggestions *out)
{
	suggest_words(job, (const char *const[]){ "me", NULL }, beginning, out);
	TRY(suggest_people(job, beginning, out));
	return suggest_contacts(job, beginning, out);
}

static enum err by_key(struct job *job, str key, str beginning, struct search_suggestions *out)
{
	static const struct {
		const char *key;
		enum err (*suggest)(struct job *job, str beginning, struct search_suggestions *out);
	} sources[] = {
		{ "from", suggest_from },       { "agent", suggest_agents },
		{ "label", suggest_labels },    { "channel", suggest_channels },
		{ "number", suggest_channels }, { "has", suggest_kinds },
		{ "is", suggest_is },           { "status", suggest_is },
		{ "after", suggest_dates },     { "before", suggest_dates },
		{ "on", suggest_dates },
	};

	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (str_is_nocase(key, str_of(sources[i].key)))
			return sources[i].suggest(job, beginning, out);
	field_error(job, S("key"), S("unknown"), S("There is no such filter."));
	return job_check_fields(job);
}

enum err search_suggest(struct job *job, str key, str beginning, struct search_suggestions *out)
{
	*out = (struct search_suggestions){
		.items = ARENA_ARRAY(job->arena, struct search_suggestion, SEARCH_IDS_MAX) };
	return by_key(job, key, unquoted(beginning), out);
}
