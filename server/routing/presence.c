/* presence.c: see presence.h. */
#include "routing/presence.h"

static const char *const names[AGENT_STATUSES] = {
	[AGENT_OFFLINE] = "offline",
	[AGENT_AWAY] = "away",
	[AGENT_ONLINE] = "online",
};

const char *agent_status_name(enum agent_status status)
{
	return (unsigned)status < AGENT_STATUSES ? names[status] : names[AGENT_OFFLINE];
}

bool agent_status_parse(str name, enum agent_status *out)
{
	for (size_t i = 0; i < AGENT_STATUSES; i++) {
		if (str_is(name, str_of(names[i]))) {
			*out = (enum agent_status)i;
			return true;
		}
	}
	return false;
}

/* Without a socket: there until then. */
static int64_t there_until(const struct presence *p, const struct presence_limits *limits)
{
	if (p->active_ms > p->gone_ms)
		return p->active_ms + PRESENCE_BEAT_MS;
	return p->gone_ms + limits->offline_after_ms;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

struct presence_state presence_at(const struct presence *p, const struct presence_limits *limits,
	int64_t now_ms)
{
	int64_t until = p->connected ? 0 : there_until(p, limits);
	int64_t idle_ms = p->active_ms + limits->away_after_ms;

	if (p->chosen == AGENT_OFFLINE)
		return (struct presence_state){ AGENT_OFFLINE, "hand", 0 };
	if (!p->connected && until <= now_ms)
		return (struct presence_state){ AGENT_OFFLINE, "disconnect", 0 };
	if (p->chosen == AGENT_AWAY)
		return (struct presence_state){ AGENT_AWAY, "hand", until };
	if (idle_ms <= now_ms)
		return (struct presence_state){ AGENT_AWAY, "idle", until };
	return (struct presence_state){ AGENT_ONLINE, NULL, earlier(until, idle_ms) };
}
