/* check_test.c: the published limits, each at its edge, and all wrong fields at once. */
#include "base/test.h"
#include "provider/cloud/cloud_internal.h"

#include <dirent.h>
#include <stdio.h>

static struct job *last;

static enum err check(enum message_kind kind, str content)
{
	json v;

	last = ARENA_NEW(test_arena(), struct job);
	job_init(last, "test", test_arena(), NULL);
	EXPECT_OK(json_read(test_arena(), content, &v, NULL));
	return cloud_check(last, NULL, kind, v);
}

static bool is_wrong(const char *field, const char *code)
{
	for (const struct field_error *e = last->field_errors; e; e = e->next)
		if (str_is(e->field, str_of(field)) && str_is(e->code, str_of(code)))
			return true;
	return false;
}

static size_t count_wrong(void)
{
	size_t count = 0;

	for (const struct field_error *e = last->field_errors; e; e = e->next)
		count++;
	return count;
}

/* text with n times `unit` where its '%' stands. */
static str filled(const char *format, size_t n, const char *unit)
{
	struct buf b = buf_in(test_arena(), 1u << 20);
	str rest = str_of(format);

	buf_str(&b, str_split(&rest, '%'));
	for (size_t i = 0; i < n; i++)
		buf_str(&b, str_of(unit));
	buf_str(&b, rest);
	return buf_text(&b);
}

TEST(a_text_has_one_to_4096_code_points)
{
	EXPECT_OK(check(KIND_TEXT, filled("{\"body\":\"%\"}", 4096, "\xF0\x9F\x98\x80")));
	EXPECT_ERR(check(KIND_TEXT, filled("{\"body\":\"%\"}", 4097, "a")), ERR_INPUT);
	EXPECT(is_wrong("text.body", "too_long"));
	EXPECT_ERR(check(KIND_TEXT, S("{\"body\":\"  \"}")), ERR_INPUT);
	EXPECT(is_wrong("text.body", "too_short"));
	EXPECT_ERR(check(KIND_TEXT, S("{}")), ERR_INPUT);
	EXPECT(is_wrong("text.body", "required"));
	EXPECT_ERR(check(KIND_TEXT, S("{\"body\":7}")), ERR_INPUT);
	EXPECT(is_wrong("text.body", "type"));
}

TEST(all_wrong_fields_are_told_at_once_by_their_paths)
{
	EXPECT_ERR(check(KIND_INTERACTIVE, S("{\"type\":\"button\",\"body\":{\"text\":\"\"},"
	                                     "\"action\":{\"buttons\":[{\"type\":\"reply\","
	                                     "\"reply\":{\"id\":\"a\",\"title\":\"Yes\"}},"
					     "{\"type\":\"reply\",\"reply\":{\"id\":\"a\","
	                                     "\"title\":\"A title that is far too long\"}}]}}")),
		ERR_INPUT);
	EXPECT(is_wrong("interactive.body.text", "too_short"));
	EXPECT(is_wrong("interactive.action.buttons[1].reply.title", "too_long"));
	EXPECT(is_wrong("interactive.action.buttons[1].reply.id", "repeated"));
	EXPECT_INT(count_wrong(), 3);
	EXPECT_STR(last->code, "invalid_input");
}

TEST(a_button_message_has_one_to_three_buttons)
{
	EXPECT_ERR(check(KIND_INTERACTIVE, S("{\"type\":\"button\",\"body\":{\"text\":\"a\"},"
	                                     "\"action\":{\"buttons\":[]}}")),
		ERR_INPUT);
	EXPECT(is_wrong("interactive.action.buttons", "required"));
	EXPECT_ERR(check(KIND_INTERACTIVE, filled("{\"type\":\"button\",\"body\":{\"text\":\"a\"},"
	                                          "\"action\":{\"buttons\":[%0]}}",
						   4, "{},")),
		ERR_INPUT);
	EXPECT(is_wrong("interactive.action.buttons", "too_many"));
}

#define ROW(id) "{\"id\":\"" id "\",\"title\":\"t\"}"

TEST(a_list_has_ten_rows_in_all_sections_together)
{
	static const char ten[] = ROW("0") "," ROW("1") "," ROW("2") "," ROW("3") "," ROW(
		"4") "," ROW("5") "," ROW("6") "," ROW("7") "," ROW("8") "," ROW("9");
	const char *format = "{\"type\":\"list\",\"body\":{\"text\":\"a\"},\"action\":{\"button\":"
	                     "\"b\",\"sections\":[{\"title\":\"s\",\"rows\":[%]}]}}";
	const char *more =
		"{\"type\":\"list\",\"body\":{\"text\":\"a\"},\"action\":{\"button\":\"b\","
	        "\"sections\":[{\"rows\":[%]},{\"title\":\"x\",\"rows\":[" ROW("0") "]}]}}";

	EXPECT_OK(check(KIND_INTERACTIVE, filled(format, 1, ten)));
	EXPECT_ERR(check(KIND_INTERACTIVE, filled(more, 1, ten)), ERR_INPUT);
	EXPECT(is_wrong("interactive.action.sections", "too_many"));
	EXPECT(is_wrong("interactive.action.sections[0].title", "required"));
	EXPECT_ERR(check(KIND_INTERACTIVE, filled(format, 1, ROW("0") "," ROW("0"))), ERR_INPUT);
	EXPECT(is_wrong("interactive.action.sections[0].rows[1].id", "repeated"));
}

TEST(a_list_takes_only_a_text_header)
{
	EXPECT_ERR(check(KIND_INTERACTIVE,
			   S("{\"type\":\"list\",\"header\":{\"type\":\"image\",\"image\":{\"id\":"
	                     "\"1\"}},\"body\":{\"text\":\"a\"},\"action\":{\"button\":\"b\","
	                     "\"sections\":[{\"rows\":[" ROW("0") "]}]}}")),
		ERR_INPUT);
	EXPECT(is_wrong("interactive.header.type", "invalid"));
	EXPECT_INT(count_wrong(), 1);
}

TEST(media_needs_an_id_or_a_link_and_not_both)
{
	EXPECT_OK(check(KIND_IMAGE, S("{\"id\":\"12\",\"caption\":\"c\"}")));
	EXPECT_OK(check(KIND_DOCUMENT,
		S("{\"link\":\"https://example.com/a.pdf\",\"filename\":\"a.pdf\"}")));
	EXPECT_ERR(check(KIND_IMAGE, S("{}")), ERR_INPUT);
	EXPECT(is_wrong("image", "required"));
	EXPECT_ERR(check(KIND_VIDEO, S("{\"id\":\"1\",\"link\":\"https://example.com/a\"}")),
		ERR_INPUT);
	EXPECT(is_wrong("video", "conflict"));
	EXPECT_ERR(check(KIND_IMAGE, S("{\"link\":\"ftp://example.com/a\"}")), ERR_INPUT);
	EXPECT(is_wrong("image.link", "invalid"));
	EXPECT_ERR(check(KIND_VOICE, S("{\"id\":\"1\",\"caption\":\"no\"}")), ERR_INPUT);
	EXPECT(is_wrong("audio.caption", "not_allowed"));
	EXPECT_ERR(check(KIND_IMAGE, filled("{\"id\":\"1\",\"caption\":\"%\"}", 1025, "c")),
		ERR_INPUT);
	EXPECT(is_wrong("image.caption", "too_long"));
}

TEST(a_place_is_on_the_globe)
{
	EXPECT_OK(check(KIND_LOCATION, S("{\"latitude\":\"39.28\",\"longitude\":-84}")));
	EXPECT_ERR(check(KIND_LOCATION, S("{\"latitude\":91,\"longitude\":\"east\"}")), ERR_INPUT);
	EXPECT(is_wrong("location.latitude", "out_of_range"));
	EXPECT(is_wrong("location.longitude", "type"));
}

TEST(a_contact_has_a_formatted_name_and_one_part_more)
{
	EXPECT_OK(check(KIND_CONTACTS,
		S("[{\"name\":{\"formatted_name\":\"Ana B\",\"first_name\":\"Ana\"}}]")));
	EXPECT_ERR(check(KIND_CONTACTS, S("[{\"name\":{\"formatted_name\":\"Ana B\"}},{}]")),
		ERR_INPUT);
	EXPECT(is_wrong("contacts[0].name", "required"));
	EXPECT(is_wrong("contacts[1].name.formatted_name", "required"));
	EXPECT_ERR(check(KIND_CONTACTS, S("[]")), ERR_INPUT);
}

TEST(an_empty_emoji_takes_a_reaction_back)
{
	EXPECT_OK(check(KIND_REACTION, S("{\"message_id\":\"wamid.1\",\"emoji\":\"\"}")));
	EXPECT_ERR(check(KIND_REACTION, S("{\"message_id\":\"wamid.1\"}")), ERR_INPUT);
	EXPECT(is_wrong("reaction.emoji", "required"));
}

TEST(values_of_a_template_stay_on_one_line)
{
	const char *format =
		"{\"name\":\"order_ready\",\"language\":{\"code\":\"en_US\"},\"components\":[{"
	        "\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"a%b\"}]}]}";

	EXPECT_OK(check(KIND_TEMPLATE, filled(format, 4, " ")));
	EXPECT_ERR(check(KIND_TEMPLATE, filled(format, 5, " ")), ERR_INPUT);
	EXPECT(is_wrong("template.components[0].parameters[0].text", "invalid"));
	EXPECT_ERR(check(KIND_TEMPLATE, filled(format, 1, "\\n")), ERR_INPUT);
	EXPECT_ERR(check(KIND_TEMPLATE, S("{\"name\":\"Order Ready\"}")), ERR_INPUT);
	EXPECT(is_wrong("template.name", "invalid"));
	EXPECT(is_wrong("template.language.code", "required"));
}

TEST(files_have_the_types_and_sizes_that_whatsapp_takes)
{
	last = ARENA_NEW(test_arena(), struct job);
	job_init(last, "test", test_arena(), NULL);
	EXPECT_OK(cloud_check_media(last, KIND_IMAGE, S("image/png"), 5 << 20));
	EXPECT_OK(cloud_check_media(last, KIND_VOICE, S("audio/ogg; codecs=opus"), 1000));
	EXPECT_OK(cloud_check_media(last, KIND_DOCUMENT, S("application/zip"), 100 << 20));
	EXPECT_ERR(cloud_check_media(last, KIND_IMAGE, S("image/gif"), (5 << 20) + 1), ERR_INPUT);
	EXPECT(is_wrong("image", "media_type"));
	EXPECT(is_wrong("image", "too_large"));
	EXPECT_ERR(cloud_check_media(last, KIND_TEXT, S("text/plain"), 1), ERR_INPUT);
}

/* The rest of an interactive message of a type, and a field that is wrong in it. */
TEST(each_interactive_type_has_limits_of_its_own)
{
	static const struct {
		const char *rest, *field, *code;
	} wrong[] = {
		{ "\"type\":\"cta_url\",\"action\":{\"name\":\"cta_url\",\"parameters\":{\"display_"
		  "text\":\"x\",\"url\":\"ftp://x\"}}",
			"interactive.action.parameters.url", "invalid" },
		{ "\"type\":\"cta_url\",\"action\":{\"name\":\"url\"}", "interactive.action.name",
			"invalid" },
		{ "\"type\":\"location_request_message\",\"header\":{\"type\":\"text\",\"text\":"
		  "\"x\"}",
			"interactive.header", "not_allowed" },
		{ "\"type\":\"location_request_message\",\"footer\":{\"text\":\"x\"}",
			"interactive.footer", "not_allowed" },
		{ "\"type\":\"flow\",\"action\":{\"name\":\"flow\",\"parameters\":{\"flow_cta\":"
		  "\"Go\"}}",
			"interactive.action.parameters.flow_id", "required" },
		{ "\"type\":\"flow\",\"action\":{\"name\":\"flow\",\"parameters\":{\"flow_id\":"
		  "\"1\",\"flow_action\":\"data_exchange\","
		  "\"flow_action_payload\":{\"data\":{}}}}",
			"interactive.action.parameters.flow_action_payload", "not_allowed" },
		{ "\"type\":\"flow\",\"action\":{\"parameters\":{\"flow_action_payload\":{\"data\":"
		  "{}}}}",
			"interactive.action.parameters.flow_action_payload.data", "invalid" },
		{ "\"type\":\"product\",\"action\":{\"catalog_id\":\"1\"}",
			"interactive.action.product_retailer_id", "required" },
		{ "\"type\":\"product_list\",\"header\":{\"type\":\"image\"}",
			"interactive.header.type", "invalid" },
		{ "\"type\":\"product_list\",\"action\":{\"sections\":[{\"product_items\":[]}]}",
			"interactive.action.sections", "required" },
		{ "\"type\":\"catalog_message\"", "interactive.action.name", "invalid" },
		{ "\"type\":\"address_message\",\"action\":{\"name\":\"address_message\","
		  "\"parameters\":{\"country\":\"India\"}}",
			"interactive.action.parameters.country", "too_long" },
		{ "\"type\":\"carousel\",\"action\":{\"cards\":[{},{}]}",
			"interactive.action.cards[1].header", "required" },
		{ "\"type\":\"carousel\",\"action\":{\"cards\":[{\"header\":{\"type\":\"image\","
		  "\"image\":{\"id\":\"1\"}},\"body\":"
		  "{\"text\":\"a\\nb\\nc\\nd\"}},{}]}",
			"interactive.action.cards[0].body.text", "invalid" },
		{ "\"type\":\"button\",\"header\":{\"type\":\"sound\"}", "interactive.header.type",
			"invalid" },
		{ "\"type\":\"button\",\"header\":{\"type\":\"image\",\"image\":{}}",
			"interactive.header.image", "required" },
		{ "\"type\":\"voice_call\"", "interactive.action.name", "invalid" },
		{ "\"type\":\"call_permission_request\"", "interactive.action.name", "invalid" },
		{ "\"type\":\"request_contact_info\"", "interactive.action.name", "invalid" },
		{ "\"type\":\"order_details\"", "interactive.action.parameters.reference_id",
			"required" },
		{ "\"type\":\"hologram\"", "interactive.type", "invalid" },
		{ "\"x\":1", "interactive.type", "required" },
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		str content =
			arena_printf(test_arena(), "{\"body\":{\"text\":\"b\"},%s}", wrong[i].rest);

		EXPECT_ERR(check(KIND_INTERACTIVE, content), ERR_INPUT);
		if (!is_wrong(wrong[i].field, wrong[i].code))
			test_fail(__FILE__, __LINE__, "%s: %s is not told", wrong[i].rest,
				wrong[i].field);
	}
}

TEST(each_part_of_a_template_is_checked)
{
	static const struct {
		const char *components, *field, *code;
	} wrong[] = {
		{ "{}", "template.components", "type" },
		{ "[{}]", "template.components[0].type", "required" },
		{ "[{\"type\":\"button\",\"index\":\"x\"}]", "template.components[0].sub_type",
			"required" },
		{ "[{\"type\":\"button\",\"index\":\"x\"}]", "template.components[0].index",
			"invalid" },
		{ "[{\"type\":\"body\",\"parameters\":{}}]", "template.components[0].parameters",
			"type" },
		{ "[{\"type\":\"body\",\"parameters\":[{}]}]",
			"template.components[0].parameters[0].type", "required" },
		{ "[{\"type\":\"header\",\"parameters\":[{\"type\":\"image\"}]}]",
			"template.components[0].parameters[0].image", "required" },
		{ "[{\"type\":\"button\",\"sub_type\":\"copy_code\",\"parameters\":[{\"type\":"
		  "\"coupon_code\",\"coupon_code\":"
		  "\"123456789012345678901\"}]}]",
			"template.components[0].parameters[0].coupon_code", "too_long" },
		{ "[{\"type\":\"body\",\"parameters\":[{\"type\":\"currency\"},{\"type\":\"date_"
		  "time\"}]}]",
			"template.components[0].parameters[1].date_time.fallback_value",
			"required" },
		{ "[{\"type\":\"carousel\",\"cards\":[{\"components\":[{}]}]}]",
			"template.components[0].cards[0].components[0].type", "required" },
		{ "[{\"type\":\"carousel\"}]", "template.components[0].cards", "invalid" },
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		str content = arena_printf(test_arena(),
			"{\"name\":\"a\",\"language\":{\"code\":\"en\"},\"components\":%s}",
			wrong[i].components);

		EXPECT_ERR(check(KIND_TEMPLATE, content), ERR_INPUT);
		if (!is_wrong(wrong[i].field, wrong[i].code))
			test_fail(__FILE__, __LINE__, "%s: %s is not told", wrong[i].components,
				wrong[i].field);
	}
}

TEST(kinds_that_only_come_in_cannot_be_sent)
{
	EXPECT_ERR(check(KIND_ORDER, S("{}")), ERR_INPUT);
	EXPECT(is_wrong("type", "unsupported"));
}

static str read_sample(const char *name)
{
	struct buf b = buf_in(test_arena(), JSON_SIZE_MAX);
	char path[512], piece[4096];
	size_t n;
	FILE *file;

	snprintf(path, sizeof path, TEST_DATA "/cloud-requests/%s", name);
	file = fopen(path, "rb");
	EXPECT(file);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(&b, piece, n);
	fclose(file);
	return buf_text(&b);
}

/* Samples that break a published limit themselves, and a field that shows it. */
static const struct {
	const char *name, *field;
} broken_samples[] = {
	{ "interactive-carousel-04.json", "interactive.action.cards" },
	{ "interactive-product_list-03.json", "interactive.header" },
	{ "template-body-07.json", "template.name" },
	{ "template-header_image-05.json", "template.name" },
	{ "template-plain-01.json", "template.language.code" },
	{ "template-quick_reply-02.json", "template.components[1].parameters[0].text" },
	{ "template-url_button-02.json", "template.name" },
};

static const char *broken_field(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(broken_samples); i++)
		if (strcmp(name, broken_samples[i].name) == 0)
			return broken_samples[i].field;
	return NULL;
}

static bool names_field(const char *field)
{
	for (const struct field_error *e = last->field_errors; e; e = e->next)
		if (str_is(e->field, str_of(field)))
			return true;
	return false;
}

static bool sample_passes(const char *name)
{
	json root;
	enum message_kind kind;

	EXPECT_OK(json_read(test_arena(), read_sample(name), &root, NULL));
	kind = kind_parse(json_text_at(root, "type"));
	last = ARENA_NEW(test_arena(), struct job);
	job_init(last, "test", test_arena(), NULL);
	if (kind == KIND_UNKNOWN)
		return true; /* read marks, pins, and no type */
	if (cloud_check(last, NULL, kind, json_field(root, kind_name(kind))) == OK)
		return !broken_field(name);
	if (broken_field(name) && names_field(broken_field(name)))
		return true;
	for (const struct field_error *e = last->field_errors; e; e = e->next)
		fprintf(stderr, "  %s: " STR_F ": " STR_F "\n", name, STR_A(e->field),
			STR_A(e->message));
	return false;
}

TEST(requests_that_others_send_pass_but_the_broken_ones)
{
	DIR *folder = opendir(TEST_DATA "/cloud-requests");
	size_t count = 0, refused = 0;

	EXPECT(folder);
	for (struct dirent *d; (d = readdir(folder));)
		if (d->d_name[0] != '.') {
			count++;
			refused += !sample_passes(d->d_name);
		}
	closedir(folder);
	EXPECT_INT(count, 187);
	EXPECT_INT(refused, 0);
}

static enum err check_options(enum message_kind kind, str options)
{
	json v;

	last = ARENA_NEW(test_arena(), struct job);
	job_init(last, "test", test_arena(), NULL);
	EXPECT_OK(json_read(test_arena(), options, &v, NULL));
	return cloud_check_options(last, NULL, kind, v);
}

TEST(what_a_message_asks_for_is_held_to_its_limits)
{
	EXPECT_OK(check_options(KIND_TEXT,
		S("{\"ttl_seconds\":30,\"category\":\"utility\",\"biz_opaque_callback_data\":"
		  "\"x\",\"direct_send_config\":{\"template_name\":\"t\"},"
		  "\"recipient_identity_key_hash\":\"h\"}")));
	EXPECT_OK(check_options(KIND_TEMPLATE,
		S("{\"product_policy\":\"STRICT\",\"message_activity_sharing\":false}")));
	EXPECT_ERR(check_options(KIND_TEXT, S("{\"ttl_seconds\":29}")), ERR_INPUT);
	EXPECT(is_wrong("ttl_seconds", "out_of_range"));
	EXPECT_ERR(check_options(KIND_TEXT, S("{\"ttl_seconds\":2592001}")), ERR_INPUT);
	EXPECT_ERR(check_options(KIND_TEXT, S("{\"category\":\"fun\"}")), ERR_INPUT);
	EXPECT(is_wrong("category", "invalid"));
	EXPECT_ERR(check_options(KIND_TEXT, S("{\"product_policy\":\"STRICT\"}")), ERR_INPUT);
	EXPECT(is_wrong("product_policy", "not_allowed"));
	EXPECT_ERR(check_options(KIND_TEMPLATE, S("{\"product_policy\":\"MAYBE\"}")), ERR_INPUT);
	EXPECT(is_wrong("product_policy", "invalid"));
	EXPECT_ERR(check_options(KIND_TEXT, S("{\"colour\":1}")), ERR_INPUT);
	EXPECT(is_wrong("colour", "unsupported"));
}

TEST(a_pin_names_its_message_and_how_long)
{
	EXPECT_OK(check(KIND_PIN,
		S("{\"type\":\"pin\",\"message_id\":\"1\",\"expiration_days\":\"7\"}")));
	EXPECT_ERR(check(KIND_PIN, S("{\"type\":\"glue\",\"expiration_days\":31}")), ERR_INPUT);
	EXPECT(is_wrong("pin.type", "invalid"));
	EXPECT(is_wrong("pin.message_id", "required"));
	EXPECT(is_wrong("pin.expiration_days", "out_of_range"));
}
