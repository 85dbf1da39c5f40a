/* journal_test.c: what was accepted is still known after a process that ended without a word. */
#include "base/test.h"
#include "provider/sandbox/sandbox_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct journal *open_journal(void)
{
	str why = STR_NONE;
	struct journal *j = journal_open(test_folder(), &why);

	EXPECT(j);
	return j;
}

static void write_raw(const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/sandbox.journal", test_folder());
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	EXPECT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

TEST(counts_go_on_where_a_killed_process_left_them)
{
	struct journal *killed = open_journal(), *next;

	journal_clear(killed);
	journal_add(killed, S("77"), S("wamid.1"), S("1"), S("text"));
	journal_add(killed, S("77"), S("wamid.2"), S("1"), S("text"));
	journal_add(killed, S("78"), S("wamid.3"), S("1"), S("text"));
	next = open_journal(); /* the first is not closed */
	EXPECT_INT(journal_count(next, S("77")), 2);
	EXPECT_INT(journal_count(next, S("78")), 1);
	EXPECT_INT(journal_count(next, S("79")), 0);
	journal_close(next);
	journal_close(killed);
}

TEST(half_a_line_at_the_end_is_no_message)
{
	struct journal *j = open_journal();

	journal_clear(j);
	journal_close(j);
	write_raw("{\"biz\":\"5\",\"id\":\"wamid.1\"}\nnonsense\n{\"biz\":\"5\",\"id\":\"wam");
	j = open_journal();
	EXPECT_INT(journal_count(j, S("5")), 1);
	journal_close(j);
}

TEST(many_messages_are_counted_each)
{
	struct journal *j = journal_open(NULL, NULL);
	char biz[24];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3000; i++) {
			snprintf(biz, sizeof biz, "%d", i);
			if (round == 0 || i % 3 == 0)
				journal_add(j, str_of(biz), S("wamid"), S("1"), S("text"));
		}
	EXPECT_INT(journal_count(j, S("3")), 2);
	EXPECT_INT(journal_count(j, S("2999")), 1);
	journal_close(j);
}
