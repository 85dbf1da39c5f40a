/* price_test.c: dated rules and prices, worked by hand. */
#include "account/price.h"
#include "base/test.h"

#define DAY(n) (1790812800000LL + (n) * 86400000LL) /* 2026-10-01 and n days */

static const char table_text[] =
	"# a comment\n"
	"market,2025-07-01,NORTH,,US CA,,\n"
	"market,2025-07-01,OTHER,,*,,\n"
	"rule,2025-07-01,*,utility,free_in_window,,\n"
	"rule,2026-10-01,*,utility,charged,,\n"
	"rule,2025-07-01,*,service,free,,\n"
	"rule,2026-10-01,*,service,as_utility,,\n"
	"rule,2026-10-01,*,service,free_first:1000,,\n"
	"price,2025-07-01,NORTH,marketing,0.025,USD,\n"
	"price,2026-10-01,NORTH,marketing,0.03,USD,\n"
	"price,2025-07-01,OTHER,utility,0.0077,USD,\n"
	"price,2025-07-01,ID,marketing,586.33,IDR,\n";

static struct price ask(const char *country, const char *category, const char *kind, int64_t at_ms,
	bool window)
{
	struct price_table table;
	struct price out;
	str why;

	EXPECT_OK(price_read(test_arena(), str_of(table_text), &table, &why));
	price_of(test_arena(), &table,
		&(struct price_question){ .country = str_of(country), .category = str_of(category),
			.kind = str_of(kind), .at_ms = at_ms, .window_open = window },
		&out);
	return out;
}

TEST(the_newest_price_of_the_day_holds)
{
	EXPECT_INT(ask("CA", "marketing", "", DAY(-1), false).micros, 25000);
	EXPECT_INT(ask("CA", "marketing", "", DAY(0), false).micros, 30000);
	EXPECT_INT(ask("ID", "marketing", "", DAY(0), false).micros, 586330000);
	EXPECT_STR(ask("ID", "marketing", "", DAY(0), false).currency, "IDR");
	EXPECT_STR(ask("ID", "marketing", "", DAY(0), false).market, "OTHER");
}

TEST(rules_change_with_their_day)
{
	EXPECT(ask("DE", "utility", "", DAY(-1), true).is_free);
	EXPECT(!ask("DE", "utility", "", DAY(-1), false).is_free);
	EXPECT(!ask("DE", "utility", "", DAY(0), true).is_free);
	EXPECT_INT(ask("DE", "utility", "", DAY(0), true).micros, 7700);
	EXPECT(ask("DE", "service", "", DAY(-1), true).is_free);
	EXPECT_INT(ask("DE", "service", "", DAY(0), true).micros, 7700);
	EXPECT_INT(ask("DE", "service", "", DAY(0), true).free_first, 1000);
}

TEST(the_networks_word_beats_the_rule)
{
	EXPECT(ask("DE", "utility", "free_customer_service", DAY(0), false).is_free);
	EXPECT(!ask("DE", "utility", "regular", DAY(-1), true).is_free);
	EXPECT_INT(ask("US", "marketing_lite", "regular", DAY(0), true).micros, 30000);
}

TEST(what_has_no_price_is_not_known)
{
	struct price none = ask("DE", "marketing", "", DAY(0), false);

	EXPECT(!none.is_known && !none.is_free);
	EXPECT_INT(none.micros, 0);
	EXPECT(!ask("", "authentication", "", DAY(0), false).is_known);
}

TEST(a_wrong_line_is_named)
{
	struct price_table table;
	str why;

	EXPECT(price_read(test_arena(), S("\nprice,2026-01-01,IN,marketing,cheap,USD,\n"), &table,
		       &why) == ERR_INPUT);
	EXPECT(str_starts(why, S("line 2 of the prices wants a price")));
	EXPECT(price_read(test_arena(), S("tax,2026-01-01,IN,marketing,1,USD,\n"), &table, &why) ==
		ERR_INPUT);
	EXPECT(price_read(test_arena(), S("rule,soon,*,utility,free,,\n"), &table, &why) ==
		ERR_INPUT);
}

TEST(the_built_in_table_reads)
{
	struct price none;
	str why;

	EXPECT_OK(price_load(test_arena(), "", &why));
	EXPECT(price_table()->count > 10);
	price_of(test_arena(), price_table(),
		&(struct price_question){ .country = S("KE"), .category = S("marketing"),
			.at_ms = DAY(3) },
		&none);
	EXPECT_STR(none.market, "REST_OF_AFRICA");
	EXPECT(!none.is_known);
}
