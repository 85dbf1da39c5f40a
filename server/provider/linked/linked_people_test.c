/* linked_people_test.c: what happens in groups, calls and restrictions, as the inbox is told of it.
 */
#include "provider/linked/linked_people.h"

#include "base/test.h"
#include "crypto/crypto.h"

#define ANA "{\"lid\":\"20000000002222\",\"phone\":\"5511999990000\"}"
#define BOB "{\"lid\":\"30000000003333\",\"phone\":\"15550003333\"}"
#define GROUP(event, more)                                                                   \
	"{\"kind\":\"group\",\"event\":\"" event "\",\"group\":\"1203@g.us\",\"who\":" ANA  \
	",\"who_name\":\"Ana\",\"t_ms\":1790000100000," more "}"

static struct job job;

static struct provider_events parse(const char *text)
{
	struct provider_events events = { 0 };
	json root;

	crypto_init();
	job_init(&job, "test", test_arena(), NULL);
	EXPECT_OK(json_read(test_arena(), str_of(text), &root, NULL));
	EXPECT(linked_parse_people(&job, root, &events));
	return events;
}

static str body(const struct provider_event *ev)
{
	json v;

	EXPECT_OK(json_read(test_arena(), ev->content, &v, NULL));
	return json_text_at(v, "body");
}

TEST(what_happens_in_a_group_is_a_line_of_its_thread)
{
	static const struct { const char *raw, *line;
	} rows[] = {
		{ GROUP("added", "\"on\":true,\"members\":[" BOB "]"), "Ana added +15550003333." },
		{ GROUP("added", "\"on\":true,\"members\":[" ANA "]"), "Ana joined." },
		{ GROUP("removed", "\"on\":false,\"members\":[" ANA "]"), "Ana left." },
		{ GROUP("removed", "\"on\":false,\"members\":[" BOB "]"),
			"Ana removed +15550003333." },
		{ GROUP("promoted", "\"on\":true,\"members\":[" BOB "]"),
			"Ana made +15550003333 an admin." },
		{ GROUP("announce", "\"on\":false"), "Everybody may write now." },
		{ GROUP("asked", "\"on\":true,\"members\":[" BOB "]"),
			"+15550003333 asks to join." },
		{ GROUP("picture", "\"text\":\"5\",\"on\":true"), "Ana changed the picture." },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct provider_events events = parse(rows[i].raw);

		EXPECT_INT(events.count, 1);
		EXPECT_INT(events.items[0].kind, EVENT_MESSAGE);
		EXPECT_INT(events.items[0].message_kind, KIND_SYSTEM);
		EXPECT_STR(events.items[0].group_id, "1203@g.us");
		EXPECT_STR(events.items[0].who.phone, "5511999990000");
		EXPECT_STR(body(&events.items[0]), rows[i].line);
	}
}

TEST(a_group_is_called_by_its_subject)
{
	struct provider_events events = parse(GROUP("subject", "\"text\":\"Choir\",\"on\":true"));

	EXPECT_INT(events.count, 2);
	EXPECT_INT(events.items[0].kind, EVENT_CONTACT);
	EXPECT_STR(events.items[0].who.group, "1203@g.us");
	EXPECT_STR(events.items[0].who.name, "Choir");
	EXPECT(str_has(body(&events.items[1]), S("Choir")));
}

TEST(the_same_change_has_the_same_name_and_another_one_another)
{
	const char *one = GROUP("locked", "\"on\":true"), *two = GROUP("locked", "\"on\":false");

	EXPECT(str_is(parse(one).items[0].remote_id, parse(one).items[0].remote_id));
	EXPECT(!str_is(parse(one).items[0].remote_id, parse(two).items[0].remote_id));
}

TEST(a_call_is_a_line_that_says_what_became_of_it)
{
	struct provider_events events =
		parse("{\"kind\":\"call\",\"event\":\"offered\",\"id\":\"C1\",\"who\":" ANA
		      ",\"video\":true,\"refused\":true,\"t_ms\":1790000100000}");
	struct provider_event *ev = &events.items[0];

	EXPECT_STR(ev->remote_id, "call-C1#offered");
	EXPECT(ev->opens_window);
	EXPECT_STR(body(ev), "They called, and the call was refused by the number's rule.");
	EXPECT(str_has(ev->content, S("\"refused\":true")));
	events = parse("{\"kind\":\"call\",\"event\":\"ended\",\"id\":\"C1\",\"who\":" ANA
		       ",\"video\":false,\"refused\":false,\"t_ms\":1790000100000}");
	EXPECT(!events.items[0].opens_window);
}

TEST(a_restriction_is_a_notice_with_what_the_network_says)
{
	struct provider_events events =
		parse("{\"kind\":\"restriction\",\"restriction\":\"reachout_timelock\","
		      "\"is_active\":true,\"until_ms\":1790003600000,\"quota\":-1,\"used\":-1,"
		      "\"t_ms\":1790000100000}");

	EXPECT_INT(events.items[0].kind, EVENT_NOTICE);
	EXPECT_STR(events.items[0].field, "restriction");
	EXPECT_STR(events.items[0].severity, "critical");
	EXPECT(str_has(events.items[0].detail, S("\"kind\":\"reachout_timelock\"")));
	EXPECT(str_has(events.items[0].detail, S("\"until_ms\":1790003600000")));
}

TEST(a_verified_name_goes_to_the_contact)
{
	struct provider_events events = parse("{\"kind\":\"contact\",\"who\":" ANA
					      ",\"verified_name\":\"Ana's Shop\",\"t_ms\":1}");

	EXPECT_INT(events.items[0].kind, EVENT_CONTACT);
	EXPECT_STR(events.items[0].who.name, "Ana's Shop");
}
