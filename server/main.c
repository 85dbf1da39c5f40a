/*
 * main.c: finds the command and its settings, and does nothing else.
 */
#include "server.h"

#include "base/log.h"
#include "crypto/crypto.h"
#include "net/client.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const struct command {
	const char *name;
	int (*run)(struct arena *arena, const struct settings *settings, int argc, char **argv);
	const char *help;
	const char *options;
} commands[] = {
	{ "serve", command_serve, "run the server", "" },
	{ "demo", command_demo,
		"run the server, the sandbox network and a workspace with a few conversations",
		"  --json                    when ready, print one line of JSON for programs\n" },
	{ "sandbox", command_sandbox, "run the sandbox network alone",
		"  --json                    when ready, print one line of JSON for programs\n"
		"  --app-secret, --token, --verify-token, --callback-url, --msg91-callback-url\n"
		"                            what the simulated Meta app is set up with\n" },
	{ "setup", command_setup, "make the first workspace, owner and API key",
		"  --workspace NAME  --email ADDRESS  --name NAME  --password PASSWORD\n"
		"  --json                    print the result as one line of JSON\n" },
	{ "check", command_check, "look at settings, store, keys and disk, and say what is wrong",
		"" },
	{ "status", command_status, "ask the running server how it is", "" },
	{ "migrate", command_migrate, "bring the store to this version's schema", "" },
	{ "app", command_app, "apps of the live hub: who else may publish and listen",
		"  list | add NAME | rotate ID | remove ID\n"
		"  --workspace ID            whose; the first one when left out\n" },
	{ "keys", command_keys, "rotate: new data keys; rewrap FILE: a new master key",
		"  rotate | rewrap FILE\n" },
	{ "audit", command_audit, "verify: check the chain of the audit trail", "  verify\n" },
	{ "realtime", command_realtime,
		"by which server the live events of each workspace go; secrets are masked",
		"  --json                    print it as one line of JSON\n" },
	{ "emit", command_emit, "fire a live event by hand, to see who hears it",
		"  EVENT                     of the catalogue: docs/api/events.md\n"
		"  --api-key KEY             with the permission workspace.manage\n"
		"  --channel NAME            the workspace's own channel when left out\n"
		"  --payload JSON            the example of the catalogue when left out\n"
		"  --url URL                 of the server; from `listen` when left out\n" },
	{ "channel", command_channel,
		"import FILE: make a channel as the API would, of a JSON file",
		"  import FILE               the body of POST /channels, e.g. docs/api/examples/\n"
		"  --workspace ID            which; the first one when left out\n" },
	{ "numbers", command_numbers, "linked numbers of a running server, with the QR code here",
		"  list | pair [ID] | reconnect ID | stop ID | logout ID | diagnose ID\n"
		"  export ID | import ID     the keys; LINKED_PASSPHRASE seals them\n"
		"  --api-key KEY             with the permission channel.manage\n"
		"  --name NAME               of a new number to pair\n"
		"  --phone DIGITS            pair by a code to type on that phone\n"
		"  --agree                   to the notice that pair shows\n"
		"  --file FILE               of export and import\n"
		"  --url URL                 of the server; from `listen` when left out\n" },
	{ "counts", command_counts,
		"verify: count the conversations anew and compare; mend: and put it right",
		"  verify | mend\n" },
};

static void print_help(const struct command *command)
{
	struct buf text = buf_heap(64u << 10);

	if (command)
		printf("parley %s: %s\n\nusage: parley %s [options]\n%s", command->name,
			command->help, command->name, command->options);
	else
		printf("Parley %s: WhatsApp messaging that a business runs itself.\n\nusage: "
		       "parley COMMAND [options]\n\n",
			PARLEY_VERSION);
	for (size_t i = 0; !command && i < COUNT_OF(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	settings_help(&text);
	printf("\nOptions of every command (also in parley.conf, or as PARLEY_… in the "
	       "environment):\n%.*s",
		(int)text.len, (const char *)text.ptr);
	buf_done(&text);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

bool take_flag(int *argc, char **argv, const char *name)
{
	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], name) != 0)
			continue;
		memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i - 1) * sizeof *argv);
		(*argc)--;
		return true;
	}
	return false;
}

const char *take_value(int *argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < *argc; i++) {
		const char *value = NULL;
		int used = 1;

		if (strncmp(argv[i], name, len) != 0)
			continue;
		if (argv[i][len] == '=')
			value = argv[i] + len + 1;
		else if (!argv[i][len] && i + 1 < *argc) {
			value = argv[i + 1];
			used = 2;
		}
		if (!value)
			continue;
		memmove(&argv[i], &argv[i + used], (size_t)(*argc - i - used) * sizeof *argv);
		*argc -= used;
		return value;
	}
	return NULL;
}

bool nothing_left(struct arena *arena, int argc, char **argv)
{
	if (argc == 0)
		return true;
	fprintf(stderr, "parley: " STR_F "\n",
		STR_A(settings_unknown_option(arena, str_of(argv[0]))));
	return false;
}

static int run_command(struct arena *arena, const struct command *command, int argc, char **argv)
{
	struct settings settings;
	enum log_level level = LOG_INFO;
	str why = STR_NONE;

	if (settings_load(arena, &argc, argv, &settings, &why) != OK) {
		fprintf(stderr, "parley: " STR_F "\n", STR_A(why));
		return 2;
	}
	if (log_level_parse(str_of(settings.log_level), &level))
		log_open(level, STDERR_FILENO);
	if (settings.warnings.len)
		log_warn(STR_F, STR_A(settings.warnings));
	id64_set_node((unsigned)settings.node);
	return command->run(arena, &settings, argc, argv);
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	struct arena *arena;
	int status;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("parley %s\n", PARLEY_VERSION);
		return 0;
	}
	if (take_flag(&argc, argv, "--help") || argc < 2) {
		print_help(command);
		return argc < 2;
	}
	if (!command) {
		fprintf(stderr, "parley: there is no command \"%s\"; parley --help lists them\n",
			argv[1]);
		return 2;
	}
	heap_start();
	signal(SIGPIPE, SIG_IGN);
	crypto_init();
	http_client_init();
	arena = arena_create(ARENA_LIMIT_DEFAULT);
	status = run_command(arena, command, argc - 2, argv + 2);
	arena_destroy(arena);
	return status;
}
