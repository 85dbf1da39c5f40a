/* workspace.c: the tenant itself. */
#include "account/account_internal.h"
#include "account/second_factor.h"
#include "base/json.h"
#include "store/queries.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum err workspace_get(struct job *job, struct workspace *out)
{
	struct workspace_row row;

	TRY(sql_workspace_get(job, &(struct sql_workspace_get){ .id = job->workspace }, &row));
	*out = (struct workspace){ .id = row.id,
		.name = row.name,
		.require_second_factor = row.require_second_factor != 0,
		.time_zone = row.time_zone,
		.locale = row.locale,
		.country = row.country,
		.created_ms = row.created_ms };
	return OK;
}

#define DAY_MS 86400000LL
#define ZONE_MAX 64

/* What the zone's clocks are ahead of UTC; 0 for a name that ICU does not know. */
static int64_t ahead_ms(str zone, int64_t at_ms)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar name[ZONE_MAX];
	UCalendar *calendar;
	int64_t ahead;
	int32_t len = 0;

	u_strFromUTF8(name, ZONE_MAX, &len, zone.ptr, (int32_t)zone.len, &e);
	calendar = ucal_open(name, len, "en", UCAL_GREGORIAN, &e);
	ucal_setMillis(calendar, (double)at_ms, &e);
	ahead = ucal_get(calendar, UCAL_ZONE_OFFSET, &e) +
	        (int64_t)ucal_get(calendar, UCAL_DST_OFFSET, &e);
	ucal_close(calendar);
	return U_SUCCESS(e) ? ahead : 0;
}

enum err workspace_day(struct job *job, int64_t at_ms, int64_t *day)
{
	struct workspace workspace;

	TRY(workspace_get(job, &workspace));
	*day = (at_ms + ahead_ms(workspace.time_zone, at_ms)) / DAY_MS;
	return OK;
}

/* Whoever asks it of others has it: else they would lock themselves out with them. */
static enum err check_own_factor(struct job *job)
{
	bool has = true;

	if (job->actor.kind == ACTOR_PERSON)
		TRY(second_factor_needed(job, job->actor.id, &has));
	if (has)
		return OK;
	return fail_code(job, ERR_CONFLICT, S("own_second_factor_first"),
		S("Turn on your own second factor in your profile first."),
		"Who asks others for a second factor needs one.");
}

static str detail_of(struct job *job, const struct workspace *before, const struct workspace *after)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put(&out, "before", before->name);
	json_put(&out, "name", after->name);
	json_put_bool(&out, "require_second_factor", after->require_second_factor);
	json_put(&out, "time_zone", after->time_zone);
	json_put(&out, "locale", after->locale);
	json_put(&out, "country", after->country);
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err change(struct job *job, void *arg)
{
	const struct workspace_draft *draft = arg;
	struct workspace before, after;

	TRY(workspace_get(job, &before));
	after = before;
	if (draft->name.ptr)
		after.name = draft->name;
	if (draft->time_zone.ptr)
		after.time_zone = draft->time_zone;
	if (draft->locale.ptr)
		after.locale = draft->locale;
	if (draft->country.ptr)
		after.country = draft->country;
	if (draft->require_second_factor >= 0)
		after.require_second_factor = draft->require_second_factor == 1;
	if (after.require_second_factor && !before.require_second_factor)
		TRY(check_own_factor(job));
	TRY(sql_workspace_set(job,
		&(struct sql_workspace_set){ .id = job->workspace,
			.name = after.name,
			.require_second_factor = after.require_second_factor,
			.time_zone = after.time_zone,
			.locale = after.locale,
			.country = after.country },
		NULL));
	return audit_add(job, &(struct audit_entry){ .action = "workspace.change",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = detail_of(job, &before, &after) });
}

/* Empty: none. */
static void check_country(struct job *job, str country)
{
	bool fits = country.len == 0 || country.len == 2;

	for (size_t i = 0; i < country.len; i++)
		fits = fits && country.ptr[i] >= 'A' && country.ptr[i] <= 'Z';
	if (!fits)
		field_error(job, S("country"), S("invalid"),
			S("Two capital letters, like ID or DE."));
}

static void check_draft(struct job *job, const struct workspace_draft *draft)
{
	if (draft->name.ptr)
		check_name(job, S("name"), draft->name);
	if (draft->time_zone.ptr)
		check_time_zone(job, draft->time_zone);
	if (draft->locale.ptr && !str_is(draft->locale, S("en")) &&
		!str_is(draft->locale, S("id")))
		field_error(job, S("locale"), S("invalid"), S("One of en and id."));
	if (draft->country.ptr)
		check_country(job, draft->country);
}

enum err workspace_change(struct job *job, const struct workspace_draft *draft,
	struct workspace *out)
{
	check_draft(job, draft);
	TRY(job_check_fields(job));
	TRY(in_transaction(job, change, (void *)draft));
	return workspace_get(job, out);
}

enum err workspace_list(struct job *job, id64 after, id64 *out, size_t max, size_t *count)
{
	struct workspace_rows rows;

	TRY(sql_workspace_list(job,
		&(struct sql_workspace_list){ .after = after, .count = (int64_t)max }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		out[i] = rows.items[i].id;
	*count = rows.count;
	return OK;
}
