/* log_test.c: what reaches the log, and what does not. */
#include "base/log.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static str redacted(const char *text)
{
	str copy = arena_str(test_arena(), str_of(text));
	char *p = arena_alloc(test_arena(), copy.len + 1);

	memcpy(p, copy.ptr, copy.len);
	return (str){ p, log_redact(p, copy.len) };
}

TEST(phone_numbers_are_redacted)
{
	EXPECT_STR(redacted("to +12025550142 now"), "to +*** now");
	EXPECT_STR(redacted("12025550142"), "***");
	EXPECT_STR(redacted("contact6281234567890x"), "contact***x");
	EXPECT_STR(redacted("a=1234567,b=1234567890123456"), "a=***,b=***");
	EXPECT_STR(redacted("6281234567890@s.whatsapp.net"), "***@s.whatsapp.net");
}

TEST(short_numbers_and_ids_stay)
{
	EXPECT_STR(redacted("status 503 after 123456 ms"), "status 503 after 123456 ms");
	EXPECT_STR(redacted("message 7397295182834532352"), "message 7397295182834532352");
	EXPECT_STR(redacted("id 12345678901234567"), "id 12345678901234567");
}

TEST(secrets_are_redacted_whole)
{
	EXPECT_STR(redacted("Authorization: Bearer eyJhbGci.eyJzdWIi.sig-_x/+="),
	           "Authorization: ***");
	EXPECT_STR(redacted("bearer abcdefgh, then"), "***, then");
	EXPECT_STR(redacted("BEARER abcdefgh"), "***");
	EXPECT_STR(redacted("key pk_Ab3dEf9-xyz ok"), "key *** ok");
	EXPECT_STR(redacted("token EAAGm0PX4ZCpsBA7 refused"), "token *** refused");
	EXPECT_STR(redacted("x?access_token=abc123def&y=1"), "x?***&y=1");
	EXPECT_STR(redacted("Cookie: parley_session=Zm9v-YmFy; a=b"), "Cookie: ***; a=b");
}

TEST(words_that_only_look_like_secrets_stay)
{
	EXPECT_STR(redacted("the bearer of news"), "the bearer of news");
	EXPECT_STR(redacted("EAA"), "EAA");
	EXPECT_STR(redacted("IDEAAS and TEAAGENTSARE"), "IDEAAS and TEAAGENTSARE");
}

TEST(what_follows_a_redaction_is_looked_at_afresh)
{
	EXPECT_STR(redacted("1234567EAAbbbbbbbb"), "******");
}

static str log_file;

static void open_log(enum log_level least)
{
	int fd;

	log_file = arena_printf(test_arena(), "%s/log", test_folder());
	fd = open(log_file.ptr, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
	EXPECT(fd >= 0);
	log_open(least, fd);
}

static str logged(void)
{
	FILE *file = fopen(log_file.ptr, "r");
	char *text = arena_alloc(test_arena(), 1 << 20);
	size_t n = fread(text, 1, 1 << 20, file);

	fclose(file);
	return (str){ text, n };
}

TEST(a_line_is_one_json_object)
{
	json line;

	open_log(LOG_INFO);
	clock_fake(1763735400123);
	log_set_trace(S("0123456789abcdef0123456789abcdef-and-more"));
	log_info("job %s: \"quoted\"\n\xFF", "send");
	clock_fake(0);
	log_set_trace(STR_NONE);
	EXPECT(str_ends(logged(), S("}\n")));
	EXPECT_OK(json_read(test_arena(), logged(), &line, NULL));
	EXPECT_STR(json_text_at(line, "ts"), "2025-11-21T14:30:00.123Z");
	EXPECT_STR(json_text_at(line, "level"), "info");
	EXPECT_STR(json_text_at(line, "trace"), "0123456789abcdef0123456789abcdef");
	EXPECT_STR(json_text_at(line, "msg"), "job send: \"quoted\"\n\xEF\xBF\xBD");
}

TEST(lower_levels_are_silent)
{
	open_log(LOG_WARN);
	log_debug("a");
	log_info("b");
	EXPECT_INT(logged().len, 0);
	log_warn("c");
	log_error("d");
	EXPECT(str_has(logged(), S("\"msg\":\"c\"")) && str_has(logged(), S("\"msg\":\"d\"")));
	EXPECT(!str_has(logged(), S("trace")));
}

TEST(a_long_message_is_cut_and_still_redacted)
{
	char *text = arena_alloc(test_arena(), 3 * LOG_LINE_MAX);
	json line;

	memset(text, '\x01', 3 * LOG_LINE_MAX - 1);
	memcpy(text, "12025550142", 11);
	open_log(LOG_INFO);
	log_error("%s", text);
	EXPECT_OK(json_read(test_arena(), logged(), &line, NULL));
	EXPECT(str_starts(json_text_at(line, "msg"), S("***\x01")));
}

static void *log_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++)
		log_info("line of a thread");
	return NULL;
}

TEST(lines_of_threads_do_not_mix)
{
	pthread_t threads[4];
	str rest;
	int lines = 0;

	open_log(LOG_INFO);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		EXPECT(pthread_create(&threads[i], NULL, log_many, NULL) == 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	for (rest = logged(); rest.len; lines++) {
		json line;

		EXPECT_OK(json_read(test_arena(), str_split(&rest, '\n'), &line, NULL));
	}
	EXPECT_INT(lines, 800);
}

TEST(levels_have_names)
{
	enum log_level level;

	EXPECT(log_level_parse(S("warn"), &level) && level == LOG_WARN);
	EXPECT(!log_level_parse(S("loud"), &level));
}
