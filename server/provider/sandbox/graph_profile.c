/*
 * graph_profile.c: whatsapp_business_profile: kept as JSON text with its number, checked as Meta
 * checks it.
 */
#include "provider/sandbox/sandbox_internal.h"

enum { ABOUT_MAX = 139, ADDRESS_MAX = 256, TEXT_MAX = 512, EMAIL_LIMIT = 128, WEBSITE_MAX = 256,
       WEBSITES_MAX = 2 };

static const struct { const char *name; size_t max; } texts[] = {
	{ "about", ABOUT_MAX },
	{ "address", ADDRESS_MAX },
	{ "description", TEXT_MAX },
	{ "email", EMAIL_LIMIT },
	{ "vertical", EMAIL_LIMIT },
};

static json known(struct number *number, struct arena *arena)
{
	json v = NULL;

	if (number->profile)
		(void)!json_read(arena, str_of(number->profile), &v, NULL);
	return v;
}

void graph_profile(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	if (!number)
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	if (number->profile)
		json_put_raw(&b, NULL, str_of(number->profile));
	else
		json_put_raw(&b, NULL, S("{\"messaging_product\":\"whatsapp\"}"));
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static const char *fault_of(json asked)
{
	json sites = json_field(asked, "websites");

	if (!str_is(json_text_at(asked, "messaging_product"), S("whatsapp")))
		return "The parameter messaging_product is required.";
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (str_count_points(json_text_at(asked, texts[i].name)) > texts[i].max)
			return "A text of the profile is too long.";
	if (json_field(asked, "about") && !json_text_at(asked, "about").len)
		return "about must not be empty.";
	if (json_count(sites) > WEBSITES_MAX)
		return "At most two websites.";
	for (size_t i = 0; i < json_count(sites); i++)
		if (!str_starts(json_text(json_at(sites, i)), S("http")) ||
			json_text(json_at(sites, i)).len > WEBSITE_MAX)
			return "A website must begin with http:// or https://.";
	return NULL;
}

static void put_newer(struct buf *b, const char *name, json asked, json before)
{
	json v = json_field(asked, name);

	if (!v)
		v = json_field(before, name);
	if (v)
		json_put_value(b, name, v);
}

void graph_profile_set(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, ANSWER_MAX);
	json asked = NULL, before;
	const char *fault;

	if (!number)
		return;
	if (json_read(arena, str_from(req->body), &asked, NULL) != OK) {
		answer_code(ex, 100, S("The body is no JSON."));
		return;
	}
	fault = fault_of(asked);
	if (fault) {
		answer_code(ex, 100, str_of(fault));
		return;
	}
	before = known(number, arena);
	json_open(&b, '{');
	json_put(&b, "messaging_product", S("whatsapp"));
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		put_newer(&b, texts[i].name, asked, before);
	put_newer(&b, "websites", asked, before);
	if (json_text_at(asked, "profile_picture_handle").len)
		json_put(&b, "profile_picture_url",
			S("https://pps.whatsapp.net/v/t61.24694-24/sandbox.jpg"));
	else
		put_newer(&b, "profile_picture_url", NULL, before);
	json_close(&b, '}');
	set_text(&number->profile, buf_text(&b));
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}
