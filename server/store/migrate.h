/*
 * migrate.h: numbered steps from an empty database to today's.
 *
 * server/store/migrations/NNNN_name.sql, embedded by tools/sqlgen.py, run in order, each in a
 * transaction of its own, and recorded in schema_migration with the checksum of its file. Forward
 * only: a database that is newer than this program, or whose applied migrations read differently
 * today, is refused and left as it is.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/store.h"

struct migration {
	int64_t version;
	const char *name, *checksum; /* SHA-256 of the file, hex */
	const char *sqlite, *postgres;
};

struct migrations {
	const struct migration *items;
	size_t count;
	const char *backup_folder; /* may be NULL */
};

/* Made by tools/sqlgen.py, in order. */
extern const struct migration store_migrations[];
extern const size_t store_migration_count;

/* Brings job->store up to the last of them. Safe when several processes do it at once. */
enum err store_migrate(struct job *job, const struct migrations *migrations);

#endif
