/* live_fan_test.c: many messages to many: everybody gets all of theirs, once, in order, and nothing
 * else; over real sockets. */
#include "live/live_client_test.h"

#include <stdio.h>

#define CROWD 40

static str event(const char *channel, int n)
{
	return arena_printf(test_arena(),
		"{\"event\":\"e\",\"channel\":\"%s\",\"data\":\"%d\"}", channel, n);
}

static void publish(const char *channel, int n, const char *except)
{
	hub_publish(channel, arena_printf(test_arena(), "%d", n).ptr, except);
}

LIVE_TEST(each_of_many_gets_all_once_and_in_order)
{
	struct client *crowd[CROWD];

	for (int i = 0; i < CROWD; i++)
		crowd[i] = client_join_channel("news");
	for (int n = 0; n < 300; n++)
		publish("news", n, NULL);
	for (int i = 0; i < CROWD; i++) {
		for (int n = 0; n < 300; n++)
			EXPECT_STR(client_hear(crowd[i]), event("news", n).ptr);
		client_settle(crowd[i]);
		client_leave(crowd[i]);
	}
}

LIVE_TEST(who_is_excepted_misses_those_and_no_others)
{
	struct client *a = client_join_channel("news"), *b = client_join_channel("news");

	for (int n = 0; n < 100; n++)
		publish("news", n, n % 3 == 0 ? a->socket_id : n % 7 == 0 ? b->socket_id : NULL);
	for (int n = 0; n < 100; n++) {
		if (n % 3 != 0)
			EXPECT_STR(client_hear(a), event("news", n).ptr);
		if (n % 3 == 0 || n % 7 != 0)
			EXPECT_STR(client_hear(b), event("news", n).ptr);
	}
	client_settle(a);
	client_settle(b);
	client_leave(a);
	client_leave(b);
}

/* Published all at once, so that many channels are under way in one round. */
LIVE_TEST(a_connection_in_many_channels_gets_each_in_its_order)
{
	struct client *c = client_join(), *other = client_join_channel("c3");
	int next[8] = { 0 };
	char name[16];

	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof name, "c%d", i);
		client_subscribe(c, name, STR_NONE);
		EXPECT(str_has(client_hear(c), S("succeeded")));
	}
	for (int n = 0; n < 50; n++) {
		for (int i = 0; i < 8; i++) {
			snprintf(name, sizeof name, "c%d", i);
			publish(name, n, NULL);
		}
	}
	for (int k = 0; k < 400; k++) {
		str heard = client_hear(c);
		int i = heard.ptr[24 + 1] - '0';

		EXPECT(i >= 0 && i < 8);
		snprintf(name, sizeof name, "c%d", i);
		EXPECT_STR(heard, event(name, next[i]++).ptr);
	}
	for (int n = 0; n < 50; n++)
		EXPECT_STR(client_hear(other), event("c3", n).ptr);
	client_settle(c);
	client_leave(c);
	client_leave(other);
}

LIVE_TEST(who_comes_or_goes_in_the_middle_gets_what_is_theirs)
{
	struct client *stays = client_join_channel("news"), *goes = client_join_channel("news"),
		      * late;

	for (int n = 0; n < 100; n++)
		publish("news", n, NULL);
	client_leave(goes);
	for (int n = 0; n < 100; n++)
		EXPECT_STR(client_hear(stays), event("news", n).ptr);
	late = client_join_channel("news");
	for (int n = 100; n < 200; n++)
		publish("news", n, NULL);
	for (int n = 100; n < 200; n++) {
		EXPECT_STR(client_hear(stays), event("news", n).ptr);
		EXPECT_STR(client_hear(late), event("news", n).ptr);
	}
	client_leave(stays);
	client_leave(late);
}

/* More than what waits for a round at most, in messages of all sizes. */
LIVE_TEST(large_and_small_messages_keep_their_order)
{
	struct client *c = client_join_channel("news");
	static char data[100001];
	const size_t sizes[] = { 1, 100000, 10, 3000, 20000, 70, 65000 };

	memset(data, 'x', sizeof data - 1);
	for (int n = 0; n < 70; n++) {
		size_t size = sizes[n % 7];

		data[size] = 0;
		hub_publish("news", data, NULL);
		data[size] = 'x';
	}
	for (int n = 0; n < 70; n++)
		EXPECT_INT(client_hear(c).len,
			(int)(sizes[n % 7] +
				sizeof "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"\"}" - 1));
	client_leave(c);
}
