/* history_test.c: histories by pieces, hostile ones, and how much memory they take. */
#include "base/test.h"
#include "wa/history/history.h"
#include "wa/proto/proto.h"

#include <zlib.h>

struct seen {
	size_t messages, chats, names, mappings, contacts;
	str first_text, chat_name, chat_id, name, pn, nonce;
	uint32_t unread, progress;
	bool has_rest;
	size_t stop_after;
};

static enum err on_message(void *arg, str chat, const Wa__WebMessageInfo *message)
{
	struct seen *s = arg;

	if (s->messages++ == 0) {
		s->chat_id = arena_str(test_arena(), chat);
		if (message->message && message->message->conversation)
			s->first_text = arena_str(test_arena(),
				str_of(message->message->conversation));
	}
	return s->stop_after && s->messages >= s->stop_after ? ERR_STORE : OK;
}

static enum err on_chat(void *arg, const Wa__Conversation *chat, size_t count)
{
	struct seen *s = arg;

	(void)count;
	if (s->chats++ == 0) {
		s->chat_name = arena_str(test_arena(), str_of(chat->name));
		s->unread = chat->unread_count;
		s->pn = arena_str(test_arena(), str_of(chat->pn_jid));
	}
	EXPECT_INT(chat->n_messages, 0);
	return OK;
}

static enum err on_name(void *arg, str jid, str name)
{
	struct seen *s = arg;

	(void)jid;
	s->names++;
	s->name = arena_str(test_arena(), name);
	return OK;
}

static enum err on_mapping(void *arg, str pn, str lid)
{
	(void)pn, (void)lid;
	((struct seen *)arg)->mappings++;
	return OK;
}

static enum err on_rest(void *arg, const Wa__HistorySync *rest)
{
	struct seen *s = arg;

	s->has_rest = true;
	s->progress = rest->progress;
	s->nonce = arena_str(test_arena(), str_of(rest->companion_meta_nonce));
	return OK;
}

static struct wa_history_reader *reader(struct seen *seen)
{
	const struct wa_history_handler handler = { .arg = seen, .message = on_message,
		.chat = on_chat, .push_name = on_name, .mapping = on_mapping, .rest = on_rest };

	*seen = (struct seen){ .stop_after = seen->stop_after };
	return wa_history_create(&handler);
}

static enum err read_by(struct seen *seen, bytes file, size_t pieces, struct wa_history_totals *t)
{
	struct wa_history_reader *r = reader(seen);

	for (size_t at = 0; at < file.len; at += pieces)
		if (wa_history_feed(r, (bytes){ file.ptr + at,
				file.len - at < pieces ? file.len - at : pieces }) != OK)
			break;
	return wa_history_finish(r, t);
}

static bytes zip(bytes plain)
{
	uLongf size = compressBound(plain.len);
	uint8_t *out = arena_alloc(test_arena(), size);

	EXPECT_INT(compress2(out, &size, plain.ptr, plain.len, 9), Z_OK);
	return (bytes){ out, size };
}

static bytes a_history(void)
{
	Wa__HistorySync history = WA__HISTORY_SYNC__INIT;
	Wa__Conversation one = WA__CONVERSATION__INIT, *chats[] = { &one };
	Wa__Message content = WA__MESSAGE__INIT;
	Wa__MessageKey key = WA__MESSAGE_KEY__INIT;
	Wa__WebMessageInfo info = WA__WEB_MESSAGE_INFO__INIT;
	Wa__HistorySyncMsg message = WA__HISTORY_SYNC_MSG__INIT,
			   * messages[] = { &message, &message };
	Wa__Pushname name = WA__PUSHNAME__INIT, none = WA__PUSHNAME__INIT,
		     * names[] = { &name, &none };
	Wa__PhoneNumberToLIDMapping pair = WA__PHONE_NUMBER_TO_LIDMAPPING__INIT,
				    * pairs[] = { &pair };

	content.conversation = "hello";
	key.remote_jid = "1@lid";
	key.id = "3EB0";
	info.key = &key;
	info.message = &content;
	message.message = &info;
	one.id = "1@lid";
	one.name = "Ana";
	one.pn_jid = "5511@s.whatsapp.net";
	PROTO_SET(&one, unread_count, 3);
	one.messages = messages;
	one.n_messages = 2;
	name.id = "1@lid";
	name.pushname = "Ana Souza";
	none.id = "2@lid";
	none.pushname = "-";
	pair.pn_jid = "5511@s.whatsapp.net";
	pair.lid_jid = "1@lid";
	history.conversations = chats;
	history.n_conversations = 1;
	history.pushnames = names;
	history.n_pushnames = 2;
	history.phone_number_to_lid_mappings = pairs;
	history.n_phone_number_to_lid_mappings = 1;
	history.companion_meta_nonce = "nonce";
	PROTO_SET(&history, progress, 40);
	return wa_history_write(test_arena(), &history);
}

TEST(a_history_is_told_whole_by_pieces_of_any_size)
{
	bytes file = a_history();

	for (size_t pieces = 1; pieces < file.len + 5; pieces += 3) {
		struct seen s = { 0 };
		struct wa_history_totals t;

		EXPECT_OK(read_by(&s, file, pieces, &t));
		EXPECT_INT(s.messages, 2);
		EXPECT_STR(s.first_text, "hello");
		EXPECT_STR(s.chat_id, "1@lid");
		EXPECT_STR(s.chat_name, "Ana");
		EXPECT_STR(s.pn, "5511@s.whatsapp.net");
		EXPECT_INT(s.unread, 3);
		EXPECT(s.names == 1 && s.mappings == 1 && s.chats == 1);
		EXPECT_STR(s.name, "Ana Souza");
		EXPECT_STR(s.nonce, "nonce");
		EXPECT_INT(s.progress, 40);
		EXPECT_INT(t.passed_over, 0);
	}
}

TEST(a_cut_history_is_none)
{
	bytes file = a_history();

	for (size_t n = 0; n < file.len; n++) {
		struct seen s = { 0 };

		EXPECT_ERR(read_by(&s, (bytes){ file.ptr, n }, 1000, NULL), ERR_CORRUPT);
		EXPECT(!s.has_rest);
	}
}

TEST(octets_that_are_no_history_are_refused)
{
	struct seen s = { 0 };

	EXPECT_ERR(read_by(&s, bytes_of(S("not a zip at all")), 100, NULL), ERR_CORRUPT);
	/* a group, a field 0, a varint without end, a chat longer than the file */
	EXPECT_ERR(read_by(&s, zip(bytes_of(S("\x0b\x0c"))), 100, NULL), ERR_CORRUPT);
	EXPECT_ERR(read_by(&s, zip(bytes_of(S("\x02\x00"))), 100, NULL), ERR_CORRUPT);
	EXPECT_ERR(read_by(&s, zip(bytes_of(S("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))),
		100, NULL), ERR_CORRUPT);
	EXPECT_ERR(read_by(&s, zip(bytes_of(S("\x12\x7f\x0a\x01x"))), 100, NULL), ERR_CORRUPT);
	/* a message that reaches past its chat */
	EXPECT_ERR(read_by(&s, zip(bytes_of(S("\x12\x04\x12\x09xxxxxxxxxxx"))), 100, NULL),
		ERR_CORRUPT);
}

TEST(what_the_handler_says_ends_the_reading)
{
	struct seen s = { .stop_after = 1 };

	EXPECT_ERR(read_by(&s, a_history(), 10, NULL), ERR_STORE);
	EXPECT_INT(s.messages, 1);
}

TEST(an_item_past_its_bound_is_passed_over_and_the_rest_is_read)
{
	struct buf plain = buf_in(test_arena(), 8u << 20);
	struct seen s = { 0 };
	struct wa_history_totals t;
	size_t big = 3u << 20;

	/* a push name of 3 MiB, then a good one */
	buf_put(&plain, "\x3a", 1);
	for (size_t n = big; n >= 0x80; n >>= 7)
		buf_byte(&plain, (uint8_t)(n | 0x80));
	buf_byte(&plain, (uint8_t)(big >> 21));
	memset(buf_space(&plain, big), 'x', big);
	buf_put(&plain, "\x3a\x06\x0a\x01y\x12\x01z", 8);
	EXPECT_OK(read_by(&s, zip(buf_bytes(&plain)), 1000, &t));
	EXPECT_INT(t.passed_over, 1);
	EXPECT_INT(s.names, 1);
	EXPECT_STR(s.name, "z");
}

/* A file that inflates to `size` zeros, or so many copies of a message in one chat. */
static struct wa_history_reader *feed_much(bytes unit, size_t units, enum err *e)
{
	uint8_t in[4096], out[65536];
	z_stream zip = { 0 };
	struct seen *seen = ARENA_NEW(test_arena(), struct seen);
	struct wa_history_reader *r = reader(seen);
	uint64_t all = (uint64_t)unit.len * units;
	size_t n = 1, per = sizeof in / unit.len;

	EXPECT_INT(deflateInit(&zip, 6), Z_OK);
	in[0] = 0x12;
	for (; all >= 0x80; all >>= 7)
		in[n++] = (uint8_t)(all | 0x80);
	in[n++] = (uint8_t)all;
	*e = OK;
	for (size_t left = units; *e == OK; left -= per) {
		zip.next_in = in;
		zip.avail_in = (unsigned)n;
		do {
			zip.next_out = out;
			zip.avail_out = sizeof out;
			deflate(&zip, left ? Z_NO_FLUSH : Z_FINISH);
			if (sizeof out > zip.avail_out)
				*e = wa_history_feed(r, (bytes){ out, sizeof out - zip.avail_out });
		} while (zip.avail_out == 0 && *e == OK);
		if (left == 0)
			break;
		per = left < sizeof in / unit.len ? left : sizeof in / unit.len;
		for (size_t i = 0; i < per; i++)
			memcpy(in + i * unit.len, unit.ptr, unit.len);
		n = per * unit.len;
	}
	deflateEnd(&zip);
	return r;
}

TEST(a_chat_of_a_hundred_megabytes_is_read_in_a_window)
{
	static const uint8_t message[] = "\x12\x2e\x0a\x2c\x0a\x0d\x0a\x05"
					 "1@lid"
					 "\x1a\x04"
					 "3EB0"
					 "\x12\x1b\x0a\x19"
					 "a line of some length ok!";
	struct wa_history_totals t;
	enum err e;
	struct wa_history_reader *r =
		feed_much((bytes){ message, sizeof message - 1 }, 2000000, &e);

	EXPECT_OK(e);
	EXPECT(wa_history_held(r) < 256u << 10);
	/* without an id it is no chat, but its messages say where they belong */
	EXPECT_OK(wa_history_finish(r, &t));
	EXPECT_INT(t.messages, 2000000);
	EXPECT(t.inflated > 90ll << 20);
}

TEST(a_bomb_ends_at_the_bound)
{
	/* fields of 2 KiB that nobody knows, more than a file may hold */
	uint8_t unit[2048] = { 0x9a, 0x06, 0xfc, 0x0f };
	enum err e;
	struct wa_history_reader *r = feed_much((bytes){ unit, sizeof unit },
		(WA_HISTORY_INFLATED_MAX >> 11) + 100, &e);

	EXPECT_ERR(e, ERR_LIMIT);
	EXPECT(wa_history_held(r) <= WA_HISTORY_ITEM_MAX + (128u << 10));
	EXPECT_ERR(wa_history_finish(r, NULL), ERR_LIMIT);
}
