/* shift.c: see shift.h. Zones and their changes are ICU's. */
#include "routing/shift.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define ZONE_MAX 64
#define MINUTES_OF_DAY 1440
#define DAY_MS 86400000LL

/* ---- reading ---- */

static int digit_pair(str text, size_t at)
{
	char a = text.ptr[at], b = text.ptr[at + 1];

	return a >= '0' && a <= '9' && b >= '0' && b <= '9' ? (a - '0') * 10 + b - '0' : -1;
}

/* "09:30" → 570; "24:00" is the end of a day; -1 otherwise. */
static int minutes_of(str text)
{
	int hour, minute;

	if (text.len != 5 || text.ptr[2] != ':')
		return -1;
	hour = digit_pair(text, 0);
	minute = digit_pair(text, 3);
	if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > MINUTES_OF_DAY)
		return -1;
	return hour * 60 + minute;
}

static bool zone_units(str zone, UChar out[ZONE_MAX], int32_t *len)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar canonical[ZONE_MAX];

	if (!zone.len || zone.len >= ZONE_MAX)
		return false;
	u_strFromUTF8(out, ZONE_MAX, len, zone.ptr, (int32_t)zone.len, &e);
	ucal_getCanonicalTimeZoneID(out, *len, canonical, ZONE_MAX, NULL, &e);
	return U_SUCCESS(e);
}

static bool read_hours(json v, struct shift_hours *out)
{
	*out = (struct shift_hours){ .day = (int)json_int(json_field(v, "day"), 0),
		.start_min = minutes_of(json_text_at(v, "start")),
		.end_min = minutes_of(json_text_at(v, "end")) };
	return out->day >= 1 && out->day <= 7 && out->start_min >= 0 && out->end_min >= 0 &&
	       out->start_min != MINUTES_OF_DAY && out->start_min != out->end_min;
}

static const char *read_shift(json v, struct shift *out)
{
	json hours = json_field(v, "hours");
	UChar units[ZONE_MAX];
	int32_t len;

	*out = (struct shift){ .zone = json_text_at(v, "zone"), .count = json_count(hours) };
	if (!zone_units(out->zone, units, &len))
		return "zone";
	if (json_kind(hours) != JSON_LIST || out->count > SHIFT_HOURS_MAX)
		return "hours";
	for (size_t i = 0; i < out->count; i++)
		if (!read_hours(json_at(hours, i), &out->hours[i]))
			return "hours";
	return NULL;
}

void shift_read(struct job *job, json v, struct shift *out)
{
	const char *field = read_shift(v, out);

	if (!field)
		return;
	field_error(job, arena_printf(job->arena, "shift.%s", field), S("invalid"),
		str_is(str_of(field), S("zone"))
			? S("A time zone like Asia/Jakarta.")
			: S("At most 28 entries like "
			    "{\"day\":1,\"start\":\"09:00\",\"end\":\"17:00\"}; "
			    "day 1 is Monday."));
}

bool shift_parse(struct arena *arena, str text, struct shift *out)
{
	json v;

	return text.len && json_read(arena, text, &v, NULL) == OK && !read_shift(v, out);
}

/* ---- time ---- */

/* The moment of minute `minutes` of the day that is `days` after that of the calendar's own. */
static int64_t moment(const UCalendar *today, int days, int minutes)
{
	UErrorCode e = U_ZERO_ERROR;
	UCalendar *cal = ucal_clone(today, &e);
	int64_t ms;

	ucal_add(cal, UCAL_DATE, days + minutes / MINUTES_OF_DAY, &e);
	ucal_set(cal, UCAL_HOUR_OF_DAY, minutes % MINUTES_OF_DAY / 60);
	ucal_set(cal, UCAL_MINUTE, minutes % 60);
	ucal_set(cal, UCAL_SECOND, 0);
	ucal_set(cal, UCAL_MILLISECOND, 0);
	ms = (int64_t)ucal_getMillis(cal, &e);
	ucal_close(cal);
	return ms;
}

/* Takes one entry on one day into account: on until the last end that follows without a gap is
 * refined by the caller's next round. */
static void take(struct shift_state *state, int64_t start, int64_t end, int64_t now)
{
	if (start <= now && now < end) {
		if (!state->on || end > state->until_ms)
			state->until_ms = end;
		state->on = true;
	} else if (!state->on && start > now && (!state->until_ms || start < state->until_ms)) {
		state->until_ms = start;
	}
}

static struct shift_state look(const struct shift *shift, UCalendar *today, int64_t now_ms)
{
	UErrorCode e = U_ZERO_ERROR;
	/* ICU: Sunday 1 … Saturday 7; ours: Monday 1 … Sunday 7. */
	int weekday = (ucal_get(today, UCAL_DAY_OF_WEEK, &e) + 5) % 7;
	struct shift_state state = { 0 };

	for (int days = -1; days <= 8; days++) {
		for (size_t i = 0; i < shift->count; i++) {
			const struct shift_hours *h = &shift->hours[i];
			int end = h->end_min + (h->end_min <= h->start_min ? MINUTES_OF_DAY : 0);

			if ((weekday + days + 7) % 7 + 1 == h->day)
				take(&state, moment(today, days, h->start_min),
					moment(today, days, end), now_ms);
		}
	}
	return state;
}

struct shift_state shift_at(const struct shift *shift, int64_t now_ms)
{
	UErrorCode e = U_ZERO_ERROR;
	struct shift_state state = { 0 };
	UChar zone[ZONE_MAX];
	UCalendar *today;
	int32_t len;

	if (!zone_units(shift->zone, zone, &len))
		return state;
	today = ucal_open(zone, len, "en", UCAL_GREGORIAN, &e);
	ucal_setMillis(today, (UDate)now_ms, &e);
	if (U_SUCCESS(e))
		state = look(shift, today, now_ms);
	/* Hours that follow each other without a gap are one stretch. */
	if (state.on && state.until_ms - now_ms < 8 * DAY_MS) {
		struct shift_state next = { 0 };

		ucal_setMillis(today, (UDate)state.until_ms, &e);
		next = look(shift, today, state.until_ms);
		if (next.on)
			state.until_ms = next.until_ms;
	}
	ucal_close(today);
	return state;
}
