/*
 * group.c: templates that are alike go together.
 *
 * MSG91 takes a hundred requests a minute, and many recipients in each that share the same values.
 * So who sends a template waits a moment; others who come with the same one join, and the first
 * calls for all. What came of it is everybody's, but for the recipient in the remote id. The
 * reference of a group names each recipient's message, so that a report settles it even when the
 * answer was lost.
 */
#include "provider/msg91/msg91_internal.h"

#include "crypto/crypto.h"

#include <pthread.h>
#include <time.h>

#define GATHER_MS 60
#define RECIPIENT_SIZE 20
#define TEXT_SIZE 512

struct group {
	struct group *next;
	uint8_t alike[SHA256_SIZE];
	char to[MSG91_GROUP_MAX][RECIPIENT_SIZE], reference[MSG91_GROUP_MAX][24];
	size_t count, max, present; /* present: jobs that still look at it */
	bool is_done;
	/* what came of it */
	enum err err;
	enum retry_advice advice;
	bool may_have_happened;
	int64_t retry_after_ms;
	char remote_id[128], why[TEXT_SIZE], code[64], next_step[TEXT_SIZE];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct group *open_groups; /* that may still be joined */

static void copy(char *out, size_t size, str text)
{
	size_t n = text.len < size - 1 ? text.len : size - 1;

	if (n)
		memcpy(out, text.ptr, n);
	out[n] = 0;
}

/* Channel, template and values. */
static void hash_alike(struct job *job, const struct msg91_message *msg, uint8_t out[SHA256_SIZE])
{
	struct buf b = buf_in(job->arena, MSG91_BODY_MAX);

	buf_printf(&b, "%lld\n" STR_F "\n" STR_F "\n", (long long)msg->ch->id,
		STR_A(msg->ch->base_url), STR_A(msg->ch->access_token));
	json_put_value(&b, NULL, msg->content);
	sha256(buf_bytes(&b), out);
}

static bool has_recipient(const struct group *g, str to)
{
	for (size_t i = 0; i < g->count; i++)
		if (str_is(str_of(g->to[i]), to))
			return true;
	return false;
}

static struct group *find_open(const uint8_t alike[SHA256_SIZE], str to)
{
	for (struct group *g = open_groups; g; g = g->next)
		if (memcmp(g->alike, alike, SHA256_SIZE) == 0 && g->count < g->max &&
			!has_recipient(g, to))
			return g;
	return NULL;
}

static void join(struct group *g, const struct msg91_message *msg)
{
	copy(g->to[g->count], RECIPIENT_SIZE, msg->to[0]);
	copy(g->reference[g->count], sizeof g->reference[0], msg->reference);
	g->count++;
	g->present++;
}

static void close_group(struct group *g)
{
	struct group **at = &open_groups;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
}

/* The first waits for others, or until it is full. */
static void gather(struct group *g)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += GATHER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (g->count < g->max && pthread_cond_timedwait(&changed, &lock, &until) == 0)
		;
	close_group(g);
}

static str reference_of(struct job *job, const struct group *g)
{
	struct buf b = buf_in(job->arena, 1024);

	if (g->count == 1)
		return str_of(g->reference[0]);
	for (size_t i = 0; i < g->count; i++)
		buf_printf(&b, "%s%s:%s", i ? "," : "", g->to[i], g->reference[i]);
	return buf_text(&b);
}

static void call_for(struct job *job, struct group *g, const struct msg91_message *msg)
{
	struct msg91_message all = *msg;
	str *to = ARENA_ARRAY(job->arena, str, g->count);
	struct send_result out = { 0 };

	for (size_t i = 0; i < g->count; i++)
		to[i] = str_of(g->to[i]);
	all.to = to;
	all.to_count = g->count;
	all.reference = reference_of(job, g);
	g->err = msg91_call(job, &all, &out);
	g->advice = out.advice;
	g->may_have_happened = out.may_have_happened;
	g->retry_after_ms = job->retry_after_ms;
	copy(g->remote_id, sizeof g->remote_id, out.remote_id);
	copy(g->why, sizeof g->why, job->why);
	copy(g->code, sizeof g->code, job->code);
	copy(g->next_step, sizeof g->next_step, job->next_step);
}

/* Under the lock. The last one gives it back. */
static enum err take_outcome(struct job *job, struct group *g, struct send_result *out)
{
	enum err e = g->err;

	out->advice = g->advice;
	out->may_have_happened = g->may_have_happened;
	out->remote_id = arena_str(job->arena, str_of(g->remote_id));
	job->retry_after_ms = g->retry_after_ms;
	if (e != OK) {
		job->why = arena_str(job->arena, str_of(g->why));
		job->code = arena_str(job->arena, str_of(g->code));
		job->next_step = arena_str(job->arena, str_of(g->next_step));
	}
	if (--g->present == 0)
		heap_free(g);
	return e;
}

static struct group *open_group(const uint8_t alike[SHA256_SIZE], size_t max)
{
	struct group *g = HEAP_NEW(struct group);

	*g = (struct group){ .next = open_groups, .max = max };
	memcpy(g->alike, alike, SHA256_SIZE);
	open_groups = g;
	return g;
}

enum err msg91_send_together(struct job *job, const struct msg91_message *msg,
	struct send_result *out)
{
	uint8_t alike[SHA256_SIZE];
	struct group *g;
	enum err e;

	hash_alike(job, msg, alike);
	pthread_mutex_lock(&lock);
	g = find_open(alike, msg->to[0]);
	if (g) {
		join(g, msg);
		pthread_cond_broadcast(&changed);
		while (!g->is_done)
			pthread_cond_wait(&changed, &lock);
	} else {
		g = open_group(alike, (size_t)json_int(json_field(msg->config, "group_max"),
					      MSG91_GROUP_MAX));
		join(g, msg);
		gather(g);
		pthread_mutex_unlock(&lock);
		call_for(job, g, msg);
		pthread_mutex_lock(&lock);
		g->is_done = true;
		pthread_cond_broadcast(&changed);
	}
	e = take_outcome(job, g, out);
	pthread_mutex_unlock(&lock);
	return e;
}
