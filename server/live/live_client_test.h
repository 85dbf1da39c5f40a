/* live_client_test.h: what the tests of the hub share: a hub on a free port, and clients that speak
 * WebSocket by hand. */
#ifndef LIVE_LIVE_CLIENT_TEST_H
#define LIVE_LIVE_CLIENT_TEST_H

#include "live/live_internal.h"
#include "net/net_test.h"

#define KEY "app-key"
#define SECRET "app-secret"

extern struct test_server *server;
extern struct live *live;
extern struct live_app_config hub_limits; /* the app of the tests; changed by live_app_set() */

struct client {
	int fd;
	struct buf in;
	char socket_id[LIVE_SOCKET_ID_MAX];
	int close_code;
	bool saw_ping;
};

/* Connects, without waiting for a message. */
struct client *client_dial(const char *path);
/* A connection of the app, greeted. */
struct client *client_join(void);
struct client *client_join_channel(const char *channel);
/* Signed by the app's secret; the answer is not waited for. */
void client_subscribe(struct client *c, const char *channel, str channel_data);
void client_say(struct client *c, const char *text);
void client_say_frame(struct client *c, int opcode, str text);
/* The next message; STR_NONE when the server closed (close_code says how). */
str client_hear(struct client *c);
/* Everything said before is dealt with when the answer comes. */
void client_settle(struct client *c);
void client_leave(struct client *c);

void hub_start(void);
void hub_stop(void);
/* On the loop; arg: the flag to raise when all are gone. */
void hub_drain(void *arg);
void hub_publish(const char *channel, const char *data, const char *except);

#define LIVE_TEST(name_)                \
	static void body_##name_(void); \
	TEST(name_)                     \
	{                               \
		hub_start();            \
		body_##name_();         \
		hub_stop();             \
	}                               \
	static void body_##name_(void)

#endif
