/*
 * graph_send.c: POST /{version}/{phone_number_id}/messages.
 *
 * Checks in Meta's order: token, number, shape, limits, pace, template, window. What passes is
 * written to the journal before the answer goes.
 */
#include "provider/cloud/cloud_internal.h"
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

struct sending {
	struct sandbox *sb;
	struct exchange *ex;
	struct arena *arena;
	const struct request *req;
	struct number *number;
	json root;
	str to, type, biz;           /* to: digits, or a user id */
	enum message_kind kind;
	struct customer *customer;
	const char *category;        /* of a template */
	bool is_group;
	bool is_marketing;           /* came by /marketing_messages */
};

/* ---- reading ---- */

static str digits_of(struct arena *arena, str text)
{
	struct buf b = buf_in(arena, 128);

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&b, (uint8_t)text.ptr[i]);
		else if (!text.ptr[i] || !strchr("+ -().", text.ptr[i]))
			return STR_NONE;
	}
	return buf_text(&b);
}

static bool read_recipient(struct sending *s)
{
	str to = json_text_or_int(s->arena, json_field(s->root, "to")),
	    user_id = json_text_at(s->root, "recipient");

	if (!to.len && !user_id.len) {
		answer_graph_error(s->ex, 100, 0, S("(#100) The parameter to is required."),
			STR_NONE);
		return false;
	}
	if (str_is(json_text_at(s->root, "recipient_type"), S("group"))) {
		s->is_group = group_find(s->sb, to) != NULL;
		s->to = to;
		if (!s->is_group)
			answer_code(s->ex, 131041, S("The group does not exist."));
		return s->is_group;
	}
	s->to = to.len ? digits_of(s->arena, to) : user_id;
	if ((to.len && s->to.len < 5) || s->to.len > 140) {
		answer_code(s->ex, 100, S("Invalid recipient"));
		return false;
	}
	return true;
}

#define TYPES                                                                                    \
	"audio,contacts,document,image,interactive,location,pin,reaction,sticker,template,text," \
	"video"

static bool is_type(str type)
{
	str rest = S(TYPES);

	while (rest.len)
		if (str_is(str_split(&rest, ','), type))
			return true;
	return false;
}

static bool read_type(struct sending *s)
{
	str type = json_text_at(s->root, "type");

	s->type = type.len ? type : S("text");
	s->kind = kind_parse(s->type);
	if (!is_type(s->type)) {
		answer_graph_error(s->ex, 100, 0,
			arena_printf(s->arena,
				"(#100) Param type must be one of {" TYPES "} - got \"" STR_F "\".",
				STR_A(str_first_points(s->type, 100))),
			STR_NONE);
		return false;
	}
	if (s->kind == KIND_AUDIO && json_flag(json_path(s->root, "audio.voice"), false))
		s->kind = KIND_VOICE;
	if (json_field(s->root, arena_cstr(s->arena, s->type)))
		return true;
	answer_graph_error(s->ex, 100, 0,
		arena_printf(s->arena, "(#100) The parameter " STR_F " is required.",
			STR_A(s->type)),
		STR_NONE);
	return false;
}

static bool read_common(struct sending *s)
{
	str why;

	if (json_read(s->arena, str_from(s->req->body), &s->root, &why) != OK ||
		json_kind(s->root) != JSON_MAP) {
		answer_graph_error(s->ex, 100, 0,
			S("(#100) The parameter messaging_product is required."), STR_NONE);
		return false;
	}
	if (!str_is(json_text_at(s->root, "messaging_product"), S("whatsapp"))) {
		answer_graph_error(s->ex, 100, 0,
			S("(#100) The parameter messaging_product is required."), STR_NONE);
		return false;
	}
	s->biz = json_text_at(s->root, "biz_opaque_callback_data");
	if (str_count_points(s->biz) > 512) {
		answer_code(s->ex, 131009,
			S("biz_opaque_callback_data must be at most 512 characters long."));
		return false;
	}
	return true;
}

/* ---- limits ---- */

/* Meta's words for a length: "Button title length invalid. Min length: 1, Max length: 20". */
static str refusal_words(struct arena *arena, const struct field_error *e)
{
	if (str_ends(e->field, S("reply.title")))
		return S("Button title length invalid. Min length: 1, Max length: 20");
	return arena_printf(arena, STR_F ": " STR_F, STR_A(e->field), STR_A(e->message));
}

static void refuse_field(struct sending *s, const struct field_error *e)
{
	if (str_is(e->field, S("text.body")) && str_is(e->code, S("too_long")))
		answer_graph_error(s->ex, 100, 0,
			S("(#100) Param text['body'] must be at most 4096 characters long."),
			STR_NONE);
	else if (str_is(e->code, S("required")) || str_is(e->code, S("too_short")))
		answer_code(s->ex, 131008, refusal_words(s->arena, e));
	else
		answer_code(s->ex, 131009, refusal_words(s->arena, e));
}

/* Those that are known; what Meta does not know it passes over. */
static bool fits_options(struct sending *s, struct job *job)
{
	static const char *const known[] = { "category", "direct_send_config",
		"message_activity_sharing", "product_policy", "recipient_identity_key_hash",
		"ttl_seconds" };
	struct buf b = buf_in(s->arena, JSON_SIZE_MAX);
	json options = NULL;

	json_open(&b, '{');
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (json_field(s->root, known[i]))
			json_put_value(&b, known[i], json_field(s->root, known[i]));
	json_close(&b, '}');
	return json_read(s->arena, buf_text(&b), &options, NULL) == OK &&
	       cloud_check_options(job, NULL, s->kind, options) == OK;
}

static bool fits_limits(struct sending *s)
{
	struct job job = loop_job(s->ex);
	const struct field_error *first;

	if (str_is(s->type, S("pin")) && !s->is_group) {
		answer_code(s->ex, 131009, S("pin is only for groups."));
		return false;
	}
	if (s->is_group && !(cloud_provider.can_group & CAN_KIND(s->kind))) {
		answer_code(s->ex, 131009, S("Groups do not take messages of this type."));
		return false;
	}
	if (cloud_check(&job, NULL, s->kind, json_field(s->root, arena_cstr(s->arena, s->type))) ==
			OK &&
		fits_options(s, &job))
		return true;
	first = job.field_errors;
	while (first->next)
		first = first->next;
	refuse_field(s, first);
	return false;
}

/* A media object: its file must have been uploaded and be of the kind. */
static bool has_media(struct sending *s, enum message_kind kind, json media)
{
	str id = json_text_or_int(s->arena, json_field(media, "id"));
	struct job job = loop_job(s->ex);
	struct media_file file;

	if (!id.len)
		return true; /* a link: not fetched here */
	if (!media_find(s->sb, id, &file)) {
		answer_graph_error(s->ex, 100, 0,
			arena_printf(s->arena,
				"(#100) Param %s['id'] is not a valid whatsapp business account "
				"media attachment ID",
				kind_cloud_type(kind)),
			STR_NONE);
		return false;
	}
	if (cloud_check_media(&job, kind, str_of(file.type), file.size) == OK)
		return true;
	answer_code(s->ex, 131053,
		arena_printf(s->arena, "Unsupported %s mime type %s or size.",
			kind_cloud_type(kind), file.type));
	return false;
}

/* Media objects wherever they stand: headers, cards, values of templates. Bounded by the reader's
 * depth. */
static bool has_media_within(struct sending *s, json v)
{
	for (size_t i = 0; json_kind(v) == JSON_LIST && i < json_count(v); i++)
		if (!has_media_within(s, json_at(v, i)))
			return false;
	if (json_kind(v) != JSON_MAP)
		return true;
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		enum message_kind kind = kind_parse(json_member_name(at));
		json value = json_member_value(at);

		if (kind_is_media(kind) && json_kind(value) == JSON_MAP
				? !has_media(s, kind, value)
				: !has_media_within(s, value))
			return false;
	}
	return true;
}

static bool has_all_media(struct sending *s)
{
	json content = json_field(s->root, arena_cstr(s->arena, s->type));

	return kind_is_media(s->kind) ? has_media(s, s->kind, content)
				      : has_media_within(s, content);
}

/* ---- pace ---- */

/* A token bucket. A negative level means: full. */
static bool take_token(double *tokens, int64_t *filled_ms, double per_ms, double burst)
{
	int64_t now = clock_now_ms();

	if (*tokens < 0)
		*tokens = burst;
	else
		*tokens += (double)(now - *filled_ms) * per_ms;
	if (*tokens > burst)
		*tokens = burst;
	*filled_ms = now;
	if (*tokens < 1)
		return false;
	*tokens -= 1;
	return true;
}

static bool in_pace(struct sending *s)
{
	const struct settings_now *now = &s->sb->settings;
	struct thread *thread = thread_of(s->customer, s->number);

	if (now->pace_per_second > 0 &&
		!take_token(&s->number->tokens, &s->number->filled_ms,
			(double)now->pace_per_second / 1000, (double)now->pace_per_second)) {
		answer_graph_error(s->ex, 130429, 2494055, S("(#130429) Rate limit hit"),
				   S("Cloud API message throughput has been reached."));
		return false;
	}
	if (now->pair_interval_ms > 0 &&
		!take_token(&thread->tokens, &thread->filled_ms,
			1.0 / (double)now->pair_interval_ms, (double)now->pair_burst)) {
		answer_code(s->ex, 131056,
			S("Message failed to send because there were too many messages sent from "
			  "this phone number to the same phone "
			  "number in a short period of time."));
		return false;
	}
	return true;
}

/* ---- template and window ---- */

static bool fits_template(struct sending *s)
{
	str details = STR_NONE;
	int64_t code;

	if (s->is_marketing && s->kind != KIND_TEMPLATE) {
		answer_code(s->ex, 131055, S("Only templates can be sent by marketing_messages."));
		return false;
	}
	if (s->kind != KIND_TEMPLATE)
		return true;
	code = template_refusal(s->arena,
		&(struct template_send){ str_of(s->number->account_id),
			json_field(s->root, "template") },
		&details, &s->category);
	if (!code && s->is_marketing && strcmp(s->category, "marketing") != 0) {
		code = 134100;
		details = S("Only marketing messages can be sent by marketing_messages.");
	}
	if (code)
		answer_code(s->ex, code, details);
	return code == 0;
}

static bool is_window_open(struct sending *s)
{
	return !s->sb->settings.enforce_window || s->kind == KIND_TEMPLATE ||
	       thread_of(s->customer, s->number)->inbound_ms + WINDOW_MS > clock_now_ms();
}

static bool in_window(struct sending *s)
{
	if (s->sb->settings.window_in_status || is_window_open(s))
		return true;
	answer_code(s->ex, 131047,
		S("Message failed to send because more than 24 hours have passed since the "
		  "customer last replied to this number."));
	return false;
}

/* ---- accepting ---- */

static void put_reaction(struct sending *s)
{
	struct chat *target = chat_find(s->sb, json_text_at(s->root, "reaction.message_id"));
	str emoji = json_text_at(s->root, "reaction.emoji");

	if (!target || target->from_business)
		return;
	set_text(&target->reaction, emoji);
	chat_changed(target);
}

static bool is_marketing(const struct sending *s)
{
	return s->category && strcmp(s->category, "marketing") == 0;
}

/* "Per-user marketing limits: failed status 131049." */
static bool has_too_much(struct sending *s)
{
	struct thread *t = thread_of(s->customer, s->number);
	int64_t now_ms = clock_now_ms();

	if (!s->sb->settings.marketing_cap || !is_marketing(s))
		return false;
	if (now_ms - t->marketing_ms >= WINDOW_MS) {
		t->marketing_ms = now_ms;
		t->marketing_count = 0;
	}
	return ++t->marketing_count > s->sb->settings.marketing_cap;
}

/* "Unique users outside windows per rolling 24 h." */
static bool is_past_limit(struct sending *s)
{
	struct thread *own = thread_of(s->customer, s->number);
	int64_t now_ms = clock_now_ms(), people = 0;

	if (s->kind != KIND_TEMPLATE || own->inbound_ms + WINDOW_MS > now_ms)
		return false;
	own->opened_ms = now_ms;
	if (!s->sb->settings.people_cap)
		return false;
	for (const struct customer *c = s->sb->customers; c; c = c->next)
		for (const struct thread *t = c->threads; t; t = t->next)
			people += t->number == s->number && t->opened_ms + WINDOW_MS > now_ms;
	if (people > s->sb->settings.people_cap)
		own->opened_ms = 0;
	return people > s->sb->settings.people_cap;
}

static int64_t later_failure(struct sending *s)
{
	if (s->customer->blocks)
		return 131026;
	if (s->customer->stopped_marketing && is_marketing(s))
		return 131050;
	if (has_too_much(s))
		return 131049;
	if (is_past_limit(s))
		return 131048;
	return is_window_open(s) ? 0 : 131047;
}

static struct chat *accept(struct sending *s)
{
	str wamid = make_wamid(s->arena, str_of(s->customer->phone));
	struct chat *chat = chat_add(s->sb, s->customer, s->number, wamid);

	if (!chat)
		return NULL;
	chat->from_business = true;
	chat->kind = s->kind;
	chat->status = STATUS_ACCEPTED;
	set_text(&chat->biz, s->biz);
	set_text(&chat->pricing, str_of(s->category ? s->category : "service"));
	chat->body = heap_text(str_from(s->req->body));
	chat->thread->typing_until_ms = 0;
	chat->thread->unread += s->kind != KIND_REACTION;
	if (s->biz.len)
		journal_add(s->sb->journal, s->biz, wamid, str_of(s->customer->phone), s->type);
	if (s->kind == KIND_REACTION)
		put_reaction(s);
	chat_changed(chat);
	status_start(chat, later_failure(s));
	return chat;
}

static void write_accepted(struct sending *s, const struct chat *chat, struct buf *b)
{
	str input = json_text_or_int(s->arena, json_field(s->root, "to"));

	json_open(b, '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_open_in(b, "contacts", '[');
	json_open(b, '{');
	json_put(b, "input", input.len ? input : s->to);
	if (input.len && !s->is_group)
		json_put(b, "wa_id", str_of(s->customer->phone));
	else if (!s->is_group)
		json_put(b, "user_id", str_of(s->customer->user_id));
	json_close(b, '}');
	json_close(b, ']');
	json_open_in(b, "messages", '[');
	json_open(b, '{');
	json_put(b, "id", str_of(chat->wamid));
	json_put(b, "message_status", S("accepted"));
	if (s->is_group)
		json_put(b, "group_id", s->to);
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

struct late_answer {
	struct exchange *ex;
	int status;
	str body; /* in the exchange's arena */
};

static void answer_late(void *arg)
{
	struct late_answer *late = arg;

	exchange_answer(late->ex, late->status, S("application/json"), late->body);
}

/* ms: of a latency fault. */
static void answer_accepted(struct sending *s, const struct chat *chat, int64_t ms)
{
	struct buf b = buf_in(s->arena, ANSWER_MAX);

	write_accepted(s, chat, &b);
	if (ms > 0) {
		struct late_answer *late = ARENA_NEW(s->arena, struct late_answer);

		*late = (struct late_answer){ s->ex, 200, buf_text(&b) };
		sandbox_after(s->sb, ms, answer_late, answer_late, late);
	} else {
		answer_json(s->ex, 200, &b);
	}
}

/* true: it was answered, or dropped. */
static bool fails_before(struct sending *s)
{
	const struct fault *fault;

	if (quiet)
		return false; /* who sends quietly has looked already */
	fault = fault_take(s->sb, FAULT_HTTP, FAULT_GRAPH, s->to, s->type);
	if (fault && fault->kind == FAULT_HTTP) {
		fault_page(s->ex, fault->code);
		return true;
	}
	if (fault) {
		answer_code(s->ex, fault->code, S("A fault that was asked for."));
		return true;
	}
	if (fault_take(s->sb, FAULT_RESET, FAULT_RESET, s->to, s->type)) {
		exchange_drop(s->ex);
		return true;
	}
	return false;
}

static void send_message(struct sending *s)
{
	const struct fault *late;
	struct chat *chat;

	if (!read_recipient(s) || !read_type(s) || fails_before(s) || !fits_limits(s) ||
		!has_all_media(s))
		return;
	if (str_is(s->to, str_of(s->number->phone))) {
		answer_code(s->ex, 131021, S("Recipient phone number cannot be the sender's."));
		return;
	}
	s->customer = customer_find(s->sb, s->to);
	if (!s->customer)
		s->customer = customer_make(s->sb, s->to, STR_NONE);
	if (!s->customer) {
		answer_code(s->ex, 131026, S("Message Undeliverable."));
		return;
	}
	if (!in_pace(s) || !fits_template(s) || !in_window(s))
		return;
	late = quiet ? NULL
	             : fault_take(s->sb, FAULT_LATENCY, FAULT_LATENCY, s->to, s->type);
	chat = accept(s);
	if (!chat)
		answer_code(s->ex, 131016, S("The sandbox is full."));
	else if (quiet)
		set_text(&chat->request_id, quiet->request_id);
	else if (fault_take(s->sb, FAULT_LOST_ANSWER, FAULT_LOST_ANSWER, s->to, s->type))
		exchange_drop(s->ex);
	else
		answer_accepted(s, chat, late ? late->ms : 0);
}

/* ---- read marks ---- */

static void mark_read(struct sending *s)
{
	struct chat *chat = chat_find(s->sb, json_text_at(s->root, "message_id"));

	if (!chat || chat->from_business || chat->thread->number != s->number) {
		answer_code(s->ex, 131009,
			S("Invalid message id: it is no message of a customer."));
		return;
	}
	for (struct chat *c = chat->thread->first; c; c = c->next) {
		if (!c->from_business && c->status != STATUS_READ) {
			c->status = STATUS_READ;
			chat_changed(c);
		}
		if (c == chat)
			break;
	}
	if (json_field(s->root, "typing_indicator")) {
		chat->thread->typing_until_ms = clock_now_ms() + TYPING_MS;
		customer_changed(chat->customer);
	}
	exchange_answer(s->ex, 200, S("application/json"), S("{\"success\":true}"));
}

static void take(const struct request *req, struct exchange *ex, bool is_marketing)
{
	struct sending s = { .sb = the_sandbox, .ex = ex, .arena = exchange_arena(ex), .req = req,
		.is_marketing = is_marketing };

	s.number = graph_number(req, ex, req->params[1]);
	if (!s.number || !read_common(&s))
		return;
	if (s.number->unregistered || s.number->unverified)
		answer_code(ex, 133010, S("The account is not registered."));
	else if (str_is(json_text_at(s.root, "status"), S("read")))
		mark_read(&s);
	else
		send_message(&s);
}

void graph_send(const struct request *req, struct exchange *ex)
{
	take(req, ex, false);
}

void graph_send_marketing(const struct request *req, struct exchange *ex)
{
	take(req, ex, true);
}

bool graph_send_quietly(struct exchange *ex, struct quiet_send *send)
{
	struct request req = { .body = bytes_of(send->body) };
	struct sending s = { .sb = the_sandbox,
		.ex = ex,
		.arena = exchange_arena(ex),
		.req = &req,
		.number = send->number };

	quiet = send;
	send->code = 0;
	if (read_common(&s))
		send_message(&s);
	quiet = NULL;
	return send->code == 0;
}
