/* people.c: simulated customers, their chats with each number, and the messages in them. */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"

#include <stdio.h>

#define NAME_MAX_OCTETS 200
#define PHONE_MIN 5
#define PHONE_MAX 20

struct number *number_find(struct sandbox *sb, str phone_number_id)
{
	for (size_t i = 0; i < sb->number_count; i++)
		if (str_is(phone_number_id, str_of(sb->numbers[i].phone_number_id)))
			return &sb->numbers[i];
	return NULL;
}

struct customer *customer_find(struct sandbox *sb, str phone)
{
	struct customer *c = table_find(sb->by_phone, phone);

	return c ? c : table_find(sb->by_user_id, phone);
}

/* "Two-letter country, dot, up to 128 alphanumerics": the same for the same phone in each run. */
static char *user_id_of(str phone)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t figure = 0;
	char text[40];

	sha256(bytes_of(phone), digest);
	memcpy(&figure, digest, sizeof figure);
	snprintf(text, sizeof text, "US.%llu",
		(unsigned long long)(figure % 90000000000000000ull + 10000000000000000ull));
	return heap_text(str_of(text));
}

struct customer *customer_make(struct sandbox *sb, str phone, str name)
{
	struct customer *c = customer_find(sb, phone);

	if (c) {
		if (name.len)
			set_text(&c->name, str_part(name, 0, NAME_MAX_OCTETS));
		return c;
	}
	if (sb->customer_count == CUSTOMERS_MAX || phone.len < PHONE_MIN || phone.len > PHONE_MAX ||
		!str_is_digits(phone))
		return NULL;
	c = HEAP_NEW(struct customer);
	c->phone = heap_text(phone);
	c->name = heap_text(name.len ? str_part(name, 0, NAME_MAX_OCTETS) : phone);
	c->username = heap_text(S(""));
	c->user_id = user_id_of(phone);
	*sb->customers_end = c;
	sb->customers_end = &c->next;
	sb->customer_count++;
	table_put(sb->by_phone, str_of(c->phone), c);
	table_put(sb->by_user_id, str_of(c->user_id), c);
	return c;
}

struct thread *thread_of(struct customer *c, struct number *number)
{
	struct thread **at = &c->threads;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	if (!*at) {
		*at = HEAP_NEW(struct thread);
		(*at)->number = number;
		(*at)->tokens = -1; /* full at the first send */
	}
	return *at;
}

/* Like Meta's: octets that hold the person's number and a random part. */
str make_wamid(struct arena *arena, str phone)
{
	static const char hex[] = "0123456789ABCDEF";
	struct buf raw = buf_in(arena, 128);
	uint8_t random[9];

	crypto_random(random, sizeof random);
	buf_put(&raw, "\x1c\x18", 2);
	buf_byte(&raw, (uint8_t)phone.len);
	buf_str(&raw, phone);
	buf_put(&raw, "\x15\x02\x00\x11\x18\x12", 6);
	for (size_t i = 0; i < sizeof random; i++) {
		buf_byte(&raw, (uint8_t)hex[random[i] >> 4]);
		buf_byte(&raw, (uint8_t)hex[random[i] & 15]);
	}
	buf_byte(&raw, 0);
	return arena_printf(arena, "wamid." STR_F, STR_A(base64_text(arena, buf_bytes(&raw))));
}

/* The bodies of old messages go; their ids stay, so that a late read mark or reply still finds
 * them. */
static void forget_oldest_body(struct sandbox *sb)
{
	struct chat *chat = sb->oldest_with_body;

	heap_free(chat->body);
	chat->body = NULL;
	sb->oldest_with_body = chat->newer;
	sb->body_count--;
}

struct chat *chat_add(struct sandbox *sb, struct customer *c, struct number *number, str wamid)
{
	struct thread *thread = thread_of(c, number);
	struct chat *chat;

	if (sb->chat_count == MESSAGES_MAX)
		return NULL;
	chat = HEAP_NEW(struct chat);
	*chat = (struct chat){ .sandbox = sb,
		.customer = c,
		.thread = thread,
		.wamid = heap_text(wamid),
		.biz = heap_text(S("")),
		.pricing = heap_text(S("service")),
		.at_ms = clock_now_ms() };
	if (thread->last)
		thread->last->next = chat;
	else
		thread->first = chat;
	thread->last = chat;
	if (sb->newest)
		sb->newest->newer = chat;
	else
		sb->oldest = chat;
	sb->newest = chat;
	if (!sb->oldest_with_body)
		sb->oldest_with_body = chat;
	sb->chat_count++;
	if (++sb->body_count > BODIES_MAX)
		forget_oldest_body(sb);
	table_put(sb->by_wamid, str_of(chat->wamid), chat);
	return chat;
}

void customer_changed(struct customer *c)
{
	struct sandbox *sb = the_sandbox;

	c->change = ++sb->change;
	waiters_wake(sb, c);
}

void chat_changed(struct chat *chat)
{
	chat->change = chat->sandbox->change + 1;
	customer_changed(chat->customer);
}

struct chat *chat_find(struct sandbox *sb, str wamid)
{
	return table_find(sb->by_wamid, wamid);
}

static void chats_clear(struct sandbox *sb)
{
	while (sb->oldest) {
		struct chat *chat = sb->oldest;

		sb->oldest = chat->newer;
		heap_free(chat->wamid);
		heap_free(chat->biz);
		heap_free(chat->body);
		heap_free(chat->reaction);
		heap_free(chat->pricing);
		heap_free(chat->request_id);
		heap_free(chat);
	}
	sb->newest = sb->oldest_with_body = NULL;
	sb->chat_count = sb->body_count = 0;
	table_clear(sb->by_wamid);
}

static void customer_done(struct customer *c)
{
	while (c->threads) {
		struct thread *next = c->threads->next;

		heap_free(c->threads);
		c->threads = next;
	}
	heap_free(c->phone);
	heap_free(c->name);
	heap_free(c->username);
	heap_free(c->user_id);
	heap_free(c);
}

void people_clear(struct sandbox *sb)
{
	chats_clear(sb);
	while (sb->customers) {
		struct customer *next = sb->customers->next;

		customer_done(sb->customers);
		sb->customers = next;
	}
	sb->customers_end = &sb->customers;
	sb->customer_count = 0;
	table_clear(sb->by_phone);
	table_clear(sb->by_user_id);
}
