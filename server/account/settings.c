/*
 * settings.c: the table of settings, and the three places they come from; see settings.h.
 *
 * A setting is one row of `table` and one member of struct settings, and nothing else.
 */
#include "account/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

enum kind { TEXT, NUMBER, FLAG };

struct setting {
	const char *name;
	enum kind kind;
	size_t at; /* of the member */
	const char *otherwise;
	int64_t min, max;
	const char *help;
};

#define AT(member) offsetof(struct settings, member)
#define TEXT_(member, otherwise, help) { #member, TEXT, AT(member), otherwise, 0, 0, help }
#define NUMBER_(member, otherwise, min, max, help)                      \
	{                                                               \
#member, NUMBER, AT(member), #otherwise, min, max, help \
	}
#define LIVE_(member, otherwise, min, max, help)                                            \
	{                                                                                       \
"live_" #member, NUMBER, AT(live.member), #otherwise, min, max, "Live hub: " help       \
	},
#define FLAG_(member, otherwise, help) { #member, FLAG, AT(member), otherwise, 0, 0, help }

static const struct setting table[] = {
	TEXT_(data, "./data", "Folder of everything Parley keeps: store, media, keys, backups."),
	TEXT_(listen, "127.0.0.1:8080",
		"Address and port of console, API and webhooks; port 0 takes a free one."),
	TEXT_(sandbox_listen, "127.0.0.1:8090",
		"Address and port of the sandbox network (demo and sandbox)."),
	TEXT_(public_url, "",
		"How the outside reaches us, for webhook addresses; from `listen` when empty."),
	TEXT_(database_url, "",
		"postgresql://… or sqlite:PATH; SQLite in the data folder when empty."),
	TEXT_(master_key_file, "",
		"Key that seals all others, mode 0600; made in the data folder when empty."),
	TEXT_(graph_url, "https://graph.facebook.com/v24.0",
		"Base of Meta's Cloud API; tests point it to the sandbox."),
	TEXT_(msg91_url, "https://control.msg91.com/api/v5/whatsapp",
		"Base of MSG91's WhatsApp API; tests point it to the sandbox."),
	TEXT_(linked_url, "",
		"WebSocket address of the linked-device network; WhatsApp's own when empty."),
	TEXT_(linked_root_key, "",
		"Root key of that network, in hex or base64; WhatsApp's own when empty."),
	NUMBER_(linked_numbers, 10, 0, 100000,
		"Linked numbers that a workspace may have, unless it has a limit of its own."),
	NUMBER_(linked_pairings, 5, 1, 100000,
		"Pairings of linked numbers that a workspace may start in an hour."),
	NUMBER_(linked_catch_up_s, 21600, 0, 604800,
		"Seconds between rounds in which phones are asked for messages that were missed; 0 "
		"never asks."),
	NUMBER_(linked_workers, 4, 1, 64, "Threads that serve linked numbers."),
	NUMBER_(linked_hurry, 1, 1, 100,
		"Times of linked numbers (pings, waits, back-off, who holds them) are divided by "
		"it: for tests alone."),
	NUMBER_(linked_quiet_min_s, 20, 1, 3600,
		"After the owner wrote on the phone, automation and broadcasts of that number are "
		"quiet for at least so many seconds."),
	NUMBER_(linked_quiet_max_s, 60, 1, 3600,
		"And for at most so many; each time a random number between."),
	TEXT_(linked_pace, "",
		"Pace of linked numbers that nobody chose one for: careful, calm, steady, quick, "
		"fast or off; careful on WhatsApp's own network and off on another one when "
		"empty."),
	TEXT_(server_admins, "",
		"E-mail addresses, with commas between, of the people who see the linked numbers "
		"of all workspaces, and set how many each may have."),
	TEXT_(redis_url, "",
		"redis://HOST:PORT/DATABASE: by it the nodes of a fleet tell each other live "
		"events; alone "
		"when empty."),
	TEXT_(amqp_url, "", "RabbitMQ of a fleet. This version runs alone and refuses it."),
	TEXT_(tls_certificate, "",
		"PEM file with the certificate chain; plain HTTP when empty. Read again on "
		"SIGHUP."),
	TEXT_(tls_key, "", "PEM file with its private key."),
	TEXT_(trusted_proxy, "",
		"Address of a reverse proxy whose X-Forwarded-For and -Proto count."),
	TEXT_(smtp_url, "",
		"Mail server for digests and invitations: smtp://host:587 (STARTTLS) or "
		"smtps://host:465; no e-mail when empty."),
	TEXT_(smtp_user, "", "Name that signs in at the mail server; nobody when empty."),
	TEXT_(smtp_password, "", "Password of that name."),
	TEXT_(smtp_from, "", "Address that e-mail comes from, e.g. parley@example.com."),
	FLAG_(smtp_allow_plain, "false",
		"Sends e-mail without encryption when the mail server offers none."),
	TEXT_(push_contact, "",
		"How push services reach whoever runs this server: mailto:… or https://…; from "
		"`smtp_from` or `public_url` when empty."),
	TEXT_(log_level, "info", "Least level that is logged: debug, info, warn or error."),
	NUMBER_(node, 0, 0, 1023,
		"Number of this process among those that share a database; goes into ids."),
	NUMBER_(request_workers, 8, 1, 256, "Threads that answer requests."),
	NUMBER_(call_workers, 16, 1, 256, "Threads that call providers and fetch media."),
	NUMBER_(request_queue, 2048, 16, 100000,
		"Requests that may wait for a thread; more are answered 503."),
	NUMBER_(store_connections, 4, 1, 64, "Readers (SQLite) or connections (PostgreSQL)."),
	NUMBER_(store_cache_kib, 2048, 256, 1048576,
		"Page cache of each SQLite connection, in KiB."),
	NUMBER_(pace_per_second, 80, 1, 1000, "Messages a second of a new channel."),
	NUMBER_(pair_interval_ms, 6000, 0, 600000,
		"Milliseconds between messages of a new channel to one person; linked numbers have "
		"none."),
	TEXT_(home_region, "",
		"Two-letter country whose numbers may be typed without country code, e.g. ID, "
		"where "
		"the workspace has none of its own."),
	NUMBER_(pair_burst, 20, 1, 1000,
		"Messages to one person that may go before that interval counts."),
	NUMBER_(marketing_hold_hours, 24, 1, 168,
		"Hours without marketing for a person from whom WhatsApp withheld one (131049); "
		"doubled each time it happens again."),
	TEXT_(prices_file, "",
		"CSV file of what messages cost, like server/account/prices.csv; costs are not "
		"known when empty."),
	NUMBER_(unconfirmed_wait_seconds, 60, 1, 86400,
		"Wait for a status report of a send whose answer was lost, before it is sent again "
		"with the same id."),
	NUMBER_(health_check_seconds, 45, 1, 60,
		"How often the provider of each channel is asked how it is; sooner while there is "
		"doubt."),
	NUMBER_(event_retention_days, 30, 1, 3650,
		"Days that applied webhook payloads are kept for replay."),
	NUMBER_(webhook_workers, 16, 1, 256, "Threads that deliver webhooks to others."),
	NUMBER_(webhook_retention_days, 30, 4, 3650,
		"Days that events told to webhooks are kept, to be sent again."),
	NUMBER_(webhook_retry_unit_ms, 1000, 1, 60000,
		"Length of a second in the schedule by which webhooks are tried again; less in "
		"tests."),
	TEXT_(webhook_ports, "443,8443", "Ports that the addresses of webhooks may have."),
	NUMBER_(stop_wait_seconds, 20, 0, 600, "Time that a stop gives to what is under way."),
	LIVE_LIMITS(LIVE_) FLAG_(allow_private_calls, "false",
		"Lets calls to Meta and to ourselves reach loopback and private addresses. Unsafe "
		"but in tests."),
};

/* What one load needs at hand. */
struct load {
	struct arena *arena;
	struct settings *out;
	str *why;
	struct buf warnings;
};

static enum err refuse(struct load *l, str why)
{
	*l->why = why;
	return ERR_INPUT;
}

/* Names are compared with '-' as '_' and without case: --sandbox-listen, PARLEY_SANDBOX_LISTEN,
 * sandbox_listen. */
static bool same_name(str a, const char *name)
{
	if (a.len != strlen(name))
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char c = a.ptr[i] == '-' ? '_' : a.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if (c != name[i])
			return false;
	}
	return true;
}

static const struct setting *find(str name)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (same_name(name, table[i].name))
			return &table[i];
	return NULL;
}

enum { NAME_MAX_ = 48 };

/* Levenshtein's distance; long names count as far. */
static size_t distance(str a, const char *b)
{
	size_t width = strlen(b), row[NAME_MAX_ + 1];

	if (a.len > NAME_MAX_ || width > NAME_MAX_)
		return NAME_MAX_;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0]++;

		for (size_t j = 1; j <= width; j++) {
			char c = a.ptr[i - 1] == '-' ? '_' : a.ptr[i - 1];
			size_t swap = corner + ((c | 32) != (b[j - 1] | 32));
			size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			corner = row[j];
			row[j] = swap < least ? swap : least;
		}
	}
	return row[width];
}

static const char *nearest(str name)
{
	const char *best = table[0].name;

	for (size_t i = 1; i < COUNT_OF(table); i++)
		if (distance(name, table[i].name) < distance(name, best))
			best = table[i].name;
	return best;
}

static void *member(struct settings *s, const struct setting *row)
{
	return (char *)s + row->at;
}

static enum err set_number(struct load *l, const struct setting *row, str value, str where)
{
	int64_t number;

	if (!str_to_i64(value, &number) || number < row->min || number > row->max)
		return refuse(l, arena_printf(l->arena,
					 "%s (" STR_F
					 ") must be a number from %lld to %lld, not \"" STR_F "\"",
					 row->name, STR_A(where), (long long)row->min,
					 (long long)row->max, STR_A(value)));
	*(int64_t *)member(l->out, row) = number;
	return OK;
}

static enum err set_flag(struct load *l, const struct setting *row, str value, str where)
{
	bool on = str_is(value, S("true")) || str_is(value, S("1")) || str_is(value, S("yes"));

	if (!on && !str_is(value, S("false")) && !str_is(value, S("0")) && !str_is(value, S("no")))
		return refuse(l, arena_printf(l->arena,
					 "%s (" STR_F ") must be true or false, not \"" STR_F "\"",
					 row->name, STR_A(where), STR_A(value)));
	*(bool *)member(l->out, row) = on;
	return OK;
}

static enum err set(struct load *l, const struct setting *row, str value, str where)
{
	switch (row->kind) {
	case NUMBER:
		return set_number(l, row, value, where);
	case FLAG:
		return set_flag(l, row, value, where);
	case TEXT:
		break;
	}
	if (memchr(value.ptr, 0, value.len))
		return refuse(l, arena_printf(l->arena, "%s (" STR_F ") has a NUL in it", row->name,
					 STR_A(where)));
	*(const char **)member(l->out, row) = arena_cstr(l->arena, value);
	return OK;
}

/* ---- the file ---- */

/* `"a # b"` → a # b; \" and \\ inside; otherwise up to a # or the end. false: no closing quote, or
 * text behind it. */
static bool unquote(struct arena *arena, str text, str *out)
{
	struct buf plain = buf_in(arena, text.len + 1);
	size_t i = 1;

	if (text.len == 0 || text.ptr[0] != '"') {
		*out = str_trim(str_part(text, 0, str_find(text, '#')));
		return true;
	}
	for (; i < text.len && text.ptr[i] != '"'; i++) {
		if (text.ptr[i] == '\\' && i + 1 < text.len)
			i++;
		buf_byte(&plain, (uint8_t)text.ptr[i]);
	}
	if (i >= text.len)
		return false;
	text = str_trim(str_part(text, i + 1, text.len));
	*out = buf_text(&plain);
	return text.len == 0 || text.ptr[0] == '#';
}

static enum err read_line(struct load *l, str line, str where)
{
	const struct setting *row;
	str name, value;

	line = str_trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return OK;
	if (str_find(line, '=') == line.len)
		return refuse(l,
			arena_printf(l->arena, STR_F ": want `key = value`", STR_A(where)));
	name = str_trim(str_split(&line, '='));
	row = find(name);
	if (!row)
		return refuse(l, arena_printf(l->arena,
					 STR_F ": unknown key \"" STR_F "\"; did you mean \"%s\"?",
					 STR_A(where), STR_A(name), nearest(name)));
	if (!unquote(l->arena, str_trim(line), &value))
		return refuse(l,
			arena_printf(l->arena,
				STR_F ": the quotes do not close, or text stands behind them",
				STR_A(where)));
	return set(l, row, value, where);
}

static enum err read_lines(struct load *l, const char *path, str text)
{
	for (int line = 1; text.len; line++)
		TRY(read_line(l, str_split(&text, '\n'),
			arena_printf(l->arena, "%s:%d", path, line)));
	return OK;
}

static enum err read_file(struct load *l, const char *path, bool must_exist)
{
	char *text = arena_alloc(l->arena, SETTINGS_FILE_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		return must_exist ? refuse(l, arena_printf(l->arena, "cannot read %s: %m", path))
		                  : OK;
	size = fread(text, 1, SETTINGS_FILE_MAX + 1, file);
	fclose(file);
	if (size > SETTINGS_FILE_MAX)
		return refuse(l, arena_printf(l->arena, "%s is larger than %u octets", path,
					 SETTINGS_FILE_MAX));
	return read_lines(l, path, (str){ text, size });
}

/* ---- the environment and the command line ---- */

/* Names that others of us read: the tests, and the one that says where the file is. */
static bool is_foreign(str name)
{
	return str_starts(name, S("TEST_")) || str_is(name, S("CONFIG")) ||
	       str_is(name, S("BIN"));
}

static enum err read_environment(struct load *l)
{
	for (char **entry = environ; *entry; entry++) {
		str value = str_of(*entry), name = str_split(&value, '=');
		const struct setting *row;

		if (!str_starts(name, S("PARLEY_")))
			continue;
		row = find(str_part(name, 7, name.len));
		if (row)
			TRY(set(l, row, value, name));
		else if (!is_foreign(str_part(name, 7, name.len)))
			buf_printf(&l->warnings,
				"the variable " STR_F " is no setting; the nearest is %s\n",
				STR_A(name), nearest(str_part(name, 7, name.len)));
	}
	return OK;
}

/* Is argv[i] the option `name`? Its value, and how many words it took. */
static int option_value(struct load *l, const struct setting *row, char **argv, int left,
	str *value)
{
	str word = str_of(argv[0]);

	if (str_find(word, '=') < word.len) {
		*value = str_part(word, str_find(word, '=') + 1, word.len);
		return 1;
	}
	if (row && row->kind == FLAG) {
		*value = S("true");
		return 1;
	}
	if (left < 2) {
		(void)refuse(l, arena_printf(l->arena, "%s wants a value", argv[0]));
		return 0;
	}
	*value = str_of(argv[1]);
	return 2;
}

static str option_name(const char *word)
{
	str name = str_of(word);

	return str_starts(name, S("--")) ? str_part(name, 2, str_find(name, '=') - 2) : STR_NONE;
}

static enum err read_arguments(struct load *l, int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc;) {
		str name = option_name(argv[i]), value;
		const struct setting *row = name.len ? find(name) : NULL;
		int words;

		if (!row && !same_name(name, "config")) {
			argv[kept++] = argv[i++];
			continue;
		}
		words = option_value(l, row, argv + i, *argc - i, &value);
		if (words == 0)
			return ERR_INPUT;
		if (row)
			TRY(set(l, row, value, str_of(argv[i])));
		i += words;
	}
	*argc = kept;
	return OK;
}

static str config_argument(struct load *l, int argc, char **argv)
{
	str value = STR_NONE;

	for (int i = 0; i < argc; i++)
		if (same_name(option_name(argv[i]), "config"))
			(void)option_value(l, NULL, argv + i, argc - i, &value);
	return value;
}

static enum err read_config(struct load *l, int argc, char **argv)
{
	str given = config_argument(l, argc, argv);

	if (!given.ptr)
		given = str_of(getenv("PARLEY_CONFIG"));
	return given.len ? read_file(l, arena_cstr(l->arena, given), true)
	                 : read_file(l, SETTINGS_FILE, false);
}

/* ---- together ---- */

static const char *without_slash(struct arena *arena, const char *url)
{
	str s = str_of(url);

	while (s.len && s.ptr[s.len - 1] == '/')
		s.len--;
	return arena_cstr(arena, s);
}

static enum err check(struct load *l)
{
	struct settings *s = l->out;
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(levels); i++)
		known |= strcmp(levels[i], s->log_level) == 0;
	if (!known)
		return refuse(l, S("log_level must be debug, info, warn or error"));
	if (!s->tls_certificate != !s->tls_key)
		return refuse(l, S("tls_certificate and tls_key go together: set both or none"));
	if (*s->amqp_url)
		return refuse(l, S("amqp_url is for a fleet; this version does without: "
		                   "leave it empty"));
	if (!*s->data)
		return refuse(l, S("data must name a folder"));
	return OK;
}

static void fill_in(struct load *l)
{
	struct settings *s = l->out;
	const char **optional[] = { &s->tls_certificate, &s->tls_key, &s->trusted_proxy };

	for (size_t i = 0; i < COUNT_OF(optional); i++)
		if (!**optional[i])
			*optional[i] = NULL;
	if (!*s->database_url)
		s->database_url = arena_printf(l->arena, "sqlite:%s/parley.db", s->data).ptr;
	if (!*s->master_key_file)
		s->master_key_file = arena_printf(l->arena, "%s/master.key", s->data).ptr;
	s->public_url = without_slash(l->arena, s->public_url);
	s->graph_url = without_slash(l->arena, s->graph_url);
	s->msg91_url = without_slash(l->arena, s->msg91_url);
	s->warnings = buf_text(&l->warnings);
}

static enum err set_defaults(struct load *l)
{
	*l->out = (struct settings){ 0 };
	for (size_t i = 0; i < COUNT_OF(table); i++)
		TRY(set(l, &table[i], str_of(table[i].otherwise), S("default")));
	return OK;
}

enum err settings_read(struct arena *arena, str text, struct settings *out, str *why)
{
	struct load l = { .arena = arena, .out = out, .why = why };

	TRY(set_defaults(&l));
	return read_lines(&l, SETTINGS_FILE, text);
}

enum err settings_load(struct arena *arena, int *argc, char **argv, struct settings *out, str *why)
{
	struct load l = { .arena = arena,
		.out = out,
		.why = why,
		.warnings = buf_in(arena, 16u << 10) };

	TRY(set_defaults(&l));
	TRY(read_config(&l, *argc, argv));
	TRY(read_environment(&l));
	TRY(read_arguments(&l, argc, argv));
	fill_in(&l);
	return check(&l);
}

str settings_unknown_option(struct arena *arena, str option)
{
	str name = str_starts(option, S("--")) ? str_part(option, 2, str_find(option, '=') - 2)
	                                       : option;
	struct buf dashed = buf_in(arena, NAME_MAX_ + 1);

	for (const char *p = nearest(name); *p; p++)
		buf_byte(&dashed, (uint8_t)(*p == '_' ? '-' : *p));
	return arena_printf(arena, "unknown option " STR_F "; did you mean --" STR_F "?",
		STR_A(option), STR_A(buf_text(&dashed)));
}

static void put_changed(struct buf *out, const char *name, char dash, int shift)
{
	for (const char *p = name; *p; p++)
		buf_byte(out,
			(uint8_t)(*p == '_' ? dash : *p - (*p >= 'a' && *p <= 'z' ? shift : 0)));
}

void settings_help(struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		size_t start = out->len;

		buf_str(out, S("  --"));
		put_changed(out, table[i].name, '-', 0);
		buf_str(out, table[i].kind == TEXT     ? S(" TEXT")
			     : table[i].kind == NUMBER ? S(" N")
						       : S(""));
		do
			buf_byte(out, ' ');
		while (out->len - start < 34 && !out->failed);
		buf_printf(out, "%s", table[i].help);
		if (*table[i].otherwise)
			buf_printf(out, " [%s]", table[i].otherwise);
		buf_byte(out, '\n');
	}
}

void settings_reference(struct buf *out)
{
	buf_str(out, S("# Settings\n\n"
		       "<!-- Written by `ninja -C build settings-page` from the table in "
	               "server/account/settings.c. -->\n\n"
		       "Each setting comes from, strongest first: the command line "
	               "(`--sandbox-listen ADDRESS`), the\n"
		       "environment (`PARLEY_SANDBOX_LISTEN`), the file `parley.conf` "
	               "(`sandbox_listen = ADDRESS`, `#` starts\n"
		       "a comment, text may stand in double quotes), its default. The file is "
	               "looked for in the current\n"
		       "folder; `--config FILE` or `PARLEY_CONFIG` names another one. An unknown "
	               "key is an error.\n\n"
		       "| key | environment | default | what it does |\n|---|---|---|---|\n"));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		buf_printf(out, "| `%s` | `PARLEY_", table[i].name);
		put_changed(out, table[i].name, '_', 32);
		buf_str(out, S("` | "));
		buf_printf(out, *table[i].otherwise ? "`%s`" : "%s", table[i].otherwise);
		buf_printf(out, " | %s", table[i].help);
		if (table[i].kind == NUMBER)
			buf_printf(out, " From %lld to %lld.", (long long)table[i].min,
				(long long)table[i].max);
		buf_str(out, S(" |\n"));
	}
}
