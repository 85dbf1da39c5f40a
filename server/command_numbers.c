/*
 * command_numbers.c: `parley numbers`: linked numbers from a terminal, with the QR code in it.
 *
 * It asks the running server by its API, as the console does: the server holds the connections, and
 * the rights are those of the API key.
 */
#include "server.h"

#include "account/qr.h"
#include "base/codec.h"
#include "base/json.h"
#include "net/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPLY_MAX = 32 << 20, CALL_MS = 40000, LOOK_MS = 1000, BODY_MAX = 24 << 20 };

struct numbers_call {
	struct arena *arena;
	struct job job;
	str url, key;
	const char *id, *name, *phone, *file, *passphrase;
	bool has_agreed;
};

/* The status, or 0 when nobody answered; *answer NULL when it is no JSON. */
static int ask(struct numbers_call *c, enum http_method method, str path, str body, json *answer)
{
	struct http_reply reply = { 0 };
	struct header headers[] = { { S("Content-Type"), S("application/json") },
		{ S("Authorization"), arena_printf(c->arena, "Bearer " STR_F, STR_A(c->key)) } };
	enum err e = http_call(&c->job,
		&(struct http_call){ .method = method,
			.url = arena_printf(c->arena, STR_F "/api/v1/linked-numbers" STR_F,
				STR_A(c->url), STR_A(path)),
			.headers = headers,
			.header_count = COUNT_OF(headers),
			.body = bytes_of(body),
			.deadline_ms = CALL_MS,
			.reply_max = REPLY_MAX,
			.allow_private = true },
		&reply);

	*answer = NULL;
	if (e != OK) {
		fprintf(stderr, "parley numbers: nothing answers at " STR_F ": " STR_F "\n",
			STR_A(c->url), STR_A(c->job.why));
		return 0;
	}
	(void)!json_read(c->arena, str_from(reply.body), answer, NULL);
	return reply.status;
}

static int complain(int status, json answer)
{
	if (status)
		fprintf(stderr, "parley numbers: " STR_F " " STR_F "\n",
			STR_A(json_text_at(answer, "title")),
			STR_A(json_text_at(answer, "next_step")));
	return 1;
}

static str path_of(const struct numbers_call *c, const char *word)
{
	return arena_printf(c->arena, "/%s%s%s", c->id, *word ? "/" : "", word);
}

/* A call about one number that answers with what it is now. */
static int tell(struct numbers_call *c, const char *word, str body)
{
	json answer;
	int status = ask(c, HTTP_POST, path_of(c, word), body, &answer);

	if (status < 200 || status >= 300)
		return complain(status, answer);
	printf("%s: " STR_F "\n", c->id, STR_A(json_text_at(answer, "state")));
	return 0;
}

static int list(struct numbers_call *c)
{
	json answer, data;
	int status = ask(c, HTTP_GET, S(""), STR_NONE, &answer);

	if (status != 200)
		return complain(status, answer);
	data = json_field(answer, "data");
	for (size_t i = 0; i < json_count(data); i++) {
		json one = json_at(data, i);
		str phone = json_text_at(one, "phone_number");

		printf(STR_F "  %-16.*s  %-14.*s  %3lld  " STR_F "%s\n",
			STR_A(json_text_at(one, "id")), (int)phone.len, phone.ptr ? phone.ptr : "",
			STR_A(json_text_at(one, "state")),
			(long long)json_int(json_field(one, "score"), 0),
			STR_A(json_text_at(one, "name")),
			json_flag(json_field(one, "primary"), false) ? "  (primary)" : "");
	}
	return 0;
}

/* ---- pairing ---- */

/* Who pairs in a terminal is shown the same notice as in the console. */
static bool agree(struct numbers_call *c, str *version)
{
	json answer, sentences;

	if (ask(c, HTTP_GET, S(""), STR_NONE, &answer) != 200)
		return false;
	sentences = json_path(answer, "notice.sentences");
	*version = json_text_at(answer, "notice.version");
	if (c->has_agreed)
		return true;
	for (size_t i = 0; i < json_count(sentences); i++)
		printf("- " STR_F "\n", STR_A(json_text(json_at(sentences, i))));
	printf("Say --agree when you accept this.\n");
	return false;
}

static bool make_number(struct numbers_call *c, str version)
{
	struct buf body = buf_in(c->arena, 4096);
	json answer;
	int status;

	json_open(&body, '{');
	json_put(&body, "name", str_of(c->name));
	json_put(&body, "consent", version);
	json_close(&body, '}');
	status = ask(c, HTTP_POST, S(""), buf_text(&body), &answer);
	if (status != 201)
		return complain(status, answer) == 0;
	c->id = arena_cstr(c->arena, json_text_at(answer, "id"));
	return true;
}

static bool start_pairing(struct numbers_call *c, str version)
{
	struct buf body = buf_in(c->arena, 4096);
	json answer;
	int status;

	json_open(&body, '{');
	json_put(&body, "consent", version);
	if (c->phone)
		json_put(&body, "phone_number", str_of(c->phone));
	json_close(&body, '}');
	status = ask(c, HTTP_POST, path_of(c, "pair"), buf_text(&body), &answer);
	return status == 202 || complain(status, answer) == 0;
}

/* Shows each new code until the phone has taken one. */
static int watch_pairing(struct numbers_call *c)
{
	struct timespec pause = { .tv_sec = LOOK_MS / 1000 };
	str shown = S("");

	for (;;) {
		json answer;
		int status = ask(c, HTTP_GET, path_of(c, "pairing"), STR_NONE, &answer);
		str state = json_text_at(answer, "state"), qr = json_text_at(answer, "qr.text"),
		    code = json_text_at(answer, "code.text");
		str now = code.len ? code : qr;

		if (status != 200)
			return complain(status, answer);
		if (str_is(state, S("connected"))) {
			printf("%s: connected\n", c->id);
			return 0;
		}
		if (str_is(state, S("failed")) || str_is(state, S("banned"))) {
			printf("%s: " STR_F "\n", c->id, STR_A(state));
			return 1;
		}
		if (now.len && !str_is(now, shown)) {
			if (code.len)
				printf("Type on the phone: " STR_F "\n", STR_A(code));
			else
				printf(STR_F
					"\nWhatsApp on the phone, Linked devices, Link a device.\n",
					STR_A(qr_lines(c->arena, qr)));
			fflush(stdout);
			shown = now;
		}
		nanosleep(&pause, NULL);
	}
}

static int pair(struct numbers_call *c)
{
	str version;

	if (!c->id && !c->name) {
		fprintf(stderr, "parley numbers pair wants an id, or --name NAME of a new one\n");
		return 2;
	}
	if (!agree(c, &version) || (!c->id && !make_number(c, version)) ||
		!start_pairing(c, version))
		return 1;
	return watch_pairing(c);
}

/* ---- keys ---- */

static str passphrase_body(struct numbers_call *c, str file)
{
	struct buf body = buf_in(c->arena, BODY_MAX);

	json_open(&body, '{');
	json_put(&body, "passphrase", str_of(c->passphrase));
	if (file.len)
		json_put(&body, "file", file);
	json_close(&body, '}');
	return buf_text(&body);
}

static bool has_file(const struct numbers_call *c)
{
	if (c->file && c->passphrase)
		return true;
	fprintf(stderr, "parley numbers: --file FILE, and the passphrase in the variable "
			"LINKED_PASSPHRASE\n");
	return false;
}

static int export(struct numbers_call *c)
{
	struct buf octets = buf_in(c->arena, BODY_MAX);
	json answer;
	int status;
	FILE *file;

	if (!has_file(c))
		return 2;
	status = ask(c, HTTP_POST, path_of(c, "export"), passphrase_body(c, STR_NONE), &answer);
	if (status != 200 || !base64_read(json_text_at(answer, "file"), &octets))
		return complain(status, answer);
	file = fopen(c->file, "wxe");
	if (!file || fwrite(octets.ptr, 1, octets.len, file) != octets.len || fclose(file) != 0) {
		fprintf(stderr, "parley numbers: %s cannot be written, or is there already\n",
			c->file);
		return 1;
	}
	printf("%s: its keys are in %s, and it is stopped here\n", c->id, c->file);
	return 0;
}

static int import(struct numbers_call *c)
{
	struct buf octets = buf_in(c->arena, BODY_MAX);
	FILE *file;
	size_t n;

	if (!has_file(c))
		return 2;
	file = fopen(c->file, "re");
	if (!file) {
		fprintf(stderr, "parley numbers: %s cannot be read\n", c->file);
		return 1;
	}
	do {
		uint8_t part[4096];

		n = fread(part, 1, sizeof part, file);
		buf_put(&octets, part, n);
	} while (n);
	fclose(file);
	return tell(c, "import", passphrase_body(c, base64_text(c->arena, buf_bytes(&octets))));
}

/* ---- the rest ---- */

static int diagnose(struct numbers_call *c)
{
	json answer, findings;
	int status = ask(c, HTTP_POST, path_of(c, "diagnosis"), S("{}"), &answer);

	if (status != 200)
		return complain(status, answer);
	findings = json_field(answer, "findings");
	for (size_t i = 0; i < json_count(findings); i++) {
		json one = json_at(findings, i);
		bool is_ok = json_flag(json_field(one, "ok"), false);

		printf("%s  %-10.*s " STR_F " " STR_F "\n", is_ok ? "ok " : "NOT",
			STR_A(json_text_at(one, "step")), STR_A(json_text_at(one, "sentence")),
			STR_A(json_text_at(one, "next_step")));
	}
	return !json_flag(json_field(answer, "ok"), false);
}

static int reconnect(struct numbers_call *c)
{
	return tell(c, "reconnect", S("{}"));
}

static int stop(struct numbers_call *c)
{
	return tell(c, "stop", S("{}"));
}

static int log_out(struct numbers_call *c)
{
	return tell(c, "log-out", S("{}"));
}

static const struct { const char *word; int (*run)(struct numbers_call *c); bool wants_id;
} words[] = {
	{ "list", list, false },
	{ "pair", pair, false },
	{ "reconnect", reconnect, true },
	{ "stop", stop, true },
	{ "logout", log_out, true },
	{ "export", export, true },
	{ "import", import, true },
	{ "diagnose", diagnose, true },
};

static int usage(void)
{
	fprintf(stderr, "usage: parley numbers list | pair [ID] | reconnect ID | stop ID | "
			"logout ID | export ID | import ID | diagnose ID   --api-key KEY\n");
	return 2;
}

static str server_of(struct arena *arena, const struct settings *settings, const char *given)
{
	if (given)
		return str_of(given);
	return arena_printf(arena, "%s://%s",
		settings->tls_certificate && settings->tls_certificate[0] ? "https" : "http",
		settings->listen);
}

int command_numbers(struct arena *arena, const struct settings *settings, int argc, char **argv)
{
	struct numbers_call c = { .arena = arena,
		.url = server_of(arena, settings, take_value(&argc, argv, "--url")),
		.key = str_of(take_value(&argc, argv, "--api-key")),
		.name = take_value(&argc, argv, "--name"),
		.phone = take_value(&argc, argv, "--phone"),
		.file = take_value(&argc, argv, "--file"),
		.passphrase = getenv("LINKED_PASSPHRASE"),
		.has_agreed = take_flag(&argc, argv, "--agree") };
	int status = 2;

	if (argc < 1 || argc > 2 || !c.key.len)
		return usage();
	c.id = argc == 2 ? argv[1] : NULL;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, argv[0]) != 0)
			continue;
		if (words[i].wants_id && !c.id)
			return usage();
		job_init(&c.job, "numbers", arena, NULL);
		status = words[i].run(&c);
		job_release(&c.job);
		return status;
	}
	return usage();
}
