/* linked_clean_test.c: numbers that nobody came back to are cleaned a day later, and no others. */
#include "provider/linked/linked_internal.h"
#include "store/test_store.h"

#define NOW_MS 1763700000000LL

enum { UNPAIRED = 1, PAIRED, WANTED, KEPT, FRESH, NUMBERS };

static void add_number(struct job *job, id64 channel)
{
	EXPECT_OK(sql_channel_insert(job,
		&(struct sql_channel_insert){ .id = channel,
			.workspace = 1,
			.number = 1,
			.provider = S("linked"),
			.name = S("Front desk"),
			.remote_id = arena_printf(job->arena, "%lld", (long long)channel),
			.account_id = S(""),
			.config_sealed = bytes_of(S("{}")),
			.health_reason = S(""),
			.health_next_step = S(""),
			.now_ms = NOW_MS },
		NULL));
	EXPECT_OK(sql_linked_number_add(job,
		&(struct sql_linked_number_add){ channel, 1, NOW_MS }, NULL));
	EXPECT_OK(sql_linked_record_put(job,
		&(struct sql_linked_record_put){ channel, WA_RECORD_DEVICE, bytes_of(S("")),
			bytes_of(S("keys")) },
		NULL));
}

static void fill(struct job *job)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_workspace_insert(job,
		&(struct sql_workspace_insert){ 1, S("Shop"), NOW_MS }, NULL));
	EXPECT_OK(sql_number_insert(job,
		&(struct sql_number_insert){ 1, 1, S("+6281234567890"), NOW_MS }, NULL));
	for (id64 channel = UNPAIRED; channel < NUMBERS; channel++)
		add_number(job, channel);
	EXPECT_OK(sql_linked_number_set_paired(job,
		&(struct sql_linked_number_set_paired){ .channel = PAIRED,
			.paired = 1,
			.phone = S("6281234567890"),
			.lid = S(""),
			.platform = S(""),
			.paired_ms = NOW_MS },
		NULL));
	EXPECT_OK(sql_linked_number_set_wanted(job,
		&(struct sql_linked_number_set_wanted){ WANTED, 1, NOW_MS }, NULL));
	EXPECT_OK(sql_linked_number_set_kept(job,
		&(struct sql_linked_number_set_kept){ KEPT, 1 }, NULL));
	EXPECT_OK(sql_linked_number_set_wanted(job,
		&(struct sql_linked_number_set_wanted){ FRESH, 0, NOW_MS + LINKED_ORPHAN_MS / 2 },
		NULL));
	EXPECT_OK(db_commit(job));
}

static bool is_there(struct job *job, id64 channel)
{
	struct linked_number_row row;
	struct linked_record_row keys;
	bool has_row = sql_linked_number_get(job, &(struct sql_linked_number_get){ channel },
			       &row) == OK,
	     has_keys = sql_linked_record_get(job,
				&(struct sql_linked_record_get){ channel, WA_RECORD_DEVICE,
					bytes_of(S("")) },
				&keys) == OK;

	EXPECT(has_row == has_keys);
	return has_row;
}

static void clean_at(struct job *job, int64_t now_ms)
{
	struct loop *loop = loop_create();

	linked_create(&(struct linked_host){ .store = job->store, .loop = loop, .workers = 1 });
	job->now_ms = now_ms;
	EXPECT_OK(linked_clean_orphans(job));
	loop_finish(loop);
	linked_destroy();
	loop_destroy(loop);
}

/* R038 */
STORE_TEST(after_a_day_what_is_neither_paired_nor_wanted_nor_kept_is_cleaned)
{
	fill(job);
	clean_at(job, NOW_MS + LINKED_ORPHAN_MS - 1);
	for (id64 channel = UNPAIRED; channel < NUMBERS; channel++)
		EXPECT(is_there(job, channel));
	clean_at(job, NOW_MS + LINKED_ORPHAN_MS + 1);
	for (id64 channel = UNPAIRED; channel < NUMBERS; channel++)
		EXPECT(is_there(job, channel) == (channel != UNPAIRED));
	clean_at(job, NOW_MS + 365 * LINKED_ORPHAN_MS);
	EXPECT(!is_there(job, FRESH));
	EXPECT(is_there(job, PAIRED) && is_there(job, WANTED) && is_there(job, KEPT));
}
