/* cursor_test.c: a cursor works where it was given, and nowhere else. */
#include "account/account_test.h"
#include "api/api.h"

static str next_of(struct job *job, const char *list, struct cursor at)
{
	struct buf out = buf_in(test_arena(), 1000);
	json root;

	json_open(&out, '{');
	EXPECT_OK(page_write_next(job, &out, &(struct page){ .list = list }, &at));
	json_close(&out, '}');
	EXPECT_OK(json_read(test_arena(), buf_text(&out), &root, NULL));
	return json_text_at(root, "next_cursor");
}

static enum err read_page(struct job *job, const char *list, str query, struct page *page)
{
	job_forgive(job);
	return page_read(job, &(struct request){ .query = query }, list, page);
}

static str with_cursor(str cursor)
{
	return arena_printf(test_arena(), "limit=10&cursor=" STR_F, STR_A(cursor));
}

STORE_TEST(a_cursor_brings_its_place_back)
{
	struct page page;
	str cursor;

	make_workspace(job, "a@example.com");
	cursor = next_of(job, "people", (struct cursor){ .ms = 1764000000000, .id = INT64_MAX });
	EXPECT_OK(read_page(job, "people", with_cursor(cursor), &page));
	EXPECT_INT(page.after.ms, 1764000000000);
	EXPECT_INT(page.after.id, INT64_MAX);
	EXPECT_INT(page.limit, 10);
}

STORE_TEST(a_cursor_is_refused_by_another_list_and_another_workspace)
{
	struct page page;
	str cursor;

	make_workspace(job, "a@example.com");
	cursor = next_of(job, "people", (struct cursor){ .id = 7 });
	EXPECT_ERR(read_page(job, "audit", with_cursor(cursor), &page), ERR_INPUT);
	EXPECT_STR(job->code, "invalid_cursor");
	make_workspace(job, "b@example.com");
	EXPECT_ERR(read_page(job, "people", with_cursor(cursor), &page), ERR_INPUT);
}

STORE_TEST(every_changed_character_is_noticed)
{
	struct page page;
	str cursor;

	make_workspace(job, "a@example.com");
	cursor = next_of(job, "people", (struct cursor){ .id = 7 });
	for (size_t i = 0; i < cursor.len; i++) {
		str changed = arena_str(test_arena(), cursor);

		((char *)(uintptr_t)changed.ptr)[i] = changed.ptr[i] == 'A' ? 'B' : 'A';
		EXPECT_ERR(read_page(job, "people", with_cursor(changed), &page), ERR_INPUT);
	}
	EXPECT_ERR(read_page(job, "people", with_cursor(S("x")), &page), ERR_INPUT);
	EXPECT_ERR(read_page(job, "people", with_cursor(str_part(cursor, 0, cursor.len - 1)),
			   &page),
		ERR_INPUT);
}

STORE_TEST(limits_are_1_to_100_and_50_by_default)
{
	struct page page;

	make_workspace(job, "a@example.com");
	EXPECT_OK(read_page(job, "people", S(""), &page));
	EXPECT_INT(page.limit, 50);
	EXPECT_OK(read_page(job, "people", S("limit=100"), &page));
	EXPECT_ERR(read_page(job, "people", S("limit=101"), &page), ERR_INPUT);
	EXPECT_ERR(read_page(job, "people", S("limit=0"), &page), ERR_INPUT);
	EXPECT_ERR(read_page(job, "people", S("limit=ten"), &page), ERR_INPUT);
	EXPECT(has_field_error(job, "limit"));
}
