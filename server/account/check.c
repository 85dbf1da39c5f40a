/* check.c: the fields that several parts of account/ take, and their transaction. */
#include "account/account_internal.h"
#include "store/store.h"

#include <unicode/ucal.h>

static bool has_control(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((uint8_t)s.ptr[i] < 0x20 || s.ptr[i] == 0x7F)
			return true;
	return false;
}

void check_name(struct job *job, str field, str name)
{
	if (str_trim(name).len == 0)
		field_error(job, field, S("required"), S("Must not be empty."));
	else if (str_count_points(name) > NAME_TEXT_MAX)
		field_error(job, field, S("too_long"), S("At most 120 characters."));
	else if (has_control(name))
		field_error(job, field, S("invalid"), S("Must not contain control characters."));
}

#define LOCALE_MAX 16
#define TIME_ZONE_MAX 64

void check_locale(struct job *job, str locale)
{
	if (locale.len < 2 || locale.len > LOCALE_MAX || has_control(locale))
		field_error(job, S("locale"), S("invalid"), S("A language tag like en or id."));
}

/* Is it a name of the IANA database, as ICU has it? */
static bool is_time_zone(str name)
{
	UChar wide[TIME_ZONE_MAX + 1], canonical[TIME_ZONE_MAX + 1];
	UErrorCode status = U_ZERO_ERROR;
	UBool is_system = false;

	if (name.len == 0 || name.len > TIME_ZONE_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		wide[i] = (UChar)(uint8_t)name.ptr[i];
	ucal_getCanonicalTimeZoneID(wide, (int32_t)name.len, canonical, TIME_ZONE_MAX + 1,
		&is_system, &status);
	return U_SUCCESS(status) && is_system;
}

void check_time_zone(struct job *job, str time_zone)
{
	if (!is_time_zone(time_zone))
		field_error(job, S("time_zone"), S("invalid"),
			S("A time zone like Asia/Jakarta or Europe/Berlin."));
}

static bool is_email(str email)
{
	size_t at = str_find(email, '@');
	str domain = str_part(email, at + 1, email.len);

	return at > 0 && at < email.len && domain.len > 0 && str_find(domain, '@') == domain.len &&
	       str_find(email, ' ') == email.len && !has_control(email) && domain.ptr[0] != '.' &&
	       domain.ptr[domain.len - 1] != '.';
}

str check_email(struct job *job, str field, str email)
{
	struct buf lower = buf_in(job->arena, EMAIL_MAX + 1);

	email = str_trim(email);
	for (size_t i = 0; i < email.len; i++)
		buf_byte(&lower,
			(uint8_t)(email.ptr[i] >= 'A' && email.ptr[i] <= 'Z' ? email.ptr[i] + 32
									     : email.ptr[i]));
	if (lower.failed || lower.len > EMAIL_MAX)
		field_error(job, field, S("too_long"), S("At most 254 characters."));
	else if (!is_email(buf_text(&lower)))
		field_error(job, field, S("invalid"), S("Must be an e-mail address."));
	return buf_text(&lower);
}

enum err in_transaction(struct job *job, enum err (*change)(struct job *job, void *arg), void *arg)
{
	enum err e;

	TRY(db_begin(job, DB_WRITE));
	e = change(job, arg);
	if (e != OK) {
		db_rollback(job);
		return e;
	}
	return db_commit(job);
}
