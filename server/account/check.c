/* check.c: the fields that several parts of account/ take, and their transaction. */
#include "account/account_internal.h"
#include "store/store.h"

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

void check_password(struct job *job, str field, str password)
{
	if (str_count_points(password) < PASSWORD_TEXT_MIN)
		field_error(job, field, S("too_short"), S("At least 8 characters."));
	else if (str_count_points(password) > PASSWORD_TEXT_MAX)
		field_error(job, field, S("too_long"), S("At most 200 characters."));
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
