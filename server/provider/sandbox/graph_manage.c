/*
 * graph_manage.c: a number's life (code, registration, PIN), its settings, and the accounts of a
 * business.
 *
 * What has no rules of its own is kept as the JSON that was sent.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

enum { PIN_SIZE = 6, REGISTRATIONS_MAX = 10, CODES_MAX = 5, MERGED_MAX = 64 << 10 };
#define SMS_CODE "123456"

static void succeed(struct exchange *ex)
{
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

static json body_of(const struct request *req, struct exchange *ex)
{
	json v = NULL;

	if (req->body.len && json_read(exchange_arena(ex), str_from(req->body), &v, NULL) != OK)
		return NULL;
	return v;
}

static json stored(const char *text, struct arena *arena)
{
	json v = NULL;

	if (text)
		(void)!json_read(arena, str_of(text), &v, NULL);
	return v;
}

void merge_json(char **at, struct arena *arena, json more)
{
	struct buf b = buf_in(arena, MERGED_MAX);
	json before = stored(*at, arena);

	json_open(&b, '{');
	for (void *i = json_first(before); i; i = json_next(before, i))
		if (!json_field(more, arena_cstr(arena, json_member_name(i))))
			json_put_value(&b, arena_cstr(arena, json_member_name(i)),
				json_member_value(i));
	for (void *i = json_first(more); i; i = json_next(more, i))
		json_put_value(&b, arena_cstr(arena, json_member_name(i)), json_member_value(i));
	json_close(&b, '}');
	if (!b.failed)
		set_text(at, buf_text(&b));
}

void write_told(struct buf *b, const char *told, const char *name, str otherwise)
{
	json v = json_field(stored(told, b->arena), name);

	if (v)
		json_put_value(b, name, v);
	else
		json_put_raw(b, name, otherwise);
}

/* ---- code, registration, PIN ---- */

static void request_code(const struct request *req, struct exchange *ex, struct number *n)
{
	json v = body_of(req, ex);
	str method = json_text_at(v, "code_method");

	if (!method.len)
		method = request_query(exchange_arena(ex), req, "code_method");
	if (!str_is(method, S("SMS")) && !str_is(method, S("VOICE"))) {
		answer_code(ex, 100, S("code_method must be SMS or VOICE."));
	} else if (++n->code_requests > CODES_MAX) {
		answer_graph_error(ex, 136024, 2388091, S("(#136024) Request code error"),
			S("You have tried too many times to get a code. Please try again later."));
	} else {
		memcpy(n->sms_code, SMS_CODE, sizeof SMS_CODE);
		succeed(ex);
	}
}

static void verify_code(const struct request *req, struct exchange *ex, struct number *n)
{
	str code = json_text_or_int(exchange_arena(ex), json_field(body_of(req, ex), "code"));

	if (!code.len)
		code = request_query(exchange_arena(ex), req, "code");
	if (!n->sms_code[0] || !str_is(code, str_of(n->sms_code))) {
		answer_graph_error(ex, 136025, 2388093, S("(#136025) Verify code error"),
			S("The code that you entered is not correct."));
		return;
	}
	n->unverified = false;
	n->sms_code[0] = 0;
	n->code_requests = 0;
	succeed(ex);
}

static bool read_pin(json v, struct exchange *ex, str *pin)
{
	*pin = json_text_or_int(exchange_arena(ex), json_field(v, "pin"));
	if (pin->len == PIN_SIZE && str_is_digits(*pin))
		return true;
	answer_code(ex, 100, S("pin must be six digits."));
	return false;
}

static void register_number(const struct request *req, struct exchange *ex, struct number *n)
{
	json v = body_of(req, ex);
	str pin;

	if (!str_is(json_text_at(v, "messaging_product"), S("whatsapp"))) {
		answer_code(ex, 100, S("The parameter messaging_product is required."));
	} else if (!read_pin(v, ex, &pin)) {
		return;
	} else if (++n->registrations > REGISTRATIONS_MAX) {
		answer_code(ex, 133016, S("There were too many registration attempts for this "
					  "phone number in a short period of time."));
	} else if (n->unverified) {
		answer_code(ex, 133006, S("Phone number needs to be verified before registering."));
	} else if (n->pin[0] && !str_is(pin, str_of(n->pin))) {
		answer_code(ex, 133005, S("Two-step verification PIN mismatch."));
	} else {
		memcpy(n->pin, pin.ptr, PIN_SIZE);
		n->unregistered = n->broken = false;
		succeed(ex);
	}
}

void graph_number_action(const struct request *req, struct exchange *ex)
{
	struct number *n = graph_number(req, ex, req->params[1]);

	if (!n)
		return;
	if (str_ends(req->path, S("/request_code"))) {
		request_code(req, ex, n);
	} else if (str_ends(req->path, S("/verify_code"))) {
		verify_code(req, ex, n);
	} else if (str_ends(req->path, S("/register"))) {
		register_number(req, ex, n);
	} else {
		n->unregistered = true;
		succeed(ex);
	}
}

/* "{"pin"}", "{"new_display_name"}", "{"webhook_configuration"}". */
void graph_number_post(const struct request *req, struct exchange *ex, struct number *number)
{
	json v = body_of(req, ex), told = NULL;
	str name = json_text_at(v, "new_display_name"), pin;

	if (json_field(v, "webhook_configuration")) {
		set_text(&number->webhook_url,
			json_text_at(v, "webhook_configuration.override_callback_uri"));
	} else if (name.len) {
		(void)!json_read(exchange_arena(ex), S("{\"new_name_status\":\"PENDING_REVIEW\"}"),
			&told, NULL);
		merge_json(&number->told, exchange_arena(ex), told);
	} else if (read_pin(v, ex, &pin)) {
		memcpy(number->pin, pin.ptr, PIN_SIZE);
	} else {
		return;
	}
	succeed(ex);
}

/* ---- settings ---- */

struct part {
	char **at;
	const char *otherwise; /* JSON before anything was set */
	bool in_data;          /* answered as {"data":[…]} */
};

static struct part part_of(const struct request *req, struct number *n)
{
	if (str_ends(req->path, S("/settings")))
		return (struct part){ &n->settings, "{}", false };
	if (str_ends(req->path, S("/whatsapp_commerce_settings")))
		return (struct part){ &n->commerce,
			"{\"is_cart_enabled\":true,\"is_catalog_visible\":false}", true };
	if (str_ends(req->path, S("/conversational_automation")))
		return (struct part){ &n->automation, "{}", false };
	if (str_ends(req->path, S("/whatsapp_business_encryption")))
		return (struct part){ &n->public_key, "{}", true };
	return (struct part){ &n->username, "{}", false };
}

static void put_part(struct buf *b, const struct part *part, const struct number *n)
{
	json v = stored(*part->at ? *part->at : part->otherwise, b->arena);

	json_open(b, '{');
	for (void *i = json_first(v); i; i = json_next(v, i))
		json_put_value(b, arena_cstr(b->arena, json_member_name(i)), json_member_value(i));
	if (part->in_data)
		json_put(b, "id", str_of(n->phone_number_id));
	json_close(b, '}');
}

void graph_number_part(const struct request *req, struct exchange *ex)
{
	struct number *n = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	struct part part;

	if (!n)
		return;
	if (str_ends(req->path, S("/username_suggestions"))) {
		exchange_answer(ex, 200, S("application/json"),
			S("{\"data\":[{\"username_suggestions\":[\"parley.sandbox\"]}]}"));
		return;
	}
	part = part_of(req, n);
	if (part.in_data) {
		json_open(&b, '{');
		json_open_in(&b, "data", '[');
		put_part(&b, &part, n);
		json_close(&b, ']');
		json_close(&b, '}');
	} else {
		put_part(&b, &part, n);
	}
	answer_json(ex, 200, &b);
}

static const char *wrong_automation(json v)
{
	json prompts = json_field(v, "prompts"), commands = json_field(v, "commands");

	if (json_count(prompts) > 4 || json_count(commands) > 30)
		return "At most 4 prompts and 30 commands.";
	for (size_t i = 0; i < json_count(prompts); i++)
		if (str_count_points(json_text(json_at(prompts, i))) > 80)
			return "A prompt has at most 80 characters.";
	for (size_t i = 0; i < json_count(commands); i++)
		if (!json_text_at(json_at(commands, i), "command_name").len ||
			str_count_points(json_text_at(json_at(commands, i), "command_name")) > 32)
			return "The name of a command has 1 to 32 characters.";
	return NULL;
}

/* The flags of commerce settings come in the query. */
static json query_flags(const struct request *req, struct arena *arena)
{
	static const char *const names[] = { "is_cart_enabled", "is_catalog_visible" };
	struct buf b = buf_in(arena, 200);
	json v = NULL;

	json_open(&b, '{');
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		str value = request_query(arena, req, names[i]);

		if (value.len)
			json_put_bool(&b, names[i], str_is(value, S("true")));
	}
	json_close(&b, '}');
	(void)!json_read(arena, buf_text(&b), &v, NULL);
	return v;
}

void graph_number_part_set(const struct request *req, struct exchange *ex)
{
	struct number *n = graph_number(req, ex, req->params[1]);
	struct arena *arena = exchange_arena(ex);
	struct part part;
	const char *wrong;
	json v;

	if (!n)
		return;
	part = part_of(req, n);
	v = body_of(req, ex);
	if (part.at == &n->commerce)
		v = query_flags(req, arena);
	if (part.at == &n->public_key)
		(void)!json_read(arena,
			S("{\"business_public_key_signature_status\":\"VALID\"}"), &v, NULL);
	wrong = part.at == &n->automation ? wrong_automation(v) : NULL;
	if (!v || wrong) {
		answer_code(ex, 100, wrong ? str_of(wrong) : S("The body is no JSON object."));
		return;
	}
	if (!*part.at)
		*part.at = heap_text(str_of(part.otherwise));
	merge_json(part.at, arena, v);
	succeed(ex);
}

void graph_number_part_delete(const struct request *req, struct exchange *ex)
{
	struct number *n = graph_number(req, ex, req->params[1]);

	if (!n)
		return;
	set_text(part_of(req, n).at, S("{}"));
	succeed(ex);
}

/* ---- accounts ---- */

void graph_number_add(const struct request *req, struct exchange *ex)
{
	struct number *of = graph_account(req, ex, req->params[1]);
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, 4096);
	struct sandbox *sb = the_sandbox;
	json v = body_of(req, ex);
	struct number *n;

	if (!of)
		return;
	if (sb->number_count == NUMBERS_MAX || !json_text_at(v, "phone_number").len) {
		answer_code(ex, 100, S("phone_number is required, and there is room for 64."));
		return;
	}
	n = &sb->numbers[sb->number_count];
	*n = (struct number){ .phone_number_id = heap_text(arena_printf(arena, "10654035224%04zu",
				      5000 + sb->number_count)),
		.account_id = heap_text(req->params[1]),
		.phone = heap_text(
			arena_printf(arena, STR_F STR_F, STR_A(json_text_at(v, "country_code")),
				STR_A(json_text_at(v, "phone_number")))),
		.verified_name = heap_text(json_text_at(v, "verified_name")),
		.token = heap_text(str_of(of->token)),
		.app_secret = heap_text(str_of(of->app_secret)),
		.verify_token = heap_text(str_of(of->verify_token)),
		.webhook_url = heap_text(str_of(of->webhook_url)),
		.unverified = true,
		.unregistered = true };
	sb->number_count++;
	json_open(&b, '{');
	json_put(&b, "id", str_of(n->phone_number_id));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static bool is_first_of_account(const struct sandbox *sb, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(sb->numbers[i].account_id, sb->numbers[at].account_id) == 0)
			return false;
	return true;
}

/* Owned and shared accounts, and lines of credit: every business has all accounts and one line. */
void graph_accounts(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	const struct sandbox *sb = the_sandbox;

	if (!graph_token(req, ex))
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	if (str_ends(req->path, S("/extendedcredits")))
		json_put_raw(&b, NULL,
			S("{\"id\":\"1972385232742146\",\"legal_entity_name\":\"Sandbox\"}"));
	else
		for (size_t i = 0; i < sb->number_count; i++) {
			if (!is_first_of_account(sb, i))
				continue;
			json_open(&b, '{');
			json_put(&b, "id", str_of(sb->numbers[i].account_id));
			json_put(&b, "name", str_of(sb->numbers[i].verified_name));
			json_put(&b, "timezone_id", S("1"));
			json_close(&b, '}');
		}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void graph_unsubscribe(const struct request *req, struct exchange *ex)
{
	struct number *n = graph_account(req, ex, req->params[1]);

	if (!n)
		return;
	set_text(&n->webhook_url, S(""));
	succeed(ex);
}

/* ---- the token ---- */

void graph_debug_token(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 8192);
	str asked = request_query(b.arena, req, "input_token");
	const struct number *of = NULL;

	if (!graph_token(req, ex))
		return;
	for (size_t i = 0; i < the_sandbox->number_count && !of; i++)
		if (str_is(asked, str_of(the_sandbox->numbers[i].token)))
			of = &the_sandbox->numbers[i];
	json_open(&b, '{');
	json_open_in(&b, "data", '{');
	json_put(&b, "app_id", S("670843887433847"));
	json_put(&b, "type", S("SYSTEM_USER"));
	json_put(&b, "application", S("Parley Sandbox"));
	json_put_bool(&b, "is_valid", of != NULL);
	write_told(&b, of ? of->told : NULL, "expires_at", S("0"));
	write_told(&b, of ? of->told : NULL, "scopes",
		S("[\"whatsapp_business_management\",\"whatsapp_business_messaging\"]"));
	json_close(&b, '}');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}
