/* status.c: what becomes of a message after it was accepted, and what customers write, as webhooks.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

#define WEBHOOK_MAX (3u << 20)

static void put_seconds(struct buf *b, const char *key, int64_t ms)
{
	char text[24];
	struct buf digits = buf_heap(24);

	buf_i64(&digits, ms / 1000);
	memcpy(text, digits.ptr, digits.len);
	json_put(b, key, (str){ text, digits.len });
	buf_done(&digits);
}

static void put_pricing(struct buf *b, const struct chat *chat)
{
	bool is_service = str_is(str_of(chat->pricing), S("service"));

	json_open_in(b, "pricing", '{');
	json_put_bool(b, "billable", !is_service);
	json_put(b, "pricing_model", S("PMP"));
	json_put(b, "type", is_service ? S("free_customer_service") : S("regular"));
	json_put(b, "category", str_of(chat->pricing));
	json_close(b, '}');
}

static void put_errors(struct buf *b, int64_t code)
{
	static const struct { int64_t code; const char *title, *details;
	} known[] = {
		{ 131026, "Message undeliverable", "Message Undeliverable." },
		{ 131047, "Re-engagement message",
			"Message failed to send because more than 24 hours have passed since the "
			"customer last replied to this number." },
		{ 131048, "Spam rate limit hit",
			"Message failed to send because there are restrictions on how many "
			"messages can be sent from this phone number." },
		{ 131049,
			"This message was not delivered to maintain healthy ecosystem engagement.",
			"In order to maintain a healthy ecosystem engagement, the message failed "
			"to be delivered." },
		{ 131050,
			"Unable to deliver the message. This recipient has chosen to stop "
			"receiving marketing messages",
			"The recipient has chosen to stop receiving marketing messages." },
	};
	const char *title = "Something went wrong",
		   * details = "Message failed to send because of an unknown error.";

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].code == code) {
			title = known[i].title;
			details = known[i].details;
		}
	json_open_in(b, "errors", '[');
	json_open(b, '{');
	json_put_int(b, "code", code);
	json_put(b, "title", str_of(title));
	json_put(b, "message", str_of(title));
	json_open_in(b, "error_data", '{');
	json_put(b, "details", str_of(details));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
}

/* "Groups add recipient_participant_id": c is the member, NULL in a group without any. */
static void put_recipient(struct buf *b, const struct chat *chat, const struct customer *c)
{
	bool in_group = chat->customer->is_group;

	if (in_group) {
		json_put(b, "recipient_type", S("group"));
		json_put(b, "recipient_id", str_of(chat->customer->phone));
	}
	if (c && !c->hides_phone)
		json_put(b, in_group ? "recipient_participant_id" : "recipient_id",
			str_of(c->phone));
	if (c)
		json_put(b, in_group ? "recipient_participant_user_id" : "recipient_user_id",
			str_of(c->user_id));
}

static void put_one(struct buf *b, const struct chat *chat, const struct customer *c, int64_t code)
{
	json_open(b, '{');
	json_put(b, "id", str_of(chat->wamid));
	json_put(b, "status", str_of(status_name(chat->status)));
	put_seconds(b, "timestamp", clock_now_ms());
	put_recipient(b, chat, c);
	if (chat->biz[0])
		json_put(b, "biz_opaque_callback_data", str_of(chat->biz));
	if (code)
		put_errors(b, code);
	else if (chat->status == STATUS_SENT || chat->status == STATUS_DELIVERED)
		put_pricing(b, chat);
	json_close(b, '}');
}

/* "One status webhook per participant, possibly several statuses per POST". */
static void put_status(struct buf *b, const struct chat *chat, int64_t code)
{
	const struct customer *c = chat->customer;

	json_open_in(b, "statuses", '[');
	if (!c->is_group || c->member_count == 0)
		put_one(b, chat, c->is_group ? NULL : c, code);
	for (size_t i = 0; i < c->member_count; i++)
		put_one(b, chat, c->members[i], code);
	json_close(b, ']');
}

/* "Cloud API code may be inside the text". */
static str reason_of(int64_t code)
{
	return code == 131026 ? S("131026: Message undeliverable")
	       : code == 131047 ? S("131047: Re-engagement message")
	       : code == 131050 ? S("131050: The recipient stopped marketing messages")
	                        : S("131000: Something went wrong");
}

static void tell(struct chat *chat, enum message_status status, int64_t code)
{
	struct buf b = buf_heap(WEBHOOK_MAX);

	chat->status = status;
	if (chat->request_id) {
		play91_tell(chat, code ? reason_of(code) : S(""));
		chat_changed(chat);
		return;
	}
	webhook_open(&b, chat->thread->number, "messages");
	if (!code && !chat->customer->is_group)
		webhook_contacts(&b, chat->customer);
	put_status(&b, chat, code);
	webhook_close(&b);
	webhook_post(chat->sandbox, chat->thread->number, chat->customer, "statuses", &b);
	buf_done(&b);
	chat_changed(chat);
}

static void read_now(void *arg)
{
	status_read(arg);
}

static void delivered_now(void *arg)
{
	struct chat *chat = arg;
	const struct settings_now *now = &chat->sandbox->settings;

	if (chat->customer->offline || chat->status != STATUS_SENT)
		return;
	tell(chat, STATUS_DELIVERED, 0);
	if (now->read_ms >= 0 || chat->customer->reads_at_once)
		sandbox_after(chat->sandbox, now->read_ms >= 0 ? now->read_ms : 0, read_now, NULL,
			chat);
}

/* "Only `sent` status follows" a reaction. */
static void sent_now(void *arg)
{
	struct chat *chat = arg;

	tell(chat, STATUS_SENT, 0);
	if (chat->kind != KIND_REACTION && chat->kind != KIND_PIN)
		sandbox_after(chat->sandbox, chat->sandbox->settings.delivered_ms, delivered_now,
			NULL, chat);
}

struct failure {
	struct chat *chat;
	int64_t code;
};

static void failed_now(void *arg)
{
	struct failure failure = *(struct failure *)arg;

	heap_free(arg);
	tell(failure.chat, STATUS_FAILED, failure.code);
}

void status_start(struct chat *chat, int64_t fail_code)
{
	struct failure *failure;

	if (!fail_code) {
		sandbox_after(chat->sandbox, chat->sandbox->settings.sent_ms, sent_now, NULL, chat);
		return;
	}
	failure = HEAP_NEW(struct failure);
	*failure = (struct failure){ chat, fail_code };
	sandbox_after(chat->sandbox, chat->sandbox->settings.sent_ms, failed_now, heap_free,
		failure);
}

void status_online(struct customer *c)
{
	for (struct thread *t = c->threads; t; t = t->next)
		for (struct chat *chat = t->first; chat; chat = chat->next)
			if (chat->from_business && chat->status == STATUS_SENT &&
				chat->kind != KIND_REACTION)
				sandbox_after(chat->sandbox, 0, delivered_now, NULL, chat);
}

/* Who reads a message has read those before it. */
void status_read(struct chat *chat)
{
	struct thread *thread = chat->thread;

	for (struct chat *c = thread->first; c; c = c->next) {
		if (c->from_business &&
			(c->status == STATUS_SENT || c->status == STATUS_DELIVERED) &&
			c->kind != KIND_REACTION)
			tell(c, STATUS_READ, 0);
		if (c == chat)
			break;
	}
	thread->unread = 0;
}

void status_played(struct chat *chat)
{
	status_read(chat);
	if (chat->from_business && chat->status == STATUS_READ)
		tell(chat, STATUS_PLAYED, 0);
}

void inbound_send(struct sandbox *sb, struct chat *chat, const struct customer *speaker,
	json message)
{
	struct buf b = buf_heap(WEBHOOK_MAX);

	webhook_open(&b, chat->thread->number, "messages");
	webhook_contacts(&b, speaker);
	json_open_in(&b, "messages", '[');
	json_put_value(&b, NULL, message);
	json_close(&b, ']');
	webhook_close(&b);
	webhook_post(sb, chat->thread->number, chat->customer, "messages", &b);
	buf_done(&b);
	play91_inbound(sb, chat, message);
	chat_changed(chat);
}
