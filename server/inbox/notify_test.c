/* notify_test.c: settings of notices, quiet hours, muted conversations, browsers; on both
 * databases. */
#include "inbox/notify.h"
#include "inbox/test_inbox.h"

#include "base/codec.h"

#define HOUR 60

static struct notify_settings quiet(int64_t from, int64_t until, const char *zone)
{
	struct notify_settings s;

	notify_defaults(&s);
	s.quiet_from_min = from;
	s.quiet_until_min = until;
	s.time_zone = T(zone);
	return s;
}

/* 2026-01-10 at this time, UTC. */
static int64_t at(int hour, int minute)
{
	return 1768003200000LL + (hour * HOUR + minute) * 60000LL;
}

STORE_TEST(quiet_hours_go_over_midnight_and_end_where_somebody_is)
{
	struct notify_settings s = quiet(22 * HOUR, 7 * HOUR, "");
	int64_t until;

	(void)job;
	EXPECT(notify_is_quiet(&s, at(23, 30), &until));
	EXPECT_INT(until, at(31, 0)); /* seven in the morning */
	EXPECT(notify_is_quiet(&s, at(6, 59), &until));
	EXPECT_INT(until, at(7, 0));
	EXPECT(!notify_is_quiet(&s, at(7, 0), &until));
	EXPECT(!notify_is_quiet(&s, at(12, 0), &until));
	s = quiet(22 * HOUR, 7 * HOUR, "Asia/Jakarta"); /* seven hours ahead */
	EXPECT(notify_is_quiet(&s, at(15, 30), &until));
	EXPECT_INT(until, at(24, 0));
	EXPECT(!notify_is_quiet(&s, at(1, 0), &until));
	s = quiet(9 * HOUR, 17 * HOUR, "UTC");
	EXPECT(notify_is_quiet(&s, at(9, 0), &until));
	EXPECT(!notify_is_quiet(&s, at(17, 0), &until));
	s = quiet(-1, -1, "");
	EXPECT(!notify_is_quiet(&s, at(3, 0), &until));
	s = quiet(60, 60, "");
	EXPECT(!notify_is_quiet(&s, at(1, 0), &until));
}

STORE_TEST(settings_are_the_defaults_until_somebody_chooses)
{
	struct notify_settings s, kept;
	id64 me;

	test_channel(job);
	me = job->actor.id;
	EXPECT_OK(notify_settings_get(job, me, &s));
	EXPECT(!s.stored && s.ways[NOTIFY_MINE] == (BY_SOUND | BY_BROWSER | BY_PUSH | BY_MAIL));
	s.ways[NOTIFY_OTHER] = BY_PUSH;
	s.mail_after_min = 5;
	s.time_zone = S("Asia/Jakarta");
	EXPECT_OK(notify_settings_put(job, me, &s));
	EXPECT_OK(notify_settings_get(job, me, &kept));
	EXPECT(kept.stored && kept.ways[NOTIFY_OTHER] == BY_PUSH && kept.mail_after_min == 5);
	EXPECT_STR(kept.time_zone, "Asia/Jakarta");
	s.time_zone = S("Mars/Olympus");
	EXPECT_ERR(notify_settings_put(job, me, &s), ERR_INPUT);
}

STORE_TEST(the_link_of_a_mail_takes_its_reader_off_and_nobody_else)
{
	struct notify_settings s;
	str token;
	id64 me, workspace;

	test_channel(job);
	me = job->actor.id;
	workspace = job->workspace;
	token = notify_unsubscribe_token(job, me);
	job->workspace = 0;
	EXPECT_OK(notify_unsubscribe(job, token));
	EXPECT_INT(job->workspace, workspace);
	EXPECT_OK(notify_settings_get(job, me, &s));
	EXPECT(!(s.ways[NOTIFY_MINE] & BY_MAIL) && s.ways[NOTIFY_MINE] & BY_PUSH);
	EXPECT_ERR(notify_unsubscribe(job, S("1.2.00")), ERR_MISSING);
	EXPECT_ERR(notify_unsubscribe(job, S("")), ERR_MISSING);
	EXPECT_ERR(notify_unsubscribe(job,
			   arena_printf(job->arena, "%lld.%lld." STR_F, (long long)workspace,
				   (long long)me + 1,
				   STR_A(str_part(token, token.len - 32, 32)))),
		ERR_MISSING);
}

STORE_TEST(what_is_muted_is_muted_for_oneself)
{
	struct channel *ch = test_channel(job);
	struct provider_event ev = test_says("12025550142", "1", "hello", TEST_NOW_MS);
	struct muted muted;
	id64 conversation;
	bool is;

	test_apply(job, ch, &ev, NULL);
	conversation = test_conversation(job, ch, "1").id;
	for (int i = 0; i < 2; i++)
		EXPECT_OK(notify_mute(job, job->actor.id, conversation, true));
	EXPECT_OK(notify_muted_list(job, job->actor.id, &muted));
	EXPECT_INT(muted.count, 1);
	EXPECT_OK(notify_is_muted(job, job->actor.id + 1, conversation, &is));
	EXPECT(!is);
	EXPECT_OK(notify_mute(job, job->actor.id, conversation, false));
	EXPECT_OK(notify_is_muted(job, job->actor.id, conversation, &is));
	EXPECT(!is);
	EXPECT_ERR(notify_mute(job, job->actor.id, 12345, true), ERR_MISSING);
}

static struct push_draft browser(struct job *job, const char *name)
{
	struct buf *key = ARENA_NEW(job->arena, struct buf);
	struct p256_pair pair;

	p256_generate(&pair);
	*key = buf_in(job->arena, 200);
	base64url_write(key, (bytes){ pair.public, sizeof pair.public });
	return (struct push_draft){
		.endpoint = arena_printf(job->arena, "https://push.example.net/%s", name),
		.key = buf_text(key), .auth = S("BTBZMqHH6r4Tts7J_aSIgg"), .device = T(name) };
}

STORE_TEST(a_workspace_has_one_pair_for_push_services)
{
	struct p256_pair first, again;

	test_channel(job);
	EXPECT_OK(push_pair_get(job, &first));
	EXPECT_OK(push_pair_get(job, &again));
	EXPECT(memcmp(&first, &again, sizeof first) == 0);
	test_another_workspace(job);
	EXPECT_OK(push_pair_get(job, &again));
	EXPECT(memcmp(&first, &again, sizeof first) != 0);
}

STORE_TEST(the_newest_browsers_of_a_person_are_kept)
{
	struct push_subscription made;
	struct push_subscriptions all;
	struct push_draft draft;
	id64 me;

	test_channel(job);
	me = job->actor.id;
	for (int i = 0; i < PUSH_SUBSCRIPTIONS_MAX + 3; i++) {
		draft = browser(job, arena_printf(job->arena, "%d", i).ptr);
		EXPECT_OK(push_subscribe(job, me, &draft, &made));
	}
	EXPECT_OK(push_subscribe(job, me, &draft, &made)); /* the same once more */
	EXPECT_OK(push_subscription_list(job, me, &all));
	EXPECT_INT(all.count, PUSH_SUBSCRIPTIONS_MAX);
	EXPECT_STR(all.items[0].endpoint, "https://push.example.net/22");
	EXPECT_ERR(push_unsubscribe(job, me + 1, made.id), ERR_MISSING);
	EXPECT_OK(push_unsubscribe(job, me, made.id));
	draft.key = S("AAAA");
	EXPECT_ERR(push_subscribe(job, me, &draft, &made), ERR_INPUT);
}
