/*
 * second_factor.c: see second_factor.h.
 *
 * Using a code and noting that it was used is one UPDATE, so a code that two ask for at once serves
 * one of them.
 */
#include "account/second_factor.h"

#include "account/account_internal.h"
#include "account/role.h"
#include "account/qr.h"
#include "account/totp.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define ISSUER S("Parley")
#define CODE_SIZE 10 /* octets of a recovery code: 16 letters */
#define CODE_LETTERS 16
#define CODE_GROUP 4

static enum err audit_it(struct job *job, const char *action, id64 person)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "person",
				      .target_id = person });
}

static enum err load(struct job *job, id64 person, struct second_factor_row *row, bool *found)
{
	enum err e = sql_second_factor_get(job, &(struct sql_second_factor_get){ .person = person },
		row);

	*found = e == OK;
	if (e == ERR_MISSING)
		job_forgive(job);
	return e == ERR_MISSING ? OK : e;
}

static enum err open_secret(struct job *job, const struct second_factor_row *row, str *secret)
{
	id64 own = job->workspace;
	enum err e;

	job->workspace = row->workspace;
	e = unseal(job, SEAL_SECRET, row->secret_sealed, secret);
	job->workspace = own;
	return e;
}

/* ---- beginning ---- */

static enum err begin(struct job *job, void *arg)
{
	const bytes *sealed = arg;
	int64_t changed;

	TRY(sql_second_factor_begin(job,
		&(struct sql_second_factor_begin){ .person = job->actor.id,
			.workspace = job->workspace,
			.secret_sealed = *sealed,
			.now_ms = job->now_ms },
		&changed));
	if (changed)
		return OK;
	return fail_code(job, ERR_CONFLICT, S("second_factor_on"),
		S("Turn it off first, with your password."), "The second factor is on already.");
}

enum err second_factor_begin(struct job *job, str email, struct second_factor_offer *out)
{
	uint8_t secret[TOTP_SECRET_SIZE];
	bytes sealed;

	crypto_random(secret, sizeof secret);
	TRY(seal(job, SEAL_SECRET, (str){ (const char *)secret, sizeof secret }, &sealed));
	out->secret = base32_text(job->arena, (bytes){ secret, sizeof secret });
	out->uri = totp_uri(job->arena, out->secret, ISSUER, email);
	out->qr_svg = qr_svg(job->arena, out->uri);
	crypto_wipe(secret, sizeof secret);
	return in_transaction(job, begin, &sealed);
}

/* ---- recovery codes ---- */

/* "abcd-efgh-…" as people type it, whatever the case and the signs between. */
static str code_letters(struct job *job, str code)
{
	struct buf out = buf_in(job->arena, CODE_LETTERS + 1);

	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		if (c != '-' && c != ' ')
			buf_byte(&out, (uint8_t)c);
	}
	return buf_text(&out);
}

static enum err hash_code(struct job *job, str letters, uint8_t out[SHA256_SIZE])
{
	return keyed_hash(job, S("recovery-code"), letters, out);
}

static str show_code(struct job *job, str letters)
{
	struct buf out = buf_in(job->arena, 2 * CODE_LETTERS);

	for (size_t i = 0; i < letters.len; i++) {
		if (i && i % CODE_GROUP == 0)
			buf_byte(&out, '-');
		buf_byte(&out, (uint8_t)(letters.ptr[i] | (letters.ptr[i] >= 'A' ? 32 : 0)));
	}
	return buf_text(&out);
}

static enum err add_code(struct job *job, id64 person, str *shown)
{
	uint8_t random[CODE_SIZE], hash[SHA256_SIZE];
	str letters;

	crypto_random(random, sizeof random);
	letters = base32_text(job->arena, (bytes){ random, sizeof random });
	*shown = show_code(job, letters);
	TRY(hash_code(job, letters, hash));
	return sql_recovery_code_insert(job,
		&(struct sql_recovery_code_insert){ .id = job_id(job),
			.person = person,
			.code_hash = { hash, sizeof hash } },
		NULL);
}

static enum err make_codes(struct job *job, id64 person, str codes[RECOVERY_CODES])
{
	TRY(sql_recovery_code_delete(job, &(struct sql_recovery_code_delete){ .person = person },
		NULL));
	for (int i = 0; i < RECOVERY_CODES; i++)
		TRY(add_code(job, person, &codes[i]));
	return OK;
}

/* ---- confirming ---- */

struct confirming {
	str *codes;
	int64_t step;
};

static enum err confirm(struct job *job, void *arg)
{
	const struct confirming *c = arg;
	int64_t changed;

	TRY(sql_second_factor_confirm(job,
		&(struct sql_second_factor_confirm){ .person = job->actor.id,
			.step = c->step,
			.now_ms = job->now_ms },
		&changed));
	if (!changed)
		return fail(job, ERR_CONFLICT, "the second factor was confirmed meanwhile");
	TRY(make_codes(job, job->actor.id, c->codes));
	return audit_it(job, "second_factor.enable", job->actor.id);
}

enum err second_factor_confirm(struct job *job, str code, str codes[RECOVERY_CODES])
{
	struct confirming confirming = { .codes = codes };
	struct second_factor_row row;
	bool found;
	str secret;

	TRY(load(job, job->actor.id, &row, &found));
	if (!found || row.confirmed_ms)
		return fail_code(job, ERR_CONFLICT, S("second_factor_not_begun"),
			S("Begin by taking a new secret."), "There is no secret to confirm.");
	TRY(open_secret(job, &row, &secret));
	confirming.step = totp_check(bytes_of(secret), code, job->now_ms, 0);
	if (!confirming.step)
		field_error(job, S("code"), S("wrong"),
			S("This is not the code that the app shows now. Check the clock of your "
			  "phone."));
	TRY(job_check_fields(job));
	return in_transaction(job, confirm, &confirming);
}

/* ---- with the password ---- */

static enum err check_own_password(struct job *job, str password)
{
	struct person_secret_row secret;

	TRY(sql_person_secret(job,
		&(struct sql_person_secret){ .workspace = job->workspace, .id = job->actor.id },
		&secret));
	if (!password_verify(password, arena_cstr(job->arena, secret.password_hash)))
		field_error(job, S("password"), S("wrong"), S("This is not your password."));
	return job_check_fields(job);
}

static enum err remove_all(struct job *job, id64 person)
{
	TRY(sql_second_factor_delete(job, &(struct sql_second_factor_delete){ .person = person },
		NULL));
	return sql_recovery_code_delete(job, &(struct sql_recovery_code_delete){ .person = person },
		NULL);
}

static enum err disable(struct job *job, void *arg)
{
	(void)arg;
	TRY(remove_all(job, job->actor.id));
	return audit_it(job, "second_factor.disable", job->actor.id);
}

enum err second_factor_disable(struct job *job, str password)
{
	TRY(check_own_password(job, password));
	return in_transaction(job, disable, NULL);
}

static enum err renew(struct job *job, void *arg)
{
	str *codes = arg;

	TRY(make_codes(job, job->actor.id, codes));
	return audit_it(job, "second_factor.new_codes", job->actor.id);
}

enum err second_factor_new_codes(struct job *job, str password, str codes[RECOVERY_CODES])
{
	bool needed;

	TRY(check_own_password(job, password));
	TRY(second_factor_needed(job, job->actor.id, &needed));
	if (!needed)
		return fail_code(job, ERR_CONFLICT, S("second_factor_off"), S("Turn it on first."),
			"There is no second factor to recover.");
	return in_transaction(job, renew, codes);
}

enum err second_factor_codes_left(struct job *job, int64_t *out)
{
	struct recovery_code_total_row row;

	TRY(sql_recovery_code_left(job, &(struct sql_recovery_code_left){ .person = job->actor.id },
		&row));
	*out = row.total;
	return OK;
}

/* ---- by somebody else ---- */

static enum err reset(struct job *job, void *arg)
{
	const id64 *person = arg;

	TRY(person_may_manage(job, *person));
	TRY(remove_all(job, *person));
	TRY(sql_session_delete_person(job,
		&(struct sql_session_delete_person){ .workspace = job->workspace,
			.person = *person },
		NULL));
	return audit_it(job, "second_factor.reset", *person);
}

enum err second_factor_reset(struct job *job, id64 person)
{
	return in_transaction(job, reset, &person);
}

/* ---- signing in ---- */

enum err second_factor_needed(struct job *job, id64 person, bool *out)
{
	struct second_factor_row row;
	bool found;

	TRY(load(job, person, &row, &found));
	*out = found && row.confirmed_ms;
	return OK;
}

struct using {
	id64 person;
	str code;
	bool good, recovery;
};

static enum err use_app_code(struct job *job, struct using *u)
{
	struct second_factor_row row;
	int64_t step, changed;
	bool found;
	str secret;

	TRY(load(job, u->person, &row, &found));
	if (!found || !row.confirmed_ms)
		return OK;
	TRY(open_secret(job, &row, &secret));
	step = totp_check(bytes_of(secret), u->code, job->now_ms, row.last_step);
	if (!step)
		return OK;
	TRY(sql_second_factor_use(job,
		&(struct sql_second_factor_use){ .person = u->person, .step = step }, &changed));
	u->good = changed == 1;
	return OK;
}

static enum err use_recovery_code(struct job *job, struct using *u)
{
	uint8_t hash[SHA256_SIZE];
	int64_t changed;

	TRY(hash_code(job, code_letters(job, u->code), hash));
	TRY(sql_recovery_code_use(job,
		&(struct sql_recovery_code_use){ .person = u->person,
			.code_hash = { hash, sizeof hash },
			.now_ms = job->now_ms },
		&changed));
	u->good = u->recovery = changed == 1;
	return OK;
}

static enum err use(struct job *job, void *arg)
{
	struct using *u = arg;

	TRY(use_app_code(job, u));
	return u->good ? OK : use_recovery_code(job, u);
}

enum err second_factor_use(struct job *job, id64 person, str code, bool *good, bool *recovery)
{
	struct using u = { .person = person, .code = code };

	TRY(in_transaction(job, use, &u));
	*good = u.good;
	*recovery = u.recovery;
	return OK;
}
