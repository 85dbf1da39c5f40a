/* driver_test.c: what holds on both databases, with a small schema that has every type
 * (tests/store/). */
#include "store/test_store.h"
#include "store/test_queries.h"

#define BEGIN_WRITE() EXPECT_OK(db_begin(job, DB_WRITE))
#define COMMIT() EXPECT_OK(db_commit(job))

static void add_owner(struct job *job, id64 id, str name)
{
	BEGIN_WRITE();
	EXPECT_OK(sql_owner_add(job, &(struct sql_owner_add){ .id = id, .name = name }, NULL));
	COMMIT();
}

STORE_TEST(every_type_comes_back_as_it_went)
{
	static const uint8_t octets[] = { 0, 255, 0, 7 };
	struct thing_row got;

	add_owner(job, 5, S("Ana"));
	BEGIN_WRITE();
	EXPECT_OK(sql_thing_add(job,
	                        &(struct sql_thing_add){ .id = INT64_MAX,
	                                                 .owner = 5,
	                                                 .name = S("Jos\xC3\xA9"),
	                                                 .data = { octets, sizeof octets },
	                                                 .good = true,
	                                                 .weight = -0.125,
	                                                 .seen_ms = -42 },
	                        NULL));
	COMMIT();
	EXPECT_OK(sql_thing_find(job, &(struct sql_thing_find){ INT64_MAX }, &got));
	EXPECT_INT(got.id, INT64_MAX);
	EXPECT_INT(got.owner_id, 5);
	EXPECT_STR(got.name, "Jos\xC3\xA9");
	EXPECT_HEX(got.data, "00ff0007");
	EXPECT(got.good);
	EXPECT(got.weight > -0.1251 && got.weight < -0.1249);
	EXPECT_INT(got.seen_ms, -42);
}

STORE_TEST(none_is_null_and_null_is_none)
{
	struct nulls_row nulls;
	struct thing_row got = { .owner_id = 9, .good = true, .seen_ms = 9 };

	BEGIN_WRITE();
	EXPECT_OK(sql_thing_add(job, &(struct sql_thing_add){ .id = 1 }, NULL));
	COMMIT();
	EXPECT_OK(sql_thing_nulls(job, &(struct sql_thing_nulls){ 1 }, &nulls));
	EXPECT_INT(nulls.nulls, 6);
	EXPECT_OK(sql_thing_find(job, &(struct sql_thing_find){ 1 }, &got));
	EXPECT(got.owner_id == 0 && !got.name.ptr && !got.data.ptr && !got.good &&
	       got.seen_ms == 0);
}

STORE_TEST(empty_is_not_none)
{
	struct nulls_row nulls;
	struct thing_row got;

	BEGIN_WRITE();
	EXPECT_OK(sql_thing_add(
		job, &(struct sql_thing_add){ .id = 1, .name = S(""), .data = bytes_of(S("")) },
		NULL));
	COMMIT();
	EXPECT_OK(sql_thing_nulls(job, &(struct sql_thing_nulls){ 1 }, &nulls));
	EXPECT_INT(nulls.nulls, 4);
	EXPECT_OK(sql_thing_find(job, &(struct sql_thing_find){ 1 }, &got));
	EXPECT(got.name.ptr && got.name.len == 0 && got.data.ptr && got.data.len == 0);
}

STORE_TEST(no_row_is_missing_without_a_reason)
{
	struct owner_row owner;

	EXPECT_ERR(sql_owner_find(job, &(struct sql_owner_find){ S("nobody") }, &owner),
	           ERR_MISSING);
	EXPECT(!job->why.ptr);
}

STORE_TEST(many_rows_come_in_order_and_within_their_limit)
{
	struct thing_rows rows;
	int64_t changed;

	BEGIN_WRITE();
	for (id64 id = 1; id <= 50; id++)
		EXPECT_OK(sql_thing_add(job, &(struct sql_thing_add){ .id = id, .name = S("x") },
		                        &changed));
	EXPECT_INT(changed, 1);
	EXPECT_OK(sql_thing_rename(job, &(struct sql_thing_rename){ S("y"), 11 }, &changed));
	EXPECT_INT(changed, 10);
	COMMIT();
	EXPECT_OK(sql_thing_list(job, &(struct sql_thing_list){ .after = 7, .max = 40 }, &rows));
	EXPECT_INT(rows.count, 40);
	EXPECT_INT(rows.items[0].id, 8);
	EXPECT_STR(rows.items[2].name, "y");
	EXPECT_STR(rows.items[3].name, "x");
	EXPECT_INT(rows.items[39].id, 47);
	EXPECT_OK(sql_thing_list(job, &(struct sql_thing_list){ .after = 50, .max = 40 }, &rows));
	EXPECT_INT(rows.count, 0);
}

STORE_TEST(the_same_name_twice_is_a_conflict)
{
	add_owner(job, 1, S("Ana"));
	BEGIN_WRITE();
	EXPECT_ERR(sql_owner_add(job, &(struct sql_owner_add){ 2, S("Ana") }, NULL), ERR_CONFLICT);
}

STORE_TEST(the_same_id_twice_is_a_conflict)
{
	add_owner(job, 1, S("Ana"));
	BEGIN_WRITE();
	EXPECT_ERR(sql_owner_add(job, &(struct sql_owner_add){ 1, S("Bo") }, NULL), ERR_CONFLICT);
}

STORE_TEST(a_reference_to_nothing_is_a_conflict)
{
	BEGIN_WRITE();
	EXPECT_ERR(sql_thing_add(job, &(struct sql_thing_add){ .id = 1, .owner = 77 }, NULL),
	           ERR_CONFLICT);
}

STORE_TEST(a_failed_statement_ends_its_transaction)
{
	struct owner_row owner;

	add_owner(job, 1, S("Ana"));
	BEGIN_WRITE();
	EXPECT_OK(sql_owner_add(job, &(struct sql_owner_add){ 2, S("Bo") }, NULL));
	EXPECT_ERR(sql_owner_add(job, &(struct sql_owner_add){ 3, S("Ana") }, NULL), ERR_CONFLICT);
	EXPECT_ERR(sql_owner_add(job, &(struct sql_owner_add){ 4, S("Cy") }, NULL), ERR_BUG);
	EXPECT_ERR(db_commit(job), ERR_BUG);
	EXPECT(!job->db);
	EXPECT_ERR(sql_owner_find(job, &(struct sql_owner_find){ S("Bo") }, &owner), ERR_MISSING);
}

STORE_TEST(returning_answers_the_row_that_stays)
{
	struct owner_row owner;

	BEGIN_WRITE();
	EXPECT_OK(sql_owner_put(job, &(struct sql_owner_put){ 1, S("Ana") }, &owner));
	EXPECT_OK(sql_owner_put(job, &(struct sql_owner_put){ 2, S("Ana") }, &owner));
	COMMIT();
	EXPECT_INT(owner.id, 1);
}

STORE_TEST(what_is_rolled_back_never_was)
{
	struct count_row count;

	BEGIN_WRITE();
	EXPECT_OK(sql_thing_add(job, &(struct sql_thing_add){ .id = 1 }, NULL));
	EXPECT_OK(sql_thing_count(job, &count));
	EXPECT_INT(count.count, 1);
	db_rollback(job);
	EXPECT_OK(sql_thing_count(job, &count));
	EXPECT_INT(count.count, 0);
}

STORE_TEST(a_finished_job_rolls_back)
{
	struct count_row count;
	struct job other;

	job_init(&other, "other", arena_create(1u << 20), job->store);
	EXPECT_OK(db_begin(&other, DB_WRITE));
	EXPECT_OK(sql_thing_add(&other, &(struct sql_thing_add){ .id = 1 }, NULL));
	job_release(&other);
	arena_destroy(other.arena);
	EXPECT_OK(sql_thing_count(job, &count));
	EXPECT_INT(count.count, 0);
}

STORE_TEST(a_reader_sees_one_snapshot)
{
	struct count_row before, after;
	struct job writer;

	job_init(&writer, "writer", job->arena, job->store);
	EXPECT_OK(db_begin(job, DB_READ));
	EXPECT_OK(sql_thing_count(job, &before));
	EXPECT_OK(db_begin(&writer, DB_WRITE));
	EXPECT_OK(sql_thing_add(&writer, &(struct sql_thing_add){ .id = 1 }, NULL));
	EXPECT_OK(db_commit(&writer));
	EXPECT_OK(sql_thing_count(job, &after));
	EXPECT_INT(after.count, before.count);
	db_rollback(job);
	EXPECT_OK(sql_thing_count(job, &after));
	EXPECT_INT(after.count, 1);
}

STORE_TEST(a_probe_commits_and_the_figures_count)
{
	struct store_figures before, after;

	store_figures(job->store, &before);
	EXPECT_OK(store_probe(job));
	EXPECT(store_version(job) == 2);
	EXPECT(store_bytes(job) > 0);
	store_figures(job->store, &after);
	EXPECT_INT(after.writes, before.writes + 1);
	EXPECT_INT(after.reads > before.reads, 1);
	EXPECT_INT(after.busy_readers, 0);
	EXPECT_INT(after.errors, 0);
}

STORE_TEST(explain_tells_the_plan_of_a_named_query)
{
	str plan;

	EXPECT_OK(store_explain(job, "thing_find", &plan));
	EXPECT(str_has(plan, S("thing")));
	EXPECT_OK(store_explain(job, "owner_put", &plan));
	EXPECT_ERR(store_explain(job, "no_such", &plan), ERR_MISSING);
}
