/*
 * settings.h: what can be set, in one table.
 *
 * Each setting comes from, weakest first: its default, the file parley.conf (`key = value`, #
 * comments, "quoted text"), the environment (PARLEY_KEY), the command line (--key value or
 * --key=value, with - for _). An unknown key in the file or on the command line is an error that
 * names the nearest one; an unknown PARLEY_ variable is a warning. Read once, by main, before
 * threads; the texts live in the given arena and end with a NUL.
 */
#ifndef ACCOUNT_SETTINGS_H
#define ACCOUNT_SETTINGS_H

#include "account/live_limits.h"
#include "base/buf.h"
#include "base/err.h"

#define SETTINGS_FILE "parley.conf"
#define SETTINGS_FILE_MAX (64u << 10)

struct settings {
	const char *data;              /* folder of everything we keep */
	const char *listen, *sandbox_listen;
	/* without a slash at the end; empty: from the address we listen on */
	const char *public_url;
	const char *database_url;      /* never empty: sqlite: in the data folder */
	const char *master_key_file;   /* never empty: in the data folder */
	const char *graph_url, *msg91_url, *linked_url, *linked_root_key, *linked_pace;
	const char *server_admins;
	const char *redis_url, *amqp_url;
	const char *tls_certificate, *tls_key; /* both or none */
	const char *smtp_url, *smtp_user, *smtp_password, *smtp_from; /* empty: no mail */
	const char *push_contact;
	const char *trusted_proxy;     /* NULL: none */
	const char *log_level;
	int64_t node;
	int64_t linked_numbers, linked_workers, linked_pairings, linked_catch_up_s, linked_hurry;
	int64_t linked_quiet_min_s, linked_quiet_max_s;
	int64_t request_workers, call_workers, store_connections, store_cache_kib, request_queue;
	const char *home_region; /* "ID"; empty: numbers need their country code */
	int64_t pace_per_second, pair_interval_ms, pair_burst;
	int64_t webhook_workers, webhook_retention_days, webhook_retry_unit_ms;
	const char *webhook_ports;
	const char *prices_file;
	int64_t marketing_hold_hours;
	int64_t unconfirmed_wait_seconds, health_check_seconds, event_retention_days,
		stop_wait_seconds;
	bool allow_private_calls, smtp_allow_plain;
	struct live_limits live; /* of apps that have none of their own */

	str warnings; /* lines for the log: unknown variables; empty: none */
};

/*
 * Reads all of it. Takes the options that are settings out of argv (and --config FILE, else
 * PARLEY_CONFIG, else
 * ./parley.conf where there is one) and leaves the others, in order, in argv[0 .. *argc). ERR_INPUT
 * with a sentence in *why that names the key and where it stood.
 */
enum err settings_load(struct arena *arena, int *argc, char **argv, struct settings *out, str *why);
/* Defaults, then the text of a file; as part of settings_load(), and for its fuzz target. */
enum err settings_read(struct arena *arena, str text, struct settings *out, str *why);
/* "unknown option --lisen; did you mean --listen?": for what main finds left over. */
str settings_unknown_option(struct arena *arena, str option);
/* The options, for --help. */
void settings_help(struct buf *out);
/* docs/guide/settings.md. */
void settings_reference(struct buf *out);

#endif
