/* access_test.c: invitations, roles, the second factor, lock-outs. */
#include "account/account_test.h"

#include "account/second_factor.h"
#include "account/totp.h"

#define PASSWORD "several good words"

static const struct person_draft invited = { .email = S("nadia@example.com"), .role = S("agent"),
	.disabled = -1 };

/* Back from 32 letters to the secret. */
static bytes secret_of(str letters)
{
	static uint8_t secret[TOTP_SECRET_SIZE];
	uint32_t bits = 0;
	int count = 0;
	size_t n = 0;

	for (size_t i = 0; i < letters.len; i++) {
		char c = letters.ptr[i];

		bits = bits << 5 | (uint32_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
		count += 5;
		if (count >= 8 && n < sizeof secret) {
			count -= 8;
			secret[n++] = (uint8_t)(bits >> count);
		}
	}
	return (bytes){ secret, n };
}

static str code_at(str secret, int64_t ms)
{
	return arena_printf(test_arena(), "%06u", totp_code(secret_of(secret), ms / TOTP_STEP_MS));
}

static enum err sign_in_as(struct job *job, const char *email, str code)
{
	struct session session;
	str token;

	return session_create(job,
		&(struct sign_in){ .email = str_of(email),
			.password = S(PASSWORD),
			.code = code,
			.address = S("192.0.2.1") },
		&session, &token);
}

/* The owner invites Nadia, who joins; the job acts as her. */
static id64 join(struct job *job, const struct person_draft *draft)
{
	struct invitation invitation;
	id64 person = 0;
	str token;

	EXPECT_OK(invitation_create(job, draft, &invitation, &token));
	EXPECT_OK(invitation_accept(job, token,
		&(struct person_draft){ .name = S("Nadia"), .password = S(PASSWORD) }, &person));
	return person;
}

STORE_TEST(an_invitation_works_once_and_for_seven_days)
{
	struct invitation invitation;
	id64 person;
	str first, second;
	struct person_draft nadia = { .name = S("Nadia"), .password = S(PASSWORD) };

	make_workspace(job, "owner@example.com");
	EXPECT_OK(invitation_create(job, &invited, &invitation, &first));
	EXPECT_STR(invitation.access.role_name, "agent");
	EXPECT_OK(invitation_create(job, &invited, &invitation, &second));
	EXPECT_ERR(invitation_find(job, first, &invitation), ERR_MISSING);
	EXPECT_STR(job->code, "invitation_gone");
	job->now_ms += INVITATION_LIFE_MS + 1;
	EXPECT_ERR(invitation_find(job, second, &invitation), ERR_MISSING);
	job->now_ms -= INVITATION_LIFE_MS + 1;
	EXPECT_OK(invitation_accept(job, second, &nadia, &person));
	EXPECT_ERR(invitation_accept(job, second, &nadia, &person), ERR_MISSING);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE));
	EXPECT(job->actor.permissions == role_permissions(ROLE_AGENT));
}

STORE_TEST(a_password_is_not_ones_own_name_nor_a_common_one)
{
	static const char *const easy[] = { "Password1", "nadia@example.com", "NADIA@EXAMPLE.COM",
		"qwertyuiop", "iloveyou" };
	struct invitation invitation;
	id64 person;
	str token;

	make_workspace(job, "owner@example.com");
	for (size_t i = 0; i < COUNT_OF(easy); i++) {
		EXPECT_OK(invitation_create(job, &invited, &invitation, &token));
		EXPECT_ERR(invitation_accept(job, token,
				   &(struct person_draft){ .name = S("Nadia"),
					   .password = str_of(easy[i]) },
				   &person),
			ERR_INPUT);
		EXPECT(has_field_error(job, "password"));
		job_forgive(job);
	}
}

STORE_TEST(a_second_factor_is_asked_for_and_each_code_serves_once)
{
	struct second_factor_offer offer;
	str codes[RECOVERY_CODES], now, later;

	make_workspace(job, "owner@example.com");
	join(job, &invited);
	EXPECT_OK(second_factor_begin(job, S("nadia@example.com"), &offer));
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE)); /* not confirmed: not asked */
	EXPECT_ERR(second_factor_confirm(job, S("12345"), codes), ERR_INPUT);
	job_forgive(job);
	now = code_at(offer.secret, job->now_ms);
	EXPECT_OK(second_factor_confirm(job, now, codes));
	EXPECT_ERR(sign_in_as(job, "nadia@example.com", STR_NONE), ERR_AUTH);
	EXPECT_STR(job->code, "second_factor_required");
	EXPECT_ERR(sign_in_as(job, "nadia@example.com", now), ERR_AUTH); /* used to confirm */
	EXPECT_STR(job->code, "wrong_code");
	later = code_at(offer.secret, job->now_ms + TOTP_STEP_MS);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", later));
	EXPECT_ERR(sign_in_as(job, "nadia@example.com", later), ERR_AUTH);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", codes[3]));
	EXPECT_ERR(sign_in_as(job, "nadia@example.com", codes[3]), ERR_AUTH);
}

STORE_TEST(guesses_at_a_second_factor_end_wherever_they_come_from)
{
	struct second_factor_offer offer;
	str codes[RECOVERY_CODES];
	struct session session;
	enum err e = ERR_AUTH;
	str token;
	int tries = 0;

	make_workspace(job, "owner@example.com");
	join(job, &invited);
	EXPECT_OK(second_factor_begin(job, S("nadia@example.com"), &offer));
	EXPECT_OK(second_factor_confirm(job, code_at(offer.secret, job->now_ms), codes));
	for (; e == ERR_AUTH && tries < 2 * SIGN_IN_CODES_MAX; tries++)
		e = session_create(job,
			&(struct sign_in){ .email = S("nadia@example.com"),
				.password = S(PASSWORD),
				.code = S("000000"),
				.address = arena_printf(test_arena(), "198.51.100.%d", tries) },
			&session, &token);
	EXPECT_ERR(e, ERR_LIMIT);
	EXPECT_INT(tries, SIGN_IN_CODES_MAX + 1);
}

STORE_TEST(a_second_factor_ends_with_the_password_or_by_who_manages_people)
{
	struct second_factor_offer offer;
	str codes[RECOVERY_CODES];
	struct setup_result made = make_workspace(job, "owner@example.com");
	id64 nadia = join(job, &invited);
	bool needed;

	EXPECT_OK(second_factor_begin(job, S("nadia@example.com"), &offer));
	EXPECT_OK(second_factor_confirm(job, code_at(offer.secret, job->now_ms), codes));
	EXPECT_ERR(second_factor_disable(job, S("not it")), ERR_INPUT);
	job_forgive(job);
	EXPECT_ERR(second_factor_begin(job, S("nadia@example.com"), &offer), ERR_CONFLICT);
	EXPECT_OK(second_factor_disable(job, S(PASSWORD)));
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE));
	EXPECT_OK(second_factor_begin(job, S("nadia@example.com"), &offer));
	EXPECT_OK(second_factor_confirm(job, code_at(offer.secret, job->now_ms), codes));
	EXPECT_OK(api_key_use(job, made.api_key));
	EXPECT_OK(second_factor_reset(job, nadia));
	EXPECT_OK(second_factor_needed(job, nadia, &needed));
	EXPECT(!needed);
}

STORE_TEST(who_is_required_a_second_factor_may_do_nothing_without_it)
{
	struct workspace workspace;
	struct second_factor_offer offer;
	str codes[RECOVERY_CODES];
	struct workspace_draft draft = { .require_second_factor = 1 };

	make_workspace(job, "owner@example.com");
	EXPECT_ERR(workspace_change(job, &draft, &workspace), ERR_CONFLICT);
	EXPECT_STR(job->code, "own_second_factor_first");
	job_forgive(job);
	EXPECT_OK(second_factor_begin(job, S("owner@example.com"), &offer));
	EXPECT_OK(second_factor_confirm(job, code_at(offer.secret, job->now_ms), codes));
	EXPECT_OK(workspace_change(job, &draft, &workspace));
	EXPECT(workspace.require_second_factor);
	join(job, &invited);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE));
	EXPECT(job->actor.permissions == 0);
}

STORE_TEST(a_role_of_the_workspace_gives_what_it_says_at_once)
{
	struct role_draft draft = { .name = S("Desk"),
		.has_permissions = true,
		.permissions = PERMIT(MESSAGE_READ),
		.sees = SEES_OWN };
	struct person_draft member = invited;
	struct role_full role, twin;
	id64 nadia;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(role_create(job, &draft, &role));
	EXPECT_ERR(role_create(job, &draft, &twin), ERR_CONFLICT);
	job_forgive(job);
	member.role = arena_printf(test_arena(), "%lld", (long long)role.id);
	nadia = join(job, &member);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE));
	EXPECT(job->actor.permissions == PERMIT(MESSAGE_READ));
	EXPECT(job->scope && job->scope->sees == SEES_OWN && job->scope->person == nadia);
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	EXPECT_ERR(role_delete(job, role.id), ERR_CONFLICT);
	EXPECT(str_has(job->why, S("Nadia")));
}

STORE_TEST(a_stranger_locks_nobody_out_and_who_is_locked_out_is_released)
{
	struct sign_in stranger = { .email = S("nadia@example.com"), .password = S("guess"),
		.address = S("203.0.113.9") };
	struct lockout *locked;
	struct session session;
	size_t count;
	str token;
	id64 nadia;

	make_workspace(job, "owner@example.com");
	nadia = join(job, &invited);
	for (int i = 0; i < SIGN_IN_FAILURES_MAX; i++)
		EXPECT_ERR(session_create(job, &stranger, &session, &token), ERR_AUTH);
	EXPECT_ERR(session_create(job, &stranger, &session, &token), ERR_LIMIT);
	EXPECT_OK(sign_in_as(job, "nadia@example.com", STR_NONE));
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	EXPECT_OK(lockout_list(job, &locked, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(locked[0].person, nadia);
	EXPECT_OK(lockout_release(job, nadia));
	EXPECT_OK(lockout_list(job, &locked, &count));
	EXPECT_INT(count, 0);
	stranger.password = S(PASSWORD);
	EXPECT_OK(session_create(job, &stranger, &session, &token));
}

STORE_TEST(owners_of_sockets_that_ended_are_found)
{
	struct session first, second;
	struct sign_in in = { .email = S("nadia@example.com"), .password = S(PASSWORD),
		.address = S("192.0.2.1") };
	id64 owners[4];
	str token;

	make_workspace(job, "owner@example.com");
	join(job, &invited);
	EXPECT_OK(session_create(job, &in, &first, &token));
	EXPECT_OK(session_create(job, &in, &second, &token));
	EXPECT_OK(session_revoke(job,
		&(struct session_ending){ .person = job->actor.id, .id = first.id }));
	owners[0] = first.id;
	owners[1] = second.id;
	owners[2] = 12345;
	EXPECT_OK(session_still_there(job, owners, 3));
	EXPECT(owners[0] == 0 && owners[1] == second.id && owners[2] == 0);
	job->now_ms += SESSION_LIFE_MS + 1;
	EXPECT_OK(session_still_there(job, owners, 2));
	EXPECT(owners[1] == 0);
}

STORE_TEST(a_time_zone_is_one_of_the_iana_database)
{
	struct person me;

	make_workspace(job, "owner@example.com");
	EXPECT_ERR(person_change_self(job,
			   &(struct person_draft){ .time_zone = S("Mars/Olympus"), .disabled = -1 },
			   0, &me),
		ERR_INPUT);
	EXPECT(has_field_error(job, "time_zone"));
	job_forgive(job);
	EXPECT_OK(person_change_self(job,
		&(struct person_draft){ .time_zone = S("Asia/Jakarta"), .disabled = -1 }, 0, &me));
	EXPECT_STR(me.time_zone, "Asia/Jakarta");
}
