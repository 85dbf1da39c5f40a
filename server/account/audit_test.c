/* audit_test.c: the chain is whole, and a changed row breaks it. */
#include "account/account_test.h"

#include "account/audit.h"
#include "store/queries.h"

static void add_row(struct job *job, const char *action)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(audit_add(job, &(struct audit_entry){ .action = action,
					 .target_kind = "thing",
					 .target_id = 7,
					 .reason = S("why not"),
					 .detail = S("{\"a\":1}") }));
	EXPECT_OK(db_commit(job));
}

/* Writes a row after the last one whose hash is not right. */
static void forge_row(struct job *job)
{
	static const uint8_t zero[SHA256_SIZE];
	struct audit_end_row last;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_audit_last(job, &(struct sql_audit_last){ .workspace = job->workspace },
		&last));
	EXPECT_OK(sql_audit_insert(job,
		&(struct sql_audit_insert){ .id = job_id(job),
			.workspace = job->workspace,
			.seq = last.seq + 1,
			.at_ms = 1,
			.actor_kind = S("person"),
			.action = S("forged"),
			.detail = S("{}"),
			.prev_hash = last.hash,
			.hash = { zero, sizeof zero } },
		NULL));
	EXPECT_OK(db_commit(job));
}

STORE_TEST(the_chain_of_a_workspace_is_whole)
{
	int64_t rows, broken;

	make_workspace(job, "a@example.com");
	add_row(job, "thing.create");
	add_row(job, "thing.change");
	EXPECT_OK(audit_verify(job, job->workspace, &rows, &broken));
	EXPECT_INT(rows, 3); /* workspace.create, too */
	EXPECT_INT(broken, 0);
}

STORE_TEST(a_row_without_the_right_hash_breaks_the_chain)
{
	struct buf out = buf_in(test_arena(), 4096);
	int64_t rows, broken, chains;

	make_workspace(job, "a@example.com");
	add_row(job, "thing.create");
	forge_row(job);
	EXPECT_OK(audit_verify(job, job->workspace, &rows, &broken));
	EXPECT_INT(rows, 2);
	EXPECT_INT(broken, 3);
	make_workspace(job, "b@example.com");
	EXPECT_OK(account_verify_audit(job, &out, &chains));
	EXPECT_INT(chains, 1);
	EXPECT(str_has(buf_text(&out), S("2 rows, BROKEN at row 3")) &&
		str_has(buf_text(&out), S("1 rows, whole")));
}

STORE_TEST(rows_tell_who_from_where_and_why_newest_first)
{
	struct audit_item *items;
	size_t count;

	make_workspace(job, "a@example.com");
	job->actor.address = S("192.0.2.7");
	add_row(job, "thing.create");
	add_row(job, "thing.change");
	EXPECT_OK(audit_read(job, &(struct audit_filter){ 0 }, 0, 2, &items, &count));
	EXPECT_INT(count, 2);
	EXPECT_STR(items[0].action, "thing.change");
	EXPECT_STR(items[0].actor_kind, "person");
	EXPECT_STR(items[0].actor_name, "Olga");
	EXPECT_STR(items[0].address, "192.0.2.7");
	EXPECT_STR(items[0].reason, "why not");
	EXPECT_INT(items[0].hash.len, 64);
	EXPECT_OK(audit_read(job, &(struct audit_filter){ 0 }, items[1].seq, 10, &items, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(items[0].action, "workspace.create");
}

STORE_TEST(a_change_that_is_rolled_back_leaves_no_row)
{
	int64_t rows, broken;

	make_workspace(job, "a@example.com");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(audit_add(job, &(struct audit_entry){ .action = "x", .target_kind = "y" }));
	db_rollback(job);
	EXPECT_OK(audit_verify(job, job->workspace, &rows, &broken));
	EXPECT_INT(rows, 1);
	EXPECT_INT(broken, 0);
}
