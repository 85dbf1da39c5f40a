/*
 * template_rules.c: Meta's published limits of a template's definition (docs/protocol/cloud-api.md
 * §4.2), all told at once, each at the place that is wrong.
 *
 * A local template has the same parts; what only a review would ask for (category, samples) it need
 * not have.
 */
#include "account/template_internal.h"

#define NAME_MAX_POINTS 512
#define HEADER_MAX 60
#define BODY_MAX 1024
#define OFFER_BODY_MAX 600
#define CARD_BODY_MAX 160
#define FOOTER_MAX 60
#define LABEL_MAX 25
#define URL_MAX 2000
#define PHONE_MAX 20
#define CODE_MAX 20
#define OFFER_CODE_MAX 15
#define OFFER_TEXT_MAX 16
#define BUTTONS_MAX 10
#define URL_BUTTONS_MAX 2
#define CARDS_MIN 2
#define CARDS_MAX 10
#define CARD_BUTTONS_MAX 2
#define EXPIRY_MINUTES_MAX 90
#define PARAMETER_NAME_MAX 60

static const char languages[] =
	" af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA ar_SA az be_BY bn bn_IN bg ca zh_CN "
	"zh_HK zh_TW hr cs da prs_AF nl nl_BE en en_GB en_US en_AE en_AU en_CA en_GH "
	"en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE "
	"fr_CA fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn "
	"kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa ro ru "
	"sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA "
	"es_PE es_ES es_UY es_VE sw sv ta te th tr uk ur uz vi zu ";

/* One list of parts: the template's own, or that of a card. */
struct rules {
	struct job *job;
	json components;
	const char *base;   /* "" or "components[2].cards[0]." */
	bool local, named, authentication, offer, card;
};

static size_t points(str text)
{
	return str_count_points(text);
}

static bool is_part_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_plain_name(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_part_of_name(name.ptr[i]))
			return false;
	return name.len > 0;
}

/* ---- name, language, category ---- */

static void check_head(struct job *job, const struct template_item *t)
{
	static const char *const categories[] = { "AUTHENTICATION", "MARKETING", "UTILITY" };
	bool known = false;

	if (!t->name.len)
		template_wrong(job, "required", "Give the template a name.", "name");
	else if (!is_plain_name(t->name))
		template_wrong(job, "invalid",
			"Small letters, digits and underscores only, e.g. order_ready.", "name");
	else if (t->name.len > NAME_MAX_POINTS)
		template_wrong(job, "too_long", "At most 512 characters.", "name");
	if (!t->language.len || str_has(t->language, S(" ")) ||
		!str_has(str_of(languages),
			arena_printf(job->arena, " " STR_F " ", STR_A(t->language))))
		template_wrong(job, t->language.len ? "invalid" : "required",
			"Choose one of WhatsApp's languages, e.g. en_US.", "language");
	for (size_t i = 0; i < COUNT_OF(categories); i++)
		known = known || str_is(t->category, str_of(categories[i]));
	if (!known)
		template_wrong(job, t->category.len ? "invalid" : "required",
			"AUTHENTICATION, MARKETING or UTILITY.", "category");
}

/* ---- variables ---- */

/* "No variable at the very start or end, none adjacent". */
static const char *misplaced(str text)
{
	str trimmed = str_trim(text);

	if (str_starts(trimmed, S("{{")) || str_ends(trimmed, S("}}")))
		return "A variable cannot stand at the start or end: write something around it.";
	if (str_has(text, S("}}{{")) || str_has(text, S("}} {{")))
		return "Two variables cannot stand side by side: write something between them.";
	return NULL;
}

static bool is_variable_name(const struct rules *r, str name, size_t place)
{
	int64_t number;

	if (r->named)
		return is_plain_name(name) && name.len <= PARAMETER_NAME_MAX &&
		       !(name.ptr[0] >= '0' && name.ptr[0] <= '9');
	return str_to_i64(name, &number) && number == (int64_t)place + 1;
}

static void check_variable_names(const struct rules *r, const struct variables *v, const char *path)
{
	for (size_t i = 0; i < v->count; i++)
		if (!is_variable_name(r, v->names[i], i)) {
			template_wrong(r->job, "invalid",
				r->named ? "Names of variables have small letters, digits and "
					   "underscores."
					 : "Number the variables {{1}}, {{2}}, … in order.",
				"%s", path);
			return;
		}
}

static bool has_named_sample(json list, str name)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (str_is(json_text_at(json_at(list, i), "param_name"), name))
			return json_text_at(json_at(list, i), "example").len > 0;
	return false;
}

/* "Samples are mandatory for variables". */
static void check_samples(const struct rules *r, json part, const struct variables *v,
	const char *path)
{
	bool header = str_is_nocase(json_text_at(part, "type"), S("HEADER"));
	json positional = header ? json_path(part, "example.header_text")
	                         : json_path(part, "example.body_text.0");
	json named = header ? json_path(part, "example.header_text_named_params")
	                    : json_path(part, "example.body_text_named_params");

	for (size_t i = 0; i < v->count && !r->local; i++) {
		bool given = r->named ? has_named_sample(named, v->names[i])
		                      : json_text(json_at(positional, i)).len > 0;

		if (!given)
			template_wrong(r->job, "required",
				"Give an example of each variable, for the review.",
				"%s.example[%zu]", path, i);
	}
}

static const char *path_of(const struct rules *r, size_t at)
{
	return arena_cstr(r->job->arena,
		arena_printf(r->job->arena, "%scomponents[%zu]", r->base, at));
}

/* ---- header, body, footer ---- */

static bool is_media(str format)
{
	return str_is(format, S("IMAGE")) || str_is(format, S("VIDEO")) ||
	       str_is(format, S("DOCUMENT")) || str_is(format, S("GIF"));
}

static void check_media_sample(const struct rules *r, json part, const char *path)
{
	str handle = json_text_at(part, "example.header_handle.0");
	id64 media;

	if (r->local || json_id(json_path(part, "example.media_id"), &media) ||
		(handle.len && !str_starts(handle, S("http"))))
		return;
	template_wrong(r->job, "required", "Choose a file as the sample, for the review.",
		"%s.example", path);
}

static void check_header(const struct rules *r, json part, const char *path)
{
	str format = json_text_at(part, "format"), text = json_text_at(part, "text");
	struct variables v;

	if (is_media(format)) {
		check_media_sample(r, part, path);
		return;
	}
	if (str_is(format, S("LOCATION")) || str_is(format, S("PRODUCT")))
		return;
	if (!str_is(format, S("TEXT"))) {
		template_wrong(r->job, "invalid",
			"TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION or PRODUCT.", "%s.format", path);
		return;
	}
	template_variables(text, &v);
	if (!str_trim(text).len)
		template_wrong(r->job, "required", "Write the header, or take it out.", "%s.text",
			path);
	if (points(text) > HEADER_MAX)
		template_wrong(r->job, "too_long", "At most 60 characters.", "%s.text", path);
	if (v.count > 1)
		template_wrong(r->job, "too_many", "A header has at most one variable.", "%s.text",
			path);
	check_variable_names(r, &v, arena_printf(r->job->arena, "%s.text", path).ptr);
	check_samples(r, part, &v, path);
}

static void check_body(const struct rules *r, json part, const char *path)
{
	str text = json_text_at(part, "text");
	size_t max = r->card ? CARD_BODY_MAX : r->offer ? OFFER_BODY_MAX : BODY_MAX;
	const char *why = r->local ? NULL : misplaced(text);
	struct variables v;

	if (r->authentication && !text.len)
		return;
	template_variables(text, &v);
	if (!str_trim(text).len)
		template_wrong(r->job, "required", "Write the text of the message.", "%s.text",
			path);
	else if (why)
		template_wrong(r->job, "invalid", why, "%s.text", path);
	if (points(text) > max)
		template_wrong(r->job, "too_long",
			arena_printf(r->job->arena, "At most %zu characters.", max).ptr, "%s.text",
			path);
	check_variable_names(r, &v, arena_printf(r->job->arena, "%s.text", path).ptr);
	check_samples(r, part, &v, path);
}

static void check_footer(const struct rules *r, json part, const char *path)
{
	str text = json_text_at(part, "text");
	int64_t minutes = json_int(json_field(part, "code_expiration_minutes"), 0);

	if (r->offer)
		template_wrong(r->job, "unexpected", "A limited-time offer has no footer.", "%s",
			path);
	if (r->authentication) {
		if (!text.len && (minutes < 1 || minutes > EXPIRY_MINUTES_MAX))
			template_wrong(r->job, "out_of_range", "From 1 to 90 minutes.",
				"%s.code_expiration_minutes", path);
		return;
	}
	if (!str_trim(text).len)
		template_wrong(r->job, "required", "Write the footer, or take it out.", "%s.text",
			path);
	if (points(text) > FOOTER_MAX)
		template_wrong(r->job, "too_long", "At most 60 characters.", "%s.text", path);
	if (str_has(text, S("{{")))
		template_wrong(r->job, "invalid", "A footer has no variables.", "%s.text", path);
}

/* ---- buttons ---- */

static const struct { const char *type; size_t max; } button_kinds[] = {
	{ "QUICK_REPLY", BUTTONS_MAX }, { "URL", URL_BUTTONS_MAX }, { "PHONE_NUMBER", 1 },
	{ "COPY_CODE", 1 },             { "FLOW", 1 },              { "CATALOG", 1 },
	{ "MPM", 1 },                   { "SPM", 1 },               { "OTP", 1 },
	{ "VOICE_CALL", 1 },            { "ORDER_DETAILS", 1 },     { "REQUEST_CONTACT_INFO", 1 },
};

static void check_url(const struct rules *r, json button, const char *path)
{
	str url = json_text_at(button, "url");
	str sample = json_text_at(button, "example.0");
	struct variables v;

	template_variables(url, &v);
	if (!str_starts(url, S("https://")) && !str_starts(url, S("http://")))
		template_wrong(r->job, url.len ? "invalid" : "required",
			"An address that begins with https://.", "%s.url", path);
	if (url.len > URL_MAX)
		template_wrong(r->job, "too_long", "At most 2000 characters.", "%s.url", path);
	if (v.count > 1 || (v.count == 1 && !str_ends(url, S("}}"))))
		template_wrong(r->job, "invalid", "One variable, at the end of the address.",
			"%s.url", path);
	if (v.count == 1 && !r->local && !sample.len && !json_text_at(button, "example").len)
		template_wrong(r->job, "required", "Give an example of the whole address.",
			"%s.example", path);
}

static bool is_code(str code)
{
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z'))
			return false;
	}
	return code.len > 0;
}

static void check_copy_code(const struct rules *r, json button, const char *path)
{
	str code = json_text_at(button, "example");
	size_t max = r->offer ? OFFER_CODE_MAX : CODE_MAX;

	if (!code.len)
		code = json_text_at(button, "example.0");
	if (!r->local && (!is_code(code) || code.len > max))
		template_wrong(r->job, code.len ? "invalid" : "required",
			"Give an example of the code: letters and digits, at most 15 in an offer, "
			"else 20.",
			"%s.example", path);
}

static void check_phone(const struct rules *r, json button, const char *path)
{
	str phone = json_text_at(button, "phone_number");
	str digits = str_starts(phone, S("+")) ? str_part(phone, 1, phone.len) : phone;

	if (!str_is_digits(digits) || phone.len > PHONE_MAX)
		template_wrong(r->job, phone.len ? "invalid" : "required",
			"The number with its country code, at most 20 characters.",
			"%s.phone_number", path);
}

static void check_button(const struct rules *r, json button, const char *path)
{
	str type = json_text_at(button, "type"), text = json_text_at(button, "text");
	bool fixed = str_is(type, S("COPY_CODE")) || str_is(type, S("OTP")) ||
	             str_is(type, S("CATALOG")) || str_is(type, S("REQUEST_CONTACT_INFO"));
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(button_kinds); i++)
		known = known || str_is_nocase(type, str_of(button_kinds[i].type));
	if (!known)
		template_wrong(r->job, "invalid", "This is not a kind of button.", "%s.type", path);
	if (!fixed && !str_trim(text).len)
		template_wrong(r->job, "required", "Write what the button says.", "%s.text", path);
	if (points(text) > LABEL_MAX)
		template_wrong(r->job, "too_long", "At most 25 characters.", "%s.text", path);
	if (!fixed && str_has(text, S("{{")))
		template_wrong(r->job, "invalid", "A button's label has no variables.", "%s.text",
			path);
	if (str_is(type, S("URL")))
		check_url(r, button, path);
	if (str_is(type, S("COPY_CODE")))
		check_copy_code(r, button, path);
	if (str_is(type, S("PHONE_NUMBER")))
		check_phone(r, button, path);
}

/* "Quick replies must be grouped, not interleaved with others". */
static bool is_grouped(json buttons)
{
	size_t turns = 0;

	for (size_t i = 1; i < json_count(buttons); i++) {
		bool before = str_is_nocase(json_text_at(json_at(buttons, i - 1), "type"),
			S("QUICK_REPLY"));
		bool now = str_is_nocase(json_text_at(json_at(buttons, i), "type"),
			S("QUICK_REPLY"));

		turns += before != now;
	}
	return turns < 2;
}

static size_t count_kind(json buttons, const char *type)
{
	size_t count = 0;

	for (size_t i = 0; i < json_count(buttons); i++)
		count += str_is_nocase(json_text_at(json_at(buttons, i), "type"), str_of(type));
	return count;
}

static void check_buttons(const struct rules *r, json part, const char *path)
{
	json buttons = json_field(part, "buttons");
	size_t count = json_count(buttons), max = r->card ? CARD_BUTTONS_MAX : BUTTONS_MAX;

	if (json_kind(buttons) != JSON_LIST || count == 0 || count > max) {
		template_wrong(r->job, count > max ? "too_many" : "required",
			"From 1 to 10 buttons, 2 on a card.", "%s.buttons", path);
		return;
	}
	for (size_t i = 0; i < count; i++)
		check_button(r, json_at(buttons, i),
			arena_printf(r->job->arena, "%s.buttons[%zu]", path, i).ptr);
	for (size_t i = 0; i < COUNT_OF(button_kinds); i++)
		if (count_kind(buttons, button_kinds[i].type) > button_kinds[i].max)
			template_wrong(r->job, "too_many",
				"Too many buttons of one kind: two addresses, one of the others.",
				"%s.buttons", path);
	if (!is_grouped(buttons))
		template_wrong(r->job, "invalid", "Keep the quick replies together.",
			"%s.buttons", path);
}

/* ---- offers and cards ---- */

static void check_offer(const struct rules *r, json part, const char *path)
{
	str text = json_text_at(part, "limited_time_offer.text");

	if (!str_trim(text).len || points(text) > OFFER_TEXT_MAX)
		template_wrong(r->job, text.len ? "too_long" : "required",
			"The headline of the offer, at most 16 characters.",
			"%s.limited_time_offer.text", path);
}

static void check_parts(const struct rules *r);

static str shape_of(struct arena *arena, json components)
{
	struct buf out = buf_in(arena, 4096);
	json buttons = json_field(template_part(components, "BUTTONS"), "buttons");

	buf_str(&out, json_text_at(template_part(components, "HEADER"), "format"));
	for (size_t i = 0; i < json_count(buttons); i++) {
		buf_byte(&out, '/');
		buf_str(&out, json_text_at(json_at(buttons, i), "type"));
	}
	return buf_text(&out);
}

static void check_cards(const struct rules *r, json part, const char *path)
{
	json cards = json_field(part, "cards");
	size_t count = json_count(cards);
	str shape = shape_of(r->job->arena, json_path(cards, "0.components"));

	if (count < CARDS_MIN || count > CARDS_MAX)
		template_wrong(r->job, "invalid", "From 2 to 10 cards.", "%s.cards", path);
	for (size_t i = 0; i < count && i < CARDS_MAX; i++) {
		struct rules card = *r;
		json components = json_field(json_at(cards, i), "components");

		card.base = arena_printf(r->job->arena, "%s.cards[%zu].", path, i).ptr;
		card.components = components;
		card.card = true;
		if (!str_is(shape_of(r->job->arena, components), shape))
			template_wrong(r->job, "invalid",
				"All cards have the same kind of header and the same buttons.",
				"%s.cards[%zu]", path, i);
		if (!template_part(components, "HEADER"))
			template_wrong(r->job, "required", "Each card has a picture or a video.",
				"%s.cards[%zu].components", path, i);
		check_parts(&card);
	}
}

static const struct {
	const char *type;
	void (*check)(const struct rules *r, json part, const char *path);
} parts[] = {
	{ "HEADER", check_header },  { "BODY", check_body },
	{ "FOOTER", check_footer },  { "BUTTONS", check_buttons },
	{ "CAROUSEL", check_cards }, { "LIMITED_TIME_OFFER", check_offer },
};

static void check_parts(const struct rules *r)
{
	size_t seen[COUNT_OF(parts)] = { 0 };

	for (size_t i = 0; i < json_count(r->components); i++) {
		json part = json_at(r->components, i);
		str type = json_text_at(part, "type");
		size_t at = 0;

		while (at < COUNT_OF(parts) && !str_is_nocase(type, str_of(parts[at].type)))
			at++;
		if (at == COUNT_OF(parts))
			template_wrong(r->job, "invalid", "This is not a part of a template.",
				"%s.type", path_of(r, i));
		else if (seen[at]++)
			template_wrong(r->job, "unexpected", "Each part once only.", "%s",
				path_of(r, i));
		else if (!(r->card && at >= 4))
			parts[at].check(r, part, path_of(r, i));
	}
}

void template_check_definition(struct job *job, const struct template_item *t, json components)
{
	struct rules r = {
		.job = job,
		.components = components,
		.base = "",
		.local = t->kind == TEMPLATE_LOCAL,
		.named = str_is(t->parameter_format, S("NAMED")),
		.authentication = str_is(t->category, S("AUTHENTICATION")),
		.offer = template_part(components, "LIMITED_TIME_OFFER") != NULL,
	};

	check_head(job, t);
	if (!r.named && !str_is(t->parameter_format, S("POSITIONAL")))
		template_wrong(job, "invalid", "POSITIONAL or NAMED.", "parameter_format");
	if (json_kind(components) != JSON_LIST) {
		template_wrong(job, "invalid", "This must be a list of parts.", "components");
		return;
	}
	if (!template_part(components, "BODY"))
		template_wrong(job, "required", "A template needs a body.", "components");
	if (r.offer && !str_is(t->category, S("MARKETING")))
		template_wrong(job, "invalid", "A limited-time offer is MARKETING.", "category");
	check_parts(&r);
}
