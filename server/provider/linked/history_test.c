/* history_test.c: parts of a history into raw events: in which order, how many, and after a death.
 */
#include "crypto/crypto.h"
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "store/test_store.h"
#include "wa/history/history.h"
#include "wa/proto/proto.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define NOW_MS 1790000000000LL
#define BODIES_MAX 400

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static struct {
	str bodies[BODIES_MAX];
	size_t count, dies_at;
} put;

static enum err on_put(struct job *job, id64 channel, str body)
{
	(void)job, (void)channel;
	if (put.dies_at && put.count + 1 == put.dies_at)
		return ERR_STORE;
	EXPECT(put.count < BODIES_MAX);
	put.bodies[put.count++] = arena_str(test_arena(), body);
	return OK;
}

static void on_events(void) {}

static enum err on_seal(struct job *job, str in, bytes *out)
{
	*out = arena_bytes(job->arena, bytes_of(in));
	return OK;
}

/* ---- a history: chats, each with so many messages, the newest first ---- */

struct planned { const char *jid; uint32_t unread; int64_t age_days; size_t messages; };

static Wa__HistorySyncMsg *message_of(const struct planned *plan, size_t which)
{
	struct arena *arena = test_arena();
	Wa__HistorySyncMsg *out = ARENA_NEW(arena, Wa__HistorySyncMsg);
	Wa__WebMessageInfo *info = ARENA_NEW(arena, Wa__WebMessageInfo);
	Wa__Message *content = ARENA_NEW(arena, Wa__Message);

	wa__history_sync_msg__init(out);
	wa__web_message_info__init(info);
	wa__message__init(content);
	info->key = ARENA_NEW(arena, Wa__MessageKey);
	wa__message_key__init(info->key);
	info->key->remote_jid = (char *)plan->jid;
	info->key->id = (char *)arena_printf(arena, "%.6s-%zu", plan->jid, which).ptr;
	PROTO_SET(info->key, from_me, which % 3 == 2);
	PROTO_SET(info, message_timestamp,
		(uint64_t)((NOW_MS - plan->age_days * DAY_MS) / 1000 - (int64_t)which));
	content->conversation = (char *)"said long ago";
	info->message = content;
	out->message = info;
	return out;
}

static bytes history_of(const struct planned *plans, size_t count)
{
	struct arena *arena = test_arena();
	Wa__HistorySync history = WA__HISTORY_SYNC__INIT;
	Wa__Pushname name = WA__PUSHNAME__INIT, *names[] = { &name };
	Wa__PhoneNumberToLIDMapping pair = WA__PHONE_NUMBER_TO_LIDMAPPING__INIT,
				    * pairs[] = { &pair };

	history.conversations = ARENA_ARRAY(arena, Wa__Conversation *, count + 1);
	history.n_conversations = count;
	for (size_t i = 0; i < count; i++) {
		Wa__Conversation *c = ARENA_NEW(arena, Wa__Conversation);

		wa__conversation__init(c);
		c->id = (char *)plans[i].jid;
		c->name = (char *)"In the address book";
		PROTO_SET(c, unread_count, plans[i].unread);
		PROTO_SET(c, conversation_timestamp,
			(uint64_t)((NOW_MS - plans[i].age_days * DAY_MS) / 1000));
		c->n_messages = plans[i].messages;
		c->messages = ARENA_ARRAY(arena, Wa__HistorySyncMsg *, plans[i].messages + 1);
		for (size_t k = 0; k < plans[i].messages; k++)
			c->messages[k] = message_of(&plans[i], k);
		history.conversations[i] = c;
	}
	pair.pn_jid = "100002@s.whatsapp.net";
	pair.lid_jid = "900002@lid";
	history.phone_number_to_lid_mappings = pairs;
	history.n_phone_number_to_lid_mappings = 1;
	PROTO_SET_DATA(&history, nct_salt, bytes_of(S("salt of the account")));
	name.id = "100002@s.whatsapp.net";
	name.pushname = "Budi";
	history.pushnames = names;
	history.n_pushnames = 1;
	return wa_history_write(arena, &history);
}

static void begin(void)
{
	memset(&put, 0, sizeof put);
	linked_manager.host = (struct linked_host){ .put_event = on_put, .events_put = on_events,
		.seal = on_seal };
}

static struct linked_part part_of(struct job *job, bytes file)
{
	job->now_ms = NOW_MS;
	return (struct linked_part){ .job = job, .id = 7, .channel = 9, .fd = -1, .inside = file,
		.window = { NOW_MS - 30 * DAY_MS, 500 } };
}

/* ---- what was put, as the inbox would get it ---- */

static enum err parse_one(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_MESSAGE);

	ev->remote_id = json_text_at(v, "id");
	ev->reply_to = json_text_at(v, "chat");
	ev->who.name = json_text_at(v, "push_name");
	ev->opens_window = true;
	return OK;
}

static struct provider_events events_of(struct job *job)
{
	struct provider_events events = { 0 };

	for (size_t i = 0; i < put.count; i++) {
		json v;

		EXPECT_OK(json_read(test_arena(), put.bodies[i], &v, NULL));
		EXPECT_STR(json_text_at(v, "kind"), "history");
		EXPECT_OK(linked_history_parse(job, v, parse_one, &events));
	}
	return events;
}

static size_t messages_in(const struct provider_events *events, const char *chat)
{
	size_t n = 0;

	for (size_t i = 0; i < events->count; i++)
		n += events->items[i].kind == EVENT_MESSAGE &&
			(!chat || str_is(events->items[i].reply_to, str_of(chat)));
	return n;
}

static const struct planned some[] = {
	{ "100001@s.whatsapp.net", 0, 1, 250 },
	{ "100002@s.whatsapp.net", 4, 20, 120 },
	{ "100003@s.whatsapp.net", 0, 40, 30 },
	{ "120363000000000001@g.us", 0, 2, 10 },
	{ "status@broadcast", 1, 0, 5 },
};

STORE_TEST(unread_chats_come_first_and_what_is_too_old_does_not)
{
	struct linked_part part = part_of(job, history_of(some, COUNT_OF(some)));
	struct provider_events events;
	const struct provider_event *first = NULL;

	begin();
	EXPECT_OK(linked_part_read(&part));
	events = events_of(job);
	EXPECT_INT(messages_in(&events, "100002@s.whatsapp.net"), 120);
	EXPECT_INT(messages_in(&events, "100001@s.whatsapp.net"), 250);
	EXPECT_INT(messages_in(&events, "120363000000000001@g.us"), 10);
	EXPECT_INT(messages_in(&events, NULL), 380);
	for (size_t i = 0; i < events.count && !first; i++)
		if (events.items[i].kind == EVENT_MESSAGE)
			first = &events.items[i];
	EXPECT_STR(first->reply_to, "100002@s.whatsapp.net");
	EXPECT_STR(first->who.name, "Budi");
	EXPECT(first->is_history && first->media.is_later && !first->opens_window);
}

STORE_TEST(only_so_many_chats_are_taken_also_of_several_parts)
{
	struct linked_part part = part_of(job, history_of(some, 2));
	struct provider_events events;

	begin();
	part.window.chats_max = 1;
	EXPECT_OK(linked_part_read(&part));
	/* the rest of the same chat comes in another part; another chat does not */
	part = part_of(job, history_of(some, COUNT_OF(some)));
	part.window.chats_max = 1;
	EXPECT_OK(linked_part_read(&part));
	events = events_of(job);
	EXPECT_INT(messages_in(&events, "100002@s.whatsapp.net"), 240);
	EXPECT_INT(messages_in(&events, NULL), 240);
}

STORE_TEST(whoever_dies_in_the_middle_goes_on_and_nothing_comes_twice)
{
	bytes file = history_of(some, COUNT_OF(some));
	struct linked_part part = part_of(job, file);
	struct provider_events events;

	begin();
	for (size_t at = 1; at < 6; at++) {
		int64_t done;

		put.dies_at = at;
		EXPECT_ERR(linked_part_read(&part), ERR_STORE);
		db_rollback(job);
		done = part.done;
		part = part_of(job, file);
		part.done = done;
	}
	put.dies_at = 0;
	EXPECT_OK(linked_part_read(&part));
	events = events_of(job);
	EXPECT_INT(messages_in(&events, NULL), 380);
}

STORE_TEST(a_file_that_does_not_read_puts_nothing)
{
	bytes file = history_of(some, COUNT_OF(some));
	struct linked_part part = part_of(job, (bytes){ file.ptr, file.len - 9 });

	begin();
	EXPECT_ERR(linked_part_read(&part), ERR_CORRUPT);
	EXPECT_INT(put.count, 0);
}

static struct { str salt, pn, lid; size_t count; } learnt;

static enum err note_learnt(const struct linked_part *part, const struct wa_past *past)
{
	(void)part;
	learnt.salt = arena_str(test_arena(), str_from(past->salt));
	learnt.count = past->count;
	learnt.pn = arena_str(test_arena(), past->pairs[0].pn);
	learnt.lid = arena_str(test_arena(), past->pairs[0].lid);
	return OK;
}

STORE_TEST(what_a_file_says_beside_messages_reaches_the_client)
{
	struct linked_part part = part_of(job, history_of(some, COUNT_OF(some)));

	begin();
	part.learn = note_learnt;
	EXPECT_OK(linked_part_read(&part));
	EXPECT_STR(learnt.salt, "salt of the account");
	EXPECT_INT(learnt.count, 1);
	EXPECT_STR(learnt.pn, "100002@s.whatsapp.net");
	EXPECT_STR(learnt.lid, "900002@lid");
}
