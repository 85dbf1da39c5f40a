/*
 * contacts.c: a million contacts, and how long their list takes.
 *
 *	contacts FOLDER fill COUNT
 *	contacts FOLDER run RUNS
 *
 * With PARLEY_DATABASE_URL the store is there, and FOLDER holds the key alone. fill writes contacts
 * through the inbox's own functions: sealed names, keyed tokens and facets; a label on every second
 * and another on one in a thousand, an attribute, some opted out, a last message for most. run asks
 * for pages as the API does, a job each, and prints a line of JSON with p50, p99 and the most in
 * milliseconds for each question.
 */
#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"
#include "base/clock.h"
#include "bench/data.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAGE = 50, PER_COMMIT = 5000, CACHE_BYTES = 512 << 20, RUNS_MAX = 10000 };

struct bench {
	struct job job;
	struct store *store;
	struct arena *arena;
	uint64_t seed;
	id64 workspace, many, few, city;
};

static void start_job(struct bench *b)
{
	job_init(&b->job, "bench", b->arena, b->store);
	b->job.workspace = b->workspace;
	b->job.now_ms = clock_now_ms();
}

static id64 make_label(struct bench *b, str name)
{
	const id64 id = job_id(&b->job);

	data_must(&b->job, sql_contact_label_make(&b->job, &(struct sql_contact_label_make){
		id, b->workspace, name, S("#64748b"), b->job.now_ms }, NULL), "label");
	return id;
}

static void make_account(struct bench *b)
{
	const struct setup_draft draft = { .workspace = S("Bench"), .name = S("Bench"),
		.email = S("bench@example.com"), .password = S("bench-password") };
	const struct attribute city = { .key = S("city"), .title = S("City"), .options = S("[]") };
	struct setup_result setup;
	struct attribute made;

	start_job(b);
	data_must(&b->job, account_setup(&b->job, &draft, &setup), "setup");
	b->workspace = b->job.workspace;
	data_must(&b->job, attribute_create(&b->job, &city, &made), "attribute");
	b->city = made.id;
	data_must(&b->job, db_begin(&b->job, DB_WRITE), "begin");
	b->many = make_label(b, S("many"));
	b->few = make_label(b, S("few"));
	data_must(&b->job, db_commit(&b->job), "commit");
}

static str capital(struct arena *arena, str word)
{
	return arena_printf(arena, "%c" STR_F, word.ptr[0] - 32,
		STR_A(str_part(word, 1, word.len)));
}

/* Made of syllables; the first 600 words are common enough to be found by many. */
static str random_name(struct bench *b)
{
	struct arena *arena = b->job.arena;

	return arena_printf(arena, STR_F " " STR_F,
		STR_A(capital(arena, data_word(40 + (size_t)(data_roll(&b->seed) * 600)))),
		STR_A(capital(arena, data_word(40 + (size_t)(data_roll(&b->seed) * 9000)))));
}

static enum err add_one(struct bench *b, size_t i)
{
	struct job *job = &b->job;
	struct inbox_changes changes = { 0 };
	const struct person_ref who = { .phone = arena_printf(job->arena, "49151%08zu", i),
		.name = random_name(b) };
	struct contact contact;

	TRY(contact_resolve(job, &who, i % 3 ? S("webhook") : S("import"), &changes, &contact));
	if (i % 10 == 0)
		TRY(contact_put_attributes(job, contact.id,
			arena_printf(job->arena, "{\"%lld\":\"" STR_F "\"}", (long long)b->city,
				STR_A(data_word(40 + i / 10 % 500)))));
	if (i % 2 == 0)
		TRY(sql_contact_label_add(job, &(struct sql_contact_label_add){ contact.id, b->many,
			b->workspace }, NULL));
	if (i % 1000 == 0)
		TRY(sql_contact_label_add(job, &(struct sql_contact_label_add){ contact.id, b->few,
			b->workspace }, NULL));
	if (i % 50 == 0)
		TRY(sql_contact_put_preference(job, &(struct sql_contact_put_preference){
			contact.id, b->workspace, job->now_ms, job->now_ms, job->now_ms }, NULL));
	return i % 4 ? contact_was_seen(job, contact.id,
		job->now_ms - (int64_t)(data_roll(&b->seed) * 3e10)) : OK;
}

static void fill(struct bench *b, size_t count)
{
	make_account(b);
	for (size_t i = 0; i < count; i += PER_COMMIT) {
		start_job(b);
		data_must(&b->job, db_begin(&b->job, DB_WRITE), "begin");
		for (size_t k = i; k < i + PER_COMMIT && k < count; k++)
			data_must(&b->job, add_one(b, k), "contact");
		data_must(&b->job, db_commit(&b->job), "commit");
		job_finish(&b->job, OK);
	}
	printf("{\"contacts\":%zu}\n", count);
}

/* ---- asking ---- */

struct question { const char *name; void (*ask)(struct bench *b, struct contact_filter *out); };

static void ask_first(struct bench *b, struct contact_filter *f) { (void)b; (void)f; }
static void ask_created(struct bench *b, struct contact_filter *f)
{
	(void)b;
	f->sort = CONTACT_SORT_CREATED;
}
static void ask_name(struct bench *b, struct contact_filter *f)
{
	f->query = data_word(40 + (size_t)(data_roll(&b->seed) * 600));
}
static void ask_prefix(struct bench *b, struct contact_filter *f)
{
	f->query = str_part(data_word(40 + (size_t)(data_roll(&b->seed) * 600)), 0, 3);
}
static void ask_two(struct bench *b, struct contact_filter *f) { f->query = random_name(b); }
static void ask_digits(struct bench *b, struct contact_filter *f)
{
	f->query = arena_printf(b->job.arena, "49151%05zu", (size_t)(data_roll(&b->seed) * 9999));
}
static void ask_tail(struct bench *b, struct contact_filter *f)
{
	f->query = arena_printf(b->job.arena, "%05zu", (size_t)(data_roll(&b->seed) * 99999));
}
static void ask_many(struct bench *b, struct contact_filter *f) { f->label = b->many; }
static void ask_few(struct bench *b, struct contact_filter *f) { f->label = b->few; }
static void ask_few_by_name(struct bench *b, struct contact_filter *f)
{
	f->label = b->few;
	f->sort = CONTACT_SORT_NAME;
}
static void ask_value(struct bench *b, struct contact_filter *f)
{
	f->attribute = b->city;
	f->value = data_word(40 + (size_t)(data_roll(&b->seed) * 500));
}
static void ask_opted_out(struct bench *b, struct contact_filter *f) { (void)b; f->opted_out = 1; }
static void ask_source(struct bench *b, struct contact_filter *f)
{
	(void)b;
	f->source = S("import");
}
static void ask_seen(struct bench *b, struct contact_filter *f)
{
	f->seen_from_ms = b->job.now_ms - 40000000000LL;
	f->seen_until_ms = b->job.now_ms - 20000000000LL;
}
static void ask_all(struct bench *b, struct contact_filter *f)
{
	ask_prefix(b, f);
	f->label = b->many;
	f->opted_out = 0;
	f->source = S("webhook");
}
static void ask_never(struct bench *b, struct contact_filter *f)
{
	f->label = b->many;
	f->source = S("nobody");
}

static const struct question questions[] = {
	{ "first page", ask_first },
	{ "newest first", ask_created },
	{ "word of a name", ask_name },
	{ "three letters", ask_prefix },
	{ "two words", ask_two },
	{ "digits", ask_digits },
	{ "last digits", ask_tail },
	{ "label of half", ask_many },
	{ "label of few", ask_few },
	{ "label of few, by name", ask_few_by_name },
	{ "attribute", ask_value },
	{ "opted out", ask_opted_out },
	{ "source", ask_source },
	{ "last message", ask_seen },
	{ "words, label, source", ask_all },
	{ "label and nobody", ask_never },
};

/* What this thread itself worked: on SQLite the whole question, whoever else uses the machine. */
static double cpu_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1000 + (double)at.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void ask(struct bench *b, const struct question *q, size_t runs)
{
	static double ms[RUNS_MAX], cpu[RUNS_MAX];
	size_t found = 0;

	for (size_t i = 0; i < runs; i++) {
		struct contact_filter filter = { .opted_out = -1, .blocked = -1 };
		struct contact_page page;
		int64_t started;
		double worked;

		start_job(b);
		q->ask(b, &filter);
		worked = cpu_ms();
		started = clock_monotonic_us();
		data_must(&b->job,
			contact_find(&b->job, &filter, &(struct contact_place){ 0 }, PAGE, &page),
			q->name);
		ms[i] = (double)(clock_monotonic_us() - started) / 1000;
		cpu[i] = cpu_ms() - worked;
		found += page.contacts.count;
		job_finish(&b->job, OK);
	}
	qsort(ms, runs, sizeof *ms, compare);
	qsort(cpu, runs, sizeof *cpu, compare);
	printf("{\"question\":\"%s\",\"found\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"most\":%.1f,",
		q->name, found / runs, ms[runs / 2], ms[runs * 99 / 100], ms[runs - 1]);
	printf("\"cpu_p50\":%.1f,\"cpu_p99\":%.1f}\n", cpu[runs / 2], cpu[runs * 99 / 100]);
}

static void find_things(struct bench *b)
{
	struct label_name_rows labels;
	struct attributes all;
	struct job *job = &b->job;
	size_t count;

	data_must(job, workspace_list(job, 0, &b->workspace, 1, &count), "workspace");
	start_job(b);
	data_must(job,
		sql_contact_label_names(job, &(struct sql_contact_label_names){ b->workspace },
			&labels),
		"labels");
	data_must(job, attribute_list(job, &all), "attributes");
	if (labels.count < 2 || !all.count)
		abort();
	b->many = labels.items[0].id;
	b->few = labels.items[1].id;
	b->city = all.items[0].id;
}

int main(int argc, char **argv)
{
	struct bench b = { .seed = 88172645463325252ull,
		.arena = arena_create(ARENA_LIMIT_DEFAULT) };
	int64_t n = 0;

	if (argc != 4 || !str_to_i64(str_of(argv[3]), &n) || n < 1)
		return 2;
	b.store = data_open(b.arena, argv[1], CACHE_BYTES);
	start_job(&b);
	if (strcmp(argv[2], "fill") == 0) {
		fill(&b, (size_t)n);
	} else {
		data_must(&b.job, keyring_load(&b.job), "keys");
		find_things(&b);
		for (size_t i = 0; i < COUNT_OF(questions); i++)
			ask(&b, &questions[i], (size_t)n < RUNS_MAX ? (size_t)n : RUNS_MAX);
	}
	store_close(b.store);
	return 0;
}
