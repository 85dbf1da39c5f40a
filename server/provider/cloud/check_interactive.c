/* check_interactive.c: the limits of interactive messages, one function a type
 * (docs/protocol/cloud-api.md §2.2). */
#include "provider/cloud/cloud_internal.h"

#define BODY_MAX 1024
#define LIST_BODY_MAX 4096
#define FOOTER_MAX 60
#define HEADER_TEXT_MAX 60
#define BUTTONS_MAX 3
#define BUTTON_TITLE_MAX 20
#define BUTTON_ID_MAX 256
#define LABEL_MAX 20
#define FLOW_LABEL_MAX 30 /* "20 (some pages 30)" */
#define SECTIONS_MAX 10
#define SECTION_TITLE_MAX 24
#define ROWS_MAX 10
#define ROW_ID_MAX 200
#define ROW_TITLE_MAX 24
#define ROW_DESCRIPTION_MAX 72
#define PRODUCTS_MAX 30
#define CARDS_MIN 2
#define CARDS_MAX 10
#define CARD_BODY_MAX 160
#define CARD_BREAKS_MAX 2
#define ID_MAX 512
#define URL_MAX 2000

enum header_rule { HEADER_NONE, HEADER_TEXT, HEADER_TEXT_REQUIRED, HEADER_ANY };

/* ---- parts that many types share ---- */

static void check_header(struct job *job, json header, enum header_rule rule)
{
	str type = json_text_at(header, "type");
	bool is_media =
		str_is(type, S("image")) || str_is(type, S("video")) || str_is(type, S("document"));

	if (!header) {
		if (rule == HEADER_TEXT_REQUIRED)
			cloud_wrong(job, "required", "This is required.", "interactive.header");
	} else if (rule == HEADER_NONE) {
		cloud_wrong(job, "not_allowed", "This type has no header.", "interactive.header");
	} else if (str_is(type, S("text"))) {
		cloud_check_text(job, json_field(header, "text"), 1, HEADER_TEXT_MAX,
			"interactive.header.text");
	} else if (is_media && rule == HEADER_ANY) {
		const char *name = arena_cstr(job->arena, type);

		cloud_check_media_object(job, cloud_path(job, "interactive.header", name),
			json_field(header, name));
	} else {
		cloud_wrong(job, "invalid",
			rule == HEADER_ANY ? "This must be text, image, video or document."
					   : "This must be text.",
			"interactive.header.type");
	}
}

static void check_body(struct job *job, json interactive, size_t min, size_t max)
{
	cloud_check_text(job, json_path(interactive, "body.text"), min, max,
		"interactive.body.text");
}

static void check_footer(struct job *job, json interactive, bool allowed)
{
	json footer = json_field(interactive, "footer");

	if (footer && !allowed)
		cloud_wrong(job, "not_allowed", "This type has no footer.", "interactive.footer");
	else if (footer)
		cloud_check_text(job, json_field(footer, "text"), 1, FOOTER_MAX,
			"interactive.footer.text");
}

static void check_name(struct job *job, json interactive, const char *want)
{
	if (!str_is(json_text_at(interactive, "action.name"), str_of(want)))
		cloud_wrong(job, "invalid",
			arena_cstr(job->arena,
				arena_printf(job->arena, "This must be \"%s\".", want)),
			"interactive.action.name");
}

/* ---- button ---- */

static bool is_repeated(json list, size_t index, const char *path)
{
	str mine = json_text_at(json_at(list, index), path);

	for (size_t i = 0; i < index; i++)
		if (mine.len && str_is(json_text_at(json_at(list, i), path), mine))
			return true;
	return false;
}

static void check_reply_button(struct job *job, json buttons, size_t i)
{
	json button = json_at(buttons, i);
	const char *path = cloud_path_at(job, "interactive.action", "buttons", i);

	if (!str_is(json_text_at(button, "type"), S("reply")))
		cloud_wrong(job, "invalid", "This must be \"reply\".", "%s.type", path);
	cloud_check_text(job, json_path(button, "reply.id"), 1, BUTTON_ID_MAX,
		cloud_path(job, path, "reply.id"));
	cloud_check_text(job, json_path(button, "reply.title"), 1, BUTTON_TITLE_MAX,
		cloud_path(job, path, "reply.title"));
	if (is_repeated(buttons, i, "reply.title"))
		cloud_wrong(job, "repeated", "Each button needs a title of its own.",
			"%s.reply.title", path);
	if (is_repeated(buttons, i, "reply.id"))
		cloud_wrong(job, "repeated", "Each button needs an id of its own.", "%s.reply.id",
			path);
}

static void check_buttons(struct job *job, json interactive)
{
	json buttons = json_path(interactive, "action.buttons");
	size_t count = cloud_list(buttons);

	check_header(job, json_field(interactive, "header"), HEADER_ANY);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	if (count == 0)
		cloud_wrong(job, "required", "At least one button is required.",
			"interactive.action.buttons");
	if (count > BUTTONS_MAX)
		cloud_wrong(job, "too_many", "At most 3 buttons.", "interactive.action.buttons");
	for (size_t i = 0; i < count && i < BUTTONS_MAX; i++)
		check_reply_button(job, buttons, i);
}

/* ---- list ---- */

static void check_row(struct job *job, json row, const char *path)
{
	cloud_check_text(job, json_field(row, "id"), 1, ROW_ID_MAX, cloud_path(job, path, "id"));
	cloud_check_text(job, json_field(row, "title"), 1, ROW_TITLE_MAX,
		cloud_path(job, path, "title"));
	cloud_check_text(job, json_field(row, "description"), 0, ROW_DESCRIPTION_MAX,
		cloud_path(job, path, "description"));
}

/* Row ids are unique over all sections. */
static bool is_id_taken(json sections, size_t section, size_t row)
{
	str mine = json_text_at(json_at(json_field(json_at(sections, section), "rows"), row), "id");

	for (size_t s = 0; s <= section; s++) {
		json rows = json_field(json_at(sections, s), "rows");
		size_t end = s == section ? row : cloud_list(rows);

		for (size_t r = 0; r < end; r++)
			if (mine.len && str_is(json_text_at(json_at(rows, r), "id"), mine))
				return true;
	}
	return false;
}

static size_t check_section(struct job *job, json sections, size_t s, size_t rows_before)
{
	json rows = json_field(json_at(sections, s), "rows");
	const char *path = cloud_path_at(job, "interactive.action", "sections", s);
	size_t count = cloud_list(rows);

	cloud_check_text(job, json_field(json_at(sections, s), "title"),
		cloud_list(sections) > 1 ? 1 : 0, SECTION_TITLE_MAX,
		cloud_path(job, path, "title"));
	if (count == 0)
		cloud_wrong(job, "required", "At least one row is required.", "%s.rows", path);
	for (size_t r = 0; r < count && rows_before + r < ROWS_MAX; r++) {
		check_row(job, json_at(rows, r), cloud_path_at(job, path, "rows", r));
		if (is_id_taken(sections, s, r))
			cloud_wrong(job, "repeated", "Each row needs an id of its own.",
				"%s.rows[%zu].id", path, r);
	}
	return rows_before + count;
}

static void check_list(struct job *job, json interactive)
{
	json sections = json_path(interactive, "action.sections");
	size_t count = cloud_list(sections), rows = 0;

	check_header(job, json_field(interactive, "header"), HEADER_TEXT);
	check_body(job, interactive, 1, LIST_BODY_MAX);
	check_footer(job, interactive, true);
	cloud_check_text(job, json_path(interactive, "action.button"), 1, LABEL_MAX,
		"interactive.action.button");
	if (count == 0)
		cloud_wrong(job, "required", "At least one section is required.",
			"interactive.action.sections");
	if (count > SECTIONS_MAX)
		cloud_wrong(job, "too_many", "At most 10 sections.", "interactive.action.sections");
	for (size_t i = 0; i < count && i < SECTIONS_MAX; i++)
		rows = check_section(job, sections, i, rows);
	if (rows > ROWS_MAX)
		cloud_wrong(job, "too_many", "At most 10 rows in all sections together.",
			"interactive.action.sections");
}

/* ---- others ---- */

static void check_link(struct job *job, json v, const char *path)
{
	str url = json_text(v);

	cloud_check_text(job, v, 1, URL_MAX, path);
	if (url.len && !str_starts(url, S("https://")) && !str_starts(url, S("http://")))
		cloud_wrong(job, "invalid", "This must be a link that starts with https://.", "%s",
			path);
}

static void check_cta_url(struct job *job, json interactive)
{
	check_header(job, json_field(interactive, "header"), HEADER_ANY);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	check_name(job, interactive, "cta_url");
	cloud_check_text(job, json_path(interactive, "action.parameters.display_text"), 1,
		LABEL_MAX, "interactive.action.parameters.display_text");
	check_link(job, json_path(interactive, "action.parameters.url"),
		"interactive.action.parameters.url");
}

static void check_location_request(struct job *job, json interactive)
{
	check_header(job, json_field(interactive, "header"), HEADER_NONE);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, false);
	check_name(job, interactive, "send_location");
}

static void check_flow(struct job *job, json interactive)
{
	json parameters = json_path(interactive, "action.parameters"), data;
	const char *path = "interactive.action.parameters";

	check_header(job, json_field(interactive, "header"), HEADER_ANY);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	check_name(job, interactive, "flow");
	cloud_check_text(job, json_field(parameters, "flow_cta"), 1, FLOW_LABEL_MAX,
		cloud_path(job, path, "flow_cta"));
	if (!json_field(parameters, "flow_id") == !json_field(parameters, "flow_name"))
		cloud_wrong(job, "required", "Give either flow_id or flow_name.", "%s.flow_id",
			path);
	if (json_field(parameters, "flow_action_payload") &&
	    str_is(json_text_at(parameters, "flow_action"), S("data_exchange")))
		cloud_wrong(job, "not_allowed", "This goes only with flow_action \"navigate\".",
			"%s.flow_action_payload", path);
	data = json_path(parameters, "flow_action_payload.data");
	if (json_kind(data) == JSON_MAP && json_count(data) == 0)
		cloud_wrong(job, "invalid", "This must not be an empty object.",
			"%s.flow_action_payload.data", path);
}

static void check_product(struct job *job, json interactive)
{
	check_header(job, json_field(interactive, "header"), HEADER_NONE);
	check_body(job, interactive, 0, BODY_MAX);
	check_footer(job, interactive, true);
	cloud_check_text(job, json_path(interactive, "action.catalog_id"), 1, ID_MAX,
		"interactive.action.catalog_id");
	cloud_check_text(job, json_path(interactive, "action.product_retailer_id"), 1, ID_MAX,
			 "interactive.action.product_retailer_id");
}

static void check_product_list(struct job *job, json interactive)
{
	json sections = json_path(interactive, "action.sections");
	size_t count = cloud_list(sections), products = 0;

	check_header(job, json_field(interactive, "header"), HEADER_TEXT_REQUIRED);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	cloud_check_text(job, json_path(interactive, "action.catalog_id"), 1, ID_MAX,
		"interactive.action.catalog_id");
	if (count == 0 || count > SECTIONS_MAX)
		cloud_wrong(job, count ? "too_many" : "required", "One to 10 sections.",
			"interactive.action.sections");
	for (size_t i = 0; i < count && i < SECTIONS_MAX; i++) {
		cloud_check_text(job, json_field(json_at(sections, i), "title"), count > 1 ? 1 : 0,
			SECTION_TITLE_MAX,
			cloud_path(job, cloud_path_at(job, "interactive.action", "sections", i),
				"title"));
		products += cloud_list(json_field(json_at(sections, i), "product_items"));
	}
	if (products == 0 || products > PRODUCTS_MAX)
		cloud_wrong(job, products ? "too_many" : "required",
			"One to 30 products in all sections together.",
			"interactive.action.sections");
}

static void check_catalog(struct job *job, json interactive)
{
	check_header(job, json_field(interactive, "header"), HEADER_NONE);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	check_name(job, interactive, "catalog_message");
}

static void check_address(struct job *job, json interactive)
{
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	check_name(job, interactive, "address_message");
	cloud_check_text(job, json_path(interactive, "action.parameters.country"), 2, 2,
			 "interactive.action.parameters.country");
}

static size_t count_breaks(str text)
{
	size_t breaks = 0;

	for (size_t i = 0; i < text.len; i++)
		breaks += text.ptr[i] == '\n';
	return breaks;
}

static void check_card(struct job *job, json card, const char *path)
{
	str header = json_text_at(card, "header.type"), body = json_text_at(card, "body.text");
	json replies = json_path(card, "action.buttons");

	if (str_is(json_text_at(card, "type"), S("product"))) {
		cloud_check_text(job, json_path(card, "action.product_retailer_id"), 1, ID_MAX,
				 cloud_path(job, path, "action.product_retailer_id"));
		return;
	}
	if (!str_is(header, S("image")) && !str_is(header, S("video")))
		cloud_wrong(job, "required", "Each card needs an image or a video.", "%s.header",
			path);
	else
		cloud_check_media_object(job, cloud_path(job, path, "header"),
			json_field(json_field(card, "header"), arena_cstr(job->arena, header)));
	cloud_check_text(job, json_path(card, "body.text"), 0, CARD_BODY_MAX,
		cloud_path(job, path, "body.text"));
	if (count_breaks(body) > CARD_BREAKS_MAX)
		cloud_wrong(job, "invalid", "At most 2 line breaks.", "%s.body.text", path);
	for (size_t i = 0; i < cloud_list(replies); i++)
		cloud_check_text(job, json_path(json_at(replies, i), "quick_reply.title"), 1,
			BUTTON_TITLE_MAX,
			cloud_path(job, cloud_path_at(job, path, "action.buttons", i),
				"quick_reply.title"));
}

static void check_carousel(struct job *job, json interactive)
{
	json cards = json_path(interactive, "action.cards");
	size_t count = cloud_list(cards);

	check_header(job, json_field(interactive, "header"), HEADER_NONE);
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, false);
	if (count < CARDS_MIN || count > CARDS_MAX)
		cloud_wrong(job, count < CARDS_MIN ? "too_few" : "too_many", "2 to 10 cards.",
			"interactive.action.cards");
	for (size_t i = 0; i < count && i < CARDS_MAX; i++)
		check_card(job, json_at(cards, i),
			cloud_path_at(job, "interactive.action", "cards", i));
}

static void check_voice_call(struct job *job, json interactive)
{
	check_body(job, interactive, 1, BODY_MAX);
	check_name(job, interactive, "voice_call");
	cloud_check_text(job, json_path(interactive, "action.parameters.display_text"), 0,
		LABEL_MAX, "interactive.action.parameters.display_text");
}

static void check_call_permission(struct job *job, json interactive)
{
	check_body(job, interactive, 0, BODY_MAX);
	check_name(job, interactive, "call_permission_request");
}

static void check_contact_request(struct job *job, json interactive)
{
	check_body(job, interactive, 1, BODY_MAX);
	check_name(job, interactive, "request_contact_info");
}

/* The oldest form has all of it in a member of its own, and the reference not in parameters. */
static void check_old_order(struct job *job, json order)
{
	cloud_check_text(job, json_path(order, "body.text"), 1, BODY_MAX,
		"interactive.order_details.body.text");
	cloud_check_text(job, json_path(order, "action.reference_id"), 1, ID_MAX,
			 "interactive.order_details.action.reference_id");
}

static void check_order(struct job *job, json interactive)
{
	if (json_field(interactive, "order_details")) {
		check_old_order(job, json_field(interactive, "order_details"));
		return;
	}
	check_body(job, interactive, 1, BODY_MAX);
	check_footer(job, interactive, true);
	cloud_check_text(job, json_path(interactive, "action.parameters.reference_id"), 1, ID_MAX,
			 "interactive.action.parameters.reference_id");
}

static const struct {
	const char *type;
	void (*check)(struct job *job, json interactive);
} types[] = {
	{ "button", check_buttons },
	{ "list", check_list },
	{ "cta_url", check_cta_url },
	{ "location_request_message", check_location_request },
	{ "flow", check_flow },
	{ "product", check_product },
	{ "product_list", check_product_list },
	{ "catalog_message", check_catalog },
	{ "address_message", check_address },
	{ "carousel", check_carousel },
	{ "voice_call", check_voice_call },
	{ "call_permission_request", check_call_permission },
	{ "request_contact_info", check_contact_request },
	{ "order_details", check_order },
	{ "order_status", check_order },
};

/* Clients write "BUTTON", too, and the vendor takes it. */
void cloud_check_interactive(struct job *job, json interactive)
{
	str type = json_text_at(interactive, "type");

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_is_nocase(type, str_of(types[i].type))) {
			types[i].check(job, interactive);
			return;
		}
	cloud_wrong(job, type.len ? "invalid" : "required",
		"This is no type of interactive message.", "interactive.type");
}
