/* channel_test.c: connecting numbers, and who sees their secrets. */
#include "account/account_test.h"

#include "account/channel.h"
#include "base/json.h"
#include "store/queries.h"

#include <unistd.h>

static struct channel_draft draft(const char *remote_id)
{
	return (struct channel_draft){ .provider = S("cloud"),
		.name = S("Shop"),
		.remote_id = str_of(remote_id),
		.account_id = S("200"),
		.access_token = S("EAAtoken"),
		.app_secret = S("s3cret"),
		.disabled = -1 };
}

static struct channel *connect(struct job *job, const char *remote_id)
{
	struct channel_draft d = draft(remote_id);
	struct channel *ch;

	EXPECT_OK(channel_create(job, &d, &ch));
	return ch;
}

STORE_TEST(a_channel_comes_back_with_its_secrets_and_defaults)
{
	struct channel *ch;

	make_workspace(job, "a@example.com");
	EXPECT_OK(channel_get(job, connect(job, "100")->id, &ch));
	EXPECT_STR(ch->access_token, "EAAtoken");
	EXPECT_STR(ch->app_secret, "s3cret");
	EXPECT_INT(ch->verify_token.len, 24);
	EXPECT_STR(ch->phone, "");
	EXPECT_INT(ch->pace_per_second, PACE_PER_SECOND_DEFAULT);
	EXPECT(ch->provider == &cloud_provider && !ch->disabled);
}

STORE_TEST(the_row_shows_no_secret)
{
	struct channel_row row;
	struct channel *ch;

	make_workspace(job, "a@example.com");
	ch = connect(job, "100");
	EXPECT_OK(sql_channel_get(job,
		&(struct sql_channel_get){ .workspace = job->workspace, .id = ch->id }, &row));
	EXPECT(!str_has(str_from(row.config_sealed), S("EAAtoken")) &&
		!str_has(str_from(row.config_sealed), S("s3cret")));
	EXPECT(!str_has(str_from(row.app_tag), S("s3cret")));
}

STORE_TEST(wrong_fields_are_told_all_at_once)
{
	struct channel_draft d = draft("not digits");
	struct channel *ch;

	d.provider = S("pigeon");
	d.name = S("");
	d.access_token = S("with blank");
	d.app_secret = STR_NONE;
	make_workspace(job, "a@example.com");
	EXPECT_ERR(channel_create(job, &d, &ch), ERR_INPUT);
	EXPECT(has_field_error(job, "provider") && has_field_error(job, "name") &&
		has_field_error(job, "access_token") && has_field_error(job, "app_secret") &&
		has_field_error(job, "phone_number_id"));
}

STORE_TEST(a_number_is_connected_once_in_a_workspace)
{
	struct channel_draft d = draft("100");
	struct channel *first, *ch;

	make_workspace(job, "a@example.com");
	first = connect(job, "100");
	EXPECT_ERR(channel_create(job, &d, &ch), ERR_CONFLICT);
	EXPECT_STR(job->code, "number_connected");
	EXPECT_OK(channel_delete(job, first->id, S("moved")));
	connect(job, "100");
}

STORE_TEST(a_change_keeps_what_it_does_not_name)
{
	struct channel_draft d = { .name = S("New name"), .pair_interval_ms = -1, .disabled = 1 };
	struct channel *ch;

	make_workspace(job, "a@example.com");
	ch = connect(job, "100");
	EXPECT_OK(channel_change(job, ch->id, &d, S("tidy"), &ch));
	EXPECT_STR(ch->name, "New name");
	EXPECT_STR(ch->access_token, "EAAtoken");
	EXPECT_INT(ch->pair_interval_ms, 0);
	EXPECT(ch->disabled);
}

STORE_TEST(a_deleted_channel_is_gone_and_its_secrets_with_it)
{
	struct channel *ch;
	id64 id;

	make_workspace(job, "a@example.com");
	id = connect(job, "100")->id;
	EXPECT_OK(channel_delete(job, id, S("no longer ours")));
	EXPECT_ERR(channel_get(job, id, &ch), ERR_MISSING);
	EXPECT(!intake_key_take(id));
	EXPECT_ERR(channel_delete(job, id, S("again")), ERR_MISSING);
}

STORE_TEST(another_workspace_does_not_see_it)
{
	struct channel *ch;
	id64 id;

	make_workspace(job, "a@example.com");
	id = connect(job, "100")->id;
	make_workspace(job, "b@example.com");
	EXPECT_ERR(channel_get(job, id, &ch), ERR_MISSING);
	EXPECT_ERR(channel_delete(job, id, S("theirs")), ERR_MISSING);
	connect(job, "100");
	job->workspace = 0;
	EXPECT_OK(channel_get(job, id, &ch));
	EXPECT_STR(ch->app_secret, "s3cret");
}

STORE_TEST(the_intake_keeps_a_key_that_it_took)
{
	const struct intake_key *key;
	struct channel *ch;

	make_workspace(job, "a@example.com");
	ch = connect(job, "100");
	key = intake_key_take(ch->id);
	EXPECT(key != NULL);
	EXPECT_STR(key->keys.app_secret, "s3cret");
	EXPECT_INT(key->workspace, job->workspace);
	EXPECT_OK(channel_delete(job, ch->id, S("")));
	EXPECT(!intake_key_take(ch->id));
	EXPECT_STR(key->keys.app_secret, "s3cret");
	intake_key_drop(key);
	EXPECT(!intake_key_take(12345));
	intake_keys_close();
}

STORE_TEST(an_event_finds_the_number_it_names_within_one_app)
{
	struct channel *first, *second, *other, *found;
	struct channel_draft d = draft("300");

	make_workspace(job, "a@example.com");
	first = connect(job, "100");
	second = connect(job, "200");
	d.app_secret = S("another-app");
	EXPECT_OK(channel_create(job, &d, &other));
	EXPECT_OK(channel_of_event(job, first, S("200"), &found));
	EXPECT_INT(found->id, second->id);
	EXPECT_ERR(channel_of_event(job, first, S("300"), &found), ERR_MISSING);
	EXPECT_ERR(channel_of_event(job, first, S("999"), &found), ERR_MISSING);
}

STORE_TEST(an_event_goes_to_the_channel_it_was_posted_to_before_a_twin_elsewhere)
{
	struct channel *mine, *theirs, *found;

	make_workspace(job, "a@example.com");
	theirs = connect(job, "100");
	make_workspace(job, "b@example.com");
	mine = connect(job, "100");
	EXPECT_OK(channel_of_event(job, mine, S("100"), &found));
	EXPECT_INT(found->id, mine->id);
	EXPECT_OK(channel_of_event(job, theirs, S("100"), &found));
	EXPECT_INT(found->id, theirs->id);
}

STORE_TEST(proof_is_written_once_a_minute_and_failure_at_once)
{
	struct channel_full *full;
	int64_t start = job->now_ms;
	id64 id;

	make_workspace(job, "a@example.com");
	id = connect(job, "100")->id;
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_STR(full->health, "unverified");
	EXPECT_OK(channel_note_health(job, id, S("healthy"), S("A message came."), S("")));
	job->now_ms = start + 30000;
	EXPECT_OK(channel_note_health(job, id, S("healthy"), S("A message came."), S("")));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_STR(full->health, "healthy");
	EXPECT_INT(full->proof_ms, start);
	EXPECT_OK(channel_note_health(job, id, S("failing"), S("The token expired."),
		S("Make a new one.")));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_STR(full->health, "failing");
	EXPECT_STR(full->health_next_step, "Make a new one.");
	EXPECT_INT(full->proof_ms, start);
	EXPECT_INT(full->health_since_ms, start + 30000);
	EXPECT_OK(channel_note_health(job, id, S("received"), STR_NONE, STR_NONE));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_STR(full->health, "failing"); /* what comes in does not mend what goes out */
	job->now_ms = start + 40000;
	EXPECT_OK(channel_note_health(job, id, S("healthy"), S("A message came."), S("")));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_INT(full->proof_ms, start + 40000);
}

STORE_TEST(a_note_on_a_deleted_channel_is_no_failure)
{
	id64 id;

	make_workspace(job, "a@example.com");
	id = connect(job, "100")->id;
	EXPECT_OK(channel_delete(job, id, S("")));
	EXPECT_OK(channel_note_health(job, id, S("healthy"), STR_NONE, STR_NONE));
	EXPECT_OK(channel_note_traffic(job, id, true));
}

static int told;
static void count_told(struct job *job, id64 channel)
{
	(void)job;
	told += channel != 0;
}

STORE_TEST(those_who_watch_hear_of_changes_and_not_of_each_proof)
{
	id64 id;

	told = 0;
	make_workspace(job, "a@example.com");
	channel_changed_hook = count_told;
	id = connect(job, "100")->id;
	EXPECT_INT(told, 1);
	EXPECT_OK(channel_note_health(job, id, S("healthy"), STR_NONE, STR_NONE));
	EXPECT_INT(told, 2);
	job->now_ms += 2 * 60000;
	EXPECT_OK(channel_note_health(job, id, S("healthy"), STR_NONE, STR_NONE));
	channel_changed_hook = NULL;
	EXPECT_INT(told, 2);
}

STORE_TEST(traffic_is_seen_both_ways)
{
	struct channel_full *full;
	id64 id;

	make_workspace(job, "a@example.com");
	id = connect(job, "100")->id;
	EXPECT_OK(channel_note_traffic(job, id, true));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_INT(full->last_event_ms, job->now_ms);
	EXPECT_INT(full->last_send_ms, 0);
	job->now_ms += 1000;
	EXPECT_OK(channel_note_traffic(job, id, false));
	EXPECT_OK(channel_get_full(job, id, &full));
	EXPECT_INT(full->last_send_ms, job->now_ms);
}

STORE_TEST(json_shows_the_verify_token_to_those_who_manage_and_secrets_to_nobody)
{
	struct buf with = buf_in(test_arena(), 1u << 16), without = buf_in(test_arena(), 1u << 16);
	struct channel_full *full;
	json root;

	make_workspace(job, "a@example.com");
	channel_set_public_url("https://chat.example");
	EXPECT_OK(channel_get_full(job, connect(job, "100")->id, &full));
	channel_write_json(&with, NULL, full, true);
	channel_write_json(&without, NULL, full, false);
	EXPECT(!str_has(buf_text(&with), S("EAAtoken")) && !str_has(buf_text(&with), S("s3cret")));
	EXPECT_OK(json_read(test_arena(), buf_text(&with), &root, NULL));
	EXPECT_STR(json_text_at(root, "verify_token"),
		arena_cstr(test_arena(), full->channel.verify_token));
	EXPECT(str_starts(json_text_at(root, "webhook_url"),
		S("https://chat.example/webhooks/cloud/")));
	EXPECT(json_flag(json_field(root, "has_access_token"), false));
	EXPECT_OK(json_read(test_arena(), buf_text(&without), &root, NULL));
	EXPECT_INT(json_kind(json_field(root, "verify_token")), JSON_NIL);
}

STORE_TEST(a_new_master_key_keeps_apps_together)
{
	const char *fresh = arena_printf(test_arena(), "%s/next.key", test_folder()).ptr;
	struct channel *first, *second, *found;

	make_workspace(job, "a@example.com");
	first = connect(job, "100");
	second = connect(job, "200");
	EXPECT_OK(keyring_rewrap(job, fresh));
	EXPECT_OK(channel_of_event(job, first, S("200"), &found));
	EXPECT_INT(found->id, second->id);
	unlink(fresh);
	keyring_close();
}
