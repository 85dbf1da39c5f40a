/*
 * server.h: the running server, as main's commands start and stop it.
 *
 * serve.c wires the modules together; demo.c adds the sandbox network and a seeded workspace;
 * commands.c holds what runs once and ends. This layer knows everybody, and nobody knows it.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "account/settings.h"
#include "runtime/job.h"

struct server;
struct sandbox;

/* Opens store and keys, starts threads and sockets. ERR_… with a sentence in *why. */
enum err server_start(struct arena *arena, const struct settings *settings, struct server **out,
	str *why);
/* Becomes the loop; returns after a stop by SIGTERM or SIGINT has finished what was under way. */
void server_run(struct server *server);
/* Ends the threads: what was accepted is finished or on disk. The loop is still there, for those
 * who have sockets on it. */
void server_join(struct server *server);
/* Gives everything back; after server_run(), or instead of it. Joins first where that was not done.
 */
void server_end(struct server *server);

struct loop *server_loop(struct server *server);
struct pool *server_callers(struct server *server);
/* Reads the live apps again, after a workspace was made. */
enum err server_load_apps(struct job *job, struct server *server);
const char *server_url(const struct server *server); /* "http://127.0.0.1:8080" */

/* ---- notices.c: people who do not look are told (jobs/notify.h), as part of the server ---- */

struct store;
struct pool;
struct timers;
struct live;
struct live_outlets;
struct inbox_changes;
/* url: of the console, where it is written when it is known. */
struct notices_parts {
	const struct settings *settings;
	struct store *store;
	struct pool *callers;
	struct timers *timers;
	struct live *live;
	struct live_outlets *outlets;
	const char *url;
};
void notices_start(const struct notices_parts *parts);
void notices_hear(struct job *job, const struct inbox_changes *changes);
void notices_stop(void); /* before the pools end */
void notices_end(void);  /* after the loop has finished */

/* ---- linked_numbers.c: joins provider/linked with the rest ---- */

struct linked_numbers_parts {
	const struct settings *settings;
	struct store *store;
	struct loop *loop;
	struct timers *timers;
};
/* ERR_INPUT with a sentence: the root key of the settings is none. */
enum err linked_numbers_create(const struct linked_numbers_parts *parts, str *why);
/* Connects them: as a task of a pool. */
enum err linked_numbers_start(struct job *job, void *arg);
/* The demo's network. */
void linked_numbers_root(str root);

/* A folder for us alone; fine when it is there. */
enum err server_make_folder(const char *path, str *why);
/* Store and keys alone, for commands. */
enum err server_open_store(struct arena *arena, const struct settings *settings, struct store **out,
	str *why);

/* The commands: an exit code. argv holds what settings_load left. */
int command_serve(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_demo(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_sandbox(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_setup(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_check(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_status(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_migrate(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_app(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_keys(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_audit(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_realtime(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_emit(struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_channel(
	struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_numbers(
	struct arena *arena, const struct settings *settings, int argc, char **argv);
int command_counts(struct arena *arena, const struct settings *settings, int argc, char **argv);

/* Takes --name out of argv when it is there. */
bool take_flag(int *argc, char **argv, const char *name);
/* Takes --name VALUE or --name=VALUE; NULL when it is not there. */
const char *take_value(int *argc, char **argv, const char *name);
/* Complains about what is left; false when something was. */
bool nothing_left(struct arena *arena, int argc, char **argv);

#endif
