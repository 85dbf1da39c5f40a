/*
 * live_limits.h: every limit of the live hub, in one table.
 *
 * Each is a setting of the program (`live_NAME`, account/settings.h), and an app may have its own
 * (account/account.h). A row: name, value when nothing is said, least, most, what it means. What is
 * a switch has 0 and 1.
 */
#ifndef ACCOUNT_LIVE_LIMITS_H
#define ACCOUNT_LIVE_LIMITS_H

#include <stdint.h>

#define LIVE_LIMITS(X)                                                                           \
	X(connections, 20000, 1, 1000000, "Connections of one app; more are closed with 4004.")  \
	X(activity_timeout_seconds, 30, 5, 3600,                                                 \
		"Silence after which a client of the hub asks whether we are there.")            \
	X(ping_after_seconds, 35, 5, 35, "Silence of a client after which the hub asks it.")     \
	X(pong_wait_seconds, 22, 1, 22, "Wait for its answer; then it is closed with 4201.")     \
	X(authorize_seconds, 0, 0, 3600,                                                         \
		"Time in which a client signs in or joins a private channel; then it is closed " \
		"with 4009. 0: no limit.")                                                       \
	X(message_bytes, 65536, 1024, 1048576,                                                   \
		"Message of a client; a larger one closes with 1009.")                           \
	X(messages_per_second, 200, 1, 100000,                                                   \
		"Messages of one client, over five seconds; more close with 4100.")              \
	X(backlog_bytes, 1048576, 16384, 67108864,                                               \
		"Unread octets that wait for one client; past it, it is closed with 1013.")      \
	X(subscriptions, 200, 1, 10000, "Channels of one connection.")                           \
	X(channel_name_length, 200, 16, 200, "Length of a channel's name.")                      \
	X(event_name_length, 200, 16, 200, "Length of an event's name.")                         \
	X(event_bytes, 10240, 256, 262144, "Data of an event published by the HTTP API.")        \
	X(event_channels, 100, 1, 1000, "Channels of one published event.")                      \
	X(batch_events, 10, 1, 1000, "Events of one batch.")                                     \
	X(api_calls_per_second, 0, 0, 1000000,                                                   \
		"Calls of the hub's HTTP API by one app; more are answered 429. 0: no limit.")   \
	X(client_events, 1, 0, 1, "Whether clients may send events to each other.")              \
	X(client_events_per_second, 10, 1, 10000,                                                \
		"Client events of one connection; more are dropped.")                            \
	X(client_event_bytes, 10240, 64, 262144, "Data of a client event.")                      \
	X(presence_members, 100, 1, 10000, "Members of one presence channel.")                   \
	X(user_id_length, 128, 1, 1024, "Length of a user's id.")                                \
	X(user_info_bytes, 1024, 16, 65536, "What a presence channel tells of a user.")          \
	X(sign_in, 1, 0, 1, "Whether clients may sign in as users.")                             \
	X(watch_list, 100, 0, 1000, "Users that a signed-in client may watch.")                  \
	X(subscription_counts, 0, 0, 1, "Whether subscribers are told how many they are.")       \
	X(cache_seconds, 1800, 1, 86400, "Time that a cache channel remembers its last event.")  \
	X(cached_channels, 1000, 0, 100000,                                                      \
		"Cache channels of an app that are remembered at once.")                         \
	X(webhook_batch, 100, 1, 1000, "Events in one call of a hub webhook.")                   \
	X(webhook_retry_seconds, 300, 1, 86400,                                                  \
		"Time for which a failed hub webhook is tried again.")

#define LIVE_LIMIT_MEMBER(name, otherwise, min, max, help) int64_t name;
struct live_limits { LIVE_LIMITS(LIVE_LIMIT_MEMBER) };
#undef LIVE_LIMIT_MEMBER

/* As if nothing were set. */
#define LIVE_LIMIT_DEFAULT(name, otherwise, min, max, help) .name = (otherwise),
#define LIVE_LIMITS_DEFAULT ((struct live_limits){ LIVE_LIMITS(LIVE_LIMIT_DEFAULT) })

#endif
