/*
 * demo.c: the server, the sandbox network and a workspace with a few lively conversations, on one
 * command.
 *
 * Everything is seeded by the main job itself: simulated customers write through the sandbox,
 * webhooks come in, and the answers leave by the outbox. The logins are kept in the data folder
 * (demo.json, for us alone), so that a second start shows the same ones.
 */
#include "server.h"

#include "account/account.h"
#include "account/channel.h"
#include "account/pace_number.h"
#include "account/template.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/inbox.h"
#include "net/client.h"
#include "provider/sandbox/sandbox.h"
#include "store/queries.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOGINS_MAX = 8192, SEED_WAIT_MS = 30000, POLL_MS = 10, CALLERS_QUEUE = 1024 };
enum { REMINDED_MAX = 100, CUSTOMER_JSON_MAX = 4096 };

struct demo {
	const struct settings *settings;
	struct server *server;
	struct arena *arena; /* of the command */
	struct sandbox *sandbox;
	bool as_json;
	str sandbox_url, webhook_url;
};

/* One line of the script: who says what. A customer's line has a type and the content of it. */
struct line {
	size_t customer;
	bool is_answer;
	const char *content; /* the Cloud API's shape */
};

static const struct { str phone, name; } customers[] = {
	{ S("12025550142"), S("Ana Pereira") },   { S("6281234567890"), S("Budi Santoso") },
	{ S("447700900123"), S("Chidi Okafor") }, { S("4915112345678"), S("Dilara Yıldız") },
	{ S("5511987654321"), S("Eduardo Lima") },
};

static const struct line script[] = {
	{ 0, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Hi! Is the blue ceramic mug still "
		"available?\"}}" },
	{ 0, true,
		"{\"body\":\"Hello Ana! Yes, we have four left. Shall I put one aside for "
		"you?\"}" },
	{ 0, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Two please \\ud83d\\ude4f I can come by "
		"tomorrow after work.\"}}" },
	{ 1, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Selamat pagi, pesanan saya A-1042 sudah "
		"dikirim belum?\"}}" },
	{ 1, true,
		"{\"body\":\"Selamat pagi Pak Budi. Sudah dikirim tadi malam, perkiraan tiba besok "
		"siang.\"}" },
	{ 1, false, "{\"type\":\"text\",\"text\":{\"body\":\"Terima kasih banyak!\"}}" },
	{ 2, false,
		"{\"type\":\"location\",\"location\":{\"latitude\":51.5033,\"longitude\":-0.1196,"
		"\"name\":\"County Hall\","
		"\"address\":\"Belvedere Road, London\"}}" },
	{ 2, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Could you deliver to this address? "
		"*Before 5 pm* would be great.\"}}" },
	{ 3, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"The invoice you sent has the wrong "
		"company name on it.\"}}" },
	{ 3, true, "{\"body\":\"Sorry about that! Which name should it carry?\"}" },
	{ 3, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Yıldız Teknik GmbH, please. Same "
		"address.\"}}" },
	{ 4, false,
		"{\"type\":\"text\",\"text\":{\"body\":\"Boa tarde! Voc\\u00eas trabalham no "
		"s\\u00e1bado?\"}}" },
};

/* ---- seeding: on a call worker, while the loop runs ---- */

static enum err post_control(struct job *job, const struct demo *demo, str path, str body)
{
	const struct header json_type = { S("Content-Type"), S("application/json") };
	struct http_reply reply;

	TRY(http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = arena_printf(job->arena, STR_F STR_F, STR_A(demo->sandbox_url),
				STR_A(path)),
			.headers = &json_type,
			.header_count = 1,
			.body = bytes_of(body),
			.allow_private = true },
		&reply));
	if (reply.status >= 300)
		return fail(job, ERR_UPSTREAM, "the sandbox answered %d", reply.status);
	return OK;
}

static enum err find_conversation(struct job *job, str phone, id64 number, id64 *last_message,
	id64 *out)
{
	struct conversation_pair_row pair;
	struct conversation conversation;

	TRY(sql_conversation_by_alias(job,
		&(struct sql_conversation_by_alias){ job->workspace, S("phone"), phone, number },
		&pair));
	TRY(conversation_get(job, pair.id, &conversation));
	*out = pair.id;
	*last_message = conversation.last_message_id;
	return OK;
}

static void pause_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The customer's message has come all the way in when the conversation has a newer one than before.
 * By id, not by time: two ids may share a millisecond, for long when the clock is set back. */
static enum err say(struct job *job, const struct demo *demo, const struct channel *ch,
	const struct line *line)
{
	str phone = customers[line->customer].phone;
	str path = arena_printf(job->arena, "/control/customers/" STR_F "/messages", STR_A(phone));
	id64 before = 0, now = 0, conversation;
	enum err e = find_conversation(job, phone, ch->number_id, &before, &conversation);

	if (e != OK && e != ERR_MISSING)
		return e;
	TRY(post_control(job, demo, path, str_of(line->content)));
	for (int64_t waited = 0; waited < SEED_WAIT_MS; waited += POLL_MS) {
		e = find_conversation(job, phone, ch->number_id, &now, &conversation);
		if (e == OK && now > before)
			return OK;
		pause_ms(POLL_MS);
	}
	return fail(job, ERR_TIMEOUT, "the sandbox's webhook did not come in");
}

/* So that what the customer says next comes after it. */
static enum err wait_until_sent(struct job *job, id64 id)
{
	struct message message = { 0 };

	for (int64_t waited = 0; waited < SEED_WAIT_MS && message.status < STATUS_SENT;
		waited += POLL_MS) {
		TRY(message_get(job, id, &message));
		pause_ms(POLL_MS);
	}
	return message.status < STATUS_SENT
		       ? fail(job, ERR_TIMEOUT, "the answer did not reach the sandbox")
		       : OK;
}

static enum err answer(struct job *job, const struct channel *ch, const struct line *line)
{
	struct message_draft draft = { .kind = KIND_TEXT, .priority = PRIORITY_LIVE };
	struct message message;
	id64 last;
	bool repeated;

	TRY(find_conversation(job, customers[line->customer].phone, ch->number_id, &last,
		&draft.conversation_id));
	TRY(json_read(job->arena, str_of(line->content), &draft.content, NULL));
	job->now_ms = clock_now_ms();
	TRY(inbox_send(job, &draft, &message, &repeated));
	return wait_until_sent(job, message.id);
}

static enum err seed_conversations(struct job *job, const struct demo *demo,
	const struct channel *ch)
{
	int64_t synced;

	TRY(template_sync(job, ch->id, &synced)); /* what may be sent when the window has closed */
	for (size_t i = 0; i < COUNT_OF(script); i++) {
		job->now_ms = clock_now_ms();
		TRY(script[i].is_answer ? answer(job, ch, &script[i])
					: say(job, demo, ch, &script[i]));
	}
	return OK;
}

/* ---- the workspace ---- */

static enum err add_people(struct job *job, str password)
{
	static const struct { str email, name; enum role role; } people[] = {
		{ S("sari@demo.parley.example"), S("Sari"), ROLE_AGENT },
		{ S("tom@demo.parley.example"), S("Tom"), ROLE_AGENT },
		{ S("grace@demo.parley.example"), S("Grace"), ROLE_SUPERVISOR },
	};

	for (size_t i = 0; i < COUNT_OF(people); i++) {
		const struct person_draft draft = { .email = people[i].email,
			.name = people[i].name,
			.locale = S("en"),
			.role = str_of(role_name(people[i].role)),
			.password = password,
			.disabled = -1 };
		struct person made;

		TRY(person_create(job, &draft, &made));
	}
	return OK;
}

static enum err add_channel(struct job *job, struct channel **out)
{
	const struct sandbox_config network = sandbox_defaults();

	return channel_create(job,
		&(struct channel_draft){ .provider = S("cloud"),
			.name = S("Sandbox shop"),
			.remote_id = network.phone_number_id,
			.account_id = network.account_id,
			.access_token = network.token,
			.app_secret = network.app_secret,
			.verify_token = network.verify_token,
			.phone = network.phone,
			.disabled = -1 },
		out);
}

static str write_logins(struct job *job, const struct demo *demo, const struct setup_result *made,
	const struct channel *ch)
{
	const struct sandbox_config network = sandbox_defaults();
	struct buf out = buf_in(job->arena, LOGINS_MAX);

	json_open(&out, '{');
	setup_write_json(&out, made);
	json_put_id(&out, "channel_id", ch->id);
	json_put(&out, "phone_number_id", network.phone_number_id);
	json_put(&out, "app_secret", network.app_secret);
	json_put(&out, "verify_token", network.verify_token);
	json_put(&out, "graph_token", network.token);
	json_close(&out, '}');
	(void)demo;
	return buf_text(&out);
}

static enum err save_logins(struct job *job, const char *path, str logins)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool whole = fd >= 0 && write(fd, logins.ptr, logins.len) == (ssize_t)logins.len;

	if (fd >= 0)
		close(fd);
	return whole ? OK : fail(job, ERR_STORE, "cannot write %s", path);
}

static str load_logins(struct job *job, const char *path)
{
	char *text = arena_alloc(job->arena, LOGINS_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, LOGINS_MAX) : -1;

	if (fd >= 0)
		close(fd);
	return n > 0 ? (str){ text, (size_t)n } : STR_NONE;
}

static enum err make_workspace(struct job *job, const struct demo *demo, const char *path,
	str *logins)
{
	const struct setup_draft draft = { .workspace = S("Demo shop"),
		.email = S("owner@demo.parley.example"),
		.name = S("Olivia"),
		.password = S("parley-demo") };
	struct setup_result made;
	struct channel *ch;

	TRY(account_setup(job, &draft, &made));
	TRY(add_people(job, draft.password));
	TRY(add_channel(job, &ch));
	*logins = write_logins(job, demo, &made, ch);
	TRY(server_load_apps(job, demo->server));
	return save_logins(job, path, *logins);
}

/* Where linked devices connect, and whom they trust there. */
static void put_linked(struct buf *out, struct arena *arena, const struct sandbox *sandbox)
{
	json_put(out, "linked_url",
		arena_printf(arena, "ws://127.0.0.1:%d/ws/chat", sandbox_port(sandbox)));
	json_put(out, "linked_root_key", linked_root_key(arena));
	json_put(out, "linked_tls_url",
		arena_printf(arena, "wss://127.0.0.1:%d/ws/chat", sandbox_tls_port(sandbox)));
	json_put(out, "linked_certificate", str_of(sandbox_certificate(sandbox)));
}

static void print_ready(struct job *job, const struct demo *demo, json logins)
{
	struct buf out = buf_in(job->arena, LOGINS_MAX);

	json_open(&out, '{');
	json_put(&out, "url", str_of(server_url(demo->server)));
	json_put(&out, "sandbox_url", demo->sandbox_url);
	put_linked(&out, job->arena, demo->sandbox);
	json_put(&out, "msg91_url",
		arena_printf(job->arena, STR_F "/msg91", STR_A(demo->sandbox_url)));
	for (void *at = json_first(logins); at; at = json_next(logins, at)) {
		json_key_str(&out, json_member_name(at));
		json_put_value(&out, NULL, json_member_value(at));
	}
	json_close(&out, '}');
	if (demo->as_json)
		printf("%.*s\n", (int)out.len, (const char *)out.ptr);
	else
		printf("\nParley is ready.\n\n  Console        %s\n  Sign in        " STR_F
		       "   (sari@, tom@ and grace@ too)\n"
		       "  Password       " STR_F "\n  Customers      " STR_F
		       "/phone   write as a customer here\n"
		       "  API key        " STR_F
		       "\n\nCtrl-C stops it; what was said stays in %s.\n\n",
			server_url(demo->server), STR_A(json_text_at(logins, "email")),
			STR_A(json_text_at(logins, "password")), STR_A(demo->sandbox_url),
			STR_A(json_text_at(logins, "api_key")), demo->settings->data);
	fflush(stdout);
}

/* On the loop, to which the sandbox belongs. */
static void point_webhook(void *arg)
{
	struct demo *demo = arg;

	sandbox_set_webhook(demo->sandbox, demo->webhook_url);
}

/* last_in_ms: when the customer last wrote; 0: never. */
static enum err tell_customer(struct job *job, const struct demo *demo, str phone, str name,
	int64_t last_in_ms)
{
	struct buf body = buf_in(job->arena, CUSTOMER_JSON_MAX);

	json_open(&body, '{');
	json_put(&body, "phone", phone);
	json_put(&body, "name", name);
	if (last_in_ms)
		json_put_int(&body, "last_inbound_ms", last_in_ms);
	json_close(&body, '}');
	return post_control(job, demo, S("/control/customers"), buf_text(&body));
}

static enum err use_workspace(struct job *job, struct demo *demo, str logins, json *out,
	struct channel **ch)
{
	str why = STR_NONE;
	id64 channel;

	if (json_read(job->arena, logins, out, &why) != OK ||
		!json_id(json_field(*out, "workspace_id"), &job->workspace) ||
		!json_id(json_field(*out, "channel_id"), &channel))
		return fail(job, ERR_CORRUPT,
			"demo.json in the data folder cannot be read; remove the folder to start "
			"afresh");
	TRY(channel_get(job, channel, ch));
	demo->webhook_url = arena_str(demo->arena, channel_webhook_url(job->arena, *ch));
	loop_post(server_loop(demo->server), point_webhook, demo);
	for (size_t i = 0; i < COUNT_OF(customers); i++)
		TRY(tell_customer(job, demo, customers[i].phone, customers[i].name, 0));
	return OK;
}

/* The sandbox forgets who wrote when it stops, and would take no answer to what the inbox shows. */
static enum err remind_sandbox(struct job *job, const struct demo *demo, const struct channel *ch)
{
	const struct conversation_filter filter = { .status = -1,
		.channel_id = ch->id,
		.max = REMINDED_MAX };
	struct conversations found;
	struct contact contact;

	TRY(conversation_list(job, &filter, &found));
	for (size_t i = 0; i < found.count; i++) {
		TRY(contact_get(job, found.items[i].contact_id, &contact));
		if (contact.phone.len)
			TRY(tell_customer(job, demo, contact.phone, contact.name,
				found.items[i].last_in_ms));
	}
	return OK;
}

static enum err prepare(struct job *job, struct demo *demo)
{
	const char *path = arena_printf(job->arena, "%s/demo.json", demo->settings->data).ptr;
	str logins = load_logins(job, path);
	bool fresh = !logins.len;
	struct channel *ch;
	json parsed;

	if (fresh)
		TRY(make_workspace(job, demo, path, &logins));
	TRY(use_workspace(job, demo, logins, &parsed, &ch));
	TRY(fresh ? seed_conversations(job, demo, ch) : remind_sandbox(job, demo, ch));
	print_ready(job, demo, parsed);
	return OK;
}

static enum err prepare_or_stop(struct job *job, void *arg)
{
	struct demo *demo = arg;
	enum err e = prepare(job, demo);

	if (e != OK) {
		fprintf(stderr, "parley demo: " STR_F "\n",
			STR_A(job->why.len ? job->why : str_of(err_name(e))));
		kill(getpid(), SIGTERM);
	}
	return e;
}

/* ---- commands ---- */

static str url_of(struct arena *arena, const struct sandbox *sandbox)
{
	return arena_printf(arena, "http://127.0.0.1:%d", sandbox_port(sandbox));
}

static enum err start_sandbox(struct arena *arena, struct demo *demo, str *why)
{
	struct sandbox_config config = sandbox_defaults();

	config.listen = demo->settings->sandbox_listen;
	config.linked_folder = demo->settings->data;
	TRY(sandbox_start(server_loop(demo->server), server_callers(demo->server), &config,
		&demo->sandbox, why));
	demo->sandbox_url = url_of(arena, demo->sandbox);
	channel_set_base_url("cloud",
		arena_printf(arena, STR_F "/v24.0", STR_A(demo->sandbox_url)).ptr, true);
	channel_set_base_url("msg91",
		arena_printf(arena, STR_F "/msg91", STR_A(demo->sandbox_url)).ptr, true);
	channel_set_base_url("linked",
		arena_printf(arena, "ws://127.0.0.1:%d/ws/chat", sandbox_port(demo->sandbox)).ptr,
		true);
	linked_numbers_root(linked_root_key(arena));
	pace_choose_quiet(demo->settings->linked_quiet_min_s * 1000,
		demo->settings->linked_quiet_max_s * 1000);
	return pace_choose_default(str_of(demo->settings->linked_pace), false, why);
}

static int complain(const char *command, str why)
{
	fprintf(stderr, "parley %s: " STR_F "\n", command, STR_A(why));
	return 1;
}

int command_serve(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct server *server = NULL;
	str why = STR_NONE;
	enum err e;

	if (!nothing_left(arena, argc, argv))
		return 2;
	e = server_start(arena, settings, &server, &why);
	if (e == OK)
		server_run(server);
	server_end(server);
	return e == OK ? 0 : complain("serve", why);
}

int command_demo(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct demo demo = { .settings = settings,
		.arena = arena,
		.as_json = take_flag(&argc, argv, "--json") };
	str why = STR_NONE;
	enum err e;

	if (!nothing_left(arena, argc, argv))
		return 2;
	e = server_start(arena, settings, &demo.server, &why);
	if (e == OK)
		e = start_sandbox(arena, &demo, &why);
	if (e == OK && !pool_post(server_callers(demo.server),
			       (struct task){ "demo", prepare_or_stop, NULL, &demo }))
		e = ERR_BUG;
	if (e == OK)
		server_run(demo.server);
	server_join(demo.server);
	sandbox_stop(demo.sandbox);
	server_end(demo.server);
	return e == OK ? 0 : complain("demo", why);
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

static void print_sandbox(struct arena *arena, const struct sandbox_config *config,
	const struct sandbox *sandbox, bool as_json)
{
	struct buf out = buf_in(arena, LOGINS_MAX);
	str url = url_of(arena, sandbox);

	json_open(&out, '{');
	json_put(&out, "sandbox_url", url);
	put_linked(&out, arena, sandbox);
	json_put(&out, "msg91_url", arena_printf(arena, STR_F "/msg91", STR_A(url)));
	json_put(&out, "phone_number_id", config->phone_number_id);
	json_put(&out, "app_secret", config->app_secret);
	json_put(&out, "verify_token", config->verify_token);
	json_put(&out, "graph_token", config->token);
	json_close(&out, '}');
	if (as_json)
		printf("%.*s\n", (int)out.len, (const char *)out.ptr);
	else
		printf("The sandbox network listens at " STR_F "; phones: " STR_F
		       "/phone; MSG91: " STR_F "/msg91\n",
			STR_A(url), STR_A(url), STR_A(url));
	fflush(stdout);
}

static void take_option(int *argc, char **argv, const char *name, str *out)
{
	const char *value = take_value(argc, argv, name);

	if (value)
		*out = str_of(value);
}

int command_sandbox(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct sandbox_config config = sandbox_defaults();
	bool as_json = take_flag(&argc, argv, "--json");
	struct sandbox *sandbox = NULL;
	struct loop *loop;
	struct pool *pool;
	str why = STR_NONE;
	enum err e;

	take_option(&argc, argv, "--app-secret", &config.app_secret);
	take_option(&argc, argv, "--token", &config.token);
	take_option(&argc, argv, "--verify-token", &config.verify_token);
	take_option(&argc, argv, "--callback-url", &config.webhook_url);
	take_option(&argc, argv, "--msg91-callback-url", &config.msg91_webhook_url);
	if (!nothing_left(arena, argc, argv))
		return 2;
	config.listen = settings->sandbox_listen;
	config.data_folder = settings->data;
	loop = loop_create();
	pool = pool_create("call", (size_t)settings->call_workers, CALLERS_QUEUE, NULL);
	e = server_make_folder(settings->data, &why);
	if (e == OK)
		e = sandbox_start(loop, pool, &config, &sandbox, &why);
	if (e == OK) {
		print_sandbox(arena, &config, sandbox, as_json);
		loop_on_signal(loop, SIGTERM, stop_loop, loop);
		loop_on_signal(loop, SIGINT, stop_loop, loop);
		loop_run(loop);
	}
	pool_destroy(pool);
	sandbox_stop(sandbox);
	loop_destroy(loop);
	return e == OK ? 0 : complain("sandbox", why);
}
