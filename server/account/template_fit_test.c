/*
 * template_fit_test.c: values against definitions: the samples of others fit, what is taken out is
 * named, and each kind of value is tried with what people type.
 */
#include "base/test.h"

#include "account/template_internal.h"

#include <stdio.h>

#define SAMPLE_MAX (1u << 20)
#define LONG_TEXT 1025

static struct job *new_job(void)
{
	static struct job job;

	job_init(&job, "test", test_arena(), NULL);
	job.now_ms = 1000;
	return &job;
}

static json read_json(str text)
{
	json v = NULL;

	EXPECT_OK(json_read(test_arena(), text, &v, NULL));
	return v;
}

static json read_sample(const char *name)
{
	struct buf b = buf_in(test_arena(), SAMPLE_MAX);
	char path[512], piece[4096];
	size_t n;
	FILE *file;

	snprintf(path, sizeof path, TEST_DATA "/cloud-requests/template-%s.json", name);
	file = fopen(path, "rb");
	EXPECT(file);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(&b, piece, n);
	fclose(file);
	return json_field(read_json(buf_text(&b)), "template");
}

static size_t count_errors(const struct job *job)
{
	size_t count = 0;

	for (const struct field_error *e = job->field_errors; e; e = e->next)
		count++;
	return count;
}

static bool has_error(const struct job *job, str field)
{
	for (const struct field_error *e = job->field_errors; e; e = e->next)
		if (str_is(e->field, field))
			return true;
	return false;
}

static struct template_item defined(const char *components, bool named)
{
	return (struct template_item){ .components = str_of(components),
		.parameter_format = named ? S("NAMED") : S("POSITIONAL") };
}

#define BODY(text) "{\"type\":\"BODY\",\"text\":\"" text "\"}"
#define HEADER(format) "{\"type\":\"HEADER\",\"format\":\"" format "\"}"
#define BUTTONS(list) "{\"type\":\"BUTTONS\",\"buttons\":[" list "]}"
#define URL "{\"type\":\"URL\",\"text\":\"Go\",\"url\":\"https://x.example/{{1}}\"}"
#define REPLY "{\"type\":\"QUICK_REPLY\",\"text\":\"Yes\"}"
#define CODE "{\"type\":\"COPY_CODE\",\"text\":\"Copy\"}"
#define CARD "{\"components\":[" HEADER("IMAGE") "," BUTTONS(URL) "]}"

/* parts: how many of the sample's components the template cannot do without. */
static const struct { const char *sample, *components; bool named; size_t parts;
} samples[] = {
	{ "body-07", "[" BODY("A {{1}}, {{2}}, {{3}}.") "]", false, 1 },
	{ "header_document-01", "[" HEADER("DOCUMENT") "," BODY("A {{1}}.") "," BUTTONS(URL) "]",
		false, 3 },
	{ "header_image-05",
		"[" HEADER("IMAGE") "," BODY("A {{1}}, {{2}}, {{3}}.") "," BUTTONS(
			REPLY "," REPLY) "]",
		false, 2 },
	{ "header_video-01", "[" HEADER("VIDEO") "," BODY("A {{1}}.") "]", false, 2 },
	{ "limited_time_offer-01",
		"[" HEADER("IMAGE") "," BODY(
			"A {{1}}, {{2}}.") ",{\"type\":\"LIMITED_TIME_OFFER\",\"limited_time_"
					   "offer\":{\"text\":\"Soon\","
					   "\"has_expiration\":true}}," BUTTONS(CODE "," URL) "]",
		false, 5 },
	{ "named_params-02",
		"[{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"O {{order_id}}\"}," BODY(
			"{{customer_name}} {{status}} {{details}}") "," BUTTONS(URL) "]",
		true, 3 },
	{ "quick_reply-01",
		"[" BODY("A {{1}}, {{2}}, {{3}}.") "," BUTTONS(REPLY "," REPLY "," REPLY) "]",
		false, 1 },
	{ "catalog-01",
		"[" BODY("A {{1}}, {{2}}, {{3}}.") "," BUTTONS(
			"{\"type\":\"CATALOG\",\"text\":\"View\"}") "]",
		false, 1 },
	{ "flow-01", "[" BODY("A.") "," BUTTONS("{\"type\":\"FLOW\",\"text\":\"Open\"}") "]", false,
		0 },
	{ "carousel-02", "[" BODY("A.") ",{\"type\":\"CAROUSEL\",\"cards\":[" CARD "," CARD "]}]",
		false, 1 },
	{ "plain-01", "[" BODY("A.") "]", false, 0 },
};

TEST(the_samples_of_others_fit_their_templates)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct template_item t = defined(samples[i].components, samples[i].named);
		struct job *job = new_job();

		template_check_send(job, &t, read_sample(samples[i].sample));
		if (job->field_errors)
			test_fail(__FILE__, __LINE__, "%s: " STR_F ": " STR_F, samples[i].sample,
				STR_A(job->field_errors->field), STR_A(job->field_errors->message));
	}
}

TEST(each_part_that_is_left_out_is_missed)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct template_item t = defined(samples[i].components, samples[i].named);
		struct job *job = new_job();
		size_t places = 0;

		template_check_send(job, &t, read_json(S("{}")));
		for (size_t part = 0; part < 8; part++) {
			str first = arena_printf(test_arena(),
				"template.components[%zu].parameters[0]", part);
			str cards = arena_printf(test_arena(), "template.components[%zu].cards",
				part);

			places += has_error(job, first) || has_error(job, cards);
		}
		if (places != samples[i].parts)
			test_fail(__FILE__, __LINE__, "%s: %zu parts missed", samples[i].sample,
				places);
	}
}

TEST(a_missing_value_is_named_where_it_would_stand)
{
	struct template_item t =
		defined("[" BODY("A {{1}}, {{2}}.") "," BUTTONS(REPLY "," CODE) "]", false);
	struct job *job = new_job();

	template_check_send(job, &t,
		read_json(
			S("{\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
			  "\"text\":\"Ana\"}]},{\"type\":\"button\",\"sub_type\":\"url\",\"index\":"
			  "7,\"parameters\":[]}]}")));
	EXPECT(has_error(job, S("template.components[0].parameters[1]")));
	EXPECT(has_error(job, S("template.components[2].parameters[0]")));
	EXPECT(has_error(job, S("template.components[1].index")));
	EXPECT_INT(count_errors(job), 3);
}

TEST(a_card_says_which_it_is)
{
	struct template_item t = defined("[" BODY("A.") ",{\"type\":\"CAROUSEL\",\"cards\":[" CARD
					 "," CARD "]}]",
		false);
	struct job *job = new_job();

	template_check_send(job, &t,
		read_json(S(
			"{\"components\":[{\"type\":\"carousel\",\"cards\":[{\"card_index\":0,"
			"\"components\":[]},{\"card_index\":1,\"components\":[{\"type\":\"header\","
			"\"parameters\":[{\"type\":\"image\",\"image\":{\"id\":\"1\"}}]}]}]}]}")));
	EXPECT(has_error(job, S("template.components[0].cards[0].components[0].parameters[0]")));
	EXPECT(has_error(job, S("template.components[0].cards[0].components[1].parameters[0]")));
	EXPECT(has_error(job, S("template.components[0].cards[1].components[1].parameters[0]")));
	EXPECT_INT(count_errors(job), 3);
}

/* ---- each kind of value with what people type ---- */

enum typed { EMPTY, PLAIN, LONG, NEWLINE, EMOJI, ARABIC, SPACES, TYPED };

static str typed_text(enum typed typed)
{
	static char text[LONG_TEXT];
	static const char *const words[] = { "", "Ana 17", NULL, "a\nb", "\xF0\x9F\x98\x80",
		"\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7", "a     b" };

	memset(text, 'x', sizeof text);
	return typed == LONG ? (str){ text, sizeof text } : str_of(words[typed]);
}

/* One component with one value of a kind, and which of the seven are taken. */
static const struct { const char *name, *components, *before, *after; const char *taken;
} kinds[] = {
	{ "header text",
		"[{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"A {{1}}\"}," BODY("A.") "]",
		"{\"type\":\"header\",\"parameters\":[{\"type\":\"text\",\"text\":", "}]}",
		"-+--++-" },
	{ "body text", "[" BODY("A {{1}}.") "]",
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":", "}]}",
		"-+--++-" },
	{ "named text", "[" BODY("A {{who}}.") "]",
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":\"who\","
		"\"text\":",
		"}]}", "-+--++-" },
	{ "currency", "[" BODY("A {{1}}.") "]",
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"currency\",\"currency\":{\"code\":"
		"\"USD\",\"amount_1000\":1000,\"fallback_value\":",
		"}}]}", "-+--++-" },
	{ "date_time", "[" BODY("A {{1}}.") "]",
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"date_time\",\"date_time\":{"
		"\"fallback_value\":",
		"}}]}", "-+--++-" },
	{ "url suffix", "[" BODY("A.") "," BUTTONS(URL) "]",
		"{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":[{"
		"\"type\":"
		"\"text\",\"text\":",
		"}]}", "-+--++-" },
	{ "quick reply payload", "[" BODY("A.") "," BUTTONS(REPLY) "]",
		"{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"0\",\"parameters\":["
		"{"
		"\"type\":\"payload\",\"payload\":",
		"}]}", "-+-++++" },
	{ "copy code", "[" BODY("A.") "," BUTTONS(CODE) "]",
		"{\"type\":\"button\",\"sub_type\":\"copy_code\",\"index\":\"0\",\"parameters\":[{"
		"\"type\":\"coupon_code\",\"coupon_code\":",
		"}]}", "-------" },
	{ "picture by address", "[" HEADER("IMAGE") "," BODY("A.") "]",
		"{\"type\":\"header\",\"parameters\":[{\"type\":\"image\",\"image\":{\"link\":",
		"}}]}", "-------" },
};

static json send_of(size_t kind, str value)
{
	struct buf b = buf_in(test_arena(), SAMPLE_MAX);

	buf_str(&b, S("{\"name\":\"t\",\"language\":{\"code\":\"en\"},\"components\":["));
	buf_str(&b, str_of(kinds[kind].before));
	json_put(&b, NULL, value);
	buf_str(&b, str_of(kinds[kind].after));
	buf_str(&b, S("]}"));
	return read_json(buf_text(&b));
}

/* As a send is checked: the shape first, then the template. */
static bool is_taken(size_t kind, str value)
{
	struct channel ch = { .provider = &cloud_provider };
	struct template_item t = defined(kinds[kind].components,
		str_has(str_of(kinds[kind].components), S("{{who}}")));
	struct job *job = new_job();
	json sent = send_of(kind, value);

	if (cloud_provider.check(job, &ch, KIND_TEMPLATE, sent) == OK)
		template_check_send(job, &t, sent);
	return !job->field_errors;
}

TEST(every_kind_of_value_is_taken_or_refused_before_sending)
{
	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		for (size_t i = 0; i < TYPED; i++)
			if (is_taken(k, typed_text((enum typed)i)) != (kinds[k].taken[i] == '+'))
				test_fail(__FILE__, __LINE__, "%s, value %zu", kinds[k].name, i);
}

TEST(codes_and_addresses_that_are_right_are_taken)
{
	EXPECT(is_taken(7, S("SAVE20")));
	EXPECT(!is_taken(7, S("SAVE 20")));
	EXPECT(is_taken(7, S("ABCDEFGHIJKLMNOPQRST")));
	EXPECT(!is_taken(7, S("ABCDEFGHIJKLMNOPQRSTU")));
	EXPECT(is_taken(8, S("https://x.example/a.png")));
}

TEST(a_place_is_on_earth)
{
	struct template_item t = defined("[" HEADER("LOCATION") "," BODY("A.") "]", false);
	static const struct { const char *place; bool good; } places[] = {
		{ "\"latitude\":51.5,\"longitude\":-0.12", true },
		{ "\"latitude\":91,\"longitude\":0", false },
		{ "\"latitude\":0", false },
		{ "\"latitude\":\"x\",\"longitude\":1", false },
		{ "\"latitude\":-90,\"longitude\":180,\"name\":\"\xD9\x85\"", true },
	};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct job *job = new_job();

		template_check_send(job, &t,
			read_json(arena_printf(test_arena(),
				"{\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
				"\"location\",\"location\":{%s}}]}]}",
				places[i].place)));
		if (!job->field_errors != places[i].good)
			test_fail(__FILE__, __LINE__, "place %zu", i);
	}
}

TEST(an_offer_ends_in_time_to_come)
{
	struct template_item t = defined("[" BODY("A.") ",{\"type\":\"LIMITED_TIME_OFFER\","
							"\"limited_time_offer\":{\"text\":\"x\"}}]",
		false);
	static const int64_t ends[] = { 0, 1, 1000, 1001, 1798761600000 };

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct job *job = new_job();

		template_check_send(job, &t,
			read_json(arena_printf(test_arena(),
				"{\"components\":[{\"type\":\"limited_time_offer\",\"parameters\":["
				"{"
				"\"type\":\"limited_time_offer\",\"limited_time_offer\":{"
				"\"expiration_time_ms\":%lld}}]}]}",
				(long long)ends[i])));
		EXPECT(!job->field_errors == (ends[i] > 1000));
	}
}

/* ---- how it reads ---- */

static const char order[] =
	"[{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Order {{1}}\"},"
	"{\"type\":\"BODY\",\"text\":\"Hi {{1}}, pay {{2}}. {{3}}?\"},{\"type\":\"FOOTER\","
	"\"text\":\"Us\"},{\"type\":\"BUTTONS\",\"buttons\":[" URL "," REPLY "]}]";
static const char filled[] = "{\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
			     "\"text\",\"text\":\"A-17\"}]},"
			     "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
			     "\"Ana\"},{\"type\":\"currency\","
			     "\"currency\":{\"fallback_value\":\"$5\"}}]},{\"type\":\"button\","
			     "\"sub_type\":\"url\",\"index\":"
			     "0,\"parameters\":[{\"type\":\"text\",\"text\":\"a17\"}]}]}";

TEST(it_reads_with_its_values_and_what_is_missing_stays)
{
	struct template_item t = defined(order, false);

	EXPECT_STR(template_render(new_job(), &t, read_json(str_of(filled))),
		"Order A-17\nHi Ana, pay $5. {{3}}?\nUs");
}

TEST(a_local_one_leaves_as_text_or_as_a_file_with_a_caption)
{
	struct template_item t = defined(order, false);
	enum message_kind kind;
	json content;

	EXPECT_OK(template_as_message(new_job(), &t, read_json(str_of(filled)), &kind, &content));
	EXPECT_INT(kind, KIND_TEXT);
	EXPECT_STR(json_text_at(content, "body"),
		"Order A-17\nHi Ana, pay $5. {{3}}?\nUs\nGo: https://x.example/a17");
	t = defined("[" HEADER("IMAGE") "," BODY("Look.") "]", false);
	EXPECT_OK(template_as_message(new_job(), &t,
		read_json(S(
			"{\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":\"image\","
			"\"image\":{\"id\":\"7\"}}]}]}")),
		&kind, &content));
	EXPECT_INT(kind, KIND_IMAGE);
	EXPECT_STR(json_text_at(content, "id"), "7");
	EXPECT_STR(json_text_at(content, "caption"), "Look.");
}

TEST(a_channel_is_offered_its_own_kind_only)
{
	const struct provider plain = { .name = "plain", .can = CAN_KIND(KIND_TEXT) };
	struct channel cloud = { .provider = &cloud_provider, .account_id = S("200") },
		       linked = { .provider = &plain, .account_id = S("9") };

	EXPECT(template_fits_channel(&cloud, TEMPLATE_PROVIDER));
	EXPECT(!template_fits_channel(&cloud, TEMPLATE_LOCAL));
	EXPECT(template_fits_channel(&linked, TEMPLATE_LOCAL));
	EXPECT(!template_fits_channel(&linked, TEMPLATE_PROVIDER));
	EXPECT_STR(template_account_of(&cloud), "200");
	EXPECT_STR(template_account_of(&linked), "");
}

/* ---- names and definitions ---- */

TEST(a_version_is_told_by_the_end_of_the_name)
{
	static const struct { const char *name, *family; int64_t version;
	} names[] = {
		{ "order_ready", "order_ready", 1 },
		{ "order_ready_v2", "order_ready", 2 },
		{ "order_v12", "order", 12 },
		{ "v2", "v2", 1 },
		{ "_v2", "_v2", 1 },
		{ "order_2", "order_2", 1 },
		{ "order_v", "order_v", 1 },
		{ "order_v99999999999", "order_v99999999999", 1 },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		int64_t version;

		EXPECT_STR(template_family(str_of(names[i].name), &version), names[i].family);
		EXPECT_INT(version, names[i].version);
	}
}

static const struct { const char *components, *field;
} wrong_definitions[] = {
	{ "[]", "components" },
	{ "{}", "components" },
	{ "[" BODY("Hi") ",{\"type\":\"CONFETTI\"}]", "components[1].type" },
	{ "[" BODY("Hi") "," BODY("Hi") "]", "components[1]" },
	{ "[" BODY("{{1}} hi") "]", "components[0].text" },
	{ "[" BODY("hi {{1}}{{2}} you") "]", "components[0].text" },
	{ "[" BODY("hi {{2}} you") "]", "components[0].text" },
	{ "[" BODY("hi {{1}} you") "]", "components[0].example[0]" },
	{ "[" HEADER("IMAGE") "," BODY("Hi") "]", "components[0].example" },
	{ "[" HEADER("CLOUD") "," BODY("Hi") "]", "components[0].format" },
	{ "[" BODY("Hi") ",{\"type\":\"FOOTER\",\"text\":\"{{1}}\"}]", "components[1].text" },
	{ "[" BODY("Hi") "," BUTTONS("") "]", "components[1].buttons" },
	{ "[" BODY("Hi") "," BUTTONS(
		  REPLY ",{\"type\":\"URL\",\"text\":\"x\",\"url\":\"https://x\"}," REPLY) "]",
		"components[1].buttons" },
	{ "[" BODY("Hi") "," BUTTONS(CODE) "]", "components[1].buttons[0].example" },
	{ "[" BODY("Hi") ",{\"type\":\"CAROUSEL\",\"cards\":[" CARD "]}]", "components[1].cards" },
	{ "[" BODY("Hi") ",{\"type\":\"CAROUSEL\",\"cards\":[" CARD ",{\"components\":[]}]}]",
		"components[1].cards[1]" },
};

TEST(a_definition_is_checked_as_meta_would)
{
	for (size_t i = 0; i < COUNT_OF(wrong_definitions); i++) {
		struct template_item t = defined(wrong_definitions[i].components, false);
		struct job *job = new_job();

		t.name = S("fine");
		t.language = S("en_US");
		t.category = S("UTILITY");
		template_check_definition(job, &t, read_json(t.components));
		if (!has_error(job, str_of(wrong_definitions[i].field)))
			test_fail(__FILE__, __LINE__, "definition %zu: %s is not named", i,
				wrong_definitions[i].field);
	}
}
