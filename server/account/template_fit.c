/*
 * template_fit.c: do the values of a send fit the template? What Meta would answer with 132000,
 * 132012 or 131008 after the fact is told before, at the field that is missing
 * (docs/protocol/cloud-api.md §2.4).
 *
 * A path names the place in the draft: template.components[1].parameters[0]. What is not there at
 * all is named where it would stand.
 */
#include "account/template_internal.h"

#define CODE_MAX 20
#define OFFER_CODE_MAX 15
#define HEADER_MAX 60
#define PAYLOAD_MAX 256
#define LATITUDE_MAX 90.0
#define LONGITUDE_MAX 180.0

/* One list of parts as defined, and what was sent for it: the template's own, or a card's. */
struct fit {
	struct job *job;
	json defined, sent;
	const char *base; /* "template", "template.components[0].cards[1]" */
	bool named, offer;
	size_t *absent;   /* parts that are wanted and not there: each has a place of its own */
};

/* A part that was sent, and where it stands (or would). */
struct place { json part; const char *path; };

static const char *path_at(const struct fit *f, size_t at)
{
	return arena_printf(f->job->arena, "%s.components[%zu]", f->base, at).ptr;
}

static bool is_button_at(json part, size_t index)
{
	return str_is_nocase(json_text_at(part, "type"), S("button")) &&
	       json_int(json_field(part, "index"), 0) == (int64_t)index;
}

static struct place nowhere(const struct fit *f, bool wanted)
{
	size_t at = json_count(f->sent) + *f->absent;

	*f->absent += wanted;
	return (struct place){ NULL, path_at(f, at) };
}

/* wanted: the template cannot do without it. */
static struct place find_part(const struct fit *f, const char *type, bool wanted)
{
	for (size_t i = 0; i < json_count(f->sent); i++)
		if (str_is_nocase(json_text_at(json_at(f->sent, i), "type"), str_of(type)))
			return (struct place){ json_at(f->sent, i), path_at(f, i) };
	return nowhere(f, wanted);
}

static struct place find_button(const struct fit *f, size_t index, bool wanted)
{
	for (size_t i = 0; i < json_count(f->sent); i++)
		if (is_button_at(json_at(f->sent, i), index))
			return (struct place){ json_at(f->sent, i), path_at(f, i) };
	return nowhere(f, wanted);
}

/* ---- texts ---- */

str template_parameter_text(json parameter)
{
	static const char *const paths[] = { "text", "currency.fallback_value",
		"date_time.fallback_value" };

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (json_text_at(parameter, paths[i]).len)
			return json_text_at(parameter, paths[i]);
	return STR_NONE;
}

static bool is_text_type(json parameter, bool body)
{
	str type = json_text_at(parameter, "type");

	return str_is_nocase(type, S("text")) ||
	       (body && (str_is_nocase(type, S("currency")) ||
				str_is_nocase(type, S("date_time"))));
}

static void check_currency(const struct fit *f, json parameter, const char *path, size_t i)
{
	json currency = json_field(parameter, "currency");

	if (json_text_at(currency, "code").len != 3)
		template_wrong(f->job, "invalid", "Three letters, e.g. USD.",
			"%s.parameters[%zu].currency.code", path, i);
	if (json_kind(json_field(currency, "amount_1000")) != JSON_INT)
		template_wrong(f->job, "required", "The amount, times 1000.",
			"%s.parameters[%zu].currency.amount_1000", path, i);
}

static void check_value(const struct fit *f, json parameter, const struct place *at, size_t i)
{
	bool body = str_is_nocase(json_text_at(at->part, "type"), S("body"));

	if (!is_text_type(parameter, body))
		template_wrong(f->job, "invalid",
			body ? "A text, a currency or a date_time." : "A text.",
			"%s.parameters[%zu].type", at->path, i);
	else if (!str_trim(template_parameter_text(parameter)).len)
		template_wrong(f->job, "required", "Fill this in.", "%s.parameters[%zu]", at->path,
			i);
	if (str_is_nocase(json_text_at(parameter, "type"), S("currency")))
		check_currency(f, parameter, at->path, i);
}

static json named_parameter(json parameters, str name, size_t *at)
{
	for (*at = 0; *at < json_count(parameters); (*at)++)
		if (str_is(json_text_at(json_at(parameters, *at), "parameter_name"), name))
			return json_at(parameters, *at);
	return NULL;
}

static void check_named(const struct fit *f, const struct variables *v, const struct place *at)
{
	json parameters = json_field(at->part, "parameters");
	size_t missing = json_count(parameters), place;

	for (size_t i = 0; i < v->count; i++) {
		json parameter = named_parameter(parameters, v->names[i], &place);

		if (parameter)
			check_value(f, parameter, at, place);
		else
			template_wrong(f->job, "required",
				arena_printf(f->job->arena, "A value for " STR_F " is missing.",
					STR_A(v->names[i]))
					.ptr,
				"%s.parameters[%zu]", at->path, missing++);
	}
	for (size_t i = 0; i < json_count(parameters); i++) {
		str name = json_text_at(json_at(parameters, i), "parameter_name");
		bool known = false;

		for (size_t j = 0; j < v->count; j++)
			known = known || str_is(v->names[j], name);
		if (!known)
			template_wrong(f->job, "unexpected",
				"The template has no variable of this name.",
				"%s.parameters[%zu].parameter_name", at->path, i);
	}
}

static void check_texts(const struct fit *f, str text, const struct place *at)
{
	json parameters = json_field(at->part, "parameters");
	struct variables v;

	template_variables(text, &v);
	if (f->named) {
		check_named(f, &v, at);
		return;
	}
	for (size_t i = 0; i < v.count; i++) {
		if (json_at(parameters, i))
			check_value(f, json_at(parameters, i), at, i);
		else
			template_wrong(f->job, "required",
				arena_printf(f->job->arena,
					"A value for {{" STR_F "}} is missing.", STR_A(v.names[i]))
					.ptr,
				"%s.parameters[%zu]", at->path, i);
	}
	for (size_t i = v.count; i < json_count(parameters); i++)
		template_wrong(f->job, "unexpected", "The template has no such variable.",
			"%s.parameters[%zu]", at->path, i);
}

/* ---- header ---- */

static bool has_location(json parameter)
{
	double latitude = json_number(json_path(parameter, "location.latitude"), 1000),
	       longitude = json_number(json_path(parameter, "location.longitude"), 1000);

	return latitude >= -LATITUDE_MAX && latitude <= LATITUDE_MAX &&
	       longitude >= -LONGITUDE_MAX && longitude <= LONGITUDE_MAX;
}

static const struct {
	const char *format, *type, *what;
} header_kinds[] = {
	{ "IMAGE", "image", "The header needs a picture: {\"id\"} or {\"link\"}." },
	{ "VIDEO", "video", "The header needs a video: {\"id\"} or {\"link\"}." },
	{ "DOCUMENT", "document", "The header needs a document: {\"id\"} or {\"link\"}." },
	{ "GIF", "gif", "The header needs a GIF: {\"id\"} or {\"link\"}." },
	{ "LOCATION", "location", "The header needs a place: latitude and longitude." },
	{ "PRODUCT", "product", "The header needs a product: product_retailer_id." },
};

static bool has_header_value(json parameter, const char *type)
{
	json value = json_field(parameter, type);

	if (strcmp(type, "location") == 0)
		return has_location(parameter);
	if (strcmp(type, "product") == 0)
		return json_text_at(value, "product_retailer_id").len > 0;
	return json_text_at(value, "id").len > 0 || json_text_at(value, "link").len > 0;
}

static void fit_header(const struct fit *f, json part)
{
	str format = json_text_at(part, "format"), text = json_text_at(part, "text");
	bool fixed = str_is_nocase(format, S("TEXT")) && !str_has(text, S("{{"));
	struct place at = find_part(f, "header", !fixed);
	json parameter = json_path(at.part, "parameters.0");

	for (size_t i = 0; i < COUNT_OF(header_kinds); i++) {
		if (!str_is_nocase(format, str_of(header_kinds[i].format)))
			continue;
		if (!str_is_nocase(json_text_at(parameter, "type"), str_of(header_kinds[i].type)) ||
			!has_header_value(parameter, header_kinds[i].type))
			template_wrong(f->job, parameter ? "invalid" : "required",
				header_kinds[i].what, "%s.parameters[0]", at.path);
		return;
	}
	check_texts(f, text, &at);
	if (str_count_points(text) + str_count_points(template_parameter_text(parameter)) >
		HEADER_MAX + 5)
		template_wrong(f->job, "too_long", "A header has at most 60 characters in all.",
			"%s.parameters[0]", at.path);
}

static void fit_body(const struct fit *f, json part)
{
	str text = json_text_at(part, "text");
	struct place at = find_part(f, "body", str_has(text, S("{{")));

	check_texts(f, text, &at);
}

/* ---- buttons ---- */

static bool is_code(str code, size_t max)
{
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];

		if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z'))
			return false;
	}
	return code.len > 0 && code.len <= max;
}

static void fit_url(const struct fit *f, const struct place *at)
{
	json parameter = json_path(at->part, "parameters.0");

	if (!str_trim(json_text_at(parameter, "text")).len)
		template_wrong(f->job, "required", "The end of the button's address is missing.",
			"%s.parameters[0]", at->path);
}

static void fit_copy_code(const struct fit *f, const struct place *at)
{
	str code = json_text_at(at->part, "parameters.0.coupon_code");

	if (!is_code(code, f->offer ? OFFER_CODE_MAX : CODE_MAX))
		template_wrong(f->job, code.len ? "invalid" : "required",
			f->offer ? "The code: 1 to 15 letters and digits."
				 : "The code: 1 to 20 letters and digits.",
			"%s.parameters[0]", at->path);
}

static void fit_mpm(const struct fit *f, const struct place *at)
{
	json action = json_path(at->part, "parameters.0.action");

	if (!json_text_at(action, "thumbnail_product_retailer_id").len ||
		json_count(json_field(action, "sections")) == 0)
		template_wrong(f->job, "required",
			"The products to show: thumbnail_product_retailer_id and sections.",
			"%s.parameters[0]", at->path);
}

static const struct { const char *type, *sub_type; } sub_types[] = {
	{ "QUICK_REPLY", "quick_reply" }, { "URL", "url" },
	{ "OTP", "url" },                 { "COPY_CODE", "copy_code" },
	{ "FLOW", "flow" },               { "CATALOG", "catalog" },
	{ "MPM", "mpm" },                 { "VOICE_CALL", "voice_call" },
	{ "ORDER_DETAILS", "order_details" },
};

static void check_sub_type(const struct fit *f, str type, const struct place *at)
{
	str sub_type = json_text_at(at->part, "sub_type");

	for (size_t i = 0; at->part && i < COUNT_OF(sub_types); i++)
		if (str_is_nocase(type, str_of(sub_types[i].type)) &&
			!str_is_nocase(sub_type, str_of(sub_types[i].sub_type)))
			template_wrong(f->job, "invalid",
				arena_printf(f->job->arena, "This button is of sub_type %s.",
					sub_types[i].sub_type)
					.ptr,
				"%s.sub_type", at->path);
}

static void fit_payload(const struct fit *f, const struct place *at)
{
	json parameter = json_path(at->part, "parameters.0");

	if (at->part && str_count_points(json_text_at(parameter, "payload")) > PAYLOAD_MAX)
		template_wrong(f->job, "too_long", "At most 256 characters.",
			"%s.parameters[0].payload", at->path);
}

static void fit_button(const struct fit *f, json button, size_t index)
{
	str type = json_text_at(button, "type");
	bool with_url = str_is_nocase(type, S("OTP")) ||
	                (str_is_nocase(type, S("URL")) &&
				str_has(json_text_at(button, "url"), S("{{")));
	bool wanted = with_url || str_is_nocase(type, S("COPY_CODE")) ||
	              str_is_nocase(type, S("MPM"));
	struct place at = find_button(f, index, wanted);

	check_sub_type(f, type, &at);
	if (with_url)
		fit_url(f, &at);
	if (str_is_nocase(type, S("COPY_CODE")))
		fit_copy_code(f, &at);
	if (str_is_nocase(type, S("MPM")))
		fit_mpm(f, &at);
	if (str_is_nocase(type, S("QUICK_REPLY")))
		fit_payload(f, &at);
}

static void fit_buttons(const struct fit *f, json part)
{
	json buttons = json_field(part, "buttons");

	for (size_t i = 0; i < json_count(buttons); i++)
		fit_button(f, json_at(buttons, i), i);
}

/* Buttons that the template does not have. */
static void check_extra(const struct fit *f)
{
	size_t count = json_count(json_field(template_part(f->defined, "BUTTONS"), "buttons"));

	for (size_t i = 0; i < json_count(f->sent); i++) {
		json part = json_at(f->sent, i);
		str type = json_text_at(part, "type");

		if (str_is_nocase(type, S("button")) &&
			json_int(json_field(part, "index"), 0) >= (int64_t)count)
			template_wrong(f->job, "unexpected", "The template has no such button.",
				"%s.index", path_at(f, i));
		if ((str_is_nocase(type, S("header")) && !template_part(f->defined, "HEADER") &&
			    json_count(json_field(part, "parameters"))) ||
			(str_is_nocase(type, S("carousel")) &&
				!template_part(f->defined, "CAROUSEL")))
			template_wrong(f->job, "unexpected", "The template has no such part.", "%s",
				path_at(f, i));
	}
}

/* ---- offers and cards ---- */

static void fit_offer(const struct fit *f, json part)
{
	struct place at = find_part(f, "limited_time_offer", true);
	int64_t until = json_int(
		json_path(at.part, "parameters.0.limited_time_offer.expiration_time_ms"), 0);

	if (!json_flag(json_path(part, "limited_time_offer.has_expiration"), true))
		return;
	if (until <= f->job->now_ms)
		template_wrong(f->job, until ? "invalid" : "required",
			"When the offer ends: a time to come, in milliseconds.",
			"%s.parameters[0]", at.path);
}

static void fit_parts(const struct fit *f);

static json card_at(json cards, size_t index, size_t *at)
{
	for (*at = 0; *at < json_count(cards); (*at)++)
		if (json_int(json_field(json_at(cards, *at), "card_index"), (int64_t)*at) ==
			(int64_t)index)
			return json_at(cards, *at);
	return NULL;
}

static void fit_cards(const struct fit *f, json part)
{
	struct place at = find_part(f, "carousel", true);
	json defined = json_field(part, "cards"), sent = json_field(at.part, "cards");

	if (json_count(sent) != json_count(defined))
		template_wrong(f->job, json_count(sent) ? "invalid" : "required",
			arena_printf(f->job->arena, "The template has %zu cards.",
				json_count(defined))
				.ptr,
			"%s.cards", at.path);
	for (size_t i = 0; i < json_count(defined); i++) {
		size_t place;
		json card = card_at(sent, i, &place);
		struct fit inner = *f;
		size_t absent = 0;

		inner.absent = &absent;
		inner.defined = json_field(json_at(defined, i), "components");
		inner.sent = json_field(card, "components");
		inner.base = arena_printf(f->job->arena, "%s.cards[%zu]", at.path, place).ptr;
		if (card)
			fit_parts(&inner);
	}
}

static const struct {
	const char *type;
	void (*fit)(const struct fit *f, json part);
} kinds[] = {
	{ "HEADER", fit_header },   { "BODY", fit_body },
	{ "BUTTONS", fit_buttons }, { "LIMITED_TIME_OFFER", fit_offer },
	{ "CAROUSEL", fit_cards },
};

static void fit_parts(const struct fit *f)
{
	for (size_t i = 0; i < json_count(f->defined); i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			if (str_is_nocase(json_text_at(json_at(f->defined, i), "type"),
				    str_of(kinds[k].type)))
				kinds[k].fit(f, json_at(f->defined, i));
	check_extra(f);
}

/* An authentication template's body is fixed text: it takes the code. */
static json with_fixed_body(struct job *job, json defined)
{
	json body = template_part(defined, "BODY"), all = NULL;
	struct buf out = buf_in(job->arena, 4096);

	if (!body || json_text_at(body, "text").len)
		return defined;
	buf_str(&out, S("[{\"type\":\"BODY\",\"text\":\"{{1}}\"},"));
	json_put_value(&out, NULL, template_part(defined, "BUTTONS"));
	buf_byte(&out, ']');
	return json_read(job->arena, buf_text(&out), &all, NULL) == OK ? all : defined;
}

void template_check_send(struct job *job, const struct template_item *t, json sent)
{
	size_t absent = 0;
	struct fit f = { .job = job,
		.absent = &absent,
		.sent = json_field(sent, "components"),
		.base = "template",
		.named = str_is(t->parameter_format, S("NAMED")) };

	if (json_read(job->arena, t->components, &f.defined, NULL) != OK)
		return;
	f.defined = with_fixed_body(job, f.defined);
	f.offer = template_part(f.defined, "LIMITED_TIME_OFFER") != NULL;
	fit_parts(&f);
}

/* ---- is it one that may be sent? ---- */

static enum err refuse_status(struct job *job, const struct template_item *t)
{
	bool rejected = str_is(t->status, S("REJECTED"));

	return fail_code(job, ERR_INPUT, S("template_not_approved"),
		rejected ? S("Edit the template and submit it again.")
			 : S("Choose an approved template, or wait until this one is."),
		"The template " STR_F " is " STR_F ", and only approved ones can be sent%s" STR_F,
		STR_A(t->name), STR_A(t->status), t->reason.len ? ": " : ".", STR_A(t->reason));
}

enum err template_check_message(struct job *job, const struct channel *ch, json sent,
	struct template_item *out)
{
	str name = json_text_at(sent, "name"), language = json_text_at(sent, "language.code");
	struct template_total_row known;
	enum err e = template_for(job, ch, name, language, out);

	if (e == ERR_MISSING) {
		*out = (struct template_item){ 0 };
		TRY(sql_template_known(job,
			&(struct sql_template_known){ job->workspace, template_account_of(ch) },
			&known));
		if (known.total || !(provider_can(ch) & CAN_TEMPLATES))
			template_wrong(job, "unknown",
				"The channel has no template of this name in this language; "
				"synchronise the templates if it is new.",
				"template.name");
		return job_check_fields(job);
	}
	TRY(e);
	if (!str_is(out->status, S("APPROVED")))
		return refuse_status(job, out);
	template_check_send(job, out, sent);
	return job_check_fields(job);
}
