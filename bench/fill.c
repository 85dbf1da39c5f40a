/*
 * fill.c: a data folder with millions of messages, as a year of a busy business leaves it.
 *
 *	fill FOLDER MILLIONS
 *
 * Writes through the store's own functions, so rows, sealing and search tokens are the real ones;
 * only what does not change the data is spared: tokens of a word are made once, and a transaction
 * takes many messages. Fifty messages a conversation on average, a few conversations with
 * thousands; three in five messages come in. Prints a line of JSON.
 */
#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"
#include "base/clock.h"
#include "base/log.h"
#include "bench/data.h"
#include "inbox/inbox.h"
#include "inbox/inbox_internal.h"
#include "store/queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MESSAGES_PER_CONVERSATION = 50,
	/* Each commit writes the pages of two indexes that messages hit at random: so there are few
	   of them. */
	PER_COMMIT = 500000,
	PER_RESET = 1000, /* what a message took from the arena is not needed by the next */
	CACHE_BYTES = 1024 << 20,
	WORDS_LEAST = 2,
	WORDS_MOST = 14,
	BODY_MAX = 400,
	TOKENS_MAX = 4096,
};

#define YEAR_MS (365LL * 24 * 3600 * 1000)

struct thread {
	id64 id, contact, last_message;
	int64_t last_ms, last_in_ms, unread;
	str token; /* on the heap; made when it first speaks */
};

struct fill {
	struct job job;
	uint64_t seed;
	id64 number, channel;
	struct thread *threads;
	size_t thread_count, message_count;
	int64_t start_ms;
	str words[VOCABULARY]; /* the tokens of each word, on the heap */
	str plain;             /* those of the word "q" in conversation 1 */
	str tags[2][KINDS];    /* of what a message is, by coming in and kind; on the heap */
};

static void begin(struct fill *f)
{
	data_must(&f->job, db_begin(&f->job, DB_WRITE), "begin");
}

static void commit(struct fill *f)
{
	data_must(&f->job, db_commit(&f->job), "commit");
}

/* Between two rows. */
static void breathe(struct fill *f, size_t i)
{
	if (i % PER_RESET == PER_RESET - 1)
		arena_reset(f->job.arena);
	if (i % PER_COMMIT == PER_COMMIT - 1) {
		commit(f);
		begin(f);
	}
}

static str heap_str(str s)
{
	char *copy = heap_alloc(s.len + 1);

	memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

/* What is in `all` and not in `others`, each with a blank behind it. */
static str without(struct arena *arena, str all, str others)
{
	str out = S("");

	while (all.len) {
		str token = str_split(&all, ' ');

		if (!str_has(others, token))
			out = arena_printf(arena, STR_F STR_F " ", STR_A(out), STR_A(token));
	}
	return out;
}

/* The tokens of a message that says `word` in a conversation: inbox/ gives them together. */
static str tokens_of(struct fill *f, id64 conversation, str word)
{
	struct message msg = { .conversation_id = conversation };
	str text;

	msg.content = arena_printf(f->job.arena, "{\"body\":\"" STR_F "\"}", STR_A(word));
	data_must(&f->job, search_tokens_of(&f->job, &msg, &text), "tokens");
	return text;
}

static void make_word_tokens(struct fill *f)
{
	f->plain = heap_str(tokens_of(f, 1, S("q")));
	for (size_t i = 0; i < VOCABULARY; i++) {
		f->words[i] =
			heap_str(without(f->job.arena, tokens_of(f, 1, data_word(i)), f->plain));
		if (i % 100 == 0)
			arena_reset(f->job.arena);
	}
}

/* One in thirty is a picture, one in a hundred a document; they have a caption. */
static enum message_kind some_kind(struct fill *f)
{
	double roll = data_roll(&f->seed);

	return roll < 0.03 ? KIND_IMAGE : roll < 0.04 ? KIND_DOCUMENT : KIND_TEXT;
}

static str tags_of(struct fill *f, bool incoming, enum message_kind kind)
{
	const struct message msg = { .kind = kind, .channel_id = f->channel,
		.author_kind = incoming ? ACTOR_CONTACT : ACTOR_PERSON,
		.author_id = incoming ? 0 : f->job.actor.id };
	str text;

	if (!f->tags[incoming][kind].ptr) {
		data_must(&f->job, search_tags_of(&f->job, &msg, &text), "tags");
		f->tags[incoming][kind] =
			heap_str(arena_printf(f->job.arena, STR_F " ", STR_A(text)));
	}
	return f->tags[incoming][kind];
}

static str thread_token(struct fill *f, struct thread *thread)
{
	if (!thread->token.ptr)
		thread->token =
			heap_str(without(f->job.arena, tokens_of(f, thread->id, S("q")), f->plain));
	return thread->token;
}

static void make_account(struct fill *f)
{
	struct job *job = &f->job;
	const struct setup_draft draft = { .workspace = S("Bench"),
		                           .name = S("Bench"),
		                           .email = S("bench@example.com"),
		                           .password = S("bench-password") };
	const struct channel_draft channel = { .provider = S("cloud"),
		                               .name = S("Bench"),
		                               .remote_id = S("106540352242922"),
		                               .account_id = S("102290129340398"),
		                               .access_token = S("EAAbench"),
		                               .app_secret = S("bench-app-secret"),
		                               .phone = S("15550783881"),
		                               .disabled = -1 };
	struct setup_result setup;
	struct channel *made;

	data_must(job, account_setup(job, &draft, &setup), "setup");
	data_must(job, channel_create(job, &channel, &made), "channel");
	f->channel = made->id;
	f->number = made->number_id;
}

static bytes sealed(struct fill *f, enum seal_purpose purpose, str text)
{
	bytes out;

	data_must(&f->job, seal(&f->job, purpose, text, &out), "seal");
	return out;
}

static void add_contact(struct fill *f, const struct thread *thread, str name, str phone)
{
	struct job *job = &f->job;
	int64_t ms = id64_ms(thread->contact);
	const struct sql_contact_add contact = {
		.id = thread->contact,
		.workspace = job->workspace,
		.profile_name = sealed(f, SEAL_NAME, name),
		.source = S("webhook"),
		.now_ms = ms,
	};
	const struct sql_contact_alias_add alias = {
		.id = thread->contact + 2,
		.workspace = job->workspace,
		.contact = thread->contact,
		.kind = S("phone"),
		.value = phone,
		.match_key = phone,
		.created_ms = ms,
	};
	str tokens;

	data_must(job, sql_contact_add(job, &contact, NULL), "contact");
	data_must(job, sql_contact_alias_add(job, &alias, NULL), "alias");
	data_must(job, search_tokens_of_names(job, &name, 1, &tokens), "name");
	data_must(job, search_add(job, job->workspace, thread->contact, tokens), "search");
}

static void add_thread(struct fill *f, size_t i)
{
	struct job *job = &f->job;
	struct thread *thread = &f->threads[i];
	str first = data_word(100 + i % 900), last = data_word(1000 + i / 7 % 9000);
	int64_t ms = f->start_ms - YEAR_MS / 100 + (int64_t)i;
	const struct sql_conversation_add conversation = {
		.id = id64_floor(ms) + 1,
		.workspace = job->workspace,
		.contact = id64_floor(ms),
		.number = f->number,
		.channel = f->channel,
		.now_ms = ms,
	};

	*thread = (struct thread){ .contact = conversation.contact, .id = conversation.id };
	add_contact(f, thread, arena_printf(job->arena, STR_F " " STR_F, STR_A(first), STR_A(last)),
		    arena_printf(job->arena, "62812%08zu", i));
	data_must(job, sql_conversation_add(job, &conversation, NULL), "conversation");
}

static void add_threads(struct fill *f)
{
	begin(f);
	for (size_t i = 0; i < f->thread_count; i++) {
		add_thread(f, i);
		breathe(f, i);
	}
	commit(f);
}

/* Says something: its JSON and its tokens. */
static void say(struct fill *f, struct buf *body, struct buf *tokens, enum message_kind kind)
{
	int words = WORDS_LEAST + (int)(data_roll(&f->seed) * (WORDS_MOST - WORDS_LEAST));

	buf_clear(body);
	buf_str(body, kind == KIND_TEXT ? S("{\"body\":\"") : S("{\"caption\":\""));
	for (int i = 0; i < words; i++) {
		size_t word = data_roll_word(&f->seed);

		if (i)
			buf_byte(body, ' ');
		buf_str(body, data_word(word));
		buf_str(tokens, f->words[word]);
	}
	buf_str(body, S("\"}"));
}

/* Some talk much more than others: the square of a roll. */
static struct thread *some_thread(struct fill *f)
{
	double roll = data_roll(&f->seed);

	return &f->threads[(size_t)(roll * roll * (double)f->thread_count)];
}

static void note(struct thread *thread, id64 id, int64_t ms, bool incoming)
{
	thread->last_message = id;
	thread->last_ms = ms;
	thread->unread = incoming ? thread->unread + 1 : 0;
	if (incoming)
		thread->last_in_ms = ms;
}

static void add_message(struct fill *f, size_t i, struct buf *body, struct buf *tokens)
{
	struct job *job = &f->job;
	int64_t ms = f->start_ms + (int64_t)((double)i / (double)f->message_count * YEAR_MS);
	id64 id = id64_floor(ms) + (id64)(i % 1024) + 1024;
	struct thread *thread = some_thread(f);
	bool incoming = data_roll(&f->seed) < 0.6;
	enum message_kind kind = some_kind(f);
	uint64_t key[] = { (uint64_t)(data_roll(&f->seed) * 1e18), (uint64_t)id };
	uint64_t trace[] = { key[0] * 31, (uint64_t)id * 7 };
	struct sql_message_add row = {
		.id = id,
		.workspace = job->workspace,
		.conversation = thread->id,
		.channel = f->channel,
		.kind = kind,
		.status = incoming ? STATUS_RECEIVED : STATUS_READ,
		.author_kind = incoming ? ACTOR_CONTACT : ACTOR_PERSON,
		.author = incoming ? 0 : job->actor.id,
		.remote_key = { (const uint8_t *)key, sizeof key },
		.trace = { (const uint8_t *)trace, sizeof trace },
		.remote_id =
			arena_printf(job->arena, "wamid.HBgNNjI4MTI%016llxVAgASGBQz%012llxAA==",
		                     (unsigned long long)key[0], (unsigned long long)i),
		.event_id = incoming ? id - 1 : 0,
		.provider_ms = ms / 1000 * 1000,
		.sent_ms = incoming ? 0 : ms + 300,
		.delivered_ms = incoming ? 0 : ms + 2000,
		.read_ms = incoming ? 0 : ms + 60000,
	};

	buf_clear(tokens);
	buf_str(tokens, tags_of(f, incoming, kind));
	buf_str(tokens, thread_token(f, thread));
	say(f, body, tokens, kind);
	row.body = sealed(f, SEAL_MESSAGE, buf_text(body));
	data_must(job, sql_message_add(job, &row, NULL), "message");
	data_must(job, search_add(job, job->workspace, id, buf_text(tokens)), "search");
	note(thread, id, ms, incoming);
}

static void add_messages(struct fill *f)
{
	struct buf body = buf_heap(BODY_MAX), tokens = buf_heap(TOKENS_MAX);

	begin(f);
	for (size_t i = 0; i < f->message_count; i++) {
		add_message(f, i, &body, &tokens);
		breathe(f, i);
	}
	commit(f);
	buf_done(&body);
	buf_done(&tokens);
}

static enum conversation_status some_status(double roll)
{
	if (roll < 0.2)
		return CONVERSATION_OPEN;
	return roll < 0.3 ? CONVERSATION_WAITING : CONVERSATION_RESOLVED;
}

/* One in five is open, half of these belong to somebody. Unread ones are among the open. */
static void settle(struct fill *f, const struct thread *t)
{
	struct job *job = &f->job;
	double roll = data_roll(&f->seed);
	const struct sql_conversation_rewrite row = {
		.id = t->id,
		.workspace = job->workspace,
		.contact = t->contact,
		.status = some_status(roll),
		.assignee = roll < 0.1 || roll > 0.5 ? job->actor.id : 0,
		.unread_count = roll < 0.2 ? t->unread : 0,
		.last_message_id = t->last_message,
		.last_message_ms = t->last_ms,
		.last_in_ms = t->last_in_ms,
		.window_until_ms = t->last_in_ms ? t->last_in_ms + WINDOW_MS : 0,
		.now_ms = t->last_ms,
	};

	data_must(job, sql_conversation_rewrite(job, &row, NULL), "conversation");
}

static void settle_threads(struct fill *f)
{
	begin(f);
	for (size_t i = 0; i < f->thread_count; i++) {
		if (f->threads[i].last_message)
			settle(f, &f->threads[i]);
		breathe(f, i);
	}
	commit(f);
}

int main(int argc, char **argv)
{
	static struct fill f;
	struct arena *arena = arena_create(1u << 30), *kept = arena_create(1u << 20);
	int64_t begin_us = clock_monotonic_us();
	struct store *store;

	if (argc != 3)
		return fprintf(stderr, "usage: fill FOLDER MILLIONS\n"), 2;
	log_open(LOG_WARN, STDERR_FILENO);
	store = data_open(kept, argv[1], CACHE_BYTES);
	job_init(&f.job, "fill", arena, store);
	f.seed = 88172645463325252u;
	f.message_count = (size_t)(strtod(argv[2], NULL) * 1e6);
	f.thread_count = f.message_count / MESSAGES_PER_CONVERSATION + 1;
	f.threads = heap_alloc(f.thread_count * sizeof *f.threads);
	f.start_ms = f.job.now_ms - YEAR_MS;
	make_account(&f);
	make_word_tokens(&f);
	add_threads(&f);
	add_messages(&f);
	settle_threads(&f);
	store_close(store);
	printf("{\"messages\":%zu,\"conversations\":%zu,\"seconds\":%.1f}\n", f.message_count,
	       f.thread_count, (double)(clock_monotonic_us() - begin_us) / 1e6);
	return 0;
}
