/*
 * linked_subject.c: a linked number against the sandbox's network of linked devices: the manager on
 * a loop and a store of its own, paired once with a phone that plays; the customer is another one.
 *
 * What the manager would hand to the inbox is kept here as it came, and read by the provider's own
 * parse(). Keys are not sealed: that is account/'s, and so the text that stands for a file can be
 * found again by what arrives.
 */
#include "conformance/subject.h"

#include "base/codec.h"
#include "net/loop.h"
#include "provider/linked/content.h"
#include "provider/linked/linked.h"
#include "provider/sandbox/sandbox_fixture.h"
#include "runtime/pool.h"
#include "store/queries.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define WORKSPACE 1
#define NUMBER 2
#define SHOP S("12025550100")
#define ANA S("12025550142")
#define KEPT_MAX 4096
#define STORE_ARENA_MAX (64u << 20)
#define FILE_TEXT_MAX 4096
#define NETWORK_FAULTS S("/control/linked/faults")
#define HURRY 10 /* an ack is waited for 6 s */
#define PAIRINGS_MAX 1000000 /* an hour: no gap between two */

static struct {
	id64 channel; /* of this test; 0: none yet */
	struct loop *loop;
	struct pool *slow;
	struct timers *timers;
	struct store *store;
	struct arena *arena;
	pthread_t thread;
	uint8_t root[32];
	char url[64];
	uint64_t undeciphered; /* before this test */
	char seen[64]; /* the id of the newest message that the customer was looked at for */
} at;

/* Texts in the order that they came: put on any thread, read and taken away on the test's. */
struct kept { _Atomic(char *) texts[KEPT_MAX]; _Atomic size_t next; };
static struct kept bodies; /* what came for the inbox */
static struct kept files;  /* that went up or came: what stands for them */

static void keep(struct kept *kept, str text)
{
	char *copy = heap_alloc(text.len + 1);
	size_t place = atomic_fetch_add(&kept->next, 1);

	memcpy(copy, text.ptr, text.len);
	heap_free(place < KEPT_MAX ? atomic_exchange(&kept->texts[place], copy) : copy);
}

/* None: no more are there. */
static str kept_at(struct kept *kept, size_t i)
{
	char *text = i < KEPT_MAX ? atomic_load(&kept->texts[i]) : NULL;

	return text ? str_of(text) : STR_NONE;
}

static void forget(struct kept *kept)
{
	atomic_store(&kept->next, 0);
	for (size_t i = 0; i < KEPT_MAX; i++)
		heap_free(atomic_exchange(&kept->texts[i], NULL));
}

/* ---- what stands above the provider ---- */

static struct channel channel(void)
{
	return (struct channel){ .id = at.channel,
		.workspace = WORKSPACE,
		.number_id = NUMBER,
		.provider = &linked_provider,
		.name = S("Front desk"),
		.phone = SHOP,
		.config = S("{}"),
		.base_url = str_of(at.url),
		.allow_private = true };
}

static enum err find_channel(struct job *job, id64 id, struct channel **out)
{
	*out = ARENA_NEW(job->arena, struct channel);
	**out = channel();
	(*out)->id = id;
	return OK;
}

static void keep_file(struct job *job, str text)
{
	struct wa_media_reference reference;
	struct linked_derived derived;

	if (text.len <= FILE_TEXT_MAX &&
		linked_file_read(job->arena, text, &reference, &derived) == OK)
		keep(&files, text);
}

static enum err seal_not(struct job *job, str in, bytes *out)
{
	keep_file(job, in);
	*out = arena_bytes(job->arena, bytes_of(in));
	return OK;
}

static enum err unseal_not(struct job *job, bytes in, str *out)
{
	*out = str_from(arena_bytes(job->arena, in));
	return OK;
}

static enum err note_health(struct job *job, id64 id, str state, str reason, str next_step)
{
	(void)job, (void)id, (void)state, (void)reason, (void)next_step;
	return OK;
}

static enum err set_phone(struct job *job, const struct channel *ch, str phone)
{
	(void)job, (void)ch;
	return str_is(phone, SHOP) ? OK : ERR_BUG;
}

static enum err audit(struct job *job, const char *action, id64 id, str detail)
{
	(void)job, (void)action, (void)id, (void)detail;
	return OK;
}

static enum err put_event(struct job *job, id64 id, str body)
{
	(void)job, (void)id;
	keep(&bodies, body);
	return OK;
}

static void events_put(void) {}

static struct job *new_job(void)
{
	struct job *job = fixture_job();

	job->store = at.store;
	job->workspace = WORKSPACE;
	return job;
}

/* ---- what came ---- */

struct wanted {
	enum event_kind kind;
	size_t index;
	str id;         /* instead: the message of this id */
	const struct provider_event *found;
};

static void match(struct wanted *wanted, const struct provider_event *event, size_t *seen)
{
	/* What the phone tells of the past was said in another test. */
	if (wanted->found || event->is_history)
		return;
	if (wanted->id.len ? str_is(event->remote_id, wanted->id)
			   : event->kind == wanted->kind && (*seen)++ == wanted->index)
		wanted->found = event;
}

/* Reads all that came anew each time, as the fixture does. */
static bool look(void *arg)
{
	struct channel ch = channel();
	size_t seen = 0;
	str body;

	for (size_t i = 0; (body = kept_at(&bodies, i)).ptr; i++) {
		struct provider_events events = { 0 };

		if (linked_provider.parse(new_job(), &ch, arena_str(test_arena(), body), &events) !=
			OK)
			continue;
		for (size_t k = 0; k < events.count; k++)
			match(arg, &events.items[k], &seen);
	}
	return ((struct wanted *)arg)->found != NULL;
}

static const struct provider_event *wait_for(enum event_kind kind, size_t index)
{
	struct wanted wanted = { .kind = kind, .index = index };

	if (!fixture_until(look, &wanted))
		test_fail(__FILE__, __LINE__, "no event %s number %zu came", event_kind_name(kind),
			index);
	return wanted.found;
}

/* inbox/: whose message it is. */
static enum err find_person(struct job *job, id64 id, str remote_id, struct person_ref *out)
{
	struct wanted wanted = { .id = remote_id };

	(void)job, (void)id;
	if (!look(&wanted))
		return ERR_MISSING;
	*out = wanted.found->who;
	return OK;
}

/* ---- the manager ---- */

static void *run_loop(void *loop)
{
	loop_run(loop);
	return NULL;
}

static enum err add_owner(struct job *job)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_workspace_insert(job,
		&(struct sql_workspace_insert){ WORKSPACE, S("Shop"), job->now_ms }, NULL));
	TRY(sql_number_insert(job,
		&(struct sql_number_insert){ NUMBER, WORKSPACE, SHOP, job->now_ms }, NULL));
	return db_commit(job);
}

static enum err add_channel(struct job *job)
{
	struct channel ch = channel();

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_channel_insert(job,
		&(struct sql_channel_insert){ .id = ch.id,
			.workspace = WORKSPACE,
			.number = NUMBER,
			.provider = S("linked"),
			.name = ch.name,
			.remote_id = arena_printf(job->arena, "%lld", (long long)ch.id),
			.account_id = S(""),
			.config_sealed = bytes_of(ch.config),
			.health_reason = S(""),
			.health_next_step = S(""),
			.now_ms = job->now_ms },
		NULL));
	TRY(linked_provider.created(job, &ch));
	return db_commit(job);
}

static void open_store(void)
{
	const struct store_config config = {
		.url = arena_printf(test_arena(), "sqlite:%s/linked.db", test_folder()).ptr
	};
	str why = S("");

	at.arena = arena_create(STORE_ARENA_MAX);
	if (store_open(at.arena, &config, &at.store, &why) != OK)
		test_fail(__FILE__, __LINE__, "the store does not open: " STR_F, STR_A(why));
	EXPECT_OK(add_owner(new_job()));
}

/* Before the libraries go that its threads and the sandbox's use. */
static void stop_all(void)
{
	timers_destroy(at.timers);
	linked_stop_all();
	pool_destroy(at.slow);
	loop_stop(at.loop);
	pthread_join(at.thread, NULL);
	loop_destroy(at.loop);
	linked_destroy();
	fixture_stop();
	store_close(at.store);
	arena_destroy(at.arena);
}

static void start_manager(void)
{
	json network;

	EXPECT_INT(fixture_call(HTTP_GET, S("/control/linked"), STR_NONE, &network), 200);
	EXPECT(linked_read_root(json_text_at(network, "root_key"), at.root));
	linked_set_root(at.root);
	at.loop = loop_create();
	at.slow = pool_create("linked slow", 1, 64, at.store);
	at.timers = timers_create(at.slow);
	linked_create(&(struct linked_host){ .store = at.store,
		.loop = at.loop,
		.timers = at.timers,
		.workers = 2,
		.hurry = HURRY,
		.numbers_max = PAIRINGS_MAX,
		.pairings_max = PAIRINGS_MAX,
		.seal = seal_not,
		.unseal = unseal_not,
		.channel = find_channel,
		.note_health = note_health,
		.set_phone = set_phone,
		.audit = audit,
		.put_event = put_event,
		.events_put = events_put,
		.person = find_person });
	EXPECT_OK(linked_start(new_job()));
	pthread_create(&at.thread, NULL, run_loop, at.loop);
	atexit(stop_all);
}

struct sight { enum linked_state state; struct linked_number number; };

static bool is_there(void *arg)
{
	struct sight *sight = arg;

	EXPECT_OK(linked_get(new_job(), at.channel, &sight->number));
	return sight->number.state == sight->state &&
		(sight->state != LINKED_QR || sight->number.qr.len);
}

static void await_state(struct sight *sight, enum linked_state state)
{
	sight->state = state;
	if (!fixture_until(is_there, sight))
		test_fail(__FILE__, __LINE__, "the number is %s, not %s",
			linked_state_name(sight->number.state), linked_state_name(state));
}

static void add_phone(str phone, const char *name)
{
	fixture_control(S("/control/linked/phones"),
		arena_printf(test_arena(), "{\"phone\":\"" STR_F "\",\"name\":\"%s\"}",
			STR_A(phone), name));
}

static void pair(void)
{
	struct sight sight;

	EXPECT_OK(add_channel(new_job()));
	EXPECT_OK(linked_pair(new_job(), at.channel, true));
	await_state(&sight, LINKED_QR);
	add_phone(SHOP, "Shop");
	fixture_control(S("/control/linked/scan"),
		arena_printf(test_arena(), "{\"qr\":\"" STR_F "\",\"phone\":\"" STR_F "\"}",
			STR_A(sight.number.qr), STR_A(SHOP)));
	await_state(&sight, LINKED_CONNECTED);
}

/* ---- customers ---- */

static str path_of(str phone, const char *what)
{
	return arena_printf(test_arena(), "/control/linked/phones/" STR_F "/%s", STR_A(phone),
		what);
}

static str mime_type_of(str type, json content)
{
	str mime_type = json_text_at(content, "mime_type");

	return mime_type.len		  ? mime_type
	       : str_is(type, S("image")) ? S("image/png")
					  : S("text/plain");
}

/* By the number's own door: the network's hosts keep the files of all. */
static str customer_file(bytes data, const char *mime_type)
{
	const struct media_info info = { .mime_type = str_of(mime_type),
		.file_name = S("file"),
		.size = (int64_t)data.len };
	const struct channel ch = channel();
	char path[256];
	FILE *file;
	str id;

	snprintf(path, sizeof path, "%s/customer", test_folder());
	file = fopen(path, "wb");
	EXPECT(file && fwrite(data.ptr, 1, data.len, file) == data.len);
	fclose(file);
	EXPECT_OK(provider_upload_media(new_job(), &ch, &info, path, &id));
	return id;
}

/* What stands for the file on the network; of an id that is none of ours, for any file. */
static str file_of(str id, str type, json content)
{
	struct wa_media_reference reference;
	struct linked_derived derived;
	struct buf text = buf_in(test_arena(), FILE_TEXT_MAX);

	if (base64_read(id, &text) && linked_file_read(test_arena(), buf_text(&text), &reference,
					      &derived) == OK)
		return buf_text(&text);
	return sandbox_customer_file(bytes_of(S("octets of a file")),
		arena_cstr(test_arena(), mime_type_of(type, content)));
}

/* The content as the phone is given it. */
static void put_content(struct buf *b, str type, json content)
{
	json_open_in(b, arena_cstr(test_arena(), type), '{');
	for (void *member = json_first(content); member; member = json_next(content, member))
		if (!str_is(json_member_name(member), S("id")))
			json_put_value(b, arena_cstr(test_arena(), json_member_name(member)),
				json_member_value(member));
	if (json_text_at(content, "id").len)
		json_put(b, "id", file_of(json_text_at(content, "id"), type, content));
	json_close(b, '}');
}

/* Which message it is about; "" when about none. */
static str target_of(json message)
{
	static const char *const paths[] = { "context.id", "reaction.message_id",
		"edit.original_message_id", "revoke.original_message_id" };

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (json_text_at(message, paths[i]).len)
			return json_text_at(message, paths[i]);
	return S("");
}

static bool phones_send(str type)
{
	/* A kind has no name on the wire: who does not know it says "unsupported" of any. */
	static const char *const types[] = { "text", "image", "video", "audio", "document",
		"sticker", "location", "contacts", "reaction", "edit", "revoke", "button",
		"interactive", "order", "unsupported" };

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_is(type, str_of(types[i])))
			return true;
	return false;
}

static str as_phones_say_it(json message)
{
	struct buf b = buf_in(test_arena(), 1u << 16);
	str type = json_text_at(message, "type");
	json content = json_field(message, arena_cstr(test_arena(), type));

	json_open(&b, '{');
	json_put(&b, "to", SHOP);
	json_put(&b, "type", type);
	json_put(&b, "reply_to", target_of(message));
	if (json_kind(content) == JSON_LIST) {
		json_put_value(&b, arena_cstr(test_arena(), type), content);
	} else if (str_is(type, S("edit"))) {
		json_open_in(&b, "edit", '{');
		json_put(&b, "body", json_text_at(content, "message.text.body"));
		json_close(&b, '}');
	} else {
		put_content(&b, type, content);
	}
	json_close(&b, '}');
	return buf_text(&b);
}

static bool came(void *arg)
{
	const str *id = arg;
	bool found = false;
	str body;

	for (size_t i = 0; (body = kept_at(&bodies, i)).ptr && !found; i++)
		found = str_has(body, *id);
	return found;
}

static str customer_sends(str phone, str message)
{
	json v;
	str id;

	EXPECT_OK(json_read(test_arena(), message, &v, NULL));
	if (!phones_send(json_text_at(v, "type")))
		return STR_NONE;
	add_phone(phone, "Ana");
	id = json_text_at(fixture_control(path_of(phone, "messages"), as_phones_say_it(v)), "id");
	if (!fixture_until(came, &id))
		test_fail(__FILE__, __LINE__, "the number did not get what the customer wrote");
	return id;
}

/* There is no window: that they know each other is enough. */
static void open_window(str phone)
{
	customer_sends(phone, S("{\"type\":\"text\",\"text\":{\"body\":\"hello\"}}"));
}

/* ---- the customer's phone ---- */

static json newest_on(str phone)
{
	json said, messages, found = NULL;

	EXPECT_INT(fixture_call(HTTP_GET, path_of(phone, "messages"), STR_NONE, &said), 200);
	messages = json_field(said, "messages");
	for (size_t i = 0; i < json_count(messages); i++)
		if (!json_flag(json_field(json_at(messages, i), "from_me"), false))
			found = json_at(messages, i);
	return found;
}

static void see(json message)
{
	snprintf(at.seen, sizeof at.seen, STR_F, STR_A(json_text_at(message, "id")));
}

struct newest { str phone; json found; };

static bool is_new(void *arg)
{
	struct newest *newest = arg;

	newest->found = newest_on(newest->phone);
	return newest->found && !str_is(json_text_at(newest->found, "id"), str_of(at.seen));
}

/* The text that stood for the file when it went up. */
static str file_id(str packed)
{
	struct wa_media_reference ours, theirs;
	struct linked_derived derived;
	struct buf b = buf_in(test_arena(), 4 * FILE_TEXT_MAX);
	str text;

	if (linked_file_read(test_arena(), packed, &theirs, &derived) != OK)
		return STR_NONE;
	for (size_t i = 0; (text = kept_at(&files, i)).ptr && !b.len; i++)
		if (linked_file_read(test_arena(), text, &ours, &derived) == OK &&
			str_is(ours.media.direct_path, theirs.media.direct_path) &&
			str_is(str_from(ours.media.key), str_from(theirs.media.key)))
			base64url_write(&b, bytes_of(text));
	return buf_text(&b);
}

static void put_arrived(struct buf *b, json message)
{
	json content = json_field(message, "content");
	str type = json_text_at(message, "type"), file = json_text_at(message, "file");
	const char *name = arena_cstr(test_arena(), type);

	if (json_kind(content) == JSON_LIST) {
		json_put_value(b, name, content);
		return;
	}
	json_open_in(b, name, '{');
	for (void *member = json_first(content); member; member = json_next(content, member))
		json_put_value(b, arena_cstr(test_arena(), json_member_name(member)),
			json_member_value(member));
	if (file.len)
		json_put(b, "id", file_id(file));
	if (str_is(type, S("reaction"))) {
		json_put(b, "message_id", json_text_at(message, "target"));
		json_put(b, "emoji", json_text_at(message, "emoji"));
	}
	json_close(b, '}');
}

/* As the Cloud API says it. */
static json arrived(str phone)
{
	struct newest newest = { .phone = phone };
	struct buf b = buf_in(test_arena(), 1u << 18);
	json out;

	if (!fixture_until(is_new, &newest))
		test_fail(__FILE__, __LINE__, "nothing new arrived on the customer's phone");
	see(newest.found);
	json_open(&b, '{');
	json_put(&b, "type", json_text_at(newest.found, "type"));
	json_open_in(&b, "context", '{');
	json_put(&b, "message_id", json_text_at(newest.found, "reply_to"));
	json_close(&b, '}');
	put_arrived(&b, newest.found);
	json_close(&b, '}');
	EXPECT_OK(json_read(test_arena(), buf_text(&b), &out, NULL));
	return out;
}

static void customer_reads(str phone)
{
	str chat = json_text_at(newest_on(phone), "chat");

	fixture_control(NETWORK_FAULTS, S("{}"));
	fixture_control(path_of(phone, "read"),
		arena_printf(test_arena(), "{\"chat\":\"" STR_F "\"}", STR_A(chat)));
}

/* Among what was said on this test's connection, the newest. */
static bool heard_typing(void *arg)
{
	json heard, stanzas;
	int64_t newest = 0;
	bool *found = arg;

	EXPECT_INT(fixture_call(HTTP_GET, S("/control/linked/stanzas"), STR_NONE, &heard), 200);
	stanzas = json_field(heard, "stanzas");
	*found = false;
	for (size_t i = 0; i < json_count(stanzas); i++) {
		json one = json_at(stanzas, i);
		str text = json_text_at(one, "stanza");

		*found &= json_int(json_field(one, "connection"), 0) == newest;
		newest = json_int(json_field(one, "connection"), 0);
		*found |= str_has(text, S("<chatstate")) && str_has(text, S("<composing"));
	}
	return *found;
}

static bool is_typing(str phone)
{
	bool found;

	(void)phone;
	return fixture_until(heard_typing, &found);
}

/* ---- what goes wrong ---- */

/* Ciphertexts that did not authenticate, so far. */
static uint64_t undeciphered(void)
{
	struct linked_figures figures;

	linked_figures(&figures);
	return figures.undeciphered;
}

static size_t forged(void)
{
	return (size_t)(undeciphered() - at.undeciphered);
}

static void break_by(const char *fault)
{
	static const struct { const char *fault, *body; } known[] = {
		/* a receipt would be an answer, too: none comes until the customer reads */
		{ "lost_answer", "{\"drop_ack_percent\":100,\"drop_receipt_percent\":100}" },
		{ "rate_limit", "{\"message_error\":429,\"count\":1}" },
		/* tried once more by the client itself */
		{ "gateway_page", "{\"message_error\":503,\"count\":2}" },
		/* that for the phone, and ours */
		{ "forged_webhook", "{\"corrupt_percent\":100,\"count\":2}" },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].fault, fault) == 0) {
			fixture_control(NETWORK_FAULTS, str_of(known[i].body));
			return;
		}
	test_fail(__FILE__, __LINE__, "no such fault: %s", fault);
}

/* What the network does to the number's device. */
static void do_to_device(const char *action)
{
	json network, devices;

	EXPECT_INT(fixture_call(HTTP_GET, S("/control/linked"), STR_NONE, &network), 200);
	devices = json_field(network, "devices");
	for (size_t i = 0; i < json_count(devices); i++) {
		json one = json_at(devices, i);
		int64_t device = json_int(json_field(one, "device"), 0);

		if (device && json_flag(json_field(one, "connected"), false))
			fixture_control(arena_printf(test_arena(), "/control/linked/devices/" STR_F
								   "/%lld",
						STR_A(json_text_at(one, "phone")),
						(long long)device),
				arena_printf(test_arena(), "{\"action\":\"%s\"}", action));
	}
}

/* The phone unlinks it. */
static void lock_out(struct channel *ch)
{
	struct sight sight;

	(void)ch;
	do_to_device("unlink");
	await_state(&sight, LINKED_FAILED);
}

static bool is_away(void *arg)
{
	struct sight *sight = arg;

	EXPECT_OK(linked_get(new_job(), at.channel, &sight->number));
	return sight->number.state != LINKED_CONNECTED;
}

static void unplug(struct channel *ch)
{
	struct sight sight;

	snprintf(at.url, sizeof at.url, "ws://127.0.0.1:1/ws/chat");
	*ch = channel();
	do_to_device("cut");
	if (!fixture_until(is_away, &sight))
		test_fail(__FILE__, __LINE__, "the number is still connected");
}

/* ---- each test begins anew ---- */

/* A channel of its own: ids of messages are made of it, and the suite counts them from 1 again.
 * What the phone says at first has come when the customer's first words have. */
static void begin(void)
{
	struct channel before = channel();

	cloud_subject.start();
	fixture_control(NETWORK_FAULTS, S("{}"));
	snprintf(at.url, sizeof at.url, "ws%s/ws/chat", fixture_url().ptr + strlen("http"));
	if (!before.id) {
		open_store();
		start_manager();
	} else {
		EXPECT_OK(linked_provider.removing(new_job(), &before));
	}
	at.channel = before.id + 1;
	pair();
	open_window(ANA);
	see(newest_on(ANA));
	forget(&bodies);
	forget(&files);
	at.undeciphered = undeciphered();
}

const struct subject linked_subject = {
	.provider = &linked_provider,
	.start = begin,
	.channel = channel,
	.job = new_job,
	.open_window = open_window,
	.customer_sends = customer_sends,
	.customer_file = customer_file,
	.file_link = sandbox_file_link,
	.customer_reads = customer_reads,
	.arrived = arrived,
	.is_typing = is_typing,
	.break_by = break_by,
	.forged = forged,
	.lock_out = lock_out,
	.unplug = unplug,
	.wait = wait_for,
	.follows_links = true,
	.numbers_choices = true,
	.answer_is_sent = true,
};
