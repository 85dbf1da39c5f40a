/*
 * lockout.c: how often one may guess, and how those who are locked out get in again.
 *
 * An attempt counts as failed before its password is looked at, so a hundred guesses at once are no
 * more than one after the other. It counts against the e-mail at its address and against the
 * address: a stranger elsewhere locks out himself. Only guesses from very many addresses close an
 * e-mail, and then not for addresses where its person is signed in.
 */
#include "account/account_internal.h"
#include "base/json.h"
#include "base/log.h"
#include "store/queries.h"

static const int64_t subject_max[ATTEMPT_SUBJECTS] = { [BY_PAIR] = SIGN_IN_FAILURES_MAX,
	[BY_ADDRESS] = SIGN_IN_ADDRESS_MAX,
	[BY_EMAIL] = SIGN_IN_STRANGERS_MAX };

/* *last: one more, and the door is closed. */
static enum err check_limit(struct job *job, bytes subject, int64_t max, bool *last)
{
	struct sign_in_failure_total_row failures;

	TRY(sql_sign_in_failure_count(job,
		&(struct sql_sign_in_failure_count){ .subject = subject,
			.since_ms = job->now_ms - SIGN_IN_WINDOW_MS },
		&failures));
	*last = failures.total == max - 1;
	if (failures.total < max)
		return OK;
	job->retry_after_ms = failures.oldest_ms + SIGN_IN_WINDOW_MS - job->now_ms;
	return fail_code(job, ERR_LIMIT, S("too_many_sign_ins"),
		S("Wait, then try again; who manages people can release you at once."),
		"Too many failed attempts to sign in.");
}

static bytes subject_of(const struct attempt *attempt, enum attempt_subject which)
{
	return (bytes){ attempt->subject[which], SHA256_SIZE };
}

/* Where the person of this e-mail is signed in, strangers' guesses do not count. */
static enum err is_home(struct job *job, const struct attempt *attempt, bool *out)
{
	struct session_home_row home;

	TRY(sql_session_home(job,
		&(struct sql_session_home){ .email = attempt->email,
			.address = attempt->address,
			.now_ms = job->now_ms },
		&home));
	*out = home.total > 0;
	return OK;
}

static enum err add_failure(struct job *job, bytes subject, id64 *id)
{
	*id = job_id(job);
	return sql_sign_in_failure_insert(job,
		&(struct sql_sign_in_failure_insert){ .id = *id,
			.subject = subject,
			.at_ms = job->now_ms },
		NULL);
}

static enum err count_attempt(struct job *job, void *arg)
{
	struct attempt *attempt = arg;
	bool home, last[ATTEMPT_SUBJECTS] = { false };

	TRY(is_home(job, attempt, &home));
	for (int i = 0; i < ATTEMPT_SUBJECTS; i++)
		if (i != BY_EMAIL || !home)
			TRY(check_limit(job, subject_of(attempt, (enum attempt_subject)i),
				subject_max[i], &last[i]));
	attempt->is_last = last[BY_PAIR];
	for (int i = 0; i < ATTEMPT_SUBJECTS; i++)
		TRY(add_failure(job, subject_of(attempt, (enum attempt_subject)i),
			&attempt->id[i]));
	return OK;
}

static void hash_email(struct job *job, str email, uint8_t out[SHA256_SIZE])
{
	master_hash(S("sign-in"), arena_printf(job->arena, "email:" STR_F, STR_A(email)), out);
}

enum err attempt_begin(struct job *job, const struct sign_in *in, str email, struct attempt *out)
{
	str pair = arena_printf(job->arena, "pair:" STR_F " " STR_F, STR_A(in->address),
		STR_A(email));

	*out = (struct attempt){ .email = email,
		.address = in->address.ptr ? in->address : S("") };
	master_hash(S("sign-in"), pair, out->subject[BY_PAIR]);
	master_hash(S("sign-in"), arena_printf(job->arena, "address:" STR_F, STR_A(in->address)),
		out->subject[BY_ADDRESS]);
	hash_email(job, email, out->subject[BY_EMAIL]);
	return in_transaction(job, count_attempt, out);
}

/* ---- what came of it ---- */

struct failing {
	const struct attempt *attempt;
	id64 person;
};

static enum err tell_lock(struct job *job, id64 person)
{
	log_warn("signing in: %d failures for one e-mail from one address; it is locked out for "
		 "%lld minutes",
		SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW_MS / 60000);
	if (!person)
		return OK;
	return audit_add(job, &(struct audit_entry){ .action = "session.locked",
				      .target_kind = "person",
				      .target_id = person });
}

static enum err note_failure(struct job *job, void *arg)
{
	const struct failing *f = arg;

	/* Not the count of all addresses together: many strangers are no lock-out. */
	for (int i = 0; i < BY_EMAIL; i++)
		TRY(sql_sign_in_failure_name(job,
			&(struct sql_sign_in_failure_name){ .id = f->attempt->id[i],
				.person = f->person },
			NULL));
	return f->attempt->is_last ? tell_lock(job, f->person) : OK;
}

/* The same transaction for an e-mail that nobody has would be told by its time: it is made, too. */
enum err attempt_failed(struct job *job, const struct attempt *attempt, id64 person)
{
	return in_transaction(job, note_failure,
		&(struct failing){ .attempt = attempt, .person = person });
}

enum err attempt_take_back(struct job *job, const struct attempt *attempt)
{
	for (int i = 0; i < ATTEMPT_SUBJECTS; i++)
		TRY(sql_sign_in_failure_delete(job,
			&(struct sql_sign_in_failure_delete){ .id = attempt->id[i] }, NULL));
	return OK;
}

enum err attempt_forget(struct job *job, const struct attempt *attempt)
{
	TRY(sql_sign_in_failure_forget(job,
		&(struct sql_sign_in_failure_forget){ .subject = subject_of(attempt, BY_PAIR) },
		NULL));
	if (attempt->guess)
		TRY(sql_sign_in_failure_delete(job,
			&(struct sql_sign_in_failure_delete){ .id = attempt->guess }, NULL));
	return attempt_take_back(job, attempt);
}

/* ---- codes ---- */

struct code_attempt {
	uint8_t subject[SHA256_SIZE];
	id64 person, id;
};

static enum err count_code(struct job *job, void *arg)
{
	struct code_attempt *attempt = arg;
	bytes subject = { attempt->subject, SHA256_SIZE };
	bool last;

	TRY(check_limit(job, subject, SIGN_IN_CODES_MAX, &last));
	TRY(add_failure(job, subject, &attempt->id));
	return sql_sign_in_failure_name(job,
		&(struct sql_sign_in_failure_name){ .id = attempt->id, .person = attempt->person },
		NULL);
}

enum err attempt_guess(struct job *job, id64 person, struct attempt *out)
{
	struct code_attempt attempt = { .person = person };

	master_hash(S("sign-in"),
		arena_printf(job->arena, "code:%lld", (long long)person), attempt.subject);
	TRY(in_transaction(job, count_code, &attempt));
	out->guess = attempt.id;
	return OK;
}

/* ---- release ---- */

enum err lockout_list(struct job *job, struct lockout **out, size_t *count)
{
	struct sign_in_lock_rows rows;

	TRY(sql_sign_in_locked(job,
		&(struct sql_sign_in_locked){ .workspace = job->workspace,
			.since_ms = job->now_ms - SIGN_IN_WINDOW_MS,
			.max = SIGN_IN_FAILURES_MAX },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct lockout, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct lockout){ .person = rows.items[i].person,
			.failures = rows.items[i].failures,
			.until_ms = rows.items[i].oldest_ms + SIGN_IN_WINDOW_MS };
	return OK;
}

static enum err release(struct job *job, void *arg)
{
	const id64 *person = arg;
	uint8_t subject[SHA256_SIZE];
	struct person found;

	TRY(person_may_manage(job, *person));
	TRY(person_get(job, *person, &found));
	hash_email(job, found.email, subject);
	TRY(sql_sign_in_failure_forget(job,
		&(struct sql_sign_in_failure_forget){ .subject = { subject, sizeof subject } },
		NULL));
	TRY(sql_sign_in_failure_release(job,
		&(struct sql_sign_in_failure_release){ .person = *person }, NULL));
	return audit_add(job, &(struct audit_entry){ .action = "session.release",
				      .target_kind = "person",
				      .target_id = *person });
}

enum err lockout_release(struct job *job, id64 person)
{
	return in_transaction(job, release, &person);
}
