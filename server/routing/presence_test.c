/* presence_test.c: who is there, by hand, by idleness and by sockets. */
#include "base/test.h"
#include "routing/presence.h"

static const struct presence_limits limits = { .away_after_ms = 1000, .offline_after_ms = 300 };

static void expect(struct presence p, int64_t now_ms, const char *status, int64_t due_ms)
{
	struct presence_state at = presence_at(&p, &limits, now_ms);

	EXPECT_STR(str_of(agent_status_name(at.status)), status);
	EXPECT_INT(at.due_ms, due_ms);
}

TEST(who_is_connected_and_active_is_online_until_idle)
{
	struct presence p = { AGENT_ONLINE, true, 0, 5000 };

	expect(p, 5999, "online", 6000);
	expect(p, 6000, "away", 0);
	p.active_ms = 6500;
	expect(p, 6500, "online", 7500);
}

TEST(who_has_gone_is_offline_after_a_while)
{
	struct presence p = { AGENT_ONLINE, false, 5000, 4900 };

	expect(p, 5299, "online", 5300);
	expect(p, 5300, "offline", 0);
	p.connected = true;
	expect(p, 5300, "online", 5900);
}

TEST(what_was_chosen_by_hand_holds)
{
	struct presence away = { AGENT_AWAY, true, 0, 5000 },
			off = { AGENT_OFFLINE, true, 0, 5000 };

	expect(away, 5000, "away", 0);
	expect(off, 5000, "offline", 0);
	away.connected = false;
	away.gone_ms = 5100;
	expect(away, 5200, "away", 5400);
	expect(away, 5400, "offline", 0);
}

TEST(activity_without_a_socket_counts_for_two_minutes)
{
	struct presence p = { AGENT_ONLINE, false, 4000, 5000 };
	struct presence_limits slow = { 600000, 30000 };

	EXPECT(presence_at(&p, &slow, 5000 + PRESENCE_BEAT_MS - 1).status == AGENT_ONLINE);
	EXPECT(presence_at(&p, &slow, 5000 + PRESENCE_BEAT_MS).status == AGENT_OFFLINE);
}
