#!/usr/bin/env python3
"""sqlgen.py: a typed C function of each named query, and the migrations as a table.

	sqlgen.py --queries FOLDER --migrations FILE_OR_FOLDER --header OUT.h --source OUT.c [--depfile OUT.d]
	sqlgen.py --migrations FILE_OR_FOLDER --schema OUT.sql

A query file holds any number of these (server/store/queries/README.md is the manual):

	-- contact_upsert: one contact
	-- in:  id id64, workspace id64, address str, name str?, now_ms i64
	-- out: id id64, name str, created_ms i64
	INSERT INTO ... RETURNING id, name, created_ms;

`one TYPE` answers a row or ERR_MISSING, `many TYPE` an array and needs a LIMIT, `exec` the number of rows changed.
Types: id64, i64, str, bytes, bool, real; a trailing ? makes it nullable (SQL NULL is 0, a NULL ptr, false). All queries
of one TYPE have the same columns in the same order; it is enough that one of them names the types, and one that
leaves out `out:` has them all. A list may go on in further `-- in:` and `-- out:` lines; other comments explain.

Everything that can be known before the server starts is refused here, with file and line: the migrations are run on
an empty SQLite database, and every query is compiled against it and its column names are compared with `out:`.
"""
import argparse
import hashlib
import os
import re
import sqlite3
import sys

C_TYPES = {"id64": "id64", "i64": "int64_t", "str": "str", "bytes": "bytes", "bool": "bool", "real": "double"}
LETTERS = {"id64": "i", "i64": "i", "str": "t", "bytes": "b", "bool": "o", "real": "r"}
SAMPLES = {"id64": 1, "i64": 0, "str": "", "bytes": b"", "bool": 0, "real": 0.0}
HEADER = re.compile(r"^--\s*([a-z][a-z0-9_]*):\s*(one|many|exec)(?:\s+([a-z][a-z0-9_]*))?\s*$")
NEARLY_HEADER = re.compile(r"^--\s*[A-Za-z0-9_]+:\s*(one|many|exec)\b")
FRAGMENT = re.compile(r"^--\s*fragment\s+([a-z][a-z0-9_]*):\s*(.*)$")
USE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
LIST = re.compile(r"^--\s*(in|out):\s*(.*)$")
# Strings, quoted names and comments are passed over whole, so that what is in them is never taken for SQL.
TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$\d+|[A-Za-z_][A-Za-z_0-9]*|\s+|.", re.S)
DIALECT = {
	"sqlite": {"{ID}": "INTEGER PRIMARY KEY", "{BYTES}": "BLOB", "{WITHOUT_ROWID}": "WITHOUT ROWID"},
	"postgres": {"{ID}": "BIGINT PRIMARY KEY", "{BYTES}": "BYTEA", "{WITHOUT_ROWID}": ""},
}


SCHEMA_HEAD = """-- schema.sql: what all migrations come to, on SQLite. Made by
--	tools/sqlgen.py --migrations server/store/migrations --schema server/store/schema.sql
-- and compared with a real database by server/store/schema_test.c.
"""


class Refused(Exception):
	"""What is wrong, as file:line: sentence."""


def refuse(where, text):
	raise Refused("%s:%d: %s" % (where[0], where[1], text))


class Field:
	def __init__(self, name, kind, nullable):
		self.name, self.kind, self.nullable = name, kind, nullable


class Query:
	def __init__(self, where, name, result, row):
		self.where, self.name, self.result, self.row = where, name, result, row
		self.fields_in, self.fields_out, self.notes, self.lines = [], [], [], []
		self.has_out = False

	@property
	def sql(self):
		return "\n".join(self.lines).strip().rstrip(";").strip()

	@property
	def tokens(self):
		return [t for t in TOKEN.findall(self.sql) if not t.startswith("--") and not t.startswith("/*")]

	@property
	def words(self):
		return [t.upper() for t in self.tokens if re.match(r"[A-Za-z_]", t)]

	@property
	def writes(self):
		return any(w in ("INSERT", "UPDATE", "DELETE") for w in self.words)


def read_list(query, text, where, need_type):
	fields = []
	for item in filter(None, (part.strip() for part in text.split(","))):
		m = re.match(r"^([a-z][a-z0-9_]*)(?:\s+(\w+)(\?)?)?$", item)
		if not m:
			refuse(where, "cannot read \"%s\": write NAME TYPE" % item)
		if m.group(2) and m.group(2) not in C_TYPES:
			refuse(where, "%s has an unknown type %s (known: %s)" % (m.group(1), m.group(2), ", ".join(C_TYPES)))
		if need_type and not m.group(2):
			refuse(where, "parameter %s has no type" % m.group(1))
		fields.append(Field(m.group(1), m.group(2), bool(m.group(3))))
	return fields


def read_fragments(paths):
	"""Texts that queries of any file may use as {NAME}: the columns of a table, mostly. One that goes on is repeated."""
	fragments = {}
	for path in paths:
		with open(path, encoding="utf-8") as f:
			for m in filter(None, map(FRAGMENT.match, f)):
				fragments[m.group(1)] = (fragments.get(m.group(1), "") + " " + m.group(2)).strip()
	return fragments


def read_queries(path, fragments):
	queries, query, done = [], None, True

	def fragment(where, name):
		return fragments[name] if name in fragments else refuse(where, "there is no fragment %s" % name)

	with open(path, encoding="utf-8") as f:
		lines = f.read().split("\n")
	for number, line in enumerate(lines, 1):
		where = (path, number)
		header, listed = HEADER.match(line), LIST.match(line)
		if header:
			if not done:
				refuse(query.where, "%s does not end with a semicolon" % query.name)
			query = Query(where, *header.groups())
			if (query.result == "exec") != (query.row is None):
				refuse(where, "write NAME: one TYPE, NAME: many TYPE, or NAME: exec")
			queries.append(query)
			done = False
		elif NEARLY_HEADER.match(line):
			refuse(where, "cannot read this header: write NAME: one TYPE, NAME: many TYPE, or NAME: exec")
		elif listed and query and not query.lines:
			fields = read_list(query, listed.group(2), where, listed.group(1) == "in")
			(query.fields_in if listed.group(1) == "in" else query.fields_out).extend(fields)
			query.has_out |= listed.group(1) == "out"
		elif line.startswith("--"):
			if query and not FRAGMENT.match(line) and not done and not query.lines:
				query.notes.append(line[2:].strip())
		elif line.strip():
			if done:
				refuse(where, "one statement a query: this one has no header" if not query or not query.lines
					else "%s is more than one statement" % query.name)
			query.lines.append(USE.sub(lambda m: fragment(where, m.group(1)), line))
			done = line.rstrip().endswith(";")
	if not done:
		refuse(query.where, "%s does not end with a semicolon" % query.name)
	return queries


def check_parameters(query):
	used = {int(t[1:]) for t in query.tokens if t.startswith("$")}
	for n in sorted(used):
		if n < 1 or n > len(query.fields_in):
			refuse(query.where, "%s uses $%d, and in: declares %d" % (query.name, n, len(query.fields_in)))
	for n, field in enumerate(query.fields_in, 1):
		if n not in used:
			refuse(query.where, "%s declares %s and never uses $%d" % (query.name, field.name, n))
	if "?" in query.tokens:
		refuse(query.where, "%s has a ?: number the parameters $1, $2" % query.name)
	for fields, what in ((query.fields_in, "in:"), (query.fields_out, "out:")):
		names = [f.name for f in fields]
		for name in names:
			if names.count(name) > 1:
				refuse(query.where, "%s names %s twice in %s" % (query.name, name, what))


def check_statement(query):
	if ";" in query.tokens:
		refuse(query.where, "%s is more than one statement" % query.name)
	if not query.words or query.words[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
		refuse(query.where, "%s is not SELECT, INSERT, UPDATE, DELETE or WITH" % query.name)
	if query.result == "many" and not query.writes and "LIMIT" not in query.words:
		refuse(query.where, "%s answers many rows and has no LIMIT" % query.name)
	if query.result == "many" and query.writes and "RETURNING" in query.words and "LIMIT" not in query.words:
		refuse(query.where, "%s answers many rows and has no LIMIT: bound what it changes by a sub-query" % query.name)
	if query.result == "exec" and query.has_out:
		refuse(query.where, "%s is exec and has an out:" % query.name)


def join_rows(queries):
	"""The columns of each row TYPE, agreed by all its queries."""
	rows = {}
	for q in (q for q in queries if q.row and q.has_out):
		known = rows.setdefault(q.row, q)
		if [f.name for f in known.fields_out] != [f.name for f in q.fields_out]:
			refuse(q.where, "%s and %s (%s:%d) both answer %s, with different columns" % (
				q.name, known.name, known.where[0], known.where[1], q.row))
		for mine, theirs in zip(q.fields_out, known.fields_out):
			if mine.kind and theirs.kind and mine.kind != theirs.kind:
				refuse(q.where, "%s.%s is %s here and %s in %s" % (q.row, mine.name, mine.kind, theirs.kind, known.name))
			theirs.kind = theirs.kind or mine.kind
	for q in (q for q in queries if q.row):
		if q.row not in rows:
			refuse(q.where, "%s answers %s, and no query has its out:" % (q.name, q.row))
		q.fields_out = rows[q.row].fields_out
		for field in q.fields_out:
			if not field.kind:
				refuse(q.where, "%s.%s has no type in any query" % (q.row, field.name))
	return {name: q.fields_out for name, q in rows.items()}


def returned_names(query):
	"""The names behind RETURNING; None when it has none."""
	tokens = [t for t in query.tokens if not t.isspace()]
	places = [i for i, t in enumerate(tokens) if t.upper() == "RETURNING"]
	if not places:
		return None
	names, depth = [""], 0
	for t in tokens[places[-1] + 1:]:
		depth += (t == "(") - (t == ")")
		if t == "," and depth == 0:
			names.append("")
		elif re.match(r"[A-Za-z_\"]", t):
			names[-1] = t.strip('"').lower()
	return names


def check_on_database(query, db):
	values = [SAMPLES[f.kind] for f in query.fields_in]
	sql = sqlite_sql(query)
	try:
		db.execute("EXPLAIN " + sql, values)
		names = returned_names(query)
		if not query.writes:
			names = [c[0].lower() for c in db.execute(sql, values).description]
	except sqlite3.Error as e:
		refuse(query.where, "%s: %s" % (query.name, e))
	if not query.row:
		return
	want = [f.name for f in query.fields_out]
	if names is None:
		refuse(query.where, "%s answers %s and has no RETURNING" % (query.name, query.row))
	if names != want:
		refuse(query.where, "%s answers the columns (%s), and out: says (%s); use AS where the names differ" % (
			query.name, ", ".join(names), ", ".join(want)))


def sqlite_sql(query):
	return "".join("?" + t[1:] if t.startswith("$") else t for t in query.tokens)


class Migration:
	def __init__(self, path):
		self.path = path
		m = re.match(r"^(\d{4})_([a-z0-9_]+)\.sql$", os.path.basename(path))
		if not m:
			refuse((path, 1), "a migration is named NNNN_name.sql")
		self.version, self.name = int(m.group(1)), m.group(2)
		with open(path, encoding="utf-8") as f:
			self.text = f.read()
		self.checksum = hashlib.sha256(self.text.encode()).hexdigest()

	def dialect(self, driver):
		kept, only = [], None
		for number, line in enumerate(self.text.split("\n"), 1):
			m = re.match(r"^\s*--\s*(only:\s*(\w+)|end)\s*$", line)
			if m and m.group(2):
				if only or m.group(2) not in DIALECT:
					refuse((self.path, number), "write -- only: sqlite or -- only: postgres, and -- end before the next")
				only = m.group(2)
			elif m:
				if not only:
					refuse((self.path, number), "-- end without -- only:")
				only = None
			elif only in (None, driver):
				kept.append(line)
		if only:
			refuse((self.path, len(self.text.split("\n"))), "-- only: %s has no -- end" % only)
		text = "\n".join(kept)
		for word, meaning in DIALECT[driver].items():
			text = text.replace(word, meaning)
		return text


def read_migrations(paths):
	files = []
	for path in paths:
		files += [os.path.join(path, n) for n in os.listdir(path) if n.endswith(".sql")] if os.path.isdir(path) else [path]
	migrations = sorted((Migration(f) for f in files), key=lambda m: m.version)
	for before, after in zip(migrations, migrations[1:]):
		if before.version == after.version:
			refuse((after.path, 1), "has the number of %s" % before.path)
	return migrations


def migrated_database(migrations):
	db = sqlite3.connect(":memory:")
	for m in migrations:
		try:
			db.executescript(m.dialect("sqlite"))
		except sqlite3.Error as e:
			refuse((m.path, 1), str(e))
	return db


def schema_text(db):
	"""What the migrations come to, one statement after the other; without the tables FTS5 keeps for itself."""
	rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'message_token_*' "
		"ORDER BY tbl_name, type = 'index', name")
	return SCHEMA_HEAD + "".join(sql + ";\n" for (sql,) in rows)


def c_text(text, indent="\t\t"):
	lines = text.split("\n")
	parts = [line + ("\n" if i + 1 < len(lines) else "") for i, line in enumerate(lines)]
	quoted = ['"' + p.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
		for p in parts if p]
	return ("\n" + indent).join(quoted or ['""'])


def c_field(field):
	return "\t%s %s;" % (C_TYPES[field.kind], field.name)


def signature(q):
	args = ["struct job *job"]
	if q.fields_in:
		args.append("const struct sql_%s *in" % q.name)
	args.append({"one": "struct %s_row *out", "many": "struct %s_rows *out", "exec": "int64_t *changed"}[q.result]
		.replace("%s", q.row or ""))
	return "enum err sql_%s(%s)" % (q.name, ", ".join(args))


def param(field):
	n = "_or_null" if field.nullable else ""
	return {"id64": "value_int", "i64": "value_int", "bool": "value_bool", "real": "value_real", "str": "value_text",
		"bytes": "value_bytes"}[field.kind] + n + "(in->%s)" % field.name


def reading(index, field):
	return "\tout->%s = %s;" % (field.name, {"id64": "v[%d].i", "i64": "v[%d].i", "bool": "v[%d].i != 0",
		"real": "v[%d].r", "str": "v[%d].s", "bytes": "bytes_of(v[%d].s)"}[field.kind] % index)


def write_header(queries, rows, guard):
	out = ["/* Made by tools/sqlgen.py of the queries: a row struct and a function each. Do not edit. */",
		"#ifndef %s" % guard, "#define %s" % guard, "", '#include "store/store.h"', ""]
	for name, fields in rows.items():
		out += ["struct %s_row {" % name] + [c_field(f) for f in fields] + ["};",
			"struct %s_rows { struct %s_row *items; size_t count; };" % (name, name), ""]
	for q in queries:
		out += ["/* %s */" % "\n * ".join(q.notes).replace("*/", "* /")] if q.notes else []
		if q.fields_in:
			out += ["struct sql_%s {" % q.name] + [c_field(f) for f in q.fields_in] + ["};"]
		out += [signature(q) + ";", ""]
	return "\n".join(out + ["#endif", ""])


def write_reader(name, fields):
	return ["static void read_%s(void *row, const struct value *v)" % name, "{", "\tstruct %s_row *out = row;" % name, "",
		*[reading(i, f) for i, f in enumerate(fields)], "}", ""]


def write_function(index, q):
	body = [signature(q), "{"]
	if q.fields_in:
		body += ["\tconst struct value params[] = {", *["\t\t%s," % param(f) for f in q.fields_in], "\t};", ""]
	start = "job, &store_queries[%d], %s" % (index, "params" if q.fields_in else "NULL")
	if q.result == "exec":
		body += ["\treturn db_run(%s, NULL, NULL, changed);" % start]
	elif q.result == "one":
		body += ["\treturn query_one(%s, read_%s, out);" % (start, q.row)]
	else:
		body += ["\treturn query_many(%s," % start,
			"\t\t\t  &(struct query_rows){ read_%s, sizeof *out->items, (void **)&out->items, &out->count });" % q.row]
	return body + ["}", ""]


def write_source(queries, rows, migrations, include):
	out = ["/* Made by tools/sqlgen.py of the queries and migrations. Do not edit. */", '#include "%s"' % include, "",
		'#include "store/query.h"', '#include "store/migrate.h"', ""]
	for name, fields in rows.items():
		out += write_reader(name, fields)
	out += ["const struct query store_queries[] = {"]
	for i, q in enumerate(queries):
		out += ["\t{", "\t\t.name = \"%s\", .index = QUERIES_INTERNAL + %d, .writes = %s," % (
			q.name, i, "true" if q.writes else "false"),
			"\t\t.params = \"%s\", .columns = \"%s\"," % ("".join(LETTERS[f.kind] for f in q.fields_in),
				"".join(LETTERS[f.kind] for f in q.fields_out) if q.row else ""),
			"\t\t.sqlite = " + c_text(sqlite_sql(q)) + ",", "\t\t.postgres = " + c_text("".join(q.tokens)) + ",", "\t},"]
	out += ["\t{ .name = NULL },", "};", "const size_t store_query_count = %d;" % len(queries), ""]
	for i, q in enumerate(queries):
		out += write_function(i, q)
	out += ["const struct migration store_migrations[] = {"]
	for m in migrations:
		out += ["\t{", "\t\t.version = %d, .name = \"%s\"," % (m.version, m.name), "\t\t.checksum = \"%s\"," % m.checksum,
			"\t\t.sqlite = " + c_text(m.dialect("sqlite")) + ",", "\t\t.postgres = " + c_text(m.dialect("postgres")) + ",", "\t},"]
	out += ["\t{ .version = 0 },", "};", "const size_t store_migration_count = %d;" % len(migrations), ""]
	return "\n".join(out)


def generate(query_folders, migration_paths):
	"""(queries, rows, migrations), all checked."""
	files = sorted(os.path.join(f, n) for f in query_folders for n in os.listdir(f) if n.endswith(".sql"))
	fragments = read_fragments(files)
	queries = [q for path in files for q in read_queries(path, fragments)]
	seen = {}
	for q in queries:
		if q.name in seen:
			refuse(q.where, "%s is also in %s:%d" % ((q.name,) + seen[q.name]))
		seen[q.name] = q.where
		check_parameters(q)
		check_statement(q)
	rows = join_rows(queries)
	migrations = read_migrations(migration_paths)
	db = migrated_database(migrations)
	for q in queries:
		check_on_database(q, db)
	return queries, rows, migrations


def main(args):
	parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
	parser.add_argument("--queries", action="append", default=[])
	parser.add_argument("--migrations", action="append", required=True)
	parser.add_argument("--header")
	parser.add_argument("--source")
	parser.add_argument("--schema", help="write the resulting schema, and nothing else")
	parser.add_argument("--include", default="store/queries.h")
	parser.add_argument("--depfile")
	options = parser.parse_args(args)
	try:
		queries, rows, migrations = generate(options.queries, options.migrations)
	except Refused as e:
		print(e, file=sys.stderr)
		return 1
	if options.schema:
		with open(options.schema, "w", encoding="utf-8") as f:
			f.write(schema_text(migrated_database(migrations)))
		return 0
	guard = re.sub(r"\W", "_", options.include).upper()
	with open(options.header, "w", encoding="utf-8") as f:
		f.write(write_header(queries, rows, guard))
	with open(options.source, "w", encoding="utf-8") as f:
		f.write(write_source(queries, rows, migrations, options.include))
	if options.depfile:
		# The folders too: a new file changes them, so ninja comes back here without being told of it.
		used = options.queries + [q.where[0] for q in queries] + options.migrations + [m.path for m in migrations]
		used += [os.path.join(f, n) for f in options.queries for n in os.listdir(f) if n.endswith(".sql")]
		with open(options.depfile, "w", encoding="utf-8") as f:
			f.write("%s %s: %s\n" % (options.header, options.source, " ".join(sorted(set(used)))))
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
