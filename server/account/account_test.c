/* account_test.c: people, sessions and keys. */
#include "account/account_test.h"

#include "account/audit.h"

static struct sign_in owner_signs_in(const char *password)
{
	return (struct sign_in){ .email = S("Owner@Example.com"),
		.password = str_of(password),
		.address = S("192.0.2.1"),
		.user_agent = S("test") };
}

static struct person_draft anna(void)
{
	return (struct person_draft){ .email = S("anna@example.com"),
		.name = S("Anna"),
		.role = S("agent"),
		.password = S("twelve monkeys"),
		.disabled = -1 };
}

/* ---- setup ---- */

STORE_TEST(setup_makes_owner_key_and_live_app)
{
	struct setup_result made = make_workspace(job, "owner@example.com");
	struct workspace workspace;
	struct live_app app, apps[4];
	size_t count;

	EXPECT_OK(workspace_get(job, &workspace));
	EXPECT_STR(workspace.name, "Shop");
	EXPECT_OK(live_app_get(job, &app));
	EXPECT_STR(app.secret, arena_cstr(test_arena(), made.app.secret));
	EXPECT_OK(live_app_list(job, 0, apps, COUNT_OF(apps), &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(apps[0].key, arena_cstr(test_arena(), app.key));
	EXPECT_OK(api_key_use(job, made.api_key));
	EXPECT(job->actor.permissions == role_permissions(ROLE_OWNER) &&
		job->workspace == made.workspace);
}

STORE_TEST(setup_makes_up_a_password_that_signs_in)
{
	struct setup_result made;
	struct session session;
	str token;

	open_keyring();
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("Shop"),
			.email = S("owner@example.com"),
			.name = S("Olga") },
		&made));
	EXPECT_OK(session_create(job,
		&(struct sign_in){ .email = made.email, .password = made.password }, &session,
		&token));
}

STORE_TEST(setup_tells_all_wrong_fields_at_once)
{
	struct setup_result made;

	open_keyring();
	EXPECT_ERR(account_setup(job,
			   &(struct setup_draft){ .email = S("nonsense"), .password = S("short") },
			   &made),
		ERR_INPUT);
	EXPECT(has_field_error(job, "email") && has_field_error(job, "workspace") &&
		has_field_error(job, "name") && has_field_error(job, "password"));
}

/* ---- sessions ---- */

STORE_TEST(a_session_is_found_by_its_token_and_no_other)
{
	struct sign_in in = owner_signs_in(OWNER_PASSWORD);
	struct session session, again;
	str token;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(session_create(job, &in, &session, &token));
	EXPECT_INT(token.len, 43);
	job->workspace = 0;
	job->actor = (struct actor){ 0 };
	EXPECT_OK(session_use(job, token, &again));
	EXPECT_INT(again.id, session.id);
	EXPECT_INT(job->workspace, session.workspace);
	EXPECT_STR(job->actor.name, "Olga");
	EXPECT_ERR(session_use(job, S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &again),
		ERR_AUTH);
	EXPECT_ERR(session_use(job, S(""), &again), ERR_AUTH);
}

STORE_TEST(a_session_ends_when_signed_out)
{
	struct sign_in in = owner_signs_in(OWNER_PASSWORD);
	struct session session;
	str token;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(session_create(job, &in, &session, &token));
	EXPECT_OK(session_sign_out(job, session.id));
	EXPECT_ERR(session_use(job, token, &session), ERR_AUTH);
}

STORE_TEST(a_session_lasts_14_days_without_use_and_30_with)
{
	struct sign_in in = owner_signs_in(OWNER_PASSWORD);
	struct session session;
	int64_t start = job->now_ms;
	str idle, used;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(session_create(job, &in, &session, &idle));
	EXPECT_OK(session_create(job, &in, &session, &used));
	job->now_ms = start + 13 * 86400000LL;
	EXPECT_OK(session_use(job, used, &session));
	job->now_ms = start + 15 * 86400000LL;
	EXPECT_ERR(session_use(job, idle, &session), ERR_AUTH);
	EXPECT_OK(session_use(job, used, &session));
	job->now_ms = start + 26 * 86400000LL;
	EXPECT_OK(session_use(job, used, &session));
	job->now_ms = start + 30 * 86400000LL + 1;
	EXPECT_ERR(session_use(job, used, &session), ERR_AUTH);
	EXPECT_OK(session_clean(job));
}

STORE_TEST(an_unknown_email_and_a_wrong_password_get_the_same_answer)
{
	struct sign_in wrong = owner_signs_in("wrong"), unknown = wrong;
	struct session session;
	str token, why;

	unknown.email = S("nobody@example.com");
	make_workspace(job, "owner@example.com");
	EXPECT_ERR(session_create(job, &wrong, &session, &token), ERR_AUTH);
	why = job->why;
	EXPECT_ERR(session_create(job, &unknown, &session, &token), ERR_AUTH);
	EXPECT_STR(job->why, arena_cstr(test_arena(), why));
}

STORE_TEST(ten_failures_close_the_door_for_a_quarter_of_an_hour)
{
	struct sign_in wrong = owner_signs_in("wrong"), right = owner_signs_in(OWNER_PASSWORD);
	struct session session;
	str token;

	make_workspace(job, "owner@example.com");
	for (int i = 0; i < SIGN_IN_FAILURES_MAX; i++)
		EXPECT_ERR(session_create(job, &wrong, &session, &token), ERR_AUTH);
	EXPECT_ERR(session_create(job, &right, &session, &token), ERR_LIMIT);
	EXPECT(job->retry_after_ms > 0 && job->retry_after_ms <= SIGN_IN_WINDOW_MS);
	right.address = S("192.0.2.77"); /* a stranger locks out himself alone */
	EXPECT_OK(session_create(job, &right, &session, &token));
	right = owner_signs_in(OWNER_PASSWORD);
	job->now_ms += SIGN_IN_WINDOW_MS + 1;
	EXPECT_OK(session_create(job, &right, &session, &token));
}

STORE_TEST(a_success_forgets_the_failures_of_the_email)
{
	struct sign_in wrong = owner_signs_in("wrong"), right = owner_signs_in(OWNER_PASSWORD);
	struct session session;
	str token;

	make_workspace(job, "owner@example.com");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < SIGN_IN_FAILURES_MAX / 2; i++)
			EXPECT_ERR(session_create(job, &wrong, &session, &token), ERR_AUTH);
		right.address = wrong.address = round ? S("192.0.2.9") : S("192.0.2.8");
		EXPECT_OK(session_create(job, &right, &session, &token));
	}
}

/* ---- people ---- */

STORE_TEST(a_person_signs_in_with_their_role)
{
	struct person_draft draft = anna();
	struct session session;
	struct person person;
	str token;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(person_create(job, &draft, &person));
	EXPECT_INT(person.access.role, ROLE_AGENT);
	EXPECT_OK(session_create(job,
		&(struct sign_in){ .email = draft.email, .password = draft.password }, &session,
		&token));
	EXPECT(job->actor.permissions == role_permissions(ROLE_AGENT));
}

STORE_TEST(an_email_belongs_to_one_person)
{
	struct person_draft draft = anna();
	struct person person;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(person_create(job, &draft, &person));
	draft.email = S(" ANNA@example.com ");
	EXPECT_ERR(person_create(job, &draft, &person), ERR_CONFLICT);
	EXPECT_STR(job->code, "email_taken");
}

STORE_TEST(who_is_disabled_is_signed_out_at_once)
{
	struct person_draft draft = anna();
	struct setup_result made = make_workspace(job, "owner@example.com");
	struct actor owner = job->actor;
	struct session session;
	struct person person;
	str token;

	EXPECT_OK(person_create(job, &draft, &person));
	EXPECT_OK(session_create(job,
		&(struct sign_in){ .email = draft.email, .password = draft.password }, &session,
		&token));
	job->actor = owner;
	EXPECT_OK(person_change(job, person.id, &(struct person_draft){ .disabled = 1 }, &person));
	EXPECT(person.disabled);
	EXPECT_ERR(session_use(job, token, &session), ERR_AUTH);
	EXPECT_ERR(session_create(job,
			   &(struct sign_in){ .email = draft.email, .password = draft.password },
			   &session, &token),
		ERR_AUTH);
	job->workspace = made.workspace;
	EXPECT_OK(person_change(job, person.id, &(struct person_draft){ .disabled = 0 }, &person));
	EXPECT_OK(session_create(job,
		&(struct sign_in){ .email = draft.email, .password = draft.password }, &session,
		&token));
}

STORE_TEST(the_last_owner_stays)
{
	struct setup_result made = make_workspace(job, "owner@example.com");
	struct person person;

	EXPECT_ERR(person_change(job, made.person, &(struct person_draft){ .disabled = 1 },
			   &person),
		ERR_CONFLICT);
	EXPECT_ERR(person_change(job, made.person,
			   &(struct person_draft){ .role = S("admin"), .disabled = -1 }, &person),
		ERR_CONFLICT);
	EXPECT_OK(person_get(job, made.person, &person));
	EXPECT(person.access.role == ROLE_OWNER && !person.disabled);
}

STORE_TEST(only_an_owner_makes_or_changes_an_owner)
{
	struct setup_result made = make_workspace(job, "owner@example.com");
	struct person_draft draft = anna();
	struct person admin, person;

	draft.role = S("admin");
	EXPECT_OK(person_create(job, &draft, &admin));
	job->actor.id = admin.id;
	EXPECT_ERR(person_change(job, admin.id,
			   &(struct person_draft){ .role = S("owner"), .disabled = -1 }, &person),
		ERR_DENIED);
	EXPECT_ERR(person_change(job, made.person,
			   &(struct person_draft){ .name = S("X"), .disabled = -1 }, &person),
		ERR_DENIED);
	draft.email = S("second@example.com");
	draft.role = S("owner");
	EXPECT_ERR(person_create(job, &draft, &person), ERR_DENIED);
	job->actor.id = made.person;
	EXPECT_OK(person_create(job, &draft, &person));
}

STORE_TEST(a_new_password_ends_the_other_sessions)
{
	struct sign_in in = owner_signs_in(OWNER_PASSWORD);
	struct session here, there;
	struct person me;
	str here_token, there_token;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(session_create(job, &in, &there, &there_token));
	EXPECT_OK(session_create(job, &in, &here, &here_token));
	EXPECT_ERR(person_change_self(job,
			   &(struct person_draft){ .password = S("brand new one"),
				   .current_password = S("no"),
				   .disabled = -1 },
			   here.id, &me),
		ERR_INPUT);
	EXPECT(has_field_error(job, "password.current"));
	job_forgive(job);
	EXPECT_OK(person_change_self(job,
		&(struct person_draft){ .password = S("brand new one"),
			.disabled = -1,
			.current_password = S(OWNER_PASSWORD) },
		here.id, &me));
	EXPECT_OK(session_use(job, here_token, &here));
	EXPECT_ERR(session_use(job, there_token, &there), ERR_AUTH);
	EXPECT_ERR(session_create(job, &in, &there, &there_token), ERR_AUTH);
}

STORE_TEST(people_of_another_workspace_do_not_exist)
{
	struct setup_result first = make_workspace(job, "owner@example.com"), second;
	struct person person, *people;
	size_t count;

	second = make_workspace(job, "other@example.com");
	EXPECT_ERR(person_get(job, first.person, &person), ERR_MISSING);
	EXPECT_ERR(person_change(job, first.person,
			   &(struct person_draft){ .name = S("Mine"), .disabled = -1 }, &person),
		ERR_MISSING);
	EXPECT_OK(person_list(job, 0, 100, &people, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(people[0].id, second.person);
}

/* ---- keys ---- */

STORE_TEST(a_key_opens_its_scopes_until_it_is_revoked)
{
	struct api_key key;
	str plain;

	make_workspace(job, "owner@example.com");
	EXPECT_OK(api_key_create(job,
		&(struct api_key_draft){ .name = S("CRM"),
			.scopes = PERMIT(MESSAGE_SEND) | PERMIT(CONTACT_READ) },
		&key,
		&plain));
	EXPECT_INT(plain.len, 35);
	EXPECT(str_starts(plain, S("pk_")) && str_starts(plain, key.prefix) && key.prefix.len == 7);
	EXPECT_OK(api_key_use(job, plain));
	EXPECT(job->actor.permissions == (PERMIT(MESSAGE_SEND) | PERMIT(CONTACT_READ)));
	EXPECT_STR(job->actor.name, "CRM");
	EXPECT_OK(api_key_revoke(job, key.id));
	EXPECT_ERR(api_key_use(job, plain), ERR_AUTH);
	EXPECT_ERR(api_key_revoke(job, key.id), ERR_MISSING);
}

STORE_TEST(a_key_gets_no_more_than_its_maker_has)
{
	struct api_key key;
	str plain;

	make_workspace(job, "owner@example.com");
	job->actor.permissions = PERMIT(KEY_MANAGE) | PERMIT(MESSAGE_READ);
	EXPECT_ERR(api_key_create(job,
			   &(struct api_key_draft){ .name = S("CRM"),
				   .scopes = PERMIT(MESSAGE_SEND) },
			   &key, &plain),
		ERR_DENIED);
	EXPECT_OK(api_key_create(job,
		&(struct api_key_draft){ .name = S("CRM"), .scopes = PERMIT(MESSAGE_READ) }, &key,
		&plain));
}

STORE_TEST(the_store_has_no_plain_key_or_token)
{
	struct setup_result made = make_workspace(job, "owner@example.com");
	struct api_key *keys;
	size_t count;

	EXPECT_OK(api_key_list(job, 0, 10, &keys, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(keys[0].prefix.len, 7);
	EXPECT(str_starts(made.api_key, keys[0].prefix));
	EXPECT_ERR(api_key_use(job, keys[0].prefix), ERR_AUTH);
}
