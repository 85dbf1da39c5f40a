/* rule_test.c: what a rule sees in a new conversation. */
#include "base/test.h"
#include "routing/rule.h"

static const id64 labels[] = { 7, 8 };
static const str sources[] = { { "webhook", 7 }, { "https://www.Instagram.com/p/1", 29 } };
static struct rule_facts facts = { .channel = 5,
	.language = { "id", 2 },
	.labels = labels,
	.label_count = 2,
	.sources = sources,
	.source_count = 2 };

static bool matches(const char *conditions)
{
	struct rule_check checks[RULE_CONDITIONS];
	json v;

	text_words_of(test_arena(), S("Hi! I want my MONEY back, please"), &facts.words);
	EXPECT_OK(json_read(test_arena(), str_of(conditions), &v, NULL));
	return rule_match(test_arena(), v, &facts, checks);
}

TEST(each_condition_is_looked_at)
{
	static const struct { const char *conditions; bool want;
	} cases[] = {
		{ "{}", true },
		{ "[]", false },
		{ "{\"keywords\":[\"money back\"]}", true },
		{ "{\"keywords\":[\"Money  BACK\"]}", true },
		{ "{\"keywords\":[\"mone\"]}", false },
		{ "{\"keywords\":[\"my back\"]}", false },
		{ "{\"keywords\":[\"refund\",\"please\"]}", true },
		{ "{\"keywords\":[]}", false },
		{ "{\"channel_ids\":[\"5\"]}", true },
		{ "{\"channel_ids\":[\"6\"]}", false },
		{ "{\"languages\":[\"en\",\"ID\"]}", true },
		{ "{\"languages\":[\"en\"]}", false },
		{ "{\"label_ids\":[\"9\",\"8\"]}", true },
		{ "{\"label_ids\":[\"9\"]}", false },
		{ "{\"sources\":[\"instagram\"]}", true },
		{ "{\"sources\":[\"facebook\"]}", false },
		{ "{\"keywords\":[\"hi\"],\"languages\":[\"id\"],\"label_ids\":[\"7\"]}", true },
		{ "{\"keywords\":[\"hi\"],\"languages\":[\"en\"],\"label_ids\":[\"7\"]}", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (matches(cases[i].conditions) != cases[i].want)
			test_fail(__FILE__, __LINE__, "%s", cases[i].conditions);
}

static bool has(const char *text, const char *keyword)
{
	struct text_words words;

	text_words_of(test_arena(), str_of(text), &words);
	return rule_has_keyword(test_arena(), &words, str_of(keyword));
}

TEST(a_keyword_is_found_in_any_script)
{
	EXPECT(has("Где мой ЗАКАЗ?", "заказ"));
	EXPECT(has("أريد استرداد المال", "استرداد"));
	EXPECT(!has("", "x"));
	EXPECT(!has("x", ""));
}

TEST(the_entry_that_held_is_named)
{
	struct rule_check checks[RULE_CONDITIONS];
	json v;

	text_words_of(test_arena(), S("please"), &facts.words);
	EXPECT_OK(json_read(test_arena(),
		S("{\"keywords\":[\"refund\",\"please\"],\"languages\":[\"en\"]}"), &v, NULL));
	EXPECT(!rule_match(test_arena(), v, &facts, checks));
	EXPECT(checks[RULE_KEYWORDS].holds);
	EXPECT_STR(checks[RULE_KEYWORDS].found, "please");
	EXPECT(checks[RULE_LANGUAGES].is_asked && !checks[RULE_LANGUAGES].holds);
	EXPECT(!checks[RULE_SOURCES].is_asked && checks[RULE_SOURCES].holds);
}

TEST(a_region_tells_its_language)
{
	EXPECT_STR(language_of_region(test_arena(), S("ID")), "id");
	EXPECT_STR(language_of_region(test_arena(), S("DE")), "de");
	EXPECT_STR(language_of_region(test_arena(), S("BR")), "pt");
	EXPECT(!language_of_region(test_arena(), S("")).ptr);
}
