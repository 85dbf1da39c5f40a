/* live_bus.c: the bus over Redis's publish and subscribe (hiredis); see live_bus.h. */
#include "live/live_bus.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

enum { PART_MAX = 200, CHANNEL_MAX = 48, NUMBER_MAX = 24, PORT_REDIS = 6379 };

/* A number that rises over all nodes and starts, and is given in the order of publishing. */
#define NUMBERED                                                                        \
	"local t = redis.call('TIME') "                                                 \
	"local id = t[1] * 1000000 + t[2] "                                             \
	"local last = tonumber(redis.call('GET', KEYS[1]) or '0') "                     \
	"local above = tonumber(ARGV[3]) "                                              \
	"if id <= last then id = last + 1 end "                                         \
	"if id <= above then id = above + 1 end "                                       \
	"local text = string.format('%.0f', id) "                                       \
	"redis.call('SET', KEYS[1], text) "                                             \
	"return redis.call('PUBLISH', ARGV[1], text .. ':' .. ARGV[2])"

struct waiting { struct waiting *next; int64_t above; size_t len; char text[]; };

struct live_bus {
	struct live_bus_config config;
	char host[PART_MAX], user[PART_MAX], password[PART_MAX];
	char channel[CHANNEL_MAX], key[CHANNEL_MAX];
	int port, database;
	pthread_t sender, listener;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct waiting *first, *last;
	size_t bytes;
	int listening_socket; /* below 0: none */
	bool sends, listens, was_up, stopping;
};

/* ---- the address ---- */

static bool keep(char out[PART_MAX], str text)
{
	if (text.len >= PART_MAX)
		return false;
	if (text.len)
		memcpy(out, text.ptr, text.len);
	out[text.len] = 0;
	return true;
}

static bool read_number(str text, int64_t max, int *out)
{
	int64_t value;

	if (!str_to_i64(text, &value) || value < 0 || value > max)
		return false;
	*out = (int)value;
	return true;
}

static bool read_login(struct live_bus *bus, str *rest)
{
	size_t at = str_find(*rest, '@');
	str login, user;

	if (at == rest->len)
		return true;
	login = str_split(rest, '@');
	if (str_find(login, ':') == login.len)
		return keep(bus->password, login);
	user = str_split(&login, ':');
	return keep(bus->user, user) && keep(bus->password, login);
}

static bool read_url(struct live_bus *bus, str url)
{
	str rest = str_part(url, sizeof "redis://" - 1, url.len), place, host;

	bus->port = PORT_REDIS;
	if (!str_starts(url, S("redis://")) || !read_login(bus, &rest))
		return false;
	place = str_split(&rest, '/');
	if (rest.len && !read_number(rest, 1000, &bus->database))
		return false;
	host = str_split(&place, ':');
	if (place.len && !read_number(place, 65535, &bus->port))
		return false;
	return host.len && keep(bus->host, host);
}

/* ---- connecting ---- */

static bool is_good(redisReply *reply)
{
	bool good = reply && reply->type != REDIS_REPLY_ERROR;

	if (reply)
		freeReplyObject(reply);
	return good;
}

static redisContext *give_up(redisContext *redis)
{
	log_debug("live: Redis: %s", redis && redis->err ? redis->errstr : "it refused");
	if (redis)
		redisFree(redis);
	return NULL;
}

static redisContext *connect_to(const struct live_bus *bus)
{
	const struct timeval wait = { .tv_sec = LIVE_BUS_WAIT_MS / 1000 };
	redisContext *redis = redisConnectWithTimeout(bus->host, bus->port, wait);
	bool good = redis && !redis->err;

	if (good && bus->user[0])
		good = is_good(redisCommand(redis, "AUTH %s %s", bus->user, bus->password));
	else if (good && bus->password[0])
		good = is_good(redisCommand(redis, "AUTH %s", bus->password));
	if (good && bus->database)
		good = is_good(redisCommand(redis, "SELECT %d", bus->database));
	if (good)
		redisEnableKeepAlive(redis);
	return good ? redis : give_up(redis);
}

/* ---- up and down ---- */

static bool is_up(const struct live_bus *bus)
{
	return bus->sends && bus->listens;
}

static void drop_waiting(struct live_bus *bus)
{
	while (bus->first) {
		struct waiting *next = bus->first->next;

		heap_free(bus->first);
		bus->first = next;
	}
	bus->last = NULL;
	bus->bytes = 0;
}

/* One end is there, or gone; told when that turns the whole. */
static void turn(struct live_bus *bus, bool *end, bool value)
{
	bool now, told;

	pthread_mutex_lock(&bus->lock);
	*end = value;
	now = is_up(bus);
	told = now != bus->was_up;
	bus->was_up = now;
	if (!now)
		drop_waiting(bus);
	pthread_mutex_unlock(&bus->lock);
	if (!told)
		return;
	if (now)
		log_info("live: the nodes hear each other through Redis");
	else
		log_warn("live: Redis is away; each node tells its own listeners alone");
	bus->config.turned(bus->config.arg, now);
}

bool live_bus_is_up(struct live_bus *bus)
{
	bool up;

	pthread_mutex_lock(&bus->lock);
	up = is_up(bus);
	pthread_mutex_unlock(&bus->lock);
	return up;
}

/* Between tries, and cut short by a stop. */
static void pause_a_while(struct live_bus *bus)
{
	const struct timespec until = clock_deadline(LIVE_BUS_WAIT_MS);

	pthread_mutex_lock(&bus->lock);
	if (!bus->stopping)
		pthread_cond_timedwait(&bus->changed, &bus->lock, &until);
	pthread_mutex_unlock(&bus->lock);
}

static bool is_stopping(struct live_bus *bus)
{
	bool stopping;

	pthread_mutex_lock(&bus->lock);
	stopping = bus->stopping;
	pthread_mutex_unlock(&bus->lock);
	return stopping;
}

/* ---- sending ---- */

bool live_bus_send(struct live_bus *bus, str message, int64_t above)
{
	struct waiting *w = heap_alloc(sizeof *w + message.len);
	bool taken;

	w->above = above;
	w->len = message.len;
	memcpy(w->text, message.ptr, message.len);
	pthread_mutex_lock(&bus->lock);
	taken = is_up(bus) && bus->bytes + w->len <= LIVE_BUS_QUEUE_MAX;
	if (taken) {
		if (bus->last)
			bus->last->next = w;
		else
			bus->first = w;
		bus->last = w;
		bus->bytes += w->len;
		pthread_cond_broadcast(&bus->changed);
	}
	pthread_mutex_unlock(&bus->lock);
	if (!taken)
		heap_free(w);
	return taken;
}

static void append(struct live_bus *bus, redisContext *redis, const struct waiting *w)
{
	if (w->above < 0)
		redisAppendCommand(redis, "PUBLISH %s 0:%b", bus->channel, w->text, w->len);
	else
		redisAppendCommand(redis, "EVAL %s 1 %s %s %b %lld", NUMBERED, bus->key,
			bus->channel, w->text, w->len, (long long)w->above);
}

/* All that waits in one go, and then all answers. */
static bool send_all(struct live_bus *bus, redisContext *redis, struct waiting *first)
{
	size_t count = 0;
	bool good = true;

	for (struct waiting *w = first; w; w = w->next, count++)
		append(bus, redis, w);
	for (; good && count > 0; count--) {
		void *reply = NULL;

		good = redisGetReply(redis, &reply) == REDIS_OK && is_good(reply);
	}
	return good;
}

static struct waiting *take_waiting(struct live_bus *bus)
{
	struct waiting *first;

	pthread_mutex_lock(&bus->lock);
	while (!bus->first && !bus->stopping && is_up(bus))
		pthread_cond_wait(&bus->changed, &bus->lock);
	first = bus->first;
	bus->first = bus->last = NULL;
	bus->bytes = 0;
	pthread_mutex_unlock(&bus->lock);
	return first;
}

static void free_waiting(struct waiting *first)
{
	while (first) {
		struct waiting *next = first->next;

		heap_free(first);
		first = next;
	}
}

static void send_while_up(struct live_bus *bus, redisContext *redis)
{
	const struct timeval wait = { .tv_sec = LIVE_BUS_WAIT_MS / 1000 };
	bool good = true;

	redisSetTimeout(redis, wait);
	turn(bus, &bus->sends, true);
	while (good) {
		struct waiting *first = take_waiting(bus);

		if (!first && is_stopping(bus))
			break;
		if (!first)
			pause_a_while(bus); /* the other end is not there */
		good = !first ? is_good(redisCommand(redis, "PING")) : send_all(bus, redis, first);
		free_waiting(first);
	}
	turn(bus, &bus->sends, false);
}

static void *run_sender(void *arg)
{
	struct live_bus *bus = arg;

	while (!is_stopping(bus)) {
		redisContext *redis = connect_to(bus);

		if (redis) {
			send_while_up(bus, redis);
			redisFree(redis);
		}
		pause_a_while(bus);
	}
	return NULL;
}

/* ---- listening ---- */

/* "NUMBER:message" of our channel; anything else is none of ours. */
static void take(struct live_bus *bus, const redisReply *reply)
{
	str text, number;
	int64_t value;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
		!str_is(str_of(reply->element[0]->str), S("message")) ||
		reply->element[2]->type != REDIS_REPLY_STRING)
		return;
	text = (str){ reply->element[2]->str, reply->element[2]->len };
	number = str_split(&text, ':');
	if (str_to_i64(number, &value))
		bus->config.receive(bus->config.arg, value, text);
}

static void set_socket(struct live_bus *bus, int fd)
{
	pthread_mutex_lock(&bus->lock);
	bus->listening_socket = fd;
	pthread_mutex_unlock(&bus->lock);
}

/* It waits as long as it takes; a stop shuts the socket. */
static void listen_while_up(struct live_bus *bus, redisContext *redis)
{
	const struct timeval forever = { 0 };
	void *reply = NULL;

	redisSetTimeout(redis, forever);
	set_socket(bus, redis->fd);
	turn(bus, &bus->listens, true);
	while (!is_stopping(bus) && redisGetReply(redis, &reply) == REDIS_OK && reply) {
		take(bus, reply);
		freeReplyObject(reply);
		reply = NULL;
	}
	set_socket(bus, -1);
	turn(bus, &bus->listens, false);
}

static void *run_listener(void *arg)
{
	struct live_bus *bus = arg;

	while (!is_stopping(bus)) {
		redisContext *redis = connect_to(bus);

		if (redis && is_good(redisCommand(redis, "SUBSCRIBE %s", bus->channel)))
			listen_while_up(bus, redis);
		if (redis)
			redisFree(redis);
		pause_a_while(bus);
	}
	return NULL;
}

/* ---- the life ---- */

enum err live_bus_open(const struct live_bus_config *config, struct live_bus **out, str *why)
{
	struct live_bus *bus = HEAP_NEW(struct live_bus);

	bus->config = *config;
	bus->listening_socket = -1;
	if (!read_url(bus, str_of(config->url))) {
		heap_free(bus);
		*why = S("redis_url is not redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]");
		return ERR_INPUT;
	}
	snprintf(bus->channel, sizeof bus->channel, "parley:live:%d", bus->database);
	snprintf(bus->key, sizeof bus->key, "parley:live:%d:number", bus->database);
	pthread_mutex_init(&bus->lock, NULL);
	clock_cond_init(&bus->changed);
	pthread_create(&bus->sender, NULL, run_sender, bus);
	pthread_create(&bus->listener, NULL, run_listener, bus);
	*out = bus;
	return OK;
}

void live_bus_close(struct live_bus *bus)
{
	if (!bus)
		return;
	pthread_mutex_lock(&bus->lock);
	bus->stopping = true;
	pthread_cond_broadcast(&bus->changed);
	pthread_mutex_unlock(&bus->lock);
	pthread_join(bus->sender, NULL);
	pthread_mutex_lock(&bus->lock);
	if (bus->listening_socket >= 0)
		shutdown(bus->listening_socket, SHUT_RDWR);
	pthread_mutex_unlock(&bus->lock);
	pthread_join(bus->listener, NULL);
	drop_waiting(bus);
	pthread_mutex_destroy(&bus->lock);
	pthread_cond_destroy(&bus->changed);
	heap_free(bus);
}
